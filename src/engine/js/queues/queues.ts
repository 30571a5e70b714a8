/**
 * This folder is the twin of `assembly/queue` but for spill: queues of any kind, and the classic one; `spill`, `amqp`
 * and what composes the twin may import it.
 *
 * Queues, whatever their kind (queue-kind.ts): publish, claim, settle, requeue, consumers, the dead. Each operation
 * takes the queue's lock once for a whole run of messages, and asks for the queue's kind once. What must hold: a
 * retired queue takes nothing more, and gives nothing out.
 */
import { CELL } from '../../../numbers/core.js';
import { Counter, type Extent, type Front, type QueueFeatures } from '../../engine.js';
import type { Counters } from '../memory/counters.js';
import { Feature, QueueCell, QueueFlag } from '../memory/layout.js';
import { lock, unlock } from '../memory/lock.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { at32, byteAt, double, word } from '../memory/views.js';
import { CLAIM_MAX, type Claim, type Claimant, type Dead } from './claim.js';
import type { Features } from './features.js';
import type { QueueContents } from './queue-contents.js';
import { CLASSIC, type QueueKind } from './queue-kind.js';
import type { Sweeps } from './swept-queues.js';
import type { Waiters } from './waiters.js';

export class Queues {
  readonly features: Features;
  readonly sweeps: Sweeps;
  readonly #contents: QueueContents;
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #waiters: Waiters;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #kinds: readonly QueueKind[];
  readonly #self: number;

  constructor(
    memory: Memory,
    messages: Messages,
    contents: QueueContents,
    waiters: Waiters,
    clock: Clock,
    kinds: readonly QueueKind[],
    sweeps: Sweeps,
    counters: Counters,
    self: number,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#waiters = waiters;
    this.#clock = clock;
    this.#kinds = kinds;
    this.#counters = counters;
    this.#self = self;
    this.#contents = contents;
    this.features = contents.features;
    this.sweeps = sweeps;
  }

  create(): number {
    return this.#memory.takeCell();
  }

  /** Sets what the queue does from now on; false when there is no memory. */
  setFeatures(queue: number, features: QueueFeatures): boolean {
    this.#lock(queue);
    const before = this.features.of(queue);
    const known =
      features.maxPriority === 0 ||
      (before & Feature.PRIORITIES) !== 0 ||
      this.#contents.openChains(queue, features.maxPriority);
    if (known) {
      this.features.set(queue, features);
      const bits = this.features.of(queue);
      if ((bits & ~before & Feature.BYTES) !== 0) this.#contents.countBytes(queue);
      if ((bits & Feature.TTL) !== 0) this.sweeps.joinAny(queue);
      else if ((bits & Feature.EXPIRES) === 0) this.sweeps.leave(queue);
    }
    this.#unlock(queue);
    return known;
  }

  /** From now on nobody is given anything of it; or those are who have waited. */
  setPaused(queue: number, paused: boolean): void {
    this.#lock(queue);
    if (paused) this.features.add(queue, Feature.PAUSED);
    else {
      this.features.remove(queue, Feature.PAUSED);
      this.#waiters.grantFor(queue, this.ready(queue), this.ready(queue));
    }
    this.#unlock(queue);
  }

  /** What comes next, looked at without claiming it. `asks`: what is spilled is asked back if nobody knows its age. */
  frontOf(queue: number, asks: boolean): Front | null {
    this.#lock(queue);
    const front = this.#contents.frontOf(queue, asks);
    this.#unlock(queue);
    return front;
  }

