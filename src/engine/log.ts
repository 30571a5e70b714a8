/** What a participant records for its log: only those whose host keeps one call these. */
import type { Seed } from '../log/log-memory.js';
import type { Queue } from './references.js';

/** Takes places in a row of a queue, by its number in the log, that are done and for whose record there is no room. */
export type HeldBack = (queue: number, from: number, count: number) => void;

/** Records that were made since the batch before it, and the confirms that wait for them. */
export interface LogBatch {
  /** Counts from 1 for each participant. */
  readonly number: number;
  /** Octets of all records; 0: only confirms wait in it. */
  readonly octets: number;
  /** Messages in it, and the octets of their records. */
  readonly messages: number;
  readonly messageOctets: number;
}

export interface LogCalls {
  /**
   * From now on this participant records what is persistent in queues with a log id. `firstMessage`: the number of its
   * first message of the writer. `heldBack` takes what finds no room; it must not call the engine.
   */
  startLog(writer: number, firstMessage: number, heldBack: HeldBack): void;
  /**
   * Coordinator, before the queue's first message: the queue's number in the log (a multiple of 256; its priorities
   * count on from it), and the log position of its first message.
   */
  setLogId(queue: Queue, id: number, nextPosition: number): void;
  /**
   * Ends the batch that gathers; null: nothing is in it, or batches are under way and there is no memory for one more.
   */
  takeBatch(): LogBatch | null;
  /** Whether something is recorded that no batch has taken. */
  readonly gathers: boolean;
  /** Records places in a row that `heldBack` has taken; it is given them again if there is still no room. */
  recordDone(queue: number, from: number, count: number): void;
  /** Number of the batch that gathers: what was just published or settled is in it, or `heldBack` has it. */
  readonly gatheringBatch: number;
  /**
   * Makes a batch's records those of the file with this seed, and gives the octets to write, in order. May be called
   * again with another seed.
   */
  stampBatch(batch: LogBatch, seed: Seed): readonly Uint8Array[];
  /** A copy of the batch's records of places taken and done (ENQUEUE and ACK), not stamped. */
  batchFacts(batch: LogBatch): Uint8Array;
  /**
   * The batch is as durable as was asked for: its confirms go out, its octets may be used anew. Batches are done in
   * order.
   */
  batchDone(batch: LogBatch): void;
  /** Coordinator: while publishers are blocked every `ingest` stops with `Stop.MEMORY` at a content header. */
  blockPublishers(blocked: boolean): void;
  /** Log positions of the ready messages that were delivered before, while nobody else works with the queue. */
  redeliveredRanges(
    queue: Queue,
  ): readonly { readonly priority: number; readonly from: number; readonly count: number }[];
}
