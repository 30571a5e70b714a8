/**
 * Queues: publish, claim, settle, return, purge, retire, free. Each operation takes the queue's lock once for a whole
 * run of messages. What must hold: per queue READY + CLAIMED + settled = published; between head and tail every slot is
 * READY; a slot is settled exactly once; nothing but settling and purging lets go of a message.
 */
import { Blocks } from './blocks.js';
import { QueueCell, QueueFlag, SlotState } from './layout.js';
import { lock, unlock } from './lock.js';
import type { Memory } from './memory.js';
import type { Messages } from './messages.js';
import { Returned } from './returned.js';
import { at32, word } from './views.js';
import type { Waiters } from './waiters.js';

/** The most messages that one claim takes. */
export const CLAIM_MAX = 512;

/** What a claim took, in order. */
export class Claim {
  readonly slots = new Uint32Array(CLAIM_MAX);
  readonly messages = new Uint32Array(CLAIM_MAX);
  readonly redelivered = new Uint8Array(CLAIM_MAX);
  count = 0;
  /** Why it took no more: it has what it asked for, the next message needs more room, or nothing is left. */
  end: 'enough' | 'no room' | 'empty' = 'empty';
}

/** Who claims: how much room a message takes, and what to do when the queue is empty. */
export interface Claimant {
  sizeOf(message: number): number;
  /** Registers a consumer that could take more; under the queue's lock. */
  onEmpty(queue: number, taken: number): void;
}

export class Queues {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #waiters: Waiters;
  readonly #blocks: Blocks;
  readonly #returned: Returned;

  constructor(memory: Memory, messages: Messages, waiters: Waiters) {
    this.#memory = memory;
    this.#messages = messages;
    this.#waiters = waiters;
    this.#blocks = new Blocks(memory);
    this.#returned = new Returned(memory, this.#blocks);
  }

  create(): number {
    return this.#memory.takeCell();
  }

