/**
 * What a thread is told of the log that it is to open: it can be posted to another thread. One member for each
 * implementation of the commit log.
 */
import type { Durability } from '../log/commit-log.js';
import type { LogWriterStart } from './log/log-writer.js';
import type { FromLane, LanePort, ToLane } from './replicated/lane-messages.js';

/** Files in a directory that somebody has opened. */
export interface FilesSetup {
  readonly kind: 'files';
  readonly directory: string;
  readonly durability: Durability;
  readonly writerNumber: number;
  readonly start: LogWriterStart;
}

export type LogSetup =
  | FilesSetup
  /** A stream first, by a port that is transferred with this, and then files. */
  | {
      readonly kind: 'replicated';
      readonly durability: Durability;
      readonly files: FilesSetup;
      readonly port: LanePort<FromLane, ToLane>;
    };
