/**
 * What all threads have counted, added up: since the last look, and since the time that counts has begun.
 */
import { Board, Counter } from './board.js';
import { type Latencies, Tally } from './histogram.js';

const COUNTED = {
  published: Counter.PUBLISHED,
  consumed: Counter.CONSUMED,
  confirmed: Counter.CONFIRMED,
  nacked: Counter.NACKED,
  returned: Counter.RETURNED,
  redelivered: Counter.REDELIVERED,
} as const;

export type Counted = { readonly [K in keyof typeof COUNTED]: number };
const NAMES = Object.keys(COUNTED) as readonly (keyof Counted)[];
const NOTHING = Object.fromEntries(NAMES.map((name) => [name, 0])) as Counted;

/** What happened between two looks. */
export interface Sample {
  /** When it ends, and how long it is (s). */
  readonly at: number;
  readonly seconds: number;
  readonly counted: Counted;
  readonly latency: Latencies | null;
  readonly confirmLatency: Latencies | null;
  /** Connections that the broker has blocked. */
  readonly blocked: number;
}

interface Seen {
  readonly board: Board;
  readonly counters: Map<Counter, number>;
  readonly deliveries: Uint32Array;
  readonly confirms: Uint32Array;
}

export class Recorder {
  readonly #seen: readonly Seen[];
  #startedAt = 0;
  #lookedAt = 0;
  #totals = NOTHING;
  #deliveries = new Tally();
  #confirms = new Tally();

  constructor(boards: SharedArrayBuffer, threads: number) {
    this.#seen = Array.from({ length: threads }, (_, index) => {
      const board = new Board(boards, index);
      const { deliveries, confirms } = board;
      return { board, counters: new Map(), deliveries: deliveries.slice(), confirms: confirms.slice() };
    });
  }

  /** What was counted until now does not count. */
  begin(): void {
    this.look();
    this.#startedAt = performance.now();
    this.#lookedAt = this.#startedAt;
    this.#totals = NOTHING;
    this.#deliveries = new Tally();
    this.#confirms = new Tally();
  }

  /** Adds what has come since the last look. */
  look(): Sample {
    const now = performance.now();
    const seconds = (now - this.#lookedAt) / 1000;
    this.#lookedAt = now;
    const counted = this.#count();
    const [deliveries, confirms] = [new Tally(), new Tally()];
    for (const seen of this.#seen) {
      deliveries.addSince(seen.board.deliveries, seen.deliveries);
      confirms.addSince(seen.board.confirms, seen.confirms);
    }
    this.#deliveries.add(deliveries);
    this.#confirms.add(confirms);
    return {
      at: (now - this.#startedAt) / 1000,
      seconds,
      counted,
      latency: deliveries.latencies,
      confirmLatency: confirms.latencies,
      blocked: this.#seen.reduce((sum, { board }) => sum + board.get(Counter.BLOCKED), 0),
    };
  }

  #count(): Counted {
    const counted = Object.fromEntries(NAMES.map((name) => [name, this.#since(COUNTED[name])])) as Counted;
    this.#totals = Object.fromEntries(NAMES.map((name) => [name, this.#totals[name] + counted[name]])) as Counted;
    return counted;
  }

  #since(counter: Counter): number {
    let more = 0;
    for (const { board, counters } of this.#seen) {
      const now = board.get(counter);
      more += (now - (counters.get(counter) ?? 0)) >>> 0;
      counters.set(counter, now);
    }
    return more;
  }

  /** Messages that are published and not yet consumed, from the very start. */
  get inFlight(): number {
    return (this.#sum(Counter.PUBLISHED, 1) + this.#sum(Counter.CONSUMED, -1)) | 0;
  }

  /** Grows with each message that is consumed, and wraps. */
  get consumedMark(): number {
    return this.#sum(Counter.CONSUMED, 1) | 0;
  }

  #sum(counter: Counter, sign: number): number {
    return this.#seen.reduce((sum, { board }) => sum + sign * board.get(counter), 0);
  }

  get totals(): Counted {
    return this.#totals;
  }

  get latency(): Latencies | null {
    return this.#deliveries.latencies;
  }

  get confirmLatency(): Latencies | null {
    return this.#confirms.latencies;
  }
}
