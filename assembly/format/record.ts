/**
 * Numbers of log records, which the core, the log's module and the host share; docs/log-format.md has them as tables.
 *
 * Record   0 │ length u32     octets of payload, without the padding to a multiple of 8
 *          4 │ type u8, 0 u8
 *          6 │ guard u16      of the octets before it and the file's seed: tells where a record starts, payload unread
 *          8 │ checksum u64   of the octets before it, the payload and the file's seed
 *         16 │ payload
 *
 * A message or piece begins its payload with its id and 8 octets that the core goes on using while they are written:
 * the checksum leaves those out. A gap's payload is what lay there: the checksum leaves all of it out.
 */
export const RECORD_HEAD: u32 = 16;
export const RECORD_LENGTH_AT: u32 = 0;
export const RECORD_TYPE_AT: u32 = 4;
/** No record but a gap has more payload; what claims to have is none. */
export const RECORD_LENGTH_MAX: u32 = 1 << 20;

/** Types. The host alone writes those from CHECKPOINT on, but REQUEUES. */
export const RECORD_MESSAGE: u32 = 1;
export const RECORD_PIECE: u32 = 2;
export const RECORD_ENQUEUE: u32 = 3;
export const RECORD_ACK: u32 = 4;
export const RECORD_CHECKPOINT: u32 = 6;
export const RECORD_REQUEUES: u32 = 7;
export const RECORD_GAP: u32 = 9;
export const RECORD_BATCH: u32 = 10;
export const RECORD_SEAL: u32 = 11;

/** Before a Message or Piece in its record's payload: the number in the log. */
export const RECORD_ID: u32 = 8;
/** The number, and the first octets of the message or piece, which the core goes on using. */
export const RECORD_MESSAGE_LEAD: u32 = 16;
/** Octets before a loggable message or piece in memory: head and number. */
export const RECORD_LEAD: u32 = RECORD_HEAD + RECORD_ID;

/** ENQUEUE: fields of its payload, which has this many octets with one id for all. */
export const RECORD_ENQUEUE_QUEUE: u32 = 0;
export const RECORD_ENQUEUE_POSITION: u32 = 8;
export const RECORD_ENQUEUE_TIME: u32 = 16;
export const RECORD_ENQUEUE_COUNT: u32 = 24;
export const RECORD_ENQUEUE_FLAGS: u32 = 28;
export const RECORD_ENQUEUE_IDS: u32 = 32;
export const RECORD_ENQUEUE_PAYLOAD: u32 = 40;
/** Flags: one id stands for all, the others follow it one by one; the messages were given out before. */
export const RECORD_ENQUEUE_IN_ORDER: u32 = 1;
export const RECORD_ENQUEUE_REDELIVERED: u32 = 2;

/** ACK: a queue, and runs of first position and count. REQUEUES: pairs of position and how often it was requeued. */
export const RECORD_RUNS_QUEUE: u32 = 0;
export const RECORD_RUNS_AT: u32 = 8;
export const RECORD_RUN: u32 = 16;

/**
 * A writer's numbers for messages: the first writers begin each at their own 2^47, which is so far apart that others
 * begin at each 2^45 between them.
 */
export const RECORD_NEAR_WRITERS: u32 = 64;
export const RECORD_NEAR_SHIFT: u32 = 47;
export const RECORD_WRITER_SHIFT: u32 = 45;
