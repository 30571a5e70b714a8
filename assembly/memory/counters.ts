/**
 * Counters: what participants have done, for whoever reads. Each counts for itself, in blocks that nobody else writes,
 * and a reader adds the blocks up: so counting takes no lock and shares no line with another writer. A block is numbers
 * of 64 bits, which only grow: QUEUE_COUNTERS of them for a queue; a participant's own has the same and more behind them.
 *
 *   what is counted  where its blocks lie                                           they go with
 *   a participant    its own page, at PARTICIPANT_COUNTERS: all that it does        the memory
 *   a queue          a list of cells at `queue.counters`; a participant has its     the queue's cell (`releaseQueue`)
 *                    block there from when it first does something with the queue
 *   an exchange,     a list of the same kind, found by a number (counter-lists.ts)  its number (`closeCounters`)
 *   a vhost
 *   a channel        in its cell, for its worker alone: amqp/connection             the cell; a connection keeps the sums
 *
 * Cell    0 │ next u32         the next cell of the list, or 0
 *         4 │ holders 3 × u32  of each block 1 + the participant that writes it; 0: nobody yet
 *       128 │ block 0 │ 256 │ block 1 │ 384 │ block 2      two lines each
 *
 * Written by: `next` and `holders` once each, by whoever is the first to need one (compare-and-swap), so that to find a
 * block touches no line that others count in; a block by its holder alone. Read by: all who may use the owner. Freed
 * by: whoever frees the owner, when nobody may use it any more. What nobody touches costs nothing: a queue that up to
 * three participants use takes one cell, one that 16 use takes six.
 *
 * A count is one load, one addition and one store, for a whole run, claim or read. The store is atomic, because an
 * ordinary one of 64 bits may be seen by half; it pairs with the load in `sumOf` and nothing else: it says nothing of
 * what it counts. Two sums one after the other never go backwards, since no number in them does, and a block that comes
 * to a list comes with zeroes. Where there is no memory for a block, what its participant does with that owner is not
 * counted there until there is some: counting holds up no message.
 */
import { atomicLoad, atomicLoad64, atomicStore, atomicStore64, compareExchange } from './atomic';
import { checkpoint, COUNTERS_MISSED } from './checkpoint';
import { claimsLost, forgetContention, listsLost, lockSleeps, lockWaits, unitsLost } from './contention';
import { PAGE, Participant, participantAt, PARTICIPANT_COUNTERS, root, self } from './root';
import { CELL, giveCell, takeCell } from './units';

// What is counted of each queue, and of all.
/** Messages that took a place in a queue; one that goes to two queues counts twice. */
export const ENQUEUED: u32 = 0;
/** Messages that were written to clients, by basic.deliver and basic.get-ok. */
export const DELIVERED: u32 = 1;
/** Deliveries that clients have acknowledged. */
export const ACKNOWLEDGED: u32 = 2;
/** Of those delivered: by basic.deliver without acknowledgement; by basic.get with one and without. */
export const DELIVERED_NO_ACK: u32 = 3;
export const GOT: u32 = 4;
export const GOT_NO_ACK: u32 = 5;
/** Times that basic.get found nothing: the host counts it, who may look twice. */
export const GOT_EMPTY: u32 = 6;
/** Of those delivered: marked as delivered before. */
export const REDELIVERED: u32 = 7;
/** Deliveries that went back to their places. */
export const REQUEUED: u32 = 8;
/** Messages that died, by reason (queue/rules/dead-letters.ts) from here on, whether they became dead letters or not. */
export const DIED: u32 = 9;
export const DIED_REJECTED: u32 = 9;
export const DIED_EXPIRED: u32 = 10;
export const DIED_MAXLEN: u32 = 11;
export const DIED_DELIVERY_LIMIT: u32 = 12;
/** Octets of the bodies of those that took a place. */
export const OCTETS_ENQUEUED: u32 = 13;

/** Numbers in a queue's block. */
const QUEUE_COUNTERS: u32 = 16;

// What is counted of each exchange.
/** Messages that clients published to it, and the queues that these were sent to. */
export const PUBLISHED_IN: u32 = 0;
export const PUBLISHED_OUT: u32 = 1;

