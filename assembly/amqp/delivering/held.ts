/**
 * What a channel holds, looked at by whoever wants to know: of each consumer, cancelled ones too, and of each queue that
 * basic.get has taken from, how many deliveries are unacknowledged, and since when the oldest is. One walk over them,
 * the oldest first, that ends when all are accounted for. Private to the owner of the channel.
 *
 * Entry  0 │ consumer u32 (0: basic.get, or it was cancelled), 4 │ queue u32, 8 │ count u32, 16 │ since f64 (Unix ms)
 */
import { timeOf } from '../../memory/moment';
import { PAGE, self } from '../../memory/root';
import { ruling } from '../../queue/chain/features';
import { queueOf, Slot } from '../../queue/chain/queue';
import { DEAD } from '../../queue/consumers/run-queue';
import { Channel, Consumer } from '../connection/connection';
import { PAGE_TAGS, unackedAt, UnackedPage } from './unacked';

@unmanaged export class HeldEntry {
  consumer: u32;
  queue: u32;
  count: u32;
  reserved: u32;
  since: f64;
}

/** So many are told of, at most: those that hold the oldest. */
const HELD_MAX: u32 = PAGE / offsetof<HeldEntry>();

let held: usize = 0;
let heldCount: u32 = 0;

@inline function heldAt(index: u32): HeldEntry {
  return changetype<HeldEntry>(held + index * offsetof<HeldEntry>());
}

/** Writes the entries to `at`, a page; returns how many. */
export function lookAtHeld(channel: Channel, at: usize): u32 {
  held = at;
  heldCount = 0;
  let left = channel.unacked;
  let page = changetype<UnackedPage>(channel.unackedFirst);
  while (left && changetype<usize>(page)) {
    for (let i: u32 = 0; left && i < PAGE_TAGS; i++) {
      const entry = unackedAt(page, i);
      if (!entry.slot) continue;
      const consumer = changetype<Consumer>(entry.consumer);
      left -= changetype<usize>(consumer)
        ? foundConsumer(consumer, entry.moment)
        : foundGot(changetype<Slot>(entry.slot), entry.moment);
    }
    page = changetype<UnackedPage>(page.next);
  }
  for (let i: u32 = 0; i < heldCount; i++) {
    const consumer = changetype<Consumer>(heldAt(i).consumer);
    if (!changetype<usize>(consumer)) continue;
    consumer.found = 0;
    if (consumer.state == DEAD) heldAt(i).consumer = 0;
  }
  return heldCount;
}

/** How many deliveries that accounts for: all of the consumer's, the first time. */
@inline function foundConsumer(consumer: Consumer, moment: u32): u32 {
  if (consumer.found || heldCount == HELD_MAX) return 0;
  add(<u32>changetype<usize>(consumer), consumer.queue, consumer.used, moment);
  consumer.found = heldCount;
  return consumer.used;
}

function foundGot(slot: Slot, moment: u32): u32 {
  const queue = <u32>changetype<usize>(ruling(queueOf(slot)));
  for (let i: u32 = 0; i < heldCount; i++) {
    const known = heldAt(i);
    if (known.consumer || known.queue != queue) continue;
    known.count += 1;
    return 1;
  }
  if (heldCount < HELD_MAX) add(0, queue, 1, moment);
  return 1;
}

function add(consumer: u32, queue: u32, count: u32, moment: u32): void {
  const entry = heldAt(heldCount);
  entry.consumer = consumer;
  entry.queue = queue;
  entry.count = count;
  entry.since = timeOf(moment, self.now);
  heldCount += 1;
}
