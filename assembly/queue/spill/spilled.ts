/**
 * Absent messages: those of a queue that are elsewhere (in page files, or still in the log). They are a range of positions. In the chain a single block, the
 * stub, stands for all blocks that are absent to their ends; in the block that follows the first slots may be absent, too (`absentPart`). All their slots are ABSENT,
 * so cursors stop there. A queue has at most one stub. Only the coordinator moves messages, one portion of one queue out (page-out.ts) and one in (page-in.ts) at a
 * time, so stubs and all of this have one writer.
 *
 *   head … │ block │ stub: positions start + absentFilled … start + absent × SLOTS │ block: absentPart slots are absent │ … tail
 *   head … │ block │ stub that stands for none: its slots absentFilled … absentPart are absent │ … tail
 *
 * Publishers never walk over a position that they did not reserve later than they read their hint, and the hint has moved past a block before it joins the stub.
 *
 * Image: units as in src/log/spill-source.ts: 24 octets, then the Message or Piece as it lies in memory.
 */
import { atomicAdd, atomicExchange, atomicLoad, atomicStore } from '../../memory/atomic';
import { aligned } from '../../memory/message';
import { Participant, participantAt, root } from '../../memory/root';
import { ring, takePage } from '../../memory/units';
import { ABSENT, Block, initBlock, LOGGED, nextOf, Queue, REDELIVERED, RETURNS_SHIFT, slotAt, SLOTS } from '../chain/queue';
import { addBytes, BYTES, ruling } from '../chain/features';
import { grant } from '../consumers/waiters';

@unmanaged export class Unit {
  span: u32;
  flags: u32;
  position: u64;
  id: u64;
}
export const UNIT_HEAD: u32 = 24;
/** Of a unit: one more piece of the message before it. */
export const PIECE: u32 = 0x80000000;
export const NO_POSITION: u64 = u64.MAX_VALUE;
/** What a unit says of its slot: the rest follows from the message. */
export const KEPT_FLAGS: u32 = (REDELIVERED | LOGGED | (0xffffffff << RETURNS_SHIFT)) & ~PIECE;
/** More positions than these between two blocks could not be told from a step back. */
export const ABSENT_MAX: f64 = 1073741824;

@inline export function stubOf(queue: Queue): Block { return changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>("stub"))); }
@inline export function setStub(queue: Queue, stub: Block): void {
  // Pairs with the load in `wishAhead`: a cursor that misses it finds the next message absent.
  atomicStore(changetype<usize>(queue) + offsetof<Queue>("stub"), <u32>changetype<usize>(stub));
}
@inline export function headOf(queue: Queue): u32 { return atomicLoad(changetype<usize>(queue) + offsetof<Queue>("head")); }

/** The block in which the first message behind the absent ones stands, or will; its index there is `absentPart`. */
export function behindStub(stub: Block): Block { return stub.absent ? nextOf(stub) : stub; }

/** Of the stub's own slots those before it are absent, or were. */
export function absentEnd(queue: Queue, stub: Block): u32 { return stub.absent ? SLOTS : queue.absentPart; }

// ── Counting ───────────────────────────────────────────────────────────────────────────────────────────────────

export function absentCount(queue: Queue): u32 {
  const stub = stubOf(queue);
  return changetype<usize>(stub) ? stub.absent * SLOTS + queue.absentPart - queue.absentFilled : 0;
}

/** Messages at the front that are here: from the head to the first that is absent. */
export function presentCount(queue: Queue): u32 {
  const stub = stubOf(queue);
  const head = headOf(queue);
  if (!changetype<usize>(stub)) return atomicLoad(changetype<usize>(queue) + offsetof<Queue>("tail")) - head;
  return <u32>max<i32>(0, <i32>(stub.start + queue.absentFilled - head));
}

// ── Absent from the first ──────────────────────────────────────────────────────────────────────────────────────

/**
 * The first `count` messages of a queue that was just made are elsewhere, with bodies of `bytes` in all. They take no more blocks than they would if they were here: the
 * stub stands for whole ones, and the rest are the first slots of the block that messages to come go to. False: no memory, or too many.
 */
export function setAbsent(queue: Queue, count: f64, bytes: f64): bool {
  if (count <= 0) return count == 0;
  if (count > ABSENT_MAX) return false;
  const stub = changetype<Block>(queue.headBlock);
  const next = stub.logStart;
  const blocks = <u32>count / SLOTS;
  const part = <u32>count % SLOTS;
  let behind = stub;
  if (blocks) {
    const page = takePage();
    if (!page) return false;
    behind = changetype<Block>(page);
    initBlock(behind, queue, blocks * SLOTS, 0);
    atomicAdd(changetype<usize>(queue) + offsetof<Queue>("blocks"), 1);
    fillAbsent(stub, SLOTS);
    stub.absent = blocks;
    stub.next = <u32>page;
    queue.tailBlock = <u32>page;
  }
  behind.logStart = next - part;
  fillAbsent(behind, part);
  queue.tail = <u32>count;
  queue.absentBytes = <i64>bytes;
  queue.absentPart = part;
  setStub(queue, stub);
  if (ruling(queue).traits & BYTES) addBytes(ruling(queue), <i64>bytes);
  return true;
}

/** The first slots of a block are those of absent messages. */
export function fillAbsent(block: Block, end: u32): void {
  for (let i: u32 = 0; i < end; i++) slotAt(block, i).state = ABSENT;
}

// ── For those who wait ─────────────────────────────────────────────────────────────────────────────────────────

/** Messages can be claimed that could not before. */
export function welcome(queue: Queue, count: u32): void {
  if (!count) return;
  const ruler = ruling(queue);
  grant(ruler, count);
  // Pairs with the store in `awaitFront`.
  if (!atomicExchange(changetype<usize>(ruler) + offsetof<Queue>("awaited"), 0)) return;
  for (let i: u32 = 0; i < root().participants - 1; i++) {
    const worker = participantAt(i);
    // Before the ring: one that is awake does not hear it, and looks here before it sleeps.
    atomicStore(changetype<usize>(worker) + offsetof<Participant>("back"), 1);
    ring(worker);
  }
}

/** Octets of the unit for a message or piece of this length. */
@inline export function unitLength(octets: u32): u32 { return aligned(octets) + UNIT_HEAD; }

