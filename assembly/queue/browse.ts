/**
 * Looking at what is ready without claiming it: messages of one priority are copied out, in the order in which they
 * would be given out, from a position on. Nothing is written but the copies: no slot, no order, no age changes. Meets:
 * cursors, settlers, page-out, purges; none of them waits for us, and we wait for nobody.
 *
 *   room: one behind the other, 8-aligned: Browsed, key, payload of the header frame, first octets of the body
 *
 * What keeps a message from being freed while it is copied is its queue: nothing but a claim, or its way out of memory,
 * ends that. So each copy is made first and looked at then (as with a sequence lock). It is good if, behind it:
 *
 *   at the head: the head has not passed the slot, the slot is READY, and `departed` is as before. A claim moves the head
 *     before the message can be freed. Page-out marks the slot and counts `departed` up before it frees the message; the
 *     count tells a message that has gone and come back to the same slot.
 *   requeued: the slot is REQUEUED. Who takes it stores READY before it can free the message. It may have been taken and
 *     requeued meanwhile; then it was held all the time.
 *
 * Until then nothing of it is believed: a length is used, and a piece followed, only after the same look at the slot.
 * Blocks are kept by the epoch in which we entered the core (epoch.ts): they are found from the head's hint, or in the
 * requeued set under its lock, both after that. So a call does a bounded portion.
 */
import { FRAME_HEAD } from '../format/frame';
import { atomicLoad } from '../memory/atomic';
import { BROWSE_COPIED, BROWSE_FOUND, checkpoint } from '../memory/checkpoint';
import { arrivedAt } from '../memory/latency';
import { aligned, keyOf, Message, Piece, pieceFrameOf } from '../memory/message';
import { headBehindLoads } from './chain/head';
import { CLASSIC, unknownKind } from './chain/kinds';
import { Block, EMPTY, nextOf, Queue, READY, REQUEUED, Slot, slotAt, SLOTS, SPILLED, STATE_MASK } from './chain/queue';
import { requeuedBlockFrom } from './chain/requeued';

@unmanaged export class Browsed {
  span: u32;
  /** The slot's word: its flags, and how often the message was requeued. */
  state: u32;
  position: u32;
  bodySize: u32;
  arrival: f64;
  keyLength: u32;
  /** Of the payload. */
  headerLength: u32;
  /** Octets of the body that are here. */
  bodyLength: u32;
}
export const BROWSED: u32 = 40;

/** Why a call ends: its portion is done, what follows is spilled, nothing follows. */
const BROWSE_MORE: u32 = 0;
export const BROWSE_SPILLED: u32 = 1;
export const BROWSE_END: u32 = 2;
/** So far behind the head nothing is in use; the rest is for the blocks around both. */
export const FARTHEST: u32 = 0x7fff0000;

/** Where the next call goes on, and why this one has ended. */
export let browseNext: u32 = 0;
export let browseStop: u32 = BROWSE_MORE;

/** Slots that may still be looked at, room for copies, and octets of each body that are copied at most. */
let left: u32 = 0;
let room: usize = 0;
let roomEnd: usize = 0;
let bodyMost: u32 = 0;

/**
 * Copies ready messages of one priority, from a position on (`anew`: from the first), that stand in up to `slots` slots.
 * Returns octets written. The caller is inside the core.
 */
export function browse(queue: Queue, from: u32, anew: bool, slots: u32, most: u32, offset: usize, length: u32): u32 {
  if (queue.kind != CLASSIC) unknownKind();
  left = slots;
  room = offset;
  roomEnd = offset + length;
  bodyMost = most;
  browseStop = BROWSE_MORE;
  const head = headNow(queue);
  browseNext = anew ? head - FARTHEST : from;
  if (browseRequeued(queue, head)) browseReady(queue);
  return <u32>(room - offset);
}

@inline function headNow(queue: Queue): u32 {
  // A moment's view; `isHeld` is what decides.
  return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('head'));
}

/** What was requeued stands before the head. False: the portion is done. */
function browseRequeued(queue: Queue, head: u32): bool {
  while (<i32>(browseNext - head) < 0 && atomicLoad(changetype<usize>(queue) + offsetof<Queue>('requeued'))) {
    const block = requeuedBlockFrom(queue, browseNext);
    if (!changetype<usize>(block) || <i32>(block.start - head) >= 0) break;
    if (<i32>(browseNext - block.start) < 0) browseNext = block.start;
    const end = block.start + SLOTS;
    while (<i32>(browseNext - end) < 0 && <i32>(browseNext - head) < 0) {
      if (!left) return false;
      left -= 1;
      const slot = slotAt(block, browseNext - block.start);
      // Pairs with the stores in `putBack` and `take`.
      if ((atomicLoad(changetype<usize>(slot)) & STATE_MASK) == REQUEUED && copyOut(queue, slot, REQUEUED) == NO_ROOM)
        return false;
      browseNext += 1;
    }
  }
  return true;
}

