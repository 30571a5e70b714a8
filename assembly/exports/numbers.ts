/**
 * The numbers that the core shares with each of its hosts; further-numbers.ts has those that only the whole core has.
 * Each stands once, where the core uses it. The build writes those named here and there into src/numbers/core.ts, and a
 * host compares that with the core that it loads. A number from 2^31 on is exported as f64: the host reads 32-bit ones as
 * signed.
 */
import { HeldEntry } from '../amqp/delivering/held';
import { Participant } from '../memory/root';
import { QueueFeatures } from '../queue/chain/features';

// ── Frames ───────────────────────────────────────────────────────────────────────────────────────────────────────
export * from '../format/frame';

// ── Results of calls: octets from the beginning of the participant's page ──────────────────────────────────────
export const RESULT_CONSUMED: u32 = offsetof<Participant>('consumed');
export const RESULT_FRAME_OFFSET: u32 = offsetof<Participant>('frameOffset');
export const RESULT_FRAME_LENGTH: u32 = offsetof<Participant>('frameLength');
export const RESULT_STOP_CHANNEL: u32 = offsetof<Participant>('stopChannel');
export const RESULT_STOP_MESSAGE: u32 = offsetof<Participant>('stopMessage');
export const RESULT_OUTPUT_OFFSET: u32 = offsetof<Participant>('outputOffset');
export const RESULT_OUTPUT_LENGTH: u32 = offsetof<Participant>('outputLength');
export const RESULT_OUTPUT_BOX: u32 = offsetof<Participant>('outputBox');
export const RESULT_SCRATCH: u32 = offsetof<Participant>('scratch');
export const RESULT_READ_OFFSET: u32 = offsetof<Participant>('readOffset');
export const RESULT_READ_LENGTH: u32 = offsetof<Participant>('readLength');
export const RESULT_DEAD_QUEUE: u32 = offsetof<Participant>('deadQueue');
export const RESULT_DEAD_REASON: u32 = offsetof<Participant>('deadReason');
export const RESULT_WORK: u32 = offsetof<Participant>('work');
/** The word that is raised at each ring. */
export const DOORBELL: u32 = offsetof<Participant>('doorbell');

// ── Reasons, states and flags ──────────────────────────────────────────────────────────────────────────────────
export {
  STOP_END,
  STOP_FRAME,
  STOP_ROUTE,
  STOP_MESSAGE,
  STOP_MEMORY,
  STOP_TOPOLOGY,
  STOP_OVERSIZE,
  STOP_FRAME_END,
  STOP_WORK,
} from '../amqp/connection/stop';
export { NOTHING as CONTENT_NONE, HEADER as CONTENT_HEADER, BODY as CONTENT_BODY } from '../amqp/connection/connection';
export { ASK_HOST as ROUTE_ASK_HOST } from '../amqp/receiving/route';
export { DONE as SETTLE_DONE, REQUEUE as SETTLE_REQUEUE, REJECT as SETTLE_REJECT } from '../amqp/delivering/ack';
export {
  DROP_HEAD as OVERFLOW_DROP_HEAD,
  REJECT_PUBLISH as OVERFLOW_REJECT_PUBLISH,
  REJECT_PUBLISH_DLX as OVERFLOW_REJECT_PUBLISH_DLX,
  AWAITED as DEAD_LETTERS_AWAITED,
} from '../queue/chain/features';
export {
  WAITING as CONSUMER_WAITING,
  RUNNABLE as CONSUMER_RUNNABLE,
  NO_CREDIT as CONSUMER_NO_CREDIT,
  NO_OUTPUT as CONSUMER_NO_OUTPUT,
} from '../queue/consumers/run-queue';
export { EMPTY_FRONT, UNKNOWN_FRONT } from '../queue/rules/front';
export { STEP as MOMENT_STEP } from '../memory/moment';
export const HELD_CONSUMER: u32 = offsetof<HeldEntry>('consumer');
export const HELD_QUEUE: u32 = offsetof<HeldEntry>('queue');
export const HELD_COUNT: u32 = offsetof<HeldEntry>('count');
export const HELD_SINCE: u32 = offsetof<HeldEntry>('since');
export const HELD_ENTRY: u32 = offsetof<HeldEntry>();
export {
  REJECTED as DEAD_REJECTED,
  EXPIRED as DEAD_EXPIRED,
  MAXLEN as DEAD_MAXLEN,
  DELIVERY_LIMIT as DEAD_DELIVERY_LIMIT,
} from '../queue/rules/dead-letters';

// ── Features of a queue: octets from where they begin ──────────────────────────────────────────────────────────
export const FEATURES_TTL: u32 = offsetof<QueueFeatures>('ttl');
export const FEATURES_MAX_LENGTH: u32 = offsetof<QueueFeatures>('maxLength');
export const FEATURES_MAX_BYTES: u32 = offsetof<QueueFeatures>('maxBytes');
export const FEATURES_DELIVERY_LIMIT: u32 = offsetof<QueueFeatures>('deliveryLimit');
export const FEATURES_OVERFLOW: u32 = offsetof<QueueFeatures>('overflow');
export const FEATURES_DEAD_LETTERS: u32 = offsetof<QueueFeatures>('deadLetters');
export const FEATURES_DELIVERY_COUNT: u32 = offsetof<QueueFeatures>('deliveryCount');
export const FEATURES_MAX_PRIORITY: u32 = offsetof<QueueFeatures>('maxPriority');

// ── Units of memory ────────────────────────────────────────────────────────────────────────────────────────────
export { PAGE, SEGMENT, PARTICIPANTS_MAX, MEBIBYTES_MIN, MEBIBYTES_MAX } from '../memory/root';
export { CELL } from '../memory/units';
