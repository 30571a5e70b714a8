/**
 * Dead letters of queues that send theirs at least once: one that has no route, or that a queue refuses, stays the
 * property of the queue where it died and is sent again, when the topology changes and after a while. They are tried in
 * rounds. A round tries a few of each queue, the oldest and then those where the last round stopped, and goes on with a
 * queue as long as its dead letters arrive; when none has arrived the next round comes later. What must hold: a queue
 * that has a dead letter does not get it again; it is settled when all have it to whom it leads, and at least one has;
 * a pass, and a round in which nothing arrives, do a bounded portion; there is one round at a time.
 */
import type { QueueId } from '../../broker/requests/requests.js';
import type { ExchangeEntry } from '../../broker/topology/topology-entries.js';
import { type UndeliveredDeadLetter, UndeliveredRow } from './undelivered-row.js';

/** How long until those that could not be sent are tried again (ms), at first, and at last when none arrives. */
const RETRY_MS = 1_000;
const RETRY_MOST_MS = 4_000;

/** How long from the beginning of one round to that of the next, at least, however often the topology changes (ms). */
const PAUSE_MS = 100;

/** Dead letters that are tried again in one pass. */
const PORTION = 128;

/** Dead letters that a round tries in vain: in one queue at either place, at least, and in all before it ends. */
const FEW = 16;
const MANY = 1_024;

/**
 * Where a dead letter can have come to: a queue, an exchange that holds it back, or a queue for replies by the text of
 * its reference.
 */
export type Place = QueueId | ExchangeEntry | string;

/**
 * Who has a dead letter by now. Not by name: another queue that takes the name of one that is gone has nothing of what
 * that had.
 */
export class Progress {
  readonly #had = new Set<Place>();
  /** Exchanges that remember what they route have it. */
  isRemembered = false;

  add(place: Place): void {
    this.#had.add(place);
  }

  has(place: Place): boolean {
    return this.#had.has(place);
  }

  get hasBegun(): boolean {
    return this.#had.size > 0;
  }
}

/** How far a round has come. */
interface Round {
  /** Rows that it has yet to look at, the present one among them. */
  rows: number;
  /** Tries in vain until it ends, and until it leaves the present place. */
  left: number;
  patience: number;
  /** Whether it is with the oldest of the row, or behind them. */
  where: 'oldest' | 'later';
  /** The next place to look at. */
  place: number;
}

export class UndeliveredDeadLetters {
  /** Sends a dead letter to those who lack it. True: it is done with; null: no memory. */
  readonly #send: (deadLetter: UndeliveredDeadLetter, progress: Progress) => boolean | null;
  readonly #settleDead: (number: number) => void;
  /** Makes a pass of the event loop follow. */
  readonly #begin: () => void;
  readonly #rows: UndeliveredRow[] = [];
  readonly #rowOf = new Map<number, UndeliveredRow>();
  /** Of dead letters that somebody has, by number: few, as most that are kept have arrived nowhere. */
  readonly #progress = new Map<number, Progress>();
  /** The row that is tried next. */
  #rowIndex = 0;
  #round: Round | null = null;
  /** Whether a round is due when the present one ends, or its time has come. */
  #isDue = false;
  #triedAt = 0;
  #begunAt = Number.NEGATIVE_INFINITY;
  #wait = RETRY_MS;
  #timer: NodeJS.Timeout | null = null;
  #firesAt = 0;

  constructor(
    send: (deadLetter: UndeliveredDeadLetter, progress: Progress) => boolean | null,
    settleDead: (number: number) => void,
    begin: () => void,
  ) {
    this.#send = send;
    this.#settleDead = settleDead;
    this.#begin = begin;
  }