function browseReady(queue: Queue): void {
  // The hint before the head: the walk from it is forward.
  let block = changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>('headBlock')));
  const head = headNow(queue);
  if (<i32>(browseNext - head) < 0) browseNext = head;
  browseStop = BROWSE_END;
  // The queue has ended.
  if (!changetype<usize>(block)) return;
  while (true) {
    while (browseNext - block.start >= SLOTS) {
      const next = nextOf(block);
      if (!changetype<usize>(next)) return;
      // The gap block stands for it.
      if (<i32>(browseNext - next.start) < 0) {
        browseStop = BROWSE_SPILLED;
        return;
      }
      block = next;
    }
    if (!left) {
      browseStop = BROWSE_MORE;
      return;
    }
    left -= 1;
    const slot = slotAt(block, browseNext - block.start);
    // Pairs with the store of the publisher.
    const state = atomicLoad(changetype<usize>(slot)) & STATE_MASK;
    checkpoint(BROWSE_FOUND);
    // What is claimed keeps its state, whatever that was.
    if (<i32>(browseNext - headNow(queue)) >= 0) {
      if (state == SPILLED) {
        browseStop = BROWSE_SPILLED;
        return;
      }
      if (state == EMPTY && isBehindTail(queue)) return;
      if (state == READY) {
        const outcome = copyOut(queue, slot, READY);
        if (outcome == NO_ROOM) {
          browseStop = BROWSE_MORE;
          return;
        }
        // Claimed, or on its way out of memory: the next look tells.
        if (outcome == CHANGED) continue;
      }
    }
    browseNext += 1;
  }
}

/** Nobody has reserved the position; one that is reserved and not filled is passed over. */
@inline function isBehindTail(queue: Queue): bool {
  // Pairs with the addition of publishers.
  return <i32>(browseNext - atomicLoad(changetype<usize>(queue) + offsetof<Queue>('tail'))) >= 0;
}

// ── One message ────────────────────────────────────────────────────────────────────────────────────────────────

const COPIED: u32 = 0;
const NO_ROOM: u32 = 1;
const CHANGED: u32 = 2;

/** Copies the message of the slot at `browseNext`, which was found in a state. */
function copyOut(queue: Queue, slot: Slot, state: u32): u32 {
  const departed = departedOf(queue);
  // Pairs with the stores of publishers and in `putBack`: the message is there.
  const word = atomicLoad(changetype<usize>(slot));
  const message = changetype<Message>(slot.message);
  const bodySize = message.bodySize;
  const arrival = arrivedAt(message);
  const keyLength = <u32>message.keyLength;
  const frameLength = message.headerLength;
  const first = message.firstLength;
  let piece = <usize>message.next;
  if (!isHeld(queue, slot, state, departed)) return CHANGED;
  const headerLength = frameLength - FRAME_HEAD - 1;
  const bodyLength = min(bodySize, bodyMost);
  const span = aligned(BROWSED + keyLength + headerLength + bodyLength);
  if (span > <u32>(roomEnd - room)) return NO_ROOM;
  const copy = changetype<Browsed>(room);
  copy.span = span;
  copy.state = word;
  copy.position = browseNext;
  copy.bodySize = bodySize;
  copy.arrival = arrival;
  copy.keyLength = keyLength;
  copy.headerLength = headerLength;
  copy.bodyLength = bodyLength;
  let to = room + BROWSED;
  memory.copy(to, keyOf(message), keyLength);
  to += keyLength;
  const header = keyOf(message) + keyLength;
  memory.copy(to, header + FRAME_HEAD, headerLength);
  to += headerLength;
  let some = min(bodyLength, first);
  memory.copy(to, header + frameLength + FRAME_HEAD, some);
  for (let rest = bodyLength - some; rest; rest -= some) {
    to += some;
    const at = changetype<Piece>(piece);
    some = min(rest, at.length);
    piece = at.next;
    if (!isHeld(queue, slot, state, departed)) return CHANGED;
    memory.copy(to, pieceFrameOf(at) + FRAME_HEAD, some);
  }
  checkpoint(BROWSE_COPIED);
  if (!isHeld(queue, slot, state, departed)) return CHANGED;
  room += span;
  return COPIED;
}

/** Pairs with the additions of page-out. */
@inline function departedOf(queue: Queue): u32 {
  return atomicLoad(changetype<usize>(queue) + offsetof<Queue>('departed'));
}

/**
 * Whether the queue has held the message of the slot at `browseNext` all the time up to now. What was read of the
 * message was read before the head. The loads behind it pair with who claims, takes or sends away, before he frees.
 */
function isHeld(queue: Queue, slot: Slot, state: u32, departed: u32): bool {
  const head = headBehindLoads(queue);
  if ((atomicLoad(changetype<usize>(slot)) & STATE_MASK) != state) return false;
  return state == REQUEUED || (<i32>(browseNext - head) >= 0 && departedOf(queue) == departed);
}
