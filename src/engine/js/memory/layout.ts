/**
 * Where things lie in the shared memory: units, and for each shared structure its fields as word numbers (4 bytes
 * each) from its address. The algorithms use these names only.
 *
 *   │ root │ participants │ read and staging buffers │ cuts of the segments │ segments …            │
 *
 * An address is an unsigned 32-bit number; 0 means none. Segments are aligned to their size, so a message's segment
 * and a slot's block are found by rounding down.
 */
import {
  COUNTER_COUNT,
  FRAME_MAX,
  LATENCY_BUCKETS,
  MESSAGE_ARRIVAL,
  MESSAGE_ASK,
  MESSAGE_BODY_SIZE,
  MESSAGE_EXPIRING,
  MESSAGE_FIRST_LENGTH,
  MESSAGE_FLAGS,
  MESSAGE_HEADER_LENGTH,
  MESSAGE_KEY_LENGTH,
  MESSAGE_LOGGABLE,
  MESSAGE_MANDATORY,
  PAGE,
  PIECE_LENGTH,
  PIECE_NEXT,
} from '../../../numbers/core.js';
export const BOX = 256 << 10;

/** Bytes that a socket read may bring at once. */
export const READ_LENGTH = 256 << 10;
/** Room for one whole frame that came in parts: the octets around its payload are forgiven. In pages. */
export const STAGING_LENGTH = FRAME_MAX + PAGE;

/** The root, at address 0. */
export const Root = {
  WORKERS: 0,
  /** Segments in all, the ones under the root and the buffers included. */
  SEGMENTS: 1,
  TOPOLOGY: 2,
  /** What participants wait for, as bits of `Lack`; each is struck out by whoever frees such. */
  MISSED: 3,
  LOCK: 5,
  /** Number of the first segment that was never used. */
  FRONTIER: 6,
  FREE_SEGMENT: 7,
  FREE_SEGMENTS: 8,
  /** By kind of unit: the first segment that is cut into such and has some to give. */
  BOXES: 9,
  PAGES: 10,
  CELLS: 11,
  USED_SEGMENTS: 12,
  USED_BOXES: 13,
  USED_PAGES: 14,
  USED_CELLS: 15,
  /** Queues that were given a worker to be swept by so far: they go round. */
  SWEPT: 16,
  /** 1: no publisher may go on. */
  BLOCKED: 17,
  /** Addresses of the pages that hold the heads of lists of counters (counter-lists.ts). */
  COUNTER_LISTS: 512,
} as const;

/** One record for each participant. */
export const Participant = {
  DOORBELL: 0,
  SLEEPING: 1,
  /** Consumers that others granted a turn, a list of nodes. */
  INBOX_LOCK: 2,
  INBOX_FIRST: 3,
  INBOX_LAST: 4,
  /** Queues whose messages may expire and that this participant sweeps. */
  SWEEP_LOCK: 5,
  SWEEP_FIRST: 6,
  SWEEP_COUNT: 7,
  /** The next sweep is not soon; and: it must be, since something has come that may expire before it. */
  SWEEP_RESTS: 10,
  SWEEP_SOON: 11,
  /** Of the coordinator: queues whose spilled messages are wanted, a list linked through their cells. */
  PAGE_IN_LOCK: 8,
  PAGE_IN_FIRST: 9,
  /** What it has counted (counters.ts): numbers of two words each, in lines of their own. */
  COUNTERS: 32,
} as const;

const PARTICIPANTS_AT = 4096;
/** Behind the counters: the numbers of a histogram, and its sum (latency.ts). */
export const LATENCIES = COUNTER_COUNT;
/** In lines of 64 octets. */
const PARTICIPANT_SIZE = Math.ceil((Participant.COUNTERS * 4 + (LATENCIES + LATENCY_BUCKETS + 1) * 8) / 64) * 64;

export function participantAt(participant: number): number {
  return PARTICIPANTS_AT + participant * PARTICIPANT_SIZE;
}

/** The read buffer of a participant; its staging buffer follows. */
export function readBufferAt(workers: number, participant: number): number {
  const first = Math.ceil(participantAt(workers + 1) / PAGE) * PAGE;
  return first + participant * (READ_LENGTH + STAGING_LENGTH);
}

/**
 * How a segment is cut into smaller units. All under the memory's lock; all zero while it is not cut.
 */
export const Cut = {
  /** The first unit that was given back, linked through their first words. */
  FIRST: 0,
  /** How many these are. */
  FREE: 1,
  /** Bytes that units were cut from so far. */
  END: 2,
  /** Neighbours among the segments of its kind that have units to give, by number. */
  NEXT: 3,
  BEFORE: 4,
} as const;
const CUT_SIZE = 20;

/** Where the cuts are: behind the buffers. */
export function cutsAt(workers: number): number {
  return readBufferAt(workers, workers + 1);
}

/** Where a segment's cut is, by the segment's number. */
export function cutAt(cuts: number, segment: number): number {
  return cuts + segment * CUT_SIZE;
}