  /** Keeps a dead letter that was tried in vain at this topology. */
  add(deadLetter: UndeliveredDeadLetter, progress: Progress, epoch: number): void {
    if (this.#rows.length === 0) {
      this.#triedAt = epoch;
      this.#wait = RETRY_MS;
    }
    this.#row(deadLetter.origin).add(deadLetter);
    if (progress.hasBegun) this.#progress.set(deadLetter.number, progress);
    if (this.#round === null) this.#wakeIn(this.#wait);
  }

  /** Tries some again if it is time, or the topology another one. True: there is more to do at once. */
  work(epoch: number): boolean {
    if (this.#rows.length === 0) return false;
    if (epoch !== this.#triedAt) {
      this.#triedAt = epoch;
      this.#wait = RETRY_MS;
      this.#isDue = true;
    }
    if (this.#round === null && !this.#startRound()) return false;
    for (let count = 0; count < PORTION && this.#round !== null; count++) this.#tryNext(this.#round);
    return this.#round !== null;
  }

  stop(): void {
    clearTimeout(this.#timer ?? undefined);
  }

  #row(origin: number): UndeliveredRow {
    const known = this.#rowOf.get(origin);
    if (known !== undefined) return known;
    const row = new UndeliveredRow(origin);
    this.#rows.push(row);
    this.#rowOf.set(origin, row);
    return row;
  }

  /** False: it is not time yet. */
  #startRound(): boolean {
    if (!this.#isDue) return false;
    const now = performance.now();
    const pause = this.#begunAt + PAUSE_MS - now;
    if (pause > 0) {
      this.#wakeIn(pause);
      return false;
    }
    this.#isDue = false;
    this.#begunAt = now;
    this.#round = { rows: this.#rows.length, left: MANY, patience: FEW, where: 'oldest', place: 0 };
    return true;
  }

  #tryNext(round: Round): void {
    const row = this.#rows[this.#rowIndex];
    if (row === undefined) return this.#endRound();
    const place = row.next(round.place);
    if (place === -1) {
      row.cursor = 0;
      return this.#leaveRow(round);
    }
    const deadLetter = row.at(place);
    const progress = this.#progress.get(deadLetter.number) ?? new Progress();
    const sent = this.#send(deadLetter, progress);
    if (sent === null) return this.#endRound();
    round.place = place + 1;
    if (!sent) {
      if (progress.hasBegun) this.#progress.set(deadLetter.number, progress);
      return this.#failed(round, row);
    }
    row.remove(place);
    this.#progress.delete(deadLetter.number);
    this.#settleDead(deadLetter.number);
    this.#wait = RETRY_MS;
    round.patience = this.#patience(round);
  }

  #failed(round: Round, row: UndeliveredRow): void {
    round.left -= 1;
    round.patience -= 1;
    if (round.patience > 0) return;
    if (round.where === 'oldest') {
      round.where = 'later';
      round.place = Math.max(round.place, row.cursor);
      round.patience = this.#patience(round);
    } else {
      row.cursor = round.place;
      this.#leaveRow(round);
    }
  }

  /** What a place may cost: where there are few queues, each may use more of what a round may. */
  #patience({ where }: Round): number {
    return where === 'oldest' ? FEW : Math.max(FEW, Math.floor(MANY / this.#rows.length) - FEW);
  }

  #leaveRow(round: Round): void {
    this.#nextRow();
    round.rows -= 1;
    if (round.rows === 0 || round.left <= 0) return this.#endRound();
    round.where = 'oldest';
    round.place = 0;
    round.patience = FEW;
  }

  /** A row that is empty goes; the last one takes its place, and is next. */
  #nextRow(): void {
    const row = this.#rows[this.#rowIndex];
    if (row !== undefined && row.size === 0) {
      this.#rowOf.delete(row.origin);
      const last = this.#rows.pop();
      if (last !== undefined && last !== row) this.#rows[this.#rowIndex] = last;
    } else this.#rowIndex += 1;
    if (this.#rowIndex >= this.#rows.length) this.#rowIndex = 0;
  }

  #endRound(): void {
    this.#round = null;
    if (this.#rows.length === 0) return;
    this.#wakeIn(this.#isDue ? 0 : this.#wait);
    this.#wait = Math.min(2 * this.#wait, RETRY_MOST_MS);
  }

  /** A round is due in so many ms, or before. */
  #wakeIn(delay: number): void {
    const at = performance.now() + delay;
    if (this.#timer !== null && this.#firesAt <= at) return;
    clearTimeout(this.#timer ?? undefined);
    this.#firesAt = at;
    this.#timer = setTimeout(() => this.#wake(), delay);
  }

  #wake(): void {
    this.#timer = null;
    this.#isDue = true;
    this.#begin();
  }
}
