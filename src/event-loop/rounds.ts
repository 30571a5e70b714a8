/**
 * A worker's rounds: between two looks at its sockets so much work is done for what they have sent, and for each
 * connection no more than its share. Who has had it waits in line for a round to come, and its socket is not read
 * meanwhile, so that a client's flood of frames, or few that are worth many enqueues, does not keep the others waiting.
 * Work is counted, not timed: in enqueues, or what takes about as long.
 */

/** Most work of one connection in a round: some three milliseconds. */
const SHARE = 32_768;
/**
 * Work of a round after which nobody who waits in line goes on, and who has just been read gets no more than
 * `SHARE_MIN`.
 */
const ROUND = 2 * SHARE;
/** What everybody whose socket was read may do: a client that does not press is never put in line. */
const SHARE_MIN = 2_048;

/** Work of a portion of what is done in portions besides: dead letters, commits. */
export const PORTION_WORK = 16_384;

export interface InLine {
  /** The others have had their share. */
  goOn(): void;
}

export class Rounds {
  number = 1;
  #spent = 0;
  readonly #line = new Set<InLine>();
  readonly #onWork: () => void;

  /** `onWork`: the round must end (`next`) when all sockets have been looked at. */
  constructor(onWork: () => void) {
    this.#onWork = onWork;
  }

  /** Work has been done. */
  spend(work: number): void {
    this.#spent += work;
    if (this.#spent >= SHARE_MIN) this.#onWork();
  }

  /** Work that a connection may still do in this round, having done so much. */
  left(done: number): number {
    return Math.max(SHARE_MIN - done, Math.min(SHARE - done, ROUND - this.#spent));
  }

  join(waiting: InLine): void {
    this.#line.add(waiting);
    this.#onWork();
  }

  leave(waiting: InLine): void {
    this.#line.delete(waiting);
  }

  /** Begins a new round. Whether somebody waits for it. */
  next(): boolean {
    this.number += 1;
    this.#spent = 0;
    return this.#line.size > 0;
  }

  /** Lets those in line go on, who waits longest first, as far as the round has room. */
  goOn(): void {
    let waiting = this.#line.size;
    for (const one of this.#line) {
      if (waiting === 0 || this.#spent >= ROUND) break;
      waiting -= 1;
      this.#line.delete(one);
      one.goOn();
    }
    if (this.#line.size > 0) this.#onWork();
  }
}
