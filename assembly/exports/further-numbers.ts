/**
 * The numbers of what only the whole core has (numbers.ts has the others): the log, spilled messages, messages that are
 * looked at, statistics; and those that the twin keeps, too.
 */
import { UNIT_PIECE as PIECE_FLAG } from '../format/spilled-unit';
import { Batch } from '../log/batch';
import { Message, Piece } from '../memory/message';
import { Participant } from '../memory/root';
import { Unit } from '../format/spilled-unit';
import { Browsed } from '../queue/browse';
import { REQUEUES_SHIFT } from '../queue/chain/queue';
import { KEPT_FLAGS } from '../queue/spill/spilled';

// ── Log records ──────────────────────────────────────────────────────────────────────────────────────────────────
export * from '../format/record';

// ── Statistics ───────────────────────────────────────────────────────────────────────────────────────────────────
export const RESULT_SAMPLES: u32 = offsetof<Participant>('samples');
export {
  ENQUEUED as COUNTER_ENQUEUED,
  DELIVERED as COUNTER_DELIVERED,
  ACKNOWLEDGED as COUNTER_ACKNOWLEDGED,
  DELIVERED_NO_ACK as COUNTER_DELIVERED_NO_ACK,
  GOT as COUNTER_GOT,
  GOT_NO_ACK as COUNTER_GOT_NO_ACK,
  GOT_EMPTY as COUNTER_GOT_EMPTY,
  REDELIVERED as COUNTER_REDELIVERED,
  REQUEUED as COUNTER_REQUEUED,
  DIED_REJECTED as COUNTER_DIED_REJECTED,
  DIED_EXPIRED as COUNTER_DIED_EXPIRED,
  DIED_MAXLEN as COUNTER_DIED_MAXLEN,
  DIED_DELIVERY_LIMIT as COUNTER_DIED_DELIVERY_LIMIT,
  OCTETS_ENQUEUED as COUNTER_OCTETS_ENQUEUED,
  RECEIVED as COUNTER_RECEIVED,
  OCTETS_IN as COUNTER_OCTETS_IN,
  OCTETS_OUT as COUNTER_OCTETS_OUT,
  CONFIRMED as COUNTER_CONFIRMED,
  RETURNED as COUNTER_RETURNED,
  DROPPED as COUNTER_DROPPED,
  CONNECTIONS_OPENED as COUNTER_CONNECTIONS_OPENED,
  CONNECTIONS_CLOSED as COUNTER_CONNECTIONS_CLOSED,
  CHANNELS_OPENED as COUNTER_CHANNELS_OPENED,
  CHANNELS_CLOSED as COUNTER_CHANNELS_CLOSED,
  QUEUES_DECLARED as COUNTER_QUEUES_DECLARED,
  QUEUES_CREATED as COUNTER_QUEUES_CREATED,
  QUEUES_DELETED as COUNTER_QUEUES_DELETED,
  VHOST_FIRST as COUNTER_VHOST_FIRST,
  PUBLISHED_IN as COUNTER_PUBLISHED_IN,
  PUBLISHED_OUT as COUNTER_PUBLISHED_OUT,
  RECEIVED_CONFIRMING as COUNTER_RECEIVED_CONFIRMING,
  CLAIMS_LOST as COUNTER_CLAIMS_LOST,
  UNITS_LOST as COUNTER_UNITS_LOST,
  LISTS_LOST as COUNTER_LISTS_LOST,
  LOCK_WAITS as COUNTER_LOCK_WAITS,
  LOCK_SLEEPS as COUNTER_LOCK_SLEEPS,
  GC_PAUSES as COUNTER_GC_PAUSES,
  GC_MICROS as COUNTER_GC_MICROS,
  JS_OCTETS as COUNTER_JS_OCTETS,
  CPU_MICROS as COUNTER_CPU_MICROS,
  BUSY_MICROS as COUNTER_BUSY_MICROS,
  TICKS as COUNTER_TICKS,
  LATE_MICROS as COUNTER_LATE_MICROS,
  LOG_WRITES as COUNTER_LOG_WRITES,
  LOG_OCTETS as COUNTER_LOG_OCTETS,
  LOG_MICROS as COUNTER_LOG_MICROS,
  PAGED_OUT as COUNTER_PAGED_OUT,
  PAGED_IN as COUNTER_PAGED_IN,
  DEAD_DROPPED as COUNTER_DEAD_DROPPED,
  DEAD_SENT as COUNTER_DEAD_SENT,
  DEAD_KEPT as COUNTER_DEAD_KEPT,
  DEAD_ARRIVED as COUNTER_DEAD_ARRIVED,
  COUNTERS as COUNTER_COUNT,
} from '../memory/counters';
export {
  PUBLISHED as CHANNEL_PUBLISHED,
  CONFIRMED as CHANNEL_CONFIRMED,
  RETURNED as CHANNEL_RETURNED,
  DROPPED as CHANNEL_DROPPED,
  DELIVERED as CHANNEL_DELIVERED,
  DELIVERED_NO_ACK as CHANNEL_DELIVERED_NO_ACK,
  GOT as CHANNEL_GOT,
  GOT_NO_ACK as CHANNEL_GOT_NO_ACK,
  REDELIVERED as CHANNEL_REDELIVERED,
  GOT_EMPTY as CHANNEL_GOT_EMPTY,
  ACKNOWLEDGED as CHANNEL_ACKNOWLEDGED,
} from '../amqp/connection/channel-counters';

export { BUCKETS as LATENCY_BUCKETS, STEPS as LATENCY_STEPS } from '../memory/latency';

