/** Looking at messages where they stand, and taking them out to move them. */
import { enter, leave } from '../memory/epoch';
import { browse as browseQueue, browseNext as next, browseStop as stop } from '../queue/browse';
import { flushSettlements } from '../queue/chain/settle';
import { Queue, Slot } from '../queue/chain/queue';
import {
  putTakenBack as putBack,
  settleTaken as settleSlot,
  takeFrom as takeSlot,
  takenPosition as position,
  takeOutcome as outcome,
} from '../queue/take';

/** Octets written to the room at `offset`. */
export function browse(
  queue: usize,
  from: u32,
  anew: bool,
  slots: u32,
  bodyMost: u32,
  offset: usize,
  length: u32,
): u32 {
  enter();
  const octets = browseQueue(changetype<Queue>(queue), from, anew, slots, bodyMost, offset, length);
  leave();
  return octets;
}

export function browseNext(): u32 {
  return next;
}

export function browseStop(): u32 {
  return stop;
}

/** A claimed slot, or 0. */
export function takeFrom(queue: usize, from: u32, end: u32): usize {
  enter();
  const slot = takeSlot(changetype<Queue>(queue), from, end);
  flushSettlements();
  leave();
  return changetype<usize>(slot);
}

export function takeOutcome(): u32 {
  return outcome;
}

export function takenPosition(): u32 {
  return position;
}

export function takenMessage(slot: usize): usize {
  return changetype<Slot>(slot).message;
}

export function settleTaken(slot: usize): void {
  enter();
  settleSlot(changetype<Slot>(slot));
  flushSettlements();
  leave();
}

export function putTakenBack(slot: usize): void {
  enter();
  putBack(changetype<Slot>(slot));
  flushSettlements();
  leave();
}
