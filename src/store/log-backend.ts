/**
 * Where the logs of all participants lie, as the log manager sees it: what is read at the start, what becomes of it,
 * and the word that vouches for it at an orderly end. What must hold: reading changes nothing where it fails; what was
 * vouched for is told apart from what may lack something.
 */
import type { CommitLog, CommitLogObserver, LogEvent, PositionRange } from '../log/commit-log.js';
import type { SpilledSource } from '../log/spill-source.js';
import type { FilesSetup } from './log-setup.js';
import type { LogLedger } from './recovery/ledger.js';
import type { Progress } from './recovery/log-reader.js';

/** What recovery asks about queues, and what it may do. A queue's priorities have the numbers that follow its own. */
export interface RecoverOptions {
  /** Whether a queue is still defined. */
  readonly exists: (queue: number) => boolean;
  /**
   * Whether a queue cannot have been deleted, though it is not defined: definitions are lost then. Without it, all were
   * deleted.
   */
  readonly isUnknown?: (queue: number) => boolean;
  /** The messages of such queues are let go; else they are a reason to change nothing. */
  readonly dropUnknown?: boolean;
  /**
   * Where writers number on at least, whatever files say: a log that others follow may have been cleared away here, and
   * not there, of ids that must not be given again.
   */
  readonly nextMessages?: ReadonlyMap<number, number>;
  /**
   * Places that are not there may still come: a log that follows is told again what it lacks. Else what a queue does not
   * hold is done.
   */
  readonly follows?: boolean;
  /** What cannot be read is stepped over. */
  readonly skipUnreadable?: boolean;
  readonly onProgress?: (progress: Progress) => void;
}

/** A queue, or a priority of one, that has messages or a history. */
export interface KeptQueue {
  readonly id: number;
  /** The log position of its next message. */
  readonly next: number;
  readonly count: number;
  /** Octets of their bodies. */
  readonly bytes: number;
  /** Its messages, in order. */
  readonly source: SpilledSource;
  /** Those of them that had been given out. */
  readonly delivered: readonly PositionRange[];
}

/** A part of a log file that cannot be used. */
export interface DamagedPart {
  readonly file: string;
  /** Where it begins, in octets. */
  readonly offset: number;
  readonly octets: number;
  /** torn: it was never promised that it would be there. */
  readonly kind: string;
  /** The file that keeps what lay there; null: nothing does. */
  readonly quarantine: string | null;
}

export interface RecoverySummary {
  readonly messages: number;
  /** Queues that are not defined and were not deleted, and their messages: these are let go. */
  readonly unknown: { readonly queues: number; readonly messages: number };
  /** Parts of files that cannot be used. */
  readonly damaged: readonly DamagedPart[];
  /** Messages that must have been there. */
  readonly lost: readonly unknown[];
  /** What an operator must know, a line each: damage, and what is lost by it. */
  readonly notices: readonly string[];
}

export interface LogBackend {
  /** Reads all that there is. Once, before anything is written. */
  recover(options: RecoverOptions): Promise<RecoveredLog>;
}

/** The log as it was read, and as it goes on. */
export interface RecoveredLog {
  /** It was vouched for at its end: what was delivered before is known, else all messages may have been. */
  readonly clean: boolean;
  readonly report: RecoverySummary;
  readonly queues: readonly KeptQueue[];
  /** The highest number of a queue that the log speaks of; −1: of none. */
  readonly highestQueue: number;
  /** What still counts: the manager tells it of queues, the backend of what was written. */
  readonly ledger: Pick<LogLedger, 'deleted' | 'reach' | 'known' | 'queues' | 'isUnchanged' | 'lastCheckpoint'>;

  /** Opens the log of this thread. Once; nothing is written before something is appended. */
  open(observer: CommitLogObserver): CommitLog;
  /** What the workers' threads are to open: that of worker 0 first. */
  setups(workers: number): FilesSetup[];
  /** Takes what any of these logs tells of what was written, in order for each. */
  heard(writerNumber: number, event: Exclude<LogEvent, { readonly type: 'passed' }>): void;
  /** Where the files end that there are, as far as was heard, by name. */
  ends(): Promise<ReadonlyMap<string, number>>;
  /** Clears some of what does not count away, if that is worth it: whether it was. One call after the other. */
  reclaim(): Promise<boolean>;

  /** From now on nobody vouches for the log; durable when it resolves, and before anything is written. */
  removeCleanShutdownMarker(): Promise<void>;
  /** All that was appended is written, and nobody writes any more: vouches for the log as it is. */
  writeCleanShutdownMarker(): Promise<void>;
}
