/**
 * How a record of the replicated log lies in messages of the stream. Integers are little-endian; those of 64 bits hold
 * at most 2^53 − 1. A record whose body is longer than a message takes goes in parts, messages in a row with a head
 * each. What must hold: a change that an older node would read wrongly has another format number.
 *
 *    0  magic "LVR\n"
 *    4  format, 8 bits
 *    5  kind, 8 bits
 *    6  0, 16 bits
 *    8  epoch, 64 bits
 *   16  octets of the body, all parts together, 32 bits
 *   20  where this part begins in the body, 32 bits
 *   24  whose epoch it is: the first 8 octets of its fence's link; zeros in a fence
 *   32  link of the message before that counts (all zeros: none), 16 octets
 *   48  link: the hash of what lies before and behind it in this message, 16 octets
 *   64  body, or this part of it
 *
 * A body: FENCE the name of the node that leads from there on, UTF-8 · BATCH a head of 24 octets (lane 32, messages 32,
 * octets of their records 32, 0 32, the lane's next message 64), then records as in docs/log-format.md, without a seed
 * · DEFINITIONS octets that the store knows · BEAT nothing · KNOWN pairs of a queue and the position below which all
 * of it is known, 64 each · DELETED queues, 64 each · GROUP several records (record-group.ts) · HANDOVER the name of the
 * node that leads next, or nothing: any.
 *
 * Parts are of the record, not of the stream: what becomes of a record whose writer was deposed amid its parts is
 * decided by epochs and links, which a stream knows nothing of.
 *
 * The hash is SHA-256, cut to 16 octets: Node has had it for ever, takes it over pieces where they lie, and CPUs have
 * instructions for it (1.1 GB/s, 3 us for 256 octets, on a machine that was busy, where MD5 did 160 MB/s and BLAKE2
 * 290). XXH64 of log-memory.ts is several times as fast, but on octets in a memory of its own alone: a copy there and a
 * memory for each message under way. zlib.crc32 is not in every Node that is supported, and has 32 bits.
 */
export const MAGIC = 0x0a52564c;
export const RECORD_FORMAT = 1;

export const HeadField = {
  MAGIC: 0,
  FORMAT: 4,
  KIND: 5,
  ZERO: 6,
  EPOCH: 8,
  BODY_OCTETS: 16,
  PART_AT: 20,
  FENCE: 24,
  BEFORE: 32,
  LINK: 48,
} as const;
export const HEAD_OCTETS = 64;
export const LINK_OCTETS = 16;
/** Of a fence's link, what its epoch's messages have in them. */
export const FENCE_OCTETS = 8;

/** Octets of all parts together. */
export const BODY_MAX = 1 << 30;

export const RecordKind = {
  FENCE: 1,
  BATCH: 2,
  DEFINITIONS: 3,
  BEAT: 4,
  KNOWN: 5,
  DELETED: 6,
  GROUP: 7,
  HANDOVER: 8,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

const KINDS: ReadonlySet<number> = new Set(Object.values(RecordKind));
export function isKind(kind: number): kind is RecordKind {
  return KINDS.has(kind);
}

export const BatchHeadField = { LANE: 0, MESSAGES: 4, MESSAGE_OCTETS: 8, ZERO: 12, NEXT_MESSAGE: 16 } as const;
export const BATCH_HEAD_OCTETS = 24;
/** Octets of a node's name. */
export const NODE_NAME_MAX = 255;