/** A segment of messages: a header of one cache line, then messages and pieces. */
export const Segment = {
  /** Messages and pieces not yet released, and one more while a worker appends. */
  LIVE: 0,
  /** While it is free: the next free one. */
  NEXT: 1,
} as const;

/**
 * A message: this head, then the exchange and the routing key as short strings, the complete header frame, and the
 * first body frame (none for an empty body). What a body has beyond the largest frame is a chain of pieces. From the
 * body's size on this is how the log stores it (src/log/record-format.ts).
 */
export const Message = {
  /** Queues (and half-sent deliveries) that hold it. */
  REFS: 0,
  FIRST_PIECE: 1,
  BODY_SIZE: MESSAGE_BODY_SIZE / 4,
  /** Bytes of the header frame with its own header and end octet. */
  HEADER_LENGTH: MESSAGE_HEADER_LENGTH / 4,
  /** Bytes of body in the first body frame. */
  FIRST_LENGTH: MESSAGE_FIRST_LENGTH / 4,
  /** Bytes of the two short strings; above KEY_BITS, MessageFlag. */
  KEY_AND_FLAGS: MESSAGE_KEY_LENGTH / 4,
  /** When its content header came (ms since the Unix epoch): a 64-bit float in two words. */
  ARRIVAL: MESSAGE_ARRIVAL / 4,
} as const;
export const KEY_BITS = 8 * (MESSAGE_FLAGS - MESSAGE_KEY_LENGTH);
/** Those bits. V8 would raise 2 to a power each time that it is asked to. */
export const KEY_LENGTH = 2 ** KEY_BITS - 1;

export const MessageFlag = {
  MANDATORY: MESSAGE_MANDATORY,
  /** It has an `expiration` that is a number of milliseconds. */
  EXPIRES: MESSAGE_EXPIRING,
  /** The host must see it before it is enqueued. */
  ASK: MESSAGE_ASK,
  /** It is persistent, and a record head stands before it and each of its pieces. */
  LOGGABLE: MESSAGE_LOGGABLE,
} as const;

/** A piece of a long body: this head, then a complete body frame. */
export const Piece = { NEXT: PIECE_NEXT / 4, BODY_SIZE: PIECE_LENGTH / 4 } as const;

/**
 * A queue (one cell). All fields are written under LOCK, but LAST_GET, GRANTS and the round's; those that are read without it are
 * single words. The fields from HEAD to REQUEUED make a chain: messages in a row. A queue is its own chain, unless its
 * messages have priorities: then each priority that was used has a chain in a cell of its own, which names its queue as
 * PARENT.
 */
export const QueueCell = {
  LOCK: 0,
  /** Messages that wait for a consumer. */
  READY: 1,
  /** Consumers that wait for a message. */
  WAITING: 2,
  CONSUMERS: 3,
  FLAGS: 4,
  /** Messages claimed and not yet settled, the dead that are not settled among them. */
  CLAIMED: 5,
  /** Positions: next to claim, next to fill. They wrap. */
  HEAD: 6,
  TAIL: 7,
  /** The blocks that hold those positions; both 0 when there is none. */
  HEAD_BLOCK: 8,
  TAIL_BLOCK: 9,
  /** First of the blocks with requeued slots, in order of position. */
  REQUEUED: 10,
  FIRST_WAITER: 11,
  LAST_WAITER: 12,
  /** Turns that consumers were granted and have not taken yet. */
  GRANTS: 13,
  /** How many places in the line of waiters were given out; wraps. */
  PLACES: 18,
  /** The queue that a chain belongs to; 0 in a queue. */
  PARENT: 14,
  /** A page with the chain of each priority, 0 for those that were never used; 0 in a queue without priorities. */
  CHAINS: 15,
  /** All its consumers, a list of nodes. */
  FIRST_PEER: 16,

  /** What it does beyond holding messages, as bits (Feature); 0: nothing. */
  BITS: 17,
  MAX_PRIORITY: 20,
  /** Bytes of the bodies of ready messages, with Feature.BYTES. */
  BYTES: 22,
  /** The participant whose sweep it belongs to, counted from 1; its neighbours in that list. */
  SWEEPER: 23,
  SWEEP_NEXT: 24,
  SWEEP_PREVIOUS: 25,
  /** A 64-bit float in two words: milliseconds. */
  LAST_GET: 28,
  /**
   * 64-bit floats, too, of a chain: its number in the log, and the log position of its next block's first slot; with
   * Feature.LOGGED.
   */
  LOG_ID: 30,
  LOG_NEXT: 32,
  /**
   * Of a chain: the block that stands for its spilled messages, or 0, and how many slots at its beginning are done or
   * back already.
   */
  GAP: 34,
  GAP_FILLED: 35,
  /**
   * Slots at the beginning of the block behind those that the gap block stands for that are spilled, too (it is the gap
   * block itself if it stands for none); and the bytes of all spilled bodies (a 64-bit float).
   */
  SPILLED_PART: 36,
  SPILLED_BYTES: 38,
  /** 1: it is in the coordinator's list of queues whose spilled messages are wanted; the next one there. */
  PAGE_IN_REQUESTED: 40,
  PAGE_IN_NEXT: 41,
  /** 1: workers are to be rung when messages are back. */
  AWAITED: 42,
  /** Of a chain: how often a message was taken that had come back; wraps. */
  TAKEN_BACK: 43,

  /** Its counters: the first of their cells, or 0. Read without the lock, as they are. */
  COUNTERS: 46,
  /** Its kind (queue-kind.ts); written before anybody else knows the queue. */
  KIND: 47,

  /** Dead messages that hosts keep, and the bytes of their bodies. */
  KEPT: 60,
  KEPT_BYTES: 61,
  /**
   * Of a chain: no spilled message has a lower log position, and none that is here before the gap block has this one or
   * a higher (a 64-bit float).
   */
  SPILLED_PLACE: 44,
  /** Of a chain: when the first message came that is spilled, or the one before it; 0: nobody knows (a 64-bit float). */
  SPILLED_ARRIVAL: 48,
  /**
   * The round in which consumers share what is ready: the position where it ends, and what each may take at once. Written
   * without the lock, as a moment's view.
   */
  ROUND_END: 50,
  ROUND_SHARE: 51,
  /** The numbers to its bits, as ../../queue-features.ts lays them out. */
  FEATURES: 64,
} as const;
/** A cell of a queue's counters (counters.ts): some blocks of COUNTERS numbers, each of one participant. */
export const Counters = {
  NEXT: 0,
  /** Of each block 1 + the participant that writes it; 0: nobody. */
  HOLDERS: 1,
  /** In bytes. */
  FIRST_BLOCK: 128,
} as const;
/** Numbers in a block: those that are counted of queues. */
export const COUNTERS = 16;
export const BLOCKS_PER_CELL = 3;