  /** Has what is too much by new features die, if that is our task and not another worker's. */
  keepLength(queue: number): void {
    if (Math.floor(queue / CELL) % this.#memory.workers === this.#self) this.#checkLength(queue);
  }

  ready(queue: number): number {
    return this.#kind(queue).ready(queue);
  }

  readyBytes(queue: number): number {
    return this.#kind(queue).readyBytes(queue);
  }

  lastGet(queue: number): number {
    return this.#memory.f64[double(queue, QueueCell.LAST_GET)] ?? 0;
  }

  noteGet(queue: number): void {
    this.#memory.f64[double(queue, QueueCell.LAST_GET)] = this.#clock.now;
  }

  waiting(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.WAITING));
  }

  consumers(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.CONSUMERS));
  }

  /** A consumer has come; a priority other than 0 makes the queue one with consumer priorities. */
  join(queue: number, node: number, consumerPriority: number): void {
    this.#lock(queue);
    if (consumerPriority !== 0) this.features.add(queue, Feature.CONSUMER_PRIORITIES);
    this.#waiters.join(queue, node);
    this.#add(queue, QueueCell.CONSUMERS, 1);
    this.#unlock(queue);
  }

  /** A consumer goes. False: its node lies in the inbox. */
  leave(queue: number, node: number): boolean {
    this.#lock(queue);
    const ours = this.#waiters.withdraw(queue, node);
    this.#waiters.leave(queue, node);
    this.#add(queue, QueueCell.CONSUMERS, -1);
    this.#unlock(queue);
    return ours;
  }

  queueOf(slot: number): number {
    return this.#contents.blocks.queueOf(slot);
  }

  messageIn(slot: number): number {
    return this.#contents.blocks.message(slot);
  }

  /**
   * Puts messages at the end, one reference each. One page must be ensured. `expires`: some of them may expire by
   * themselves.
   */
  publish(queue: number, messages: Uint32Array, count: number, expires: boolean): void {
    this.#lock(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    if (!retired) this.#enqueue(queue, messages, count, expires);
    this.#unlock(queue);
    if (retired) for (let i = 0; i < count; i++) this.#messages.release(at32(messages, i));
  }

  /**
   * As `publish`, of one message, if the queue has room for it; false when it was refused (its reference is taken in
   * any case).
   */
  offer(queue: number, messages: Uint32Array, expires: boolean): boolean {
    const message = at32(messages, 0);
    this.#lock(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    const refused = !retired && !this.#kind(queue).admits(queue, message);
    if (!retired && !refused) this.#enqueue(queue, messages, 1, expires);
    this.#unlock(queue);
    if (retired || refused) this.#messages.release(message);
    return !refused;
  }

  /** Takes up to `max` messages that together fit in `room`, the next first. */
  claim(queue: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    claim.count = 0;
    claim.end = 'empty';
    this.#lock(queue);
    if (this.#has(queue, QueueFlag.RETIRED) || this.features.isPaused(queue)) claimant.onEmpty(queue, 0);
    else if (!this.#hasConsumerPriorities(queue) || !claimant.isHigherAble(queue)) {
      this.#kind(queue).claim(queue, Math.min(max, CLAIM_MAX), room, claimant, claim);
      this.#countClaimed(queue, claimant, claim);
    }
    this.#unlock(queue);
  }

  /**
   * What is claimed is delivered before the call ends. `DELIVERED` first: what is unacknowledged is that less what is
   * counted after it, and never below 0.
   */
  #countClaimed(queue: number, claimant: Claimant, { count, redelivered }: Claim): void {
    const { noAck } = claimant;
    let again = 0;
    for (let i = 0; i < count; i++) again += byteAt(redelivered, i);
    this.#counters.countAt(queue, Counter.DELIVERED, count);
    this.#counters.countAt(queue, Counter.REDELIVERED, again);
    if (claimant.node === 0) this.#counters.countAt(queue, noAck ? Counter.GOT_NO_ACK : Counter.GOT, count);
    else if (noAck) this.#counters.countAt(queue, Counter.DELIVERED_NO_ACK, count);
  }

  #hasConsumerPriorities(queue: number): boolean {
    return (this.features.of(queue) & Feature.CONSUMER_PRIORITIES) !== 0;
  }

  /** What a client was given is acknowledged. */
  acknowledge(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    this.#counters.countAt(queue, Counter.ACKNOWLEDGED, count);
    this.#kind(queue).settle(queue, slots, count);
    this.#unlockOrFree(queue);
  }

  /** Claimed messages are done with: they leave the queue. */
  settle(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    this.#kind(queue).settle(queue, slots, count);
    this.#unlockOrFree(queue);
  }

  /** Claimed messages are done with, and nobody wanted them. */
  reject(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    this.#kind(queue).reject(queue, slots, count);
    this.#unlockOrFree(queue);
  }

  /** Claimed messages go back to their places; out of a retired queue they are dropped. */
  requeue(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    this.#kind(queue).requeue(queue, slots, count);
    this.#unlockOrFree(queue);
  }

  /** Drops up to `most` messages of what is ready. Under the queue's lock. */
  drop(queue: number, most: number): number {
    return this.#kind(queue).drop(queue, most);
  }

  #kind(queue: number): QueueKind {
    const kind = this.#kinds[at32(this.#memory.u32, word(queue, QueueCell.KIND))];
    if (kind === undefined) throw new Error('a queue of no kind');
    return kind;
  }

  /** Registers a consumer at a queue that has nothing for it; from `Claimant` only. */
  wait(queue: number, node: number, back: boolean): void {
    this.#waiters.register(queue, node, back);
  }

  /** Whether another consumer goes before this one; it gets a turn if it waits. From `Claimant` only. */
  isHigherAble(queue: number, node: number): boolean {
    if (!this.#waiters.isHigherAble(queue, node)) return false;
    if (this.ready(queue) > 0) this.#waiters.grantAbove(queue, node);
    return true;
  }

  extentOf(queue: number): Extent {
    this.#lock(queue);
    const extent = this.#contents.chains.extentOf(queue);
    this.#unlock(queue);
    return extent;
  }

  /**
   * Whether a consumer is about to take what is ready; with an extent, only while some of what was there then is left.
   */
  isOwed(queue: number, extent: Extent | null): boolean {
    if (this.ready(queue) === 0 || this.consumers(queue) === 0) return false;
    this.#lock(queue);
    const isOwed =
      this.ready(queue) > 0 &&
      !this.#has(queue, QueueFlag.RETIRED) &&
      !this.features.isPaused(queue) &&
      this.#waiters.isAnyAble(queue) &&
      !this.#contents.chains.isNextSpilled(queue) &&
      (extent === null || this.#contents.chains.isLeft(queue, extent));
    this.#unlock(queue);
    return isOwed;
  }

  /** A consumer leaves its turn to another although messages are ready. */
  passOn(queue: number): void {
    const consumerPriorities = (this.features.of(queue) & Feature.CONSUMER_PRIORITIES) !== 0;
    if (!consumerPriorities && this.waiting(queue) === 0) return;
    this.#lock(queue);
    // Where priorities count, all that had to stand back may go on.
    const ready = this.ready(queue);
    this.#waiters.grantFor(queue, consumerPriorities ? ready : 1, ready);
    this.#unlock(queue);
  }

  /**
   * A consumer that waits has ended its turn: others may have been granted one less meanwhile. Who finds the next message
   * spilled has asked for it.
   */
  lookAgain(queue: number): void {
    if (this.waiting(queue) === 0 || this.ready(queue) === 0 || this.#hasConsumerPriorities(queue)) return;
    if (at32(this.#memory.u32, word(queue, QueueCell.KIND)) !== CLASSIC) return;
    this.#lock(queue);
    if (!this.#has(queue, QueueFlag.RETIRED) && !this.#contents.chains.isNextSpilled(queue))
      this.#waiters.grantFor(queue, 1, this.ready(queue));
    this.#unlock(queue);
  }

  /**
   * A consumer has taken the turn that it was granted, or never will. With the last one the queue is as long as it
   * stays.
   */
  endGrant(queue: number): void {
    if (Atomics.sub(this.#memory.u32, word(queue, QueueCell.GRANTS), 1) === 1) this.#checkLength(queue);
  }

  #checkLength(queue: number): void {
    if ((this.features.of(queue) & Feature.LENGTH) === 0) return;
    this.#lock(queue);
    if (!this.#has(queue, QueueFlag.RETIRED)) this.#contents.checkLength(queue, this.features.of(queue));
    this.#unlock(queue);
  }

  // ── Dead letters ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets up to `max` messages die that are too old for whoever was not able to take them; returns how many. */
  expire(queue: number, max: number): number {
    return this.#expire(queue, max, this.features.expiryLimit(queue, this.#clock.now), false);
  }

  /** The same for a sweep. */
  sweep(queue: number, max: number): number {
    return this.#expire(queue, max, this.features.sweepTime(queue, this.#clock.now), true);
  }

  #expire(queue: number, max: number, limit: number, everywhere: boolean): number {
    if ((this.features.of(queue) & (Feature.TTL | Feature.EXPIRES)) === 0) return 0;
    this.#lock(queue);
    const features = this.features.of(queue);
    const expiry = this.#contents.expiry(queue, features, limit);
    const count = expiry === null ? 0 : this.#contents.expire(queue, features, expiry, max, everywhere);
    if (everywhere) this.sweeps.saw(this.features.ttl(queue, features), holdsMortals(features, this.ready(queue)));
    this.#unlock(queue);
    return count;
  }

  /**
   * Shortens the queues that are still too long, but those whose consumers are about to take something: they look at
   * them then.
   */
  shorten(): void {
    const { long, stuck } = this.#contents;
    if (long.size + stuck.size === 0) return;
    for (const queue of [...long, ...stuck]) {
      long.delete(queue);
      stuck.delete(queue);
      this.#lock(queue);
      if (!this.features.turnsUnderWay(queue)) this.#contents.shorten(queue, this.features.of(queue));
      this.#unlock(queue);
    }
  }

  /** Whether queues are noted that are too long. */
  hasLong(): boolean {
    return this.#contents.long.size > 0;
  }

  /** How many of the dead are not settled. */
  get deadCount(): number {
    return this.#contents.dead.length;
  }

  /** The oldest of the dead, without those whose queue is no more. */
  nextDead(): Dead | undefined {
    for (let dead = this.#contents.dead.peek(); dead !== undefined; dead = this.#contents.dead.peek()) {
      if (!this.#has(dead.queue, QueueFlag.RETIRED)) return dead;
      this.settleDead();
    }
    return undefined;
  }

  /** The oldest of the dead is done with. */
  settleDead(): void {
    const dead = this.#contents.dead.shift();
    if (dead === undefined) return;
    this.#lock(dead.queue);
    if (dead.slot === 0) this.#messages.release(dead.message);
    else this.#contents.finish(dead.slot);
    this.#add(dead.queue, QueueCell.CLAIMED, -1);
    this.#unlockOrFree(dead.queue);
  }

  /**
   * Takes the oldest of the dead off the list; its slot, or 0 when it has none. It counts towards the queue's limits.
   */
  keepDead(): number {
    const dead = this.#contents.dead.peek();
    if (dead === undefined || dead.slot === 0) return 0;
    this.#contents.dead.shift();
    this.#countKept(dead.queue, dead.slot, 1);
    return dead.slot;
  }

  settleDeadKept(slot: number): void {
    const queue = this.queueOf(slot);
    this.#countKept(queue, slot, -1);
    this.settle(queue, Uint32Array.of(slot), 1);
  }

  #countKept(queue: number, slot: number, change: number): void {
    this.#add(queue, QueueCell.KEPT, change);
    this.#add(queue, QueueCell.KEPT_BYTES, change * this.#messages.bodySize(this.#contents.blocks.message(slot)));
  }

  // ── Under the queue's lock ───────────────────────────────────────────────────────────────────────────────────

  #enqueue(queue: number, messages: Uint32Array, count: number, expires: boolean): void {
    if ((this.features.of(queue) & Feature.UNCOUNTED) === 0) this.#countEnqueued(queue, messages, count);
    this.#kind(queue).enqueue(queue, messages, count, expires);
  }

  #countEnqueued(queue: number, messages: Uint32Array, count: number): void {
    let octets = 0;
    for (let i = 0; i < count; i++) octets += this.#messages.bodySize(at32(messages, i));
    this.#counters.countAt(queue, Counter.ENQUEUED, count);
    this.#counters.countAt(queue, Counter.OCTETS_ENQUEUED, octets);
  }

  /** A queue that was freed by the host goes with its last claimed message. */
  #unlockOrFree(queue: number): void {
    const over = this.#contents.closeIfOver(queue);
    this.#unlock(queue);
    if (over) this.#memory.freeCell(queue);
  }

  #has(queue: number, flag: number): boolean {
    return (at32(this.#memory.u32, word(queue, QueueCell.FLAGS)) & flag) !== 0;
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

/** Whether a queue holds something, and some of what it held had a time to live of its own. */
function holdsMortals(features: number, ready: number): boolean {
  return (features & Feature.EXPIRES) !== 0 && ready > 0;
}
