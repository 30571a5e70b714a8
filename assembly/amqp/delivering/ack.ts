/**
 * basic.ack, basic.nack, basic.reject, and what the host settles. When the tag is none that could be acknowledged
 * nothing is done; the host answers with the error.
 */
import { self } from '../../memory/root';
import { Slot } from '../../queue/chain/queue';
import { settleAcknowledged } from '../../queue/chain/settle';
import { ACKNOWLEDGED, countChannel } from '../connection/channel-counters';
import { Channel, Consumer } from '../connection/connection';
import { dropTooOld, giveCredit, wakeSiblings } from './consumer';
import { requeue, reject } from './requeue';
import { countWork, isWorkDone } from '../connection/work';
import { PAGE_TAGS, pageOf, strike, Unacked, unackedAt, UnackedPage } from './unacked';

/** What becomes of a delivery: it is done with, goes back to its queue, or dies there. */
export const DONE: u32 = 0;
export const REQUEUE: u32 = 1;
export const REJECT: u32 = 2;

/** What was settled of what was asked for. */
export const NONE: u32 = 0;
export const SOME: u32 = 1;
export const ALL: u32 = 2;

/** Settles the delivery `tag`, by one of the above; with `multiple` all up to it; with tag 0 and `multiple` all. */
export function acknowledge(channel: Channel, tag: u64, multiple: bool, how: u32): bool {
  // What a scan has left half done goes with it.
  channel.settleEnd = 0;
  let settled = settleSome(channel, tag, multiple, how);
  while (settled == SOME) settled = settleSome(channel, tag, multiple, how);
  return settled == ALL;
}

/** The same as far as the scan may work, but a page of deliveries at least; after SOME it is to be asked again. */
export function settleSome(channel: Channel, tag: u64, multiple: bool, how: u32): u32 {
  if (multiple && tag == 0) return settleAll(channel, how);
  const page = pageOf(channel, tag);
  if (!changetype<usize>(page)) return NONE;
  const entry = unackedAt(page, <u32>(tag - page.start));
  if (!entry.slot) return NONE;
  // Oldest first: while it is not done the delivery `tag` itself is outstanding.
  const all = !multiple || upTo(channel, tag, how);
  if (!multiple) one(channel, page, entry, how);
  dropTooOld();
  return all ? ALL : SOME;
}

/** All that were outstanding when it began. */
function settleAll(channel: Channel, how: u32): u32 {
  if (!channel.settleEnd) channel.settleEnd = channel.nextTag;
  const all = upTo(channel, channel.settleEnd - 1, how);
  dropTooOld();
  if (!all) return SOME;
  channel.settleEnd = 0;
  return ALL;
}

@inline function one(channel: Channel, page: UnackedPage, entry: Unacked, how: u32): void {
  const slot = changetype<Slot>(entry.slot);
  const consumer = changetype<Consumer>(entry.consumer);
  strike(channel, page, entry);
  channel.activeAt = self.now;
  if (how == DONE) {
    settleAcknowledged(slot);
    if (changetype<usize>(consumer)) consumer.acknowledgedAt = self.moment;
    countChannel(channel, ACKNOWLEDGED, 1);
  } else if (how == REQUEUE) requeue(slot);
  else reject(slot);
  if (changetype<usize>(consumer)) giveCredit(consumer, channel);
  else if (channel.sharesCredit) wakeSiblings(channel);
}

/** False: work is done, and some are left. */
function upTo(channel: Channel, tag: u64, how: u32): bool {
  let page = changetype<UnackedPage>(channel.unackedFirst);
  while (changetype<usize>(page) && page.start <= tag) {
    // Striking the last entry frees the page: what is needed of it is read before.
    const next = changetype<UnackedPage>(page.next);
    let outstanding = page.outstanding;
    const end = <u32>min<u64>(PAGE_TAGS, tag - page.start + 1);
    for (let i: u32 = 0; outstanding && i < end; i++) {
      const entry = unackedAt(page, i);
      if (!entry.slot) continue;
      outstanding -= 1;
      one(channel, page, entry, how);
    }
    countWork(end);
    page = next;
    if (isWorkDone() && changetype<usize>(page) && page.start <= tag) return false;
  }
  return true;
}

/** Whether a delivery is unacknowledged. */
export function isOutstanding(channel: Channel, tag: u64): bool {
  return outstandingSlot(channel, tag) != 0;
}

/** The slot of a delivery that is unacknowledged, or 0. */
export function outstandingSlot(channel: Channel, tag: u64): u32 {
  const page = pageOf(channel, tag);
  return changetype<usize>(page) ? unackedAt(page, <u32>(tag - page.start)).slot : 0;
}

/** Tag of a consumer's oldest delivery that is unacknowledged, or 0. */
export function oldestOf(channel: Channel, consumer: Consumer): u64 {
  if (!consumer.used) return 0;
  const address = <u32>changetype<usize>(consumer);
  for (
    let page = changetype<UnackedPage>(channel.unackedFirst);
    changetype<usize>(page);
    page = changetype<UnackedPage>(page.next)
  ) {
    for (let i: u32 = 0; page.outstanding && i < PAGE_TAGS; i++) {
      const entry = unackedAt(page, i);
      if (entry.slot && entry.consumer == address) return page.start + i;
    }
  }
  return 0;
}

/** Gives all deliveries of a consumer back that are unacknowledged. */
export function requeueAll(channel: Channel, consumer: Consumer): void {
  const address = <u32>changetype<usize>(consumer);
  let page = changetype<UnackedPage>(channel.unackedFirst);
  while (changetype<usize>(page)) {
    // Striking the last entry frees the page: what is needed of it is read before.
    const next = changetype<UnackedPage>(page.next);
    let outstanding = page.outstanding;
    for (let i: u32 = 0; outstanding && i < PAGE_TAGS; i++) {
      const entry = unackedAt(page, i);
      if (!entry.slot) continue;
      outstanding -= 1;
      if (entry.consumer == address) one(channel, page, entry, REQUEUE);
    }
    page = next;
  }
  dropTooOld();
}
