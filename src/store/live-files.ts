/**
 * What each log file still holds that counts. A file goes when nothing in it does; one that holds little is copied forward. All lanes of a
 * process that looks after them share one table.
 */
import { FILE_HEAD } from './record-format.js';

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

/** Files by name. */
export type LiveFiles = Map<string, LogFileState>;
