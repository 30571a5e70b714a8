/**
 * This folder is for shared memory: units, epochs, messages, counters; all of the core but its numbers may import it.
 *
 * The root: where everything shared is found from, at one fixed address, and the participants behind it.
 *
 *   0          unused, so that no address is 0
 *   64 KiB     Root                                  one 4 KiB page
 *   68 KiB …   Participant 0, 1 … `participants` − 1  one 4 KiB page each; the last one is the coordinator
 *   868 KiB …  an entry of 16 octets for each segment (pool.ts)
 *   1 MiB …    units: 1 MiB segments, of which some are cut into boxes, pages and cells (units.ts)
 *
 * Written by: see each field. Freed by: nobody, it lives as long as the memory.
 */

export const ROOT: usize = 65536;
export const PAGE: u32 = 4096;
export const SEGMENT: u32 = 1 << 20;
export const PARTICIPANTS_MAX: u32 = 200;
/** Smallest memory that is laid out (8 MiB for one worker), and the largest that addresses reach. */
export const MEBIBYTES_MIN: u32 = 8;
export const MEBIBYTES_MAX: u32 = 4096;

/** The shared root. A line (64 bytes) for each word that several participants write. */
@unmanaged export class Root {
  // line 0: written once by `initRoot`
  /** Number of participants, the coordinator included. */
  participants: u32;
  /** Segments that exist at all. */
  segments: u32;
  /** Segments that messages must leave free, for blocks, boxes and channels. */
  reserve: u32;
  /** Boxes that one participant may hold. */
  boxesMax: u32;
  /** With fewer free segments the coordinator is rung: messages may have to leave. */
  scarce: u32;
  /** Whether publishers are held back: each content header stops. Written by the coordinator. */
  blocked: u32;
  a6: u64;
  a7: u64;
  a8: u64;
  a9: u64;
  a10: u64;
  /** line 1: index of the first segment that was never used; moved on by compare-and-swap. */
  frontier: u32;
  b1: u32;
  b2: u64;
  b3: u64;
  b4: u64;
  b5: u64;
  b6: u64;
  b7: u64;
  b8: u64;
  /** line 2: stack of free segments: address in the low half, a count of pops in the high half (against ABA). */
  freeSegments: u64;
  c2: u64;
  c3: u64;
  c4: u64;
  c5: u64;
  c6: u64;
  c7: u64;
  c8: u64;
  /**
   * line 3: the pool of free pages (pool.ts): its lock, how many pages are in it, the first segment with such.
   * The count is read without the lock.
   */
  poolLock: u32;
  poolPages: u32;
  poolFirst: u32;
  d1: u32;
  d3: u64;
  d4: u64;
  d5: u64;
  d6: u64;
  d7: u64;
  d8: u64;
  /** line 4: stack of bundles of free cells. */
  freeCells: u64;
  e2: u64;
  e3: u64;
  e4: u64;
  e5: u64;
  e6: u64;
  e7: u64;
  e8: u64;
  /** line 5: segments that are free: beyond the frontier or on the stack. */
  segmentsFree: u32;
  f1: u32;
  f2: u64;
  f3: u64;
  f4: u64;
  f5: u64;
  f6: u64;
  f7: u64;
  f8: u64;
  /**
   * line 6: what publishers are held back for, of the kinds in units.ts; each is struck out by whoever frees
   * such.
   */
  starved: u32;
  g1: u32;
  g2: u64;
  g3: u64;
  g4: u64;
  g5: u64;
  g6: u64;
  g7: u64;
  g8: u64;
  /** line 7: the reclamation epoch; odd, so that it is never 0 (epoch.ts). */
  epoch: u32;
  h1: u32;
  h2: u64;
  h3: u64;
  h4: u64;
  h5: u64;
  h6: u64;
  h7: u64;
  h8: u64;
  /** line 8: the topology epoch; the coordinator alone raises it. */
  topology: u32;
}

/**
 * What one participant owns. Lines 1, 2 and 7 are shared; all else is written and read by the participant alone
 * (and by its host thread, which reads the results of line 0 through typed arrays).
 */