/** A vhost's block has those from here to `DROPPED`, which are counted of all, too. */
export const VHOST_FIRST: u32 = 16;

// What is counted of all alone.
/** Messages that clients published, and that were not refused. */
export const RECEIVED: u32 = 16;
/** Octets that came from sockets, and that went to them, as far as the core has seen them. */
export const OCTETS_IN: u32 = 17;
export const OCTETS_OUT: u32 = 18;
/** Publishes that were confirmed; that were returned; and that led nowhere and were dropped. */
export const CONFIRMED: u32 = 19;
export const RETURNED: u32 = 20;
export const DROPPED: u32 = 21;
/** Connections, channels and queues that came and went; only the host counts these. */
export const CONNECTIONS_OPENED: u32 = 22;
export const CONNECTIONS_CLOSED: u32 = 23;
export const CHANNELS_OPENED: u32 = 24;
export const CHANNELS_CLOSED: u32 = 25;
export const QUEUES_DECLARED: u32 = 26;
export const QUEUES_CREATED: u32 = 27;
export const QUEUES_DELETED: u32 = 28;
/** Of those received: on channels with confirms. */
export const RECEIVED_CONFIRMING: u32 = 29;
/** Where participants met (contention.ts): claims, free memory and lists by compare-and-swap; locks. */
export const CLAIMS_LOST: u32 = 30;
export const UNITS_LOST: u32 = 31;
export const LISTS_LOST: u32 = 32;
export const LOCK_WAITS: u32 = 33;
export const LOCK_SLEEPS: u32 = 34;
/** What threads cost; only the host counts these: pauses of the garbage collector, and how long they were (µs). */
export const GC_PAUSES: u32 = 35;
export const GC_MICROS: u32 = 36;
/** Octets that JavaScript has allocated; time on a CPU, and time that the event loop was busy (µs). */
export const JS_OCTETS: u32 = 37;
export const CPU_MICROS: u32 = 38;
export const BUSY_MICROS: u32 = 39;
/** Ticks of a timer, and by how much they came too late (µs). */
export const TICKS: u32 = 40;
export const LATE_MICROS: u32 = 41;
/** Writes to the log with their syncs, their octets and time (µs); messages that were spilled, and brought back. */
export const LOG_WRITES: u32 = 42;
export const LOG_OCTETS: u32 = 43;
export const LOG_MICROS: u32 = 44;
export const PAGED_OUT: u32 = 45;
export const PAGED_IN: u32 = 46;
/**
 * What became of the dead, each by reason from here on: dropped, because their queue sends none on, or to an exchange
 * that is not there; sent on; kept until they have arrived, and all of those that have. The host counts those that it
 * is handed.
 */
export const DEAD_DROPPED: u32 = 47;
export const DEAD_SENT: u32 = 51;
export const DEAD_KEPT: u32 = 55;
export const DEAD_ARRIVED: u32 = 59;

/** Numbers in a participant's block. */
export const COUNTERS: u32 = 64;
const BLOCK: u32 = QUEUE_COUNTERS * 8;

const NEXT: usize = 0;
const HOLDERS: usize = 4;
const FIRST_BLOCK: usize = 128;
const BLOCKS: u32 = 3;

@inline function blockIn(cell: usize, index: u32): usize {
  return cell + FIRST_BLOCK + index * BLOCK;
}

/** Adds to a number of an own block. */
@inline function add(block: usize, counter: u32, count: u64): void {
  const address = block + counter * 8;
  // Pairs with the loads of who adds up: he sees the number whole, as it was or as it is. No other one writes it.
  atomicStore64(address, load<u64>(address) + count);
}

@inline function blockOf(participant: Participant): usize {
  return changetype<usize>(participant) + PARTICIPANT_COUNTERS;
}

/** Counts what this participant has done. */
@inline export function countOwn(counter: u32, more: u64): void {
  add(blockOf(self), counter, more);
}

/** Counts what this participant has gathered since the last call. */
@inline export function countGathered(): void {
  if (self.confirming) {
    countOwn(RECEIVED_CONFIRMING, self.confirming);
    self.confirming = 0;
  }
  if (claimsLost | unitsLost | listsLost | lockWaits) addContention();
}

