/**
 * Places that are done and that the core has no room to record: while the log cannot be written its batch fills up, and
 * consumers go on. What must hold: each of them is recorded in the end. Places in a row cost as much as one, so there
 * are at most as many ranges as there are messages between them that are not done.
 */
import type { PositionRange } from '../log/commit-log.js';
import { PositionRanges } from '../store/recovery/position-ranges.js';

/** Ranges that are given back at once. */
const PORTION = 1 << 16;

export class HeldPlaces {
  readonly #queues = new Map<number, PositionRanges>();
  /** What is being given back, of one queue; the first `#given` of it are. */
  #giving: { readonly queue: number; readonly ranges: readonly PositionRange[] } | null = null;
  #given = 0;
  #takes = 0;

  get isEmpty(): boolean {
    return this.#giving === null && this.#queues.size === 0;
  }

  readonly take = (queue: number, from: number, count: number): void => {
    let ranges = this.#queues.get(queue);
    if (ranges === undefined) {
      ranges = new PositionRanges();
      this.#queues.set(queue, ranges);
    }
    ranges.set(from, count, 0);
    this.#takes += 1;
  };

  /** Has a portion recorded by `record`, up to the first that finds no room: `take` is called for it again. */
  requeue(record: (queue: number, from: number, count: number) => void): void {
    let isTaken = false;
    for (let left = PORTION; left > 0 && !isTaken; left--) {
      this.#giving ??= this.#next();
      if (this.#giving === null) return;
      const { queue, ranges } = this.#giving;
      const { from, count } = ranges[this.#given] as PositionRange;
      this.#given += 1;
      if (this.#given === ranges.length) this.#giving = null;
      const before = this.#takes;
      record(queue, from, count);
      isTaken = this.#takes !== before;
    }
  }

  #next(): { readonly queue: number; readonly ranges: readonly PositionRange[] } | null {
    for (const [queue, ranges] of this.#queues) {
      this.#queues.delete(queue);
      this.#given = 0;
      return { queue, ranges: ranges.list() };
    }
    return null;
  }
}
