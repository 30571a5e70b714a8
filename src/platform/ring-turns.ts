/**
 * When one side of two rings is attended to: a turn is taken when there is something to do, and the thread's other work
 * has its turn between two of them. What must hold: one wait at a time, and none is left when it is over.
 */
import type { RingEnd } from './ring-pair.js';

/** Takes a turn: what to be woken for, as bits of `Want`; null: more is to be done already. */
export type Turn = () => number | null;

export class RingTurns {
  readonly #end: RingEnd;
  readonly #turn: Turn;
  readonly #failed: (error: unknown) => void;
  #isScheduled = false;
  #isWaiting = false;
  #isOver = false;
  readonly #run = (): void => {
    this.#isScheduled = false;
    this.#take();
  };
  readonly #woken = (): void => {
    this.#isWaiting = false;
    this.#take();
  };

  /** `failed`: what `turn` has thrown when it was woken. */
  constructor(end: RingEnd, turn: Turn, failed: (error: unknown) => void) {
    this.#end = end;
    this.#turn = turn;
    this.#failed = failed;
  }

  /** A turn is due. */
  schedule(): void {
    if (this.#isScheduled || this.#isOver) return;
    this.#isScheduled = true;
    setImmediate(this.#run);
  }

  /** There are no turns any more. */
  stop(): void {
    this.#isOver = true;
  }

  #take(): void {
    if (this.#isOver) return;
    const wants = this.#turn();
    if (this.#isOver) return;
    if (wants === null || !this.#end.want(wants)) this.schedule();
    else if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#end.woken().then(this.#woken).catch(this.#failed);
    }
  }
}
