/**
 * What a thread is told of the log that it is to open: it can be posted to another thread. One member for each
 * implementation of the commit log.
 */
import type { Durability } from '../log/commit-log.js';
import type { LogWriterStart } from './log/log-writer.js';

export type LogSetup =
  /** Files in a directory that somebody has opened. */
  {
    readonly kind: 'files';
    readonly directory: string;
    readonly durability: Durability;
    readonly writerNumber: number;
    readonly start: LogWriterStart;
  };