@unmanaged export class Participant {
  // line 0: results of the last call, for the host
  consumed: u32;
  frameOffset: u32;
  frameLength: u32;
  stopChannel: u32;
  stopMessage: u32;
  outputOffset: u32;
  outputLength: u32;
  outputBox: u32;
  /** Where the host puts arguments that do not fit a call: a page. */
  scratch: u32;
  readOffset: u32;
  readLength: u32;
  index: u32;
  /** Queue and reason of the message that `nextDead` gave out. */
  deadQueue: u32;
  deadReason: u32;
  /** Work done, in enqueues or what takes about as long; wraps. */
  work: u32;
  /** Samples of deliveries that are not written yet (latency.ts). */
  samples: u32;
  /**
   * line 1: the reclamation epoch in which this participant entered the core, 0 outside (epoch.ts). Written by the
   * owner, read by all.
   */
  seen: u32;
  s1: u32;
  s2: u64;
  s3: u64;
  s4: u64;
  s5: u64;
  s6: u64;
  s7: u64;
  s8: u64;
  /** line 2: AWAKE or SLEEPING; set by the owner, set back by whoever rings. */
  state: u32;
  /** Raised at each ring; the host waits on it. */
  doorbell: u32;
  /** Consumers that others granted a turn: a stack linked by `runNext`, taken whole by the owner. */
  inbox: u32;
  /**
   * Of the coordinator: queues whose spilled messages are wanted: a stack linked by `pageInNext`, taken whole by it
   * (page-in-requests.ts).
   */
  pageInRequests: u32;
  /** 1: spilled messages are back that some worker waited for, since this one looked last. */
  back: u32;
  t4: u32;
  t5: u64;
  t6: u64;
  t7: u64;
  t8: u64;
  t9: u64;
  // line 3: units (units.ts)
  pageFirst: u32;
  pageCount: u32;
  cellFirst: u32;
  cellCount: u32;
  /** The rest of the segment that pages are being cut from. */
  pageNext: u32;
  pageEnd: u32;
  boxFirst: u32;
  boxesCut: u32;
  /** Taken less given back by this participant; a sum over all participants is what is in use. May be negative. */
  segmentsUsed: i32;
  pagesUsed: i32;
  cellsUsed: i32;
  boxesUsed: i32;
  // line 4: open segments and pending releases (message.ts), reclamation (epoch.ts)
  hotSegment: u32;
  hotOffset: u32;
  hotCount: u32;
  coldSegment: u32;
  coldOffset: u32;
  coldCount: u32;
  releaseSegment: u32;
  releaseCount: u32;
  settleBlock: u32;
  settleCount: u32;
  limboFirst: u32;
  limboLast: u32;
  // line 5: routes (route.ts) and the pending run (run.ts)
  topologyApplied: u32;
  routeArena: u32;
  routeNext: u32;
  routeVersion: u32;
  runRoute: u32;
  runCount: u32;
  runMessages: u32;
  /** Own free pages that are promised to what cannot fail any more; there are at least so many (units.ts). */
  pagesPromised: u32;
  // line 6: the turn (serve.ts, output.ts)
  runFirst: u32;
  runLast: u32;
  outputFirst: u32;
  outputLast: u32;
  serviceFirst: u32;
  serviceLast: u32;
  /** What this one's publishers are held back for. */
  starved: u32;
  /** Channel of a route stop or a message stop. */
  stopChannelAddress: u32;
  /** What `work` is when a scan has done what it may. */
  workEnd: u32;
  /**
   * Counted and not yet added to the counters: whole messages of this read, and those of them that led nowhere;
   * acknowledgements in `settleBlock`.
   */
  received: u32;
  dropped: u32;
  acknowledged: u32;
  /** And publishes on channels with confirms. */
  confirming: u32;
  i11: u32;
  i12: u64;
  /**
   * line 7: queues whose messages may expire and that this participant sweeps (sweep.ts). `sweepCount` is read without
   * the lock, the rest belongs to its holder.
   */
  sweepLock: u32;
  sweepFirst: u32;
  sweepCount: u32;
  /** Where the next sweep goes on. */
  sweepAt: u32;
  /**
   * The next sweep is not soon; and: it must be, since something has come that may expire before it. Written by the
   * owner, and `sweepSoon` by all who bring that.
   */
  sweepRests: u32;
  sweepSoon: u32;
  j4: u64;
  j5: u64;
  j6: u64;
  j7: u64;
  j8: u64;
  // line 8: clock (ms since the Unix epoch), messages that died (dead-letters.ts), queues over their limit (length.ts)
  now: f64;
  deadFirst: u32;
  deadLast: u32;
  overCount: u32;
  /** Some of them are to be looked at in the next turn. */
  overSoon: u32;
  /** Page-in requests that were taken and not yet looked at. */
  pageInFirst: u32;
  /** The clock once more, as one word (moment.ts). */
  moment: u32;
  /** The page of its histogram, which all may read; written once (latency.ts). */
  latency: u32;
  /** The clock once more, with a fraction that tells of less than a millisecond (latency.ts). */
  stamp: f64;
  // line 9: the log (log/journal.ts). Open segments of loggable messages, hot and cold (message.ts)
  durableSegment: u32;
  durableOffset: u32;
  durableCount: u32;
  durableColdSegment: u32;
  durableColdOffset: u32;
  durableColdCount: u32;
  /** Bits of the property flags that may make a message loggable; 0: this participant has no log. */
  logProperties: u32;
  /** The batch that gathers. */
  batch: u32;
  /**
   * The open segment of the journal, where the next record goes, and where the part of the gathering batch begins
   * there.
   */
  journalSegment: u32;
  journalOffset: u32;
  journalBegin: u32;
  /** Octets there, and entries of the batch's list of ranges, that the pending run may need. */
  journalReserved: u32;
  rangesReserved: u32;
  /** The record of places done that ends the journal, or 0. */
  doneRecord: u32;
  /** Places done that are not recorded yet: so many in a row. */
  doneCount: u32;
  /** The cell of the batch after the one that gathers, or 0. */
  spareBatch: u32;
  doneQueue: u64;
  doneFrom: u64;
  /** The number of the next message, and of the first that the gathering batch could hold. */
  nextMessage: u64;
  batchMessages: u64;
}

