/** What the coordinator tells and asks about queues that the log knows. */
import { Trait } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Stock } from './queue-contents.js';
import { withQueue } from './queue-lock.js';

/** Positions in a row of one level of a queue. */
interface PositionRun {
  readonly level: number;
  readonly from: number;
  readonly count: number;
}

export class LoggedQueues {
  readonly #memory: Memory;
  readonly #stock: Stock;

  constructor(memory: Memory, stock: Stock) {
    this.#memory = memory;
    this.#stock = stock;
  }

  /** From now on the log knows the queue, or one level of it; before its first message. */
  setLogId(queueOrLane: number, id: number, next: number): void {
    const queue = this.#stock.lanes.queueOf(queueOrLane);
    withQueue(this.#memory, queue, () => {
      this.#stock.lanes.setLogId(queueOrLane, id, next);
      this.#stock.rules.add(queue, Trait.LOGGED);
    });
  }

  /** Where the ready messages stand in the log that were delivered before. */
  redeliveredRuns(queue: number): PositionRun[] {
    const runs: PositionRun[] = [];
    withQueue(this.#memory, queue, () => {
      for (let level = 0; level < this.#stock.lanes.levels(queue); level++) {
        const lane = this.#stock.lanes.lane(queue, level);
        if (lane === 0) continue;
        for (const run of runsOf(level, this.#stock.redeliveredPositions(lane))) runs.push(run);
      }
    });
    return runs;
  }
}

/** Ascending positions as runs. */
function runsOf(level: number, positions: readonly number[]): PositionRun[] {
  const runs: { level: number; from: number; count: number }[] = [];
  for (const position of positions) {
    const last = runs.at(-1);
    if (last !== undefined && last.from + last.count === position) last.count++;
    else runs.push({ level, from: position, count: 1 });
  }
  return runs;
}
