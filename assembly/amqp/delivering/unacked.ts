/**
 * Deliveries of a channel that are not acknowledged: tag → slot and consumer. Pages in order of tags, each for
 * PAGE_TAGS tags in a row; a page whose tags are all settled is freed, wherever it lies, so that one old delivery pins
 * one page. A lookup starts at the page of the last one, since acknowledgements come mostly in order.
 *
 * Page  0 │ next u32, previous u32, start u64 (tag of the first entry), outstanding u32
 *      32 │ entries of { slot u32 (0 = settled or none), consumer u32 (0 = basic.get), moment u32 (memory/moment.ts) }
 */
import { PAGE, self } from '../../memory/root';
import { givePage, takePage } from '../../memory/units';
import { Channel } from '../connection/connection';

@unmanaged export class UnackedPage {
  next: u32;
  previous: u32;
  start: u64;
  outstanding: u32;
}

@unmanaged export class Unacked {
  slot: u32;
  consumer: u32;
  /** When it was delivered. */
  moment: u32;
}

const HEAD: u32 = 32;
const ENTRY: u32 = offsetof<Unacked>();
export const PAGE_TAGS: u32 = (PAGE - HEAD) / ENTRY;

@inline export function unackedAt(page: UnackedPage, index: u32): Unacked {
  return changetype<Unacked>(changetype<usize>(page) + HEAD + index * ENTRY);
}

/** How many deliveries can be recorded without fail; 0 when there is no memory for more. */
export function unackedRoom(channel: Channel): u32 {
  const last = changetype<UnackedPage>(channel.unackedLast);
  if (changetype<usize>(last)) {
    const index = channel.nextTag - last.start;
    if (index < PAGE_TAGS) return PAGE_TAGS - <u32>index;
    if (last.outstanding == 0) {
      startPage(last, channel);
      return PAGE_TAGS;
    }
  }
  const page = takePage();
  if (!page) return 0;
  const fresh = changetype<UnackedPage>(page);
  startPage(fresh, channel);
  fresh.next = 0;
  fresh.previous = <u32>changetype<usize>(last);
  if (changetype<usize>(last)) last.next = <u32>page;
  else channel.unackedFirst = <u32>page;
  channel.unackedLast = <u32>page;
  return PAGE_TAGS;
}

function startPage(page: UnackedPage, channel: Channel): void {
  memory.fill(changetype<usize>(page) + HEAD, 0, PAGE - HEAD);
  page.start = channel.nextTag;
  page.outstanding = 0;
}

/** Records the delivery that has the channel's next tag. There must be room. */
@inline export function record(channel: Channel, slot: u32, consumer: u32): void {
  const page = changetype<UnackedPage>(channel.unackedLast);
  const entry = unackedAt(page, <u32>(channel.nextTag - page.start));
  entry.slot = slot;
  entry.consumer = consumer;
  entry.moment = self.moment;
  page.outstanding += 1;
  channel.unacked += 1;
}

/** The page that a tag would stand in, or 0. */
@inline export function pageOf(channel: Channel, tag: u64): UnackedPage {
  let page = changetype<UnackedPage>(channel.unackedCursor ? channel.unackedCursor : channel.unackedFirst);
  if (changetype<usize>(page) && tag - page.start < PAGE_TAGS) return page;
  while (changetype<usize>(page) && tag < page.start) page = changetype<UnackedPage>(page.previous);
  while (changetype<usize>(page) && tag - page.start >= PAGE_TAGS) page = changetype<UnackedPage>(page.next);
  if (!changetype<usize>(page) || tag < page.start) return changetype<UnackedPage>(0);
  channel.unackedCursor = <u32>changetype<usize>(page);
  return page;
}

/** Strikes an entry out; the page goes with its last one, unless new tags still come into it. */
@inline export function strike(channel: Channel, page: UnackedPage, entry: Unacked): void {
  entry.slot = 0;
  page.outstanding -= 1;
  channel.unacked -= 1;
  if (page.outstanding == 0 && channel.unackedLast != <u32>changetype<usize>(page)) unlink(channel, page);
}

function unlink(channel: Channel, page: UnackedPage): void {
  if (page.previous) changetype<UnackedPage>(page.previous).next = page.next;
  else channel.unackedFirst = page.next;
  // Not the last page: there is a next one.
  changetype<UnackedPage>(page.next).previous = page.previous;
  if (channel.unackedCursor == <u32>changetype<usize>(page)) channel.unackedCursor = page.next;
  givePage(changetype<usize>(page));
}

/** Frees the last page, when all is settled. */
export function freeUnacked(channel: Channel): void {
  if (channel.unackedLast) givePage(channel.unackedLast);
  channel.unackedFirst = 0;
  channel.unackedLast = 0;
  channel.unackedCursor = 0;
}