export const QueueFlag = { RETIRED: 1, FREED: 2 } as const;

export const Feature = {
  /** Its messages have a time to live. */
  TTL: 1,
  /** It has a greatest length, in messages or bytes. */
  LENGTH: 2,
  /** BYTES is kept. */
  BYTES: 4,
  /** What it has no room for is refused; otherwise the oldest die. */
  REJECT: 8,
  /** What is refused dies. */
  REJECT_DEAD: 16,
  DEAD_LETTERS: 32,
  /** Its messages have priorities. */
  PRIORITIES: 64,
  /** It counts how often a message was requeued. */
  COUNTED: 128,
  /** Deliveries say how often that was. */
  SAYS_COUNT: 256,
  /** Its consumers have different priorities. */
  CONSUMER_PRIORITIES: 512,
  /** A message that expires by itself was put into it. */
  EXPIRES: 1024,
  /** Its places are recorded in the log. */
  LOGGED: 2048,
  /** Nobody is given anything of it. */
  PAUSED: 4096,
  /** Messages only wait here for the host: neither what comes nor what dies is counted. */
  UNCOUNTED: 8192,
} as const;

/** A block (one page): this head, then slots. Written under its queue's lock. */
export const Block = {
  /** Position of the first slot. */
  START: 0,
  NEXT: 1,
  /** Slots that are settled. */
  DONE: 2,
  /** The chain. */
  QUEUE: 3,
  /** Requeued slots in it, the next block that has some, and a slot number that none of them is below. */
  REQUEUED: 4,
  REQUEUED_NEXT: 5,
  REQUEUED_LOW: 6,
  /** Log position of the first slot: a 64-bit float in two words. */
  LOG_START: 8,
  /** A page with the log position of each slot (64-bit floats), where they do not follow one another; otherwise 0. */
  LOG_TABLE: 7,
  /** Of the gap block: for how many blocks it stands. */
  SPILLED: 10,
} as const;
/** The flags of a slot are those of the core, since they leave memory with the message: `SLOT_…` of src/numbers. */
export const Slot = { STATE: 0, MESSAGE: 1 } as const;
/** SPILLED: the message is elsewhere, or about to go. */
export const SlotState = { EMPTY: 0, READY: 1, CLAIMED: 2, REQUEUED: 3, DONE: 4, SPILLED: 5 } as const;
/**
 * A consumer as other participants see it (one cell): a member of its queue's waiters, of its worker's inbox, or of
 * neither.
 */
export const Node = {
  WHERE: 0,
  NEXT: 1,
  PREVIOUS: 2,
  WORKER: 3,
  CONSUMER: 4,
  /** Its priority, signed. */
  CONSUMER_PRIORITY: 5,
  /** 1: it could take a message. */
  ABLE: 6,
  /** Its neighbours among all consumers of its queue. */
  PEER_NEXT: 7,
  PEER_PREVIOUS: 8,
  /** Its place in the line of waiters. */
  PLACE: 9,
} as const;
export const NodePlace = { OWNER: 0, WAITERS: 1, INBOX: 2 } as const;
