/**
 * Segments, out of which a participant cuts the room for its messages and their pieces. What must hold: it appends to
 * its own two open segments only; a segment is free again when it is sealed and its last message is released.
 */
import { SEGMENT, SEGMENT_HEAD } from '../../../numbers/core.js';
import { Segment } from './layout.js';
import type { Memory } from './memory.js';
import { unitOf, word } from './views.js';

/** Which open segment: short-lived messages do not share one with those that will wait. */
export type Lifetime = 'hot' | 'cold';

interface OpenSegment {
  address: number;
  next: number;
}

export class Segments {
  readonly #memory: Memory;
  readonly #hot: OpenSegment = { address: 0, next: 0 };
  readonly #cold: OpenSegment = { address: 0, next: 0 };
  /** Whether segments may be taken from the reserve. */
  #borrows = false;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Room for `size` octets and for others before them. */
  allocate(before: number, size: number, lifetime: Lifetime): number {
    // By a name that varies V8 would look it up in a table, message by message.
    const open = lifetime === 'hot' ? this.#hot : this.#cold;
    const whole = before + size;
    if (open.address !== 0 && open.next + whole > open.address + SEGMENT) this.#makeRoom(open);
    if (open.address === 0 && !this.#openNew(open)) return 0;
    const at = open.next + before;
    open.next += (whole + 7) & ~7;
    Atomics.add(this.#memory.u32, word(open.address, Segment.LIVE), 1);
    return at;
  }

  /**
   * The same for what comes back into memory: consumers wait for it, and they make room, so half of the reserve is open
   * to it.
   */
  allocateForCopy(before: number, size: number, lifetime: Lifetime = 'hot'): number {
    this.#borrows = true;
    const at = this.allocate(before, size, lifetime);
    this.#borrows = false;
    return at;
  }

  /** A full segment whose messages are all gone starts anew; any other is sealed. */
  #makeRoom(open: OpenSegment): void {
    if (Atomics.load(this.#memory.u32, word(open.address, Segment.LIVE)) === 1) {
      open.next = open.address + SEGMENT_HEAD;
      return;
    }
    const sealed = open.address;
    open.address = 0;
    this.leave(sealed);
  }

  #openNew(open: OpenSegment): boolean {
    const segment = this.#memory.takeSegment(this.#borrows);
    if (segment === 0) return false;
    Atomics.store(this.#memory.u32, word(segment, Segment.LIVE), 1);
    open.address = segment;
    open.next = segment + SEGMENT_HEAD;
    return true;
  }

  /** One thing less lives in the segment of `address`; the last to go frees it. */
  leave(address: number): void {
    const segment = unitOf(address, SEGMENT);
    if (Atomics.sub(this.#memory.u32, word(segment, Segment.LIVE), 1) === 1) this.#memory.freeSegment(segment);
  }
}
