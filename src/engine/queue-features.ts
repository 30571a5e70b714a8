/**
 * What a queue does beyond holding messages, and how that lies in memory: as the WebAssembly core is given it and keeps
 * it, and as the twin keeps it. What must hold: each feature is one 64-bit float, whose place is the core's.
 */
import {
  DEAD_LETTERS_AWAITED,
  FEATURES_DEAD_LETTERS,
  FEATURES_DELIVERY_COUNT,
  FEATURES_DELIVERY_LIMIT,
  FEATURES_MAX_BYTES,
  FEATURES_MAX_LENGTH,
  FEATURES_MAX_PRIORITY,
  FEATURES_OVERFLOW,
  FEATURES_TTL,
  OVERFLOW_DROP_HEAD,
  OVERFLOW_REJECT_PUBLISH,
  OVERFLOW_REJECT_PUBLISH_DLX,
} from '../numbers/core.js';

/** What a queue does with a message that it has no room for. */
export const Overflow = {
  /** The oldest ready messages die (reason MAXLEN). */
  DROP_HEAD: OVERFLOW_DROP_HEAD,
  /** The message is refused: basic.nack where confirms are on. */
  REJECT_PUBLISH: OVERFLOW_REJECT_PUBLISH,
  /** The message is refused, and dies (reason MAXLEN). */
  REJECT_PUBLISH_DLX: OVERFLOW_REJECT_PUBLISH_DLX,
} as const;
export type Overflow = (typeof Overflow)[keyof typeof Overflow];

/** What dies here is handed to the host, and messages come for nothing else: neither is counted. */
export const AWAITED = DEAD_LETTERS_AWAITED;

/** A queue without any of it pays nothing for it. Of limits, null says that there is none. */
export interface QueueFeatures {
  /** Time to live of its messages (ms, 0 …), besides each message's own `expiration`; the smaller holds. */
  readonly ttl: number | null;
  /** Most ready messages, most bytes of their bodies. */
  readonly maxLength: number | null;
  readonly maxBytes: number | null;
  readonly overflow: Overflow;
  /** What dies here is handed to the host (`nextDead`); otherwise it is dropped. */
  readonly deadLetters: boolean | typeof AWAITED;
  /** Highest priority (1 … 255); 0: all messages are equal. Given once, before the first message. */
  readonly maxPriority: number;
  /** How often a message may be requeued (0 …): once more and it dies. */
  readonly deliveryLimit: number | null;
  /** Deliveries after the first carry the header `x-delivery-count`. */
  readonly deliveryCount: boolean;
}

/** A queue that only holds messages. */
export const NO_FEATURES: QueueFeatures = {
  ttl: null,
  maxLength: null,
  maxBytes: null,
  overflow: Overflow.DROP_HEAD,
  deadLetters: false,
  maxPriority: 0,
  deliveryLimit: null,
  deliveryCount: false,
};

/** Where each stands: octets from where the features of a queue begin. */
export const FEATURE_AT: Readonly<Record<keyof QueueFeatures, number>> = {
  ttl: FEATURES_TTL,
  maxLength: FEATURES_MAX_LENGTH,
  maxBytes: FEATURES_MAX_BYTES,
  overflow: FEATURES_OVERFLOW,
  deadLetters: FEATURES_DEAD_LETTERS,
  maxPriority: FEATURES_MAX_PRIORITY,
  deliveryLimit: FEATURES_DELIVERY_LIMIT,
  deliveryCount: FEATURES_DELIVERY_COUNT,
};
const NAMES = Object.keys(FEATURE_AT) as (keyof QueueFeatures)[];

/** Writes them to an address in memory. */
export function writeFeatures(memory: Float64Array, address: number, features: QueueFeatures): void {
  for (const name of NAMES) {
    memory[(address + FEATURE_AT[name]) / 8] = Number(features[name] ?? Number.POSITIVE_INFINITY);
  }
}