function addContention(): void {
  countOwn(CLAIMS_LOST, claimsLost);
  countOwn(UNITS_LOST, unitsLost);
  countOwn(LISTS_LOST, listsLost);
  countOwn(LOCK_WAITS, lockWaits);
  countOwn(LOCK_SLEEPS, lockSleeps);
  forgetContention();
}

/** Counts what this participant has done with the owner of the list that begins at `list`. */
export function countIn(list: usize, counter: u32, more: u64): void {
  countInBlock(ownBlock(list), counter, more);
}

/** The same where the block was looked up before; 0: it is not counted. */
@inline export function countInBlock(block: usize, counter: u32, more: u64): void {
  if (block) add(block, counter, more);
}

/** Counts what this participant has done, for itself and for a vhost, whose block was looked up before. */
@inline export function countInVhost(block: usize, counter: u32, more: u64): void {
  countOwn(counter, more);
  if (block) add(block, counter - VHOST_FIRST, more);
}

/** This participant's block in a list, its first cells first; made if need be, 0 when there is no memory. */
export function ownBlock(list: usize): usize {
  const holder = self.index + 1;
  let link = list;
  while (true) {
    let cell = <usize>atomicLoad(link);
    if (!cell) {
      const fresh = takeCell();
      if (!fresh) return 0;
      checkpoint(COUNTERS_MISSED);
      store<u32>(fresh + HOLDERS, holder);
      // Pairs with the loads of all who walk the list: who sees the cell sees zeroes and its first holder.
      cell = compareExchange(link, 0, <u32>fresh);
      if (!cell) return blockIn(fresh, 0);
      giveCell(fresh);
    }
    for (let i: u32 = 0; i < BLOCKS; i++) {
      const at = cell + HOLDERS + i * 4;
      let held = atomicLoad(at);
      // Pairs with the same operation of others: each block has one holder, for as long as the cell is there.
      if (!held) {
        checkpoint(COUNTERS_MISSED);
        held = compareExchange(at, 0, holder);
      }
      if (!held || held == holder) return blockIn(cell, i);
    }
    link = cell + NEXT;
  }
}

/** What all participants have counted in a list. */
export function sumIn(list: usize, counter: u32): u64 {
  let sum: u64 = 0;
  // Pairs with the compare-and-swaps by which blocks come into the list, and with the stores in `add`.
  for (let cell = <usize>atomicLoad(list); cell; cell = <usize>atomicLoad(cell + NEXT)) {
    for (let i: u32 = 0; i < BLOCKS; i++) sum += atomicLoad64(blockIn(cell, i) + counter * 8);
  }
  return sum;
}

/** What all participants have counted for themselves. */
export function sumOfAll(counter: u32): u64 {
  let sum: u64 = 0;
  // Pairs with the stores in `add`: a moment's view.
  for (let i: u32 = 0; i < root().participants; i++) sum += atomicLoad64(blockOf(participantAt(i)) + counter * 8);
  return sum;
}

/** What one participant has counted for itself. */
export function countedBy(participant: u32, counter: u32): u64 {
  // Pairs with the stores in `add`: a moment's view.
  return atomicLoad64(blockOf(participantAt(participant)) + counter * 8);
}

/** The owner is gone: nobody counts in the list any more, and nobody reads it. */
export function freeCounters(list: usize): void {
  let cell = <usize>load<u32>(list);
  // Whoever looks at a list of one that is gone finds nothing.
  atomicStore(list, 0);
  while (cell) {
    const next = load<u32>(cell + NEXT);
    giveCell(cell);
    cell = next;
  }
}

// Looked at while the core is compiled.
if (HOLDERS + BLOCKS * 4 > FIRST_BLOCK) ERROR('the holders of blocks are too many');
if (FIRST_BLOCK + BLOCKS * BLOCK > CELL) ERROR('blocks of counters are longer than their cell');
if (RECEIVED != VHOST_FIRST || DROPPED - VHOST_FIRST >= QUEUE_COUNTERS) ERROR("a vhost's block lacks a counter");
if (OCTETS_ENQUEUED >= QUEUE_COUNTERS || DEAD_ARRIVED >= COUNTERS) ERROR('a block has no room for a counter');
if (PARTICIPANT_COUNTERS + COUNTERS * 8 > PAGE) ERROR("a participant's counters are longer than its page");
