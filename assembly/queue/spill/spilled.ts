/**
 * This folder is for messages that leave memory; only what stands in `queue` itself, and the exports import it.
 *
 * Spilled messages: those of a queue that are elsewhere (in spill files, or still in the log). They are a range of
 * positions. In the chain a single block, the gap block, stands for all blocks that are spilled to their ends; in the
 * block that follows the first slots may be spilled, too (`spilledPart`). All their slots are SPILLED, so cursors stop
 * there. A queue has at most one gap block. Only the coordinator moves messages, one portion of one queue out
 * (page-out.ts) and one in (page-in.ts) at a time, so gap blocks and all of this have one writer.
 *
 *   head … │ block │ gap block: positions start + spilledFilled … start + spilled × SLOTS │ block: spilledPart slots │ … tail
 *   head … │ block │ gap block that stands for none: its slots spilledFilled … spilledPart are spilled │ … tail
 *
 * Publishers never walk over a position that they did not reserve later than they read their hint, and the hint has
 * moved past a block before it joins the gap block.
 *
 * Image: units as in src/log/spill-source.ts: 24 octets, then the Message or Piece as it lies in memory.
 */
import { UNIT_HEAD, UNIT_PIECE } from '../../format/spilled-unit';
import { atomicAdd, atomicExchange, atomicLoad, atomicStore, atomicStoreF64 } from '../../memory/atomic';
import { aligned } from '../../memory/message';
import { IS_SMALL } from '../../memory/parts';
import { Participant, participantAt, root } from '../../memory/root';
import { ring, takePage } from '../../memory/units';
import {
  SPILLED,
  Block,
  initBlock,
  LOGGED,
  nextOf,
  Queue,
  REDELIVERED,
  REQUEUES_SHIFT,
  slotAt,
  SLOTS,
} from '../chain/queue';
import { addBytes, BYTES, ruling } from '../chain/features';
import { grant } from '../consumers/waiters';

export const NO_POSITION: u64 = u64.MAX_VALUE;
/** What a unit says of its slot: the rest follows from the message. */
export const KEPT_FLAGS: u32 = (REDELIVERED | LOGGED | (0xffffffff << REQUEUES_SHIFT)) & ~UNIT_PIECE;
/** More positions than these between two blocks could not be told from a step back. */
export const SPILLED_MAX: f64 = 1073741824;

@inline export function gapOf(queue: Queue): Block {
  // Pairs with the store in `setGap`: the gap block is laid out.
  return changetype<Block>(IS_SMALL ? 0 : atomicLoad(changetype<usize>(queue) + offsetof<Queue>('gap')));
}

@inline export function setGap(queue: Queue, gap: Block): void {
  // Pairs with the load in `requestAhead`: a cursor that misses it finds the next message spilled.
  atomicStore(changetype<usize>(queue) + offsetof<Queue>('gap'), <u32>changetype<usize>(gap));
}

/** Notes how old what is spilled is. Pairs with the load in `arrivalAt` (rules/front.ts): a number for itself. */
export function setSpilledArrival(queue: Queue, arrival: f64): void {
  atomicStoreF64(changetype<usize>(queue) + offsetof<Queue>('spilledArrival'), arrival);
}

@inline export function headOf(queue: Queue): u32 {
  // Pairs with the compare-and-swap of cursors: a moment's view, for all but who moves the head.
  return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('head'));
}

/** The block in which the first message behind the spilled ones stands, or will; its index there is `spilledPart`. */
export function behindGap(gap: Block): Block {
  return gap.spilled ? nextOf(gap) : gap;
}

/** Of the gap block's own slots those before it are spilled, or were. */
export function spilledEnd(queue: Queue, gap: Block): u32 {
  return gap.spilled ? SLOTS : queue.spilledPart;
}

// ── Counting ───────────────────────────────────────────────────────────────────────────────────────────────────

export function spilledCount(queue: Queue): u32 {
  const gap = gapOf(queue);
  return changetype<usize>(gap) ? gap.spilled * SLOTS + queue.spilledPart - queue.spilledFilled : 0;
}

/** The position of the first spilled message; 0: there is none. */
export function firstSpilled(queue: Queue): u32 {
  const gap = gapOf(queue);
  return changetype<usize>(gap) ? gap.start + queue.spilledFilled : 0;
}

/** Messages before the spilled ones that are here: from the head to the first that is spilled. */
export function presentCount(queue: Queue): u32 {
  const gap = gapOf(queue);
  const head = headOf(queue);
  // A moment's view. The head was read first: it never passes the tail.
  if (!changetype<usize>(gap)) return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('tail')) - head;
  return <u32>max<i32>(0, <i32>(gap.start + queue.spilledFilled - head));
}

// ── Spilled from the first ──────────────────────────────────────────────────────────────────────────────────────

/**
 * The first `count` messages of a queue that was just made are elsewhere, with bodies of `bytes` in all. They take no
 * more blocks than they would if they were here: the gap block stands for whole ones, and the rest are the first slots
 * of the block that messages to come go to. False: no memory, or too many.
 */
export function setSpilled(queue: Queue, count: f64, bytes: f64): bool {
  if (count <= 0) return count == 0;
  if (count > SPILLED_MAX) return false;
  const gap = changetype<Block>(queue.headBlock);
  const next = gap.logStart;
  const blocks = <u32>count / SLOTS;
  const part = <u32>count % SLOTS;
  let behind = gap;
  if (blocks) {
    const page = takePage();
    if (!page) return false;
    behind = changetype<Block>(page);
    initBlock(behind, queue, blocks * SLOTS, 0);
    // Pairs with nothing: nobody knows the queue yet.
    atomicAdd(changetype<usize>(queue) + offsetof<Queue>('blocks'), 1);
    fillSpilled(gap, SLOTS);
    gap.spilled = blocks;
    gap.next = <u32>page;
    queue.tailBlock = <u32>page;
  }
  behind.logStart = next - part;
  fillSpilled(behind, part);
  queue.tail = <u32>count;
  queue.spilledBytes = <i64>bytes;
  queue.spilledPart = part;
  setGap(queue, gap);
  if (ruling(queue).features & BYTES) addBytes(ruling(queue), <i64>bytes);
  return true;
}

/** The first slots of a block are those of spilled messages. */
export function fillSpilled(block: Block, end: u32): void {
  for (let i: u32 = 0; i < end; i++) slotAt(block, i).state = SPILLED;
}

// ── For those who wait ─────────────────────────────────────────────────────────────────────────────────────────

/** Messages can be claimed that could not before. */
export function welcome(queue: Queue, count: u32): void {
  if (!count) return;
  const ruler = ruling(queue);
  grant(ruler, count);
  // Pairs with the store in `awaitNext`.
  if (!atomicExchange(changetype<usize>(ruler) + offsetof<Queue>('awaited'), 0)) return;
  for (let i: u32 = 0; i < root().participants - 1; i++) {
    const worker = participantAt(i);
    // Before the ring: one that is awake does not hear it, and looks here before it sleeps.
    atomicStore(changetype<usize>(worker) + offsetof<Participant>('back'), 1);
    ring(worker);
  }
}

/** Octets of the unit for a message or piece of this length. */
@inline export function unitLength(octets: u32): u32 {
  return aligned(octets) + UNIT_HEAD;
}