// ── Messages: octets from where one lies, as they go into the log and into images ──────────────────────────────
export const MESSAGE_BODY_SIZE: u32 = offsetof<Message>('bodySize');
export const MESSAGE_HEADER_LENGTH: u32 = offsetof<Message>('headerLength');
export const MESSAGE_FIRST_LENGTH: u32 = offsetof<Message>('firstLength');
export const MESSAGE_KEY_LENGTH: u32 = offsetof<Message>('keyLength');
export const MESSAGE_FLAGS: u32 = offsetof<Message>('flags');
export const MESSAGE_ARRIVAL: u32 = offsetof<Message>('arrival');
export { MESSAGE_HEAD, PIECE_HEAD, SEGMENT_HEAD } from '../memory/message';
export const PIECE_NEXT: u32 = offsetof<Piece>('next');
export const PIECE_LENGTH: u32 = offsetof<Piece>('length');
export {
  MANDATORY as MESSAGE_MANDATORY,
  EXPIRING as MESSAGE_EXPIRING,
  ASK as MESSAGE_ASK,
  LOGGABLE as MESSAGE_LOGGABLE,
} from '../memory/message';

// ── Slots: their flags go into images ──────────────────────────────────────────────────────────────────────────
export { BLOCK_HEAD, SLOT, SLOTS, STATE_MASK as SLOT_STATE_MASK } from '../queue/chain/queue';
export {
  REDELIVERED as SLOT_REDELIVERED,
  LOGGED as SLOT_LOGGED,
  REQUEUES_SHIFT as SLOT_REQUEUES_SHIFT,
  REQUEUES_MAX as SLOT_REQUEUES_MAX,
} from '../queue/chain/queue';

// ── Batches of the log: octets from where one lies ─────────────────────────────────────────────────────────────
export const BATCH_NUMBER: u32 = offsetof<Batch>('number');
export const BATCH_OCTETS: u32 = offsetof<Batch>('octets');
export const BATCH_MESSAGES: u32 = offsetof<Batch>('messages');
export const BATCH_MESSAGE_OCTETS: u32 = offsetof<Batch>('messageOctets');

// ── Images of spilled messages ─────────────────────────────────────────────────────────────────────────────────
export const UNIT_SPAN: u32 = offsetof<Unit>('span');
export const UNIT_FLAGS: u32 = offsetof<Unit>('flags');
export const UNIT_POSITION: u32 = offsetof<Unit>('position');
export const UNIT_ID: u32 = offsetof<Unit>('id');
export { UNIT_HEAD } from '../format/spilled-unit';
export const UNIT_PIECE: f64 = <f64>PIECE_FLAG;
/** The requeues that a unit can say: the bit of a piece stands above them. */
export const UNIT_REQUEUES_MAX: u32 = KEPT_FLAGS >> REQUEUES_SHIFT;
export { SPILLED_MAX } from '../queue/spill/spilled';
export { AT_HEAD as PAGE_OUT_AT_HEAD, LATER as PAGE_OUT_LATER } from '../queue/spill/page-out';
export { NO_MEMORY as PAGE_IN_NO_MEMORY, UNWANTED as PAGE_IN_UNWANTED } from '../queue/spill/page-in';
export { WINDOW as PAGE_IN_WINDOW } from '../queue/chain/page-in-requests';

// ── Messages that are looked at, and taken out ─────────────────────────────────────────────────────────────────
export const BROWSED_SPAN: u32 = offsetof<Browsed>('span');
export const BROWSED_STATE: u32 = offsetof<Browsed>('state');
export const BROWSED_POSITION: u32 = offsetof<Browsed>('position');
export const BROWSED_BODY_SIZE: u32 = offsetof<Browsed>('bodySize');
export const BROWSED_ARRIVAL: u32 = offsetof<Browsed>('arrival');
export const BROWSED_KEY_LENGTH: u32 = offsetof<Browsed>('keyLength');
export const BROWSED_HEADER_LENGTH: u32 = offsetof<Browsed>('headerLength');
export const BROWSED_BODY_LENGTH: u32 = offsetof<Browsed>('bodyLength');
export { BROWSED as BROWSED_HEAD, BROWSE_SPILLED, BROWSE_END, FARTHEST } from '../queue/browse';
export { TAKE_SPILLED, TAKE_SHORT, TAKE_AGAIN } from '../queue/take';

// ── Bounds of work that the twin keeps, too, so that both answer alike ─────────────────────────────────────────
export { RUN_MAX, PAGES_AHEAD } from '../queue/publish';
export { REFUSED_MAX } from '../amqp/receiving/confirm';
export { COLD_DEPTH } from '../amqp/receiving/receive';
export { GUARDED_WORK } from '../amqp/connection/work';
export { SHARE_EVEN_MIN, SHARE_MAX, SHARE_PART } from '../amqp/delivering/deliver';
export { EXPIRED_A_TURN } from '../amqp/delivering/consumer';
export { RETIRED_PORTION } from '../queue/emptying';
export { UNDER_WAY } from '../queue/rules/length';
export { OVER_MAX } from '../memory/root';
export { LEEWAY } from '../queue/rules/peek';
export {
  QUEUE_MOST as SWEEP_QUEUE_MOST,
  SWEEP_MOST,
  SWEEP_DELAY,
  REST_SHARE as SWEEP_REST_SHARE,
  REST_MIN as SWEEP_REST_MIN,
  REST_MAX as SWEEP_REST_MAX,
} from '../queue/rules/sweep';
export { SHARE_SHIFT as ASIDE_SHIFT } from '../memory/aside';
