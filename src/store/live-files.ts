/**
 * What each log file still holds that counts. A file goes when nothing in it does; one that holds little is copied forward. All lanes of a
 * process that looks after them share one table.
 */

import { FILE_HEAD } from '../log/record-format.js';
import type { Batch } from './batch.js';

export interface LogFileState {
  readonly name: string;
  readonly lane: number;
  readonly number: number;
  /** Octets up to the end of what was written. */
  octets: number;
  /** Messages that are in a queue, and the octets of their records. */
  liveMessages: number;
  liveOctets: number;
  /** Queues that got messages in this file, and those of which it records something as done. */
  readonly enqueued: Set<number>;
  readonly settled: Set<number>;
  /** Nothing is written to it any more. */
  closed: boolean;
}

export function newFileState(name: string, lane: number, number: number): LogFileState {
  return {
    name,
    lane,
    number,
    octets: FILE_HEAD,
    liveMessages: 0,
    liveOctets: 0,
    enqueued: new Set(),
    settled: new Set(),
    closed: false,
  };
}

export class LiveFiles {
  readonly states = new Map<string, LogFileState>();
  /** Batches that are on their way to a file. */
  readonly inFlight = new Set<Batch>();

  constructor(states: Iterable<LogFileState> = []) {
    for (const state of states) this.states.set(state.name, state);
  }

  /** Whether anything but one file has, or will have, messages of a queue. */
  hasMessagesOf(queue: number, but: LogFileState): boolean {
    for (const batch of this.inFlight) if (batch.enqueued.has(queue)) return true;
    for (const state of this.states.values()) if (state !== but && state.enqueued.has(queue)) return true;
    return false;
  }
}
