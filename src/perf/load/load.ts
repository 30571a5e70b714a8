/**
 * What the producers and consumers of one thread share, and whose turn it is. What must hold: while one producer may
 * publish, the thread does not wait; reads come between turns; all producers come first equally often.
 */
import { Board, Counter } from '../measure/board.js';
import type { Acks } from './acks.js';
import type { Clock } from './clock.js';
import type { Producer } from './producer.js';

/** How long to wait for what consumers of other threads do (s). */
const OTHERS_SECONDS = 0.001;
/** Messages for which a batch is worth a call of the system, where that many may be in flight. */
const BATCH_MIN = 64;

export interface LoadEvents {
  onProducersDone(): void;
  onConsumersDone(): void;
}

export interface LoadSettings {
  readonly boards: SharedArrayBuffer;
  readonly threads: number;
  /** Which of them this one is. */
  readonly index: number;
  readonly clock: Clock;
  readonly acks: Acks;
  readonly inFlightMax: number | null;
}

export class Load {
  readonly board: Board;
  readonly clock: Clock;
  readonly acks: Acks;
  readonly producers: Producer[] = [];
  readonly #events: LoadEvents;
  readonly #inFlightMax: number | null;
  readonly #boards: readonly Board[];
  /** When no producer has anything to do before something comes. */
  #isResting = true;
  #isStopped = false;
  /** Whose turn is first: where there is little room, one would have it all, and its queue all messages. */
  #first = 0;
  #startedAt = 0;
  #turn: NodeJS.Immediate | null = null;
  #timer: NodeJS.Timeout | null = null;
  #producersLeft = 0;
  #consumersLeft = 0;

  constructor({ boards, threads, index, clock, acks, inFlightMax }: LoadSettings, events: LoadEvents) {
    this.#boards = Array.from({ length: threads }, (_, thread) => new Board(boards, thread));
    this.board = new Board(boards, index);
    this.clock = clock;
    this.acks = acks;
    this.#inFlightMax = inFlightMax;
    this.#events = events;
  }

  /** Seconds since the run's start. */
  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** The run's time begins now. `consumers`: how many there are here. */
  begin(consumers: number): void {
    this.#startedAt = performance.now();
    this.#producersLeft = this.producers.length;
    this.#consumersLeft = consumers;
  }

  /** Producers begin. */
  publish(): void {
    this.#isResting = false;
    this.#takeTurn();
  }

  /** Producers end: what is sent from now on is nothing. */
  stop(): void {
    if (this.#turn !== null) clearImmediate(this.#turn);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#turn = null;
    this.#timer = null;
    this.#isStopped = true;
  }

  /** How many more may be in flight; a batch is not begun for a few, which would cost a call of the system each. */
  room(): number {
    if (this.#inFlightMax === null) return Number.POSITIVE_INFINITY;
    let inFlight = 0;
    for (const board of this.#boards) inFlight += board.get(Counter.PUBLISHED) - board.get(Counter.CONSUMED);
    const room = this.#inFlightMax - (inFlight | 0);
    return room < Math.min(BATCH_MIN, this.#inFlightMax / 4) ? 0 : room;
  }

  /** How long to wait for room; null: a consumer here will make it. */
  get untilRoom(): number | null {
    return this.#boards.length === 1 ? null : OTHERS_SECONDS;
  }

  /** Something has come by which a producer may go on. */
  wake(): void {
    if (!this.#isResting || this.#turn !== null || this.#isStopped) return;
    this.#turn = setImmediate(this.#takeTurn);
  }

  onConsumed(): void {
    if (this.#inFlightMax !== null) this.wake();
  }

  readonly #takeTurn = (): void => {
    this.#turn = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    let wait = Number.POSITIVE_INFINITY;
    const { length } = this.producers;
    for (let turn = 0; turn < length; turn++) {
      const producer = this.producers[(this.#first + turn) % length];
      wait = Math.min(wait, producer?.publish() ?? Number.POSITIVE_INFINITY);
    }
    this.#first = (this.#first + 1) % Math.max(1, length);
    if (this.#isStopped) return;
    this.#isResting = wait > 0;
    if (wait <= 0) this.#turn = setImmediate(this.#takeTurn);
    else if (wait < Number.POSITIVE_INFINITY) this.#timer = setTimeout(this.#takeTurn, Math.max(1, wait * 1000));
  };

  onProducerDone(): void {
    this.board.add(Counter.PRODUCERS_DONE, 1);
    if (--this.#producersLeft === 0) this.#events.onProducersDone();
  }

  onConsumerDone(): void {
    this.board.add(Counter.CONSUMERS_DONE, 1);
    if (--this.#consumersLeft === 0) this.#events.onConsumersDone();
  }
}
