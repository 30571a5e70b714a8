/**
 * basic.ack, basic.nack, basic.reject. False: the tag is none that could be acknowledged, and nothing was done; the host answers with the error.
 */
import { Slot } from '../queue/queue';
import { settle } from '../queue/settle';
import { Channel, Consumer } from './connection';
import { giveCredit } from './consumer';
import { giveBack } from './deliver';
import { PAGE_TAGS, pageOf, strike, Unacked, unackedAt, UnackedPage } from './unacked';

/** Settles (or, with `requeue`, gives back) the delivery `tag`; with `multiple` all up to it; with tag 0 and `multiple` all. */
export function acknowledge(channel: Channel, tag: u64, multiple: bool, requeue: bool): bool {
  if (multiple && tag == 0) { upTo(channel, channel.nextTag - 1, requeue); return true; }
  const page = pageOf(channel, tag);
  if (!changetype<usize>(page)) return false;
  const entry = unackedAt(page, <u32>(tag - page.start));
  if (!entry.slot) return false;
  if (multiple) upTo(channel, tag, requeue);
  else one(channel, page, entry, requeue);
  return true;
}

@inline function one(channel: Channel, page: UnackedPage, entry: Unacked, requeue: bool): void {
  const slot = changetype<Slot>(entry.slot);
  const consumer = changetype<Consumer>(entry.consumer);
  strike(channel, page, entry);
  if (requeue) giveBack(slot);
  else settle(slot);
  if (changetype<usize>(consumer)) giveCredit(consumer, channel);
}

function upTo(channel: Channel, tag: u64, requeue: bool): void {
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
      one(channel, page, entry, requeue);
    }
    page = next;
  }
}
