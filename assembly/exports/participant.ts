/**
 * This folder is for what the host calls, a file for each role of its `Engine`; only the list of exports imports it.
 *
 * Joining a core, and what each participant of it is: memory, clock, topology, and how it runs and sleeps. A memory is
 * laid out once (`initCore`); each thread then instantiates the module on it and joins (`joinCore`).
 */
import { enter, leave } from '../memory/epoch';
import { openLatency, stampOf } from '../memory/latency';
import { countGathered } from '../memory/counters';
import { momentOf } from '../memory/moment';
import { atomicAdd, atomicLoad } from '../memory/atomic';
import {
  becomeParticipant,
  initRoot,
  MEBIBYTES_MAX,
  MEBIBYTES_MIN,
  PARTICIPANTS_MAX,
  ROOT,
  Root,
  SEGMENT,
  self,
} from '../memory/root';
import { setSegmentsAside } from '../memory/aside';
import { BOX, memoryFree as freeBytes, memoryUsed as sumOfUse, takeBox, takePage, unitsUsed } from '../memory/units';
import { flushSettlements } from '../queue/chain/settle';
import { forgetRoutes, openRoutes } from '../amqp/receiving/route';
import { fallAsleep, serveTurns, wakeUp } from '../amqp/serve';

/** Pages of WebAssembly's in a MiB: so far a number is shifted. */
const PAGES_SHIFT: u32 = 4;

/**
 * Lays out a memory of `mebibytes` MiB for `participants` participants, the coordinator included. Once. A memory that is
 * smaller grows. False: it cannot, or is too small for anything, or the participants are too many.
 */
export function initCore(mebibytes: u32, participants: u32): bool {
  if (mebibytes < MEBIBYTES_MIN || mebibytes > MEBIBYTES_MAX) return false;
  if (participants < 2 || participants > PARTICIPANTS_MAX) return false;
  const pages = <i32>(mebibytes << PAGES_SHIFT) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return false;
  initRoot(mebibytes, participants);
  return true;
}

/** Makes this instance participant `index`; a worker gets a read buffer and routes. False: no memory. */
export function joinCore(index: u32, worker: bool): bool {
  becomeParticipant(index);
  self.index = index;
  self.scratch = <u32>takePage();
  self.runMessages = <u32>takePage();
  if (!self.scratch || !self.runMessages) return false;
  if (!worker) return true;
  if (!openLatency()) return false;
  self.readOffset = <u32>takeBox();
  self.readLength = BOX;
  return self.readOffset != 0 && openRoutes();
}

export function participantAddress(): usize {
  return changetype<usize>(self);
}

export function memoryUsed(): f64 {
  return sumOfUse();
}

export function unitsInUse(kind: u32): f64 {
  return unitsUsed(kind);
}

export function memoryFree(): f64 {
  return freeBytes();
}

export function setAside(bytes: f64): bool {
  return setSegmentsAside(<u32>((<u64>bytes + SEGMENT - 1) / SEGMENT));
}

export function setTime(now: f64, micros: f64): void {
  self.now = now;
  self.stamp = stampOf(now, micros);
  self.moment = momentOf(now);
}

/**
 * Pairs with the load in `ingest`: a worker that sees the new epoch finds the change in its port, where it was posted
 * before.
 */
export function raiseTopology(): u32 {
  return atomicAdd(ROOT + offsetof<Root>('topology'), 1) + 1;
}

export function topologyEpoch(): u32 {
  // Pairs with the addition in `raiseTopology`.
  return atomicLoad(ROOT + offsetof<Root>('topology'));
}

export function applyTopology(epoch: u32): void {
  self.topologyApplied = epoch;
  forgetRoutes();
}

export function serve(): bool {
  enter();
  const more = serveTurns();
  flushSettlements();
  countGathered();
  leave();
  return more;
}

export function sleep(): bool {
  return fallAsleep();
}

export function wake(): void {
  wakeUp();
}
