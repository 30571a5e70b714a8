/** What the coordinator tells and asks about queues that the log knows. */
import { Feature } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { QueueContents } from './queue-contents.js';
import { withQueue } from './queue-lock.js';

/** Positions in a row of one priority of a queue. */
interface PositionRange {
  readonly priority: number;
  readonly from: number;
  readonly count: number;
}

export class LoggedQueues {
  readonly #memory: Memory;
  readonly #contents: QueueContents;

  constructor(memory: Memory, contents: QueueContents) {
    this.#memory = memory;
    this.#contents = contents;
  }

  /** From now on the log knows the queue, or one priority of it; before its first message. */
  setLogId(queueOrChain: number, id: number, next: number): void {
    const queue = this.#contents.chains.queueOf(queueOrChain);
    withQueue(this.#memory, queue, () => {
      this.#contents.chains.setLogId(queueOrChain, id, next);
      this.#contents.features.add(queue, Feature.LOGGED);
    });
  }

  /** Where the ready messages stand in the log that were delivered before. */
  redeliveredRanges(queue: number): PositionRange[] {
    const ranges: PositionRange[] = [];
    withQueue(this.#memory, queue, () => {
      for (let priority = 0; priority < this.#contents.chains.priorities(queue); priority++) {
        const chain = this.#contents.chains.chain(queue, priority);
        if (chain === 0) continue;
        for (const range of rangesOf(priority, this.#contents.redeliveredPositions(chain))) ranges.push(range);
      }
    });
    return ranges;
  }
}

/** Ascending positions as ranges. */
function rangesOf(priority: number, positions: readonly number[]): PositionRange[] {
  const ranges: { priority: number; from: number; count: number }[] = [];
  for (const position of positions) {
    const last = ranges.at(-1);
    if (last !== undefined && last.from + last.count === position) last.count++;
    else ranges.push({ priority, from: position, count: 1 });
  }
  return ranges;
}
