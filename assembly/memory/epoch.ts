/**
 * Reclamation by quiescence (QSBR): a slot block that nobody can reach any more is reused only when every participant
 * that was inside the core at that moment has left it.
 *
 * A participant enters (`seen` = epoch) at each call that touches queues and leaves (`seen` = 0) at its end. Whoever
 * unlinks a block stamps it with the epoch and raises the epoch: a participant with a newer `seen` entered after the
 * block was unreachable. Epochs are odd and wrap; they are compared by subtraction. The limbo list is the participant's
 * own, in order of stamps. See "Quiescent-state-based reclamation", Hart et al., 2007.
 */
import { atomicAdd, atomicLoad, atomicStore } from './atomic';
import { Participant, participantAt, ROOT, Root, root, self } from './root';
import { givePage } from './units';

/** What is reclaimed here: a page that begins so. */
@unmanaged export class Reclaimed {
  /** The chain's: it stays, since late readers follow it. */
  next: u32;
  /** Ours once the page is unreachable: its stamp, and the next one in limbo. */
  stamp: u32;
  limboNext: u32;
}

/**
 * The store pairs with the load in `isQuiescent`: if the reclaimer does not see it, then our later loads of a queue's
 * hints come after the block was unlinked, and cannot find it.
 */
@inline export function enter(): void {
  atomicStore(changetype<usize>(self) + offsetof<Participant>('seen'), atomicLoad(ROOT + offsetof<Root>('epoch')));
}

@inline export function leave(): void {
  // Pairs with the load in `isInside`: all that was read and written inside comes before it.
  atomicStore(changetype<usize>(self) + offsetof<Participant>('seen'), 0);
  if (self.limboFirst) reclaim();
}

/** Hands over a block that is unreachable for whoever enters from now on. */
export function retire(block: Reclaimed): void {
  const address = <u32>changetype<usize>(block);
  block.stamp = newEpoch();
  block.limboNext = 0;
  if (self.limboLast) changetype<Reclaimed>(self.limboLast).limboNext = address;
  else self.limboFirst = address;
  self.limboLast = address;
}

/** Begins a new epoch; returns a stamp for `othersLeft`. */
export function newEpoch(): u32 {
  // Pairs with the load in `enter`: who reads what it leaves cannot find any more what was unlinked before.
  return atomicAdd(ROOT + offsetof<Root>('epoch'), 2);
}

/**
 * Whether all others who were inside at that stamp have left: whoever is inside now sees what was written before it.
 */
export function othersLeft(stamp: u32): bool {
  for (let i: u32 = 0; i < root().participants; i++) if (i != self.index && isInside(i, stamp)) return false;
  return true;
}

/** Whether a participant has been inside since before a stamp. */
@inline function isInside(participant: u32, stamp: u32): bool {
  // Pairs with the stores in `enter` and `leave`.
  const seen = atomicLoad(changetype<usize>(participantAt(participant)) + offsetof<Participant>('seen'));
  return seen != 0 && <i32>(seen - stamp) <= 0;
}

function isQuiescent(stamp: u32): bool {
  for (let i: u32 = 0; i < root().participants; i++) if (isInside(i, stamp)) return false;
  return true;
}

function reclaim(): void {
  while (self.limboFirst) {
    const block = changetype<Reclaimed>(self.limboFirst);
    if (!isQuiescent(block.stamp)) return;
    self.limboFirst = block.limboNext;
    if (!self.limboFirst) self.limboLast = 0;
    givePage(changetype<usize>(block));
  }
}