/** Where the segments' entries are: behind the last participant that there can be. */
export const ENTRIES: usize = ROOT + PAGE + PARTICIPANTS_MAX * PAGE;

/** Where a participant's page holds its queues over their limit: OVER_MAX addresses. */
export const PARTICIPANT_OVER: u32 = 1024;
export const OVER_MAX: u32 = 64;
/** Where it holds its counters (counters.ts). */
export const PARTICIPANT_COUNTERS: u32 = 2048;

export const AWAKE: u32 = 0;
export const SLEEPING: u32 = 1;

/** The participant that this instance of the core is. */
export let self: Participant = changetype<Participant>(0);

@inline export function root(): Root {
  return changetype<Root>(ROOT);
}

@inline export function participantAt(index: u32): Participant {
  return changetype<Participant>(ROOT + PAGE + index * PAGE);
}
/** The coordinator is the last one. */
@inline export function coordinator(): Participant {
  return participantAt(root().participants - 1);
}
export function becomeParticipant(index: u32): void {
  self = participantAt(index);
}

/** Lays out the root of a memory of `mebibytes` MiB. Called once, before any participant opens. */
export function initRoot(mebibytes: u32, participants: u32): void {
  const shared = root();
  // The first MiB holds the root; the last one is never used, so that an address behind a segment does not wrap at 4
  // GiB.
  shared.segments = mebibytes - 2;
  shared.participants = participants;
  shared.reserve = max<u32>(4, shared.segments >> 4);
  shared.scarce = shared.segments / 3;
  // Half a MiB each: an eighth of the memory for all workers together, but for each one to read into and some to send.
  shared.boxesMax = max<u32>(4, max<u32>(8, shared.segments >> 2) / max<u32>(1, participants - 1));
  shared.segmentsFree = shared.segments;
  shared.epoch = 1;
}
