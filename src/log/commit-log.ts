/**
 * The commit log of one participant (a worker, or the broker thread), whoever keeps it: files of this machine
 * (src/store/log), or one day a log that other machines acknowledge. Who writes to it knows no file and no offset.
 *
 * What must hold of every implementation, and what the promise behind a confirm rests on:
 * - An append resolves only when all of the batch is as durable as `durability` says. Until then, however long it
 *   takes, whatever fails on the way is tried again by the log itself; `health` tells how that goes.
 * - Appends resolve in the order in which they were made. When one is rejected, all that were made behind it are, too,
 *   and so is each later one: nothing is ever durable behind a batch that is not there.
 * - An append is rejected only when its batch will never be durable by this log: it is closed and could not write, or
 *   it has lost the right to write (`fenced`). It may stand in the log all the same, unconfirmed, as after a crash.
 * - Events are told in order. That of a batch is told when it can be read from its location, which a log that other
 *   machines acknowledge may do before or after it resolves the append.
 */
import type { Seed } from './log-memory.js';

/**
 * What a resolved append means. fsync: it outlasts a loss of power (of this machine, or of as many as the log is made
 * to lose). os: it outlasts the process. none: nothing; it is written by and by.
 */
export type Durability = 'fsync' | 'os' | 'none';

/**
 * How appending goes.
 * ok: what is appended becomes durable.
 * full: it waits for space, and is tried again and again. failing: the same, for any other reason: a device that
 * reports errors, machines of which too few answer.
 * fenced: another writer has taken over, and this one may not write any more. It stays so: nothing that waits becomes
 * durable, and each append is rejected.
 */
export type Health =
  | { readonly state: 'ok' }
  | { readonly state: 'full' | 'failing' | 'fenced'; readonly error: Error };

declare const opaque: unique symbol;
/**
 * Where something lies in a log. Only the implementation that made it reads it; it can be posted to another thread, and
 * means nothing after a restart.
 */
export interface Location {
  readonly [opaque]: 'location';
}

/** What happens in a log; it can be posted to another thread. */
export type LogEvent =
  /** A batch can be read from here on. `facts`: its records of places and of what is done, without stamps. */
  | {
      readonly type: 'placed';
      readonly location: Location;
      /** Octets of the records of its messages. */
      readonly messageOctets: number;
      readonly facts: Uint8Array;
    }
  /** Nothing more comes to lie beside what lies here; failed: because that could not be written. */
  | { readonly type: 'closed'; readonly location: Location; readonly failed: boolean }
  /** All that was appended before `CommitLog.barrier` was called has been told. */
  | { readonly type: 'passed'; readonly barrier: number };

/** Positions in a row. */
export interface PositionRange {
  readonly from: number;
  readonly count: number;
}

/** Records ready to be written, whoever made them: they stand or fall together. */
export interface Batch {
  readonly octets: number;
  /** Messages in it and the octets of their records: what stays of it until they are let go. */
  readonly messages: number;
  readonly messageOctets: number;
  /**
   * A copy of its records of places taken and done, stamped or not. They name the ids of all its messages: a log that
   * must know how far numbering has come (whoever takes over numbers on from there) reads it here.
   */
  facts(): Uint8Array;
  /**
   * Makes the records those of the place with this seed and returns them, in their order. May be called again for
   * another one: a log that sends a batch elsewhere and writes it here as well stamps it twice.
   */
  stamp(seed: Seed): readonly Uint8Array[];
  /** Called once, when the octets are not needed any more: before or after the append is resolved or rejected. */
  release(): void;
}

/** Who is told what happens in a log. */
export interface CommitLogObserver {
  onEvent(event: LogEvent): void;
  /** The state has changed; `CommitLog.health` has it already. */
  onHealth?(health: Health): void;
  /**
   * Whether the thread has had little to do since it was last asked, so that nobody is kept waiting if it waits for a
   * write itself; asked at each append. A log that has nothing to wait for in that way does not ask.
   */
  calm?(): boolean;
  /** So many octets were written, and made as durable as was asked for, in so long (ms). */
  onWritten?(octets: number, took: number): void;
  /** The thread is about to wait itself (true), or has waited. */
  onWait?(waits: boolean): void;
}

export interface CommitLog {
  /** Whose log it is: 0 the broker thread's, 1 that of worker 0, and so on (below WRITERS_MAX). Ids have it in them. */
  readonly writerNumber: number;
  readonly durability: Durability;
  readonly health: Health;

  /**
   * Ids for `count` messages in a row; returns the first (record-format.ts: messageId). No id is given twice in the
   * life of a log, whichever machine or process writes it. 0 tells where numbering goes on: for a core that numbers its
   * messages itself from there on, and then alone. Throws a RangeError when a writer has numbered all that it can.
   */
  takeMessageIds(count: number): number;

  /**
   * Appends a batch behind all others. Null: it is as durable as was asked for already (always so where that is
   * nothing). Else see above. Several may be under way. The batch belongs to the log until it is released.
   */
  append(batch: Batch): Promise<void> | null;

  /**
   * Has `passed` told when all that was appended by now has been told. A later barrier is passed later; one behind a
   * batch that was rejected is never passed: what was not told may stand in the log all the same.
   */
  barrier(barrier: number): void;

  /** What made appends wait may be over: one that pauses before the next try tries now. */
  retry(): void;

  /**
   * Ends the log: nothing is appended any more. What was appended is tried once more, and resolved or rejected.
   * Resolves when all is written and told; rejects where the end could not be written: nobody may vouch for the log
   * then, though what was resolved is there.
   */
  close(): Promise<void>;
}
