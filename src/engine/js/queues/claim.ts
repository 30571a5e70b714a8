/** What is taken out of queues: by whom, how much, and what dies of it. */
import type { DeadLetterReason } from '../../engine.js';

/** The most messages that one claim takes. */
export const CLAIM_MAX = 512;

/** What a claim took, in order. */
export class Claim {
  readonly slots = new Uint32Array(CLAIM_MAX);
  readonly messages = new Uint32Array(CLAIM_MAX);
  readonly redelivered = new Uint8Array(CLAIM_MAX);
  /** How often each was requeued, where the client is to know. */
  readonly requeues = new Uint32Array(CLAIM_MAX);
  count = 0;
  /** Why it took no more: it has what it asked for, the next message needs more room, or nothing is left for it. */
  end: 'enough' | 'no room' | 'empty' = 'empty';
}

/**
 * Who claims: how much room a message takes, and what to do when the queue has nothing for it. Under the queue's lock.
 */
export interface Claimant {
  /** The node of the consumer; 0 in a basic.get. */
  readonly node: number;
  /** What it takes needs no acknowledgement. */
  readonly noAck: boolean;
  /** Since when (ms since the Unix epoch) it has been able to take messages; null in a basic.get. */
  readonly ableSince: number | null;
  /** Whether it was granted the turn in which it claims. */
  readonly hasTurn: boolean;
  sizeOf(message: number, requeues: number): number;
  /** Registers a consumer that could take more. */
  onEmpty(queue: number, taken: number): void;
  /** Whether another consumer goes before it; then it was registered. In a queue with Feature.CONSUMER_PRIORITIES. */
  isHigherAble(queue: number): boolean;
}

/** A message that died through this participant. */
export interface Dead {
  readonly message: number;
  /** Its claimed slot; 0 when the queue had refused it. */
  readonly slot: number;
  readonly queue: number;
  readonly reason: DeadLetterReason;
}
