/**
 * Segments that nothing lies in: what the host remembers besides messages takes memory elsewhere, and as much of this
 * one stays untouched for it, so that both together stay within what was given. They are this instance's, linked
 * through their first words.
 */
import { root } from './root';
import { giveSegment, takeSegment } from './units';

/** At most this share of all segments, as a shift to the right. */
export const SHARE_SHIFT: u32 = 2;

let first: u32 = 0;
let count: u32 = 0;

/** From now on `segments` are set aside; false: there are not so many that messages can spare, and all is as it was. */
export function setSegmentsAside(segments: u32): bool {
  if (segments > count && segments > root().segments >> SHARE_SHIFT) return false;
  const before = count;
  while (count < segments) {
    const segment = takeSegment(root().reserve);
    if (!segment) {
      requeue(before);
      return false;
    }
    store<u32>(segment, first);
    first = <u32>segment;
    count += 1;
  }
  requeue(segments);
  return true;
}

function requeue(left: u32): void {
  while (count > left) {
    const segment = first;
    first = load<u32>(segment);
    count -= 1;
    giveSegment(segment);
  }
}
