/**
 * The lock-free stacks of free units in the root: segments one by one, cells by bundles (units.ts). A stack is an
 * address in the low half of 8 octets and a count of pops in the high half. A unit on a stack is nobody's; its second
 * word links it to the next.
 */
import { atomicAdd, atomicLoad64, compareExchange64 } from './atomic';
import { unitLost } from './contention';
import { ROOT, Root, SEGMENT } from './root';
import { freed } from './searched';

const NEXT_BUNDLE: usize = 4;

/** Pushes a unit. The compare-and-swap pairs with the one in `pop`: whoever pops the unit sees its links. */
export function push(stack: usize, unit: usize): void {
  while (true) {
    const top = atomicLoad64(stack);
    store<u32>(unit + NEXT_BUNDLE, <u32>top);
    if (compareExchange64(stack, top, (top & 0xffffffff00000000) | (<u64>unit)) == top) return;
    unitLost();
  }
}

/**
 * Pops a unit, or 0. The count in the high half changes at each pop: a unit popped and pushed again meanwhile does not
 * look unmoved (ABA).
 */
export function pop(stack: usize): usize {
  while (true) {
    // Pairs with the compare-and-swap in `push`: the link below was written before it.
    const top = atomicLoad64(stack);
    const unit = <usize>(<u32>top);
    if (!unit) return 0;
    // May be stale when another participant has just popped the unit; then the compare-and-swap fails.
    const next = load<u32>(unit + NEXT_BUNDLE);
    if (compareExchange64(stack, top, (((top >> 32) + 1) << 32) | (<u64>next)) == top) return unit;
    unitLost();
  }
}

/** A segment is free that is counted as used no more. The caller tells those who starve. */
export function putSegment(segment: usize): void {
  freed(segment, SEGMENT);
  push(ROOT + offsetof<Root>('freeSegments'), segment);
  // Pairs with the subtraction of who takes one: a moment's view for who looks at it.
  atomicAdd(ROOT + offsetof<Root>('segmentsFree'), 1);
}