  ready(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.READY));
  }

  waiting(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.WAITING));
  }

  consumers(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.CONSUMERS));
  }

  countConsumer(queue: number, change: number): void {
    Atomics.add(this.#memory.u32, word(queue, QueueCell.CONSUMERS), change);
  }

  queueOf(slot: number): number {
    return this.#blocks.queueOf(slot);
  }

  /** Puts messages at the end, one reference each. One page must be ensured. */
  publish(queue: number, messages: Uint32Array, count: number): void {
    this.#lock(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    if (!retired) {
      for (let i = 0; i < count; i++) this.#blocks.append(queue, at32(messages, i));
      this.#add(queue, QueueCell.READY, count);
      this.#waiters.grant(queue, count);
    }
    this.#unlock(queue);
    if (retired) for (let i = 0; i < count; i++) this.#messages.release(at32(messages, i));
  }

  /** Takes up to `max` messages that together fit in `room`, the oldest first. */
  claim(queue: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    claim.count = 0;
    this.#lock(queue);
    const limit = Math.min(max, CLAIM_MAX);
    claim.end = 'enough';
    for (let left = room; claim.count < limit; ) {
      const returned = this.#returned.first(queue);
      const slot = returned === 0 ? this.#blocks.atHead(queue) : returned;
      if (slot === 0) {
        claim.end = 'empty';
        break;
      }
      const message = this.#blocks.message(slot);
      left -= claimant.sizeOf(message);
      if (left < 0) {
        claim.end = 'no room';
        break;
      }
      if (returned === 0) this.#blocks.advance(queue);
      else this.#returned.removeFirst(queue);
      this.#blocks.setState(slot, SlotState.CLAIMED);
      claim.slots[claim.count] = slot;
      claim.messages[claim.count] = message;
      claim.redelivered[claim.count] = this.#blocks.redelivered(slot) ? 1 : 0;
      claim.count++;
    }
    this.#add(queue, QueueCell.READY, -claim.count);
    this.#add(queue, QueueCell.CLAIMED, claim.count);
    if (this.ready(queue) === 0) claimant.onEmpty(queue, claim.count);
    this.#unlock(queue);
  }

  /** Claimed messages are done with: they leave the queue. */
  settle(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    for (let i = 0; i < count; i++) this.#finish(queue, at32(slots, i));
    this.#add(queue, QueueCell.CLAIMED, -count);
    this.#unlockOrFree(queue);
  }

  /** Claimed messages go back to their places; out of a retired queue they are dropped. */
  giveBack(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    for (let i = 0; i < count; i++) {
      const slot = at32(slots, i);
      if (retired) this.#finish(queue, slot);
      else this.#returned.add(queue, slot);
    }
    this.#add(queue, QueueCell.CLAIMED, -count);
    if (!retired) {
      this.#add(queue, QueueCell.READY, count);
      this.#waiters.grant(queue, count);
    }
    this.#unlockOrFree(queue);
  }

  purge(queue: number): number {
    this.#lock(queue);
    const count = this.#dropReady(queue);
    this.#unlock(queue);
    return count;
  }

  retire(queue: number): number {
    this.#lock(queue);
    this.#set(queue, QueueFlag.RETIRED);
    const count = this.#dropReady(queue);
    this.#unlock(queue);
    return count;
  }

  free(queue: number): void {
    this.#lock(queue);
    this.#set(queue, QueueFlag.RETIRED | QueueFlag.FREED);
    this.#dropReady(queue);
    this.#unlockOrFree(queue);
  }

  /** Registers a consumer at a queue that is empty; from `Claimant.onEmpty` only. */
  wait(queue: number, node: number, inFront: boolean): void {
    this.#waiters.register(queue, node, inFront);
  }

  /** A consumer no longer waits. False: its node lies in the inbox. */
  withdraw(queue: number, node: number): boolean {
    this.#lock(queue);
    const ours = this.#waiters.withdraw(queue, node);
    this.#unlock(queue);
    return ours;
  }

  /** A consumer leaves its turn to another although messages are ready. */
  passOn(queue: number): void {
    if (this.waiting(queue) === 0) return;
    this.#lock(queue);
    if (this.ready(queue) > 0) this.#waiters.grant(queue, 1);
    this.#unlock(queue);
  }

  #dropReady(queue: number): number {
    const count = this.ready(queue);
    for (let slot = this.#returned.first(queue); slot !== 0; slot = this.#returned.first(queue)) {
      this.#returned.removeFirst(queue);
      this.#blocks.setState(slot, SlotState.CLAIMED);
      this.#finish(queue, slot);
    }
    for (let slot = this.#blocks.atHead(queue); slot !== 0; slot = this.#blocks.atHead(queue)) {
      this.#blocks.advance(queue);
      this.#blocks.setState(slot, SlotState.CLAIMED);
      this.#finish(queue, slot);
    }
    this.#add(queue, QueueCell.READY, -count);
    return count;
  }

  #finish(queue: number, slot: number): void {
    if (this.#blocks.state(slot) !== SlotState.CLAIMED) throw new Error('a message is settled that is not claimed');
    const message = this.#blocks.message(slot);
    this.#blocks.finish(queue, slot);
    this.#messages.release(message);
  }

  /** A queue that was freed by the host goes with its last claimed message. */
  #unlockOrFree(queue: number): void {
    const over = this.#has(queue, QueueFlag.FREED) && at32(this.#memory.u32, word(queue, QueueCell.CLAIMED)) === 0;
    if (over) this.#blocks.freeRest(queue);
    this.#unlock(queue);
    if (over) this.#memory.freeCell(queue);
  }

  #has(queue: number, flag: number): boolean {
    return (at32(this.#memory.u32, word(queue, QueueCell.FLAGS)) & flag) !== 0;
  }

  #set(queue: number, flags: number): void {
    Atomics.or(this.#memory.u32, word(queue, QueueCell.FLAGS), flags);
  }

  #add(queue: number, field: number, change: number): void {
    Atomics.add(this.#memory.u32, word(queue, field), change);
  }

  #lock(queue: number): void {
    lock(this.#memory.i32, word(queue, QueueCell.LOCK));
  }

  #unlock(queue: number): void {
    unlock(this.#memory.i32, word(queue, QueueCell.LOCK));
  }
}
