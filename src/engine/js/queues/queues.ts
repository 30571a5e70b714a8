/**
 * Queues: publish, claim, settle, give back, purge, retire, free. Each operation takes the queue's lock once for a whole
 * run of messages. What must hold: per queue READY + CLAIMED + settled = published; between head and tail every slot is
 * READY; a slot is settled exactly once; nothing but settling and purging lets go of a message. A message that dies in a queue with dead
 * letters stays claimed until it is buried, so the queue lives as long.
 */
import { Death, type Extent, type QueueRules } from '../../engine.js';
import type { Log } from '../log/log.js';
import { CELL, COUNT_MAX, QueueCell, QueueFlag, Trait } from '../memory/layout.js';
import { lock, unlock } from '../memory/lock.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { at32, double, word } from '../memory/views.js';
import { CLAIM_MAX, type Claim, type Claimant, type Dead } from './claim.js';
import type { Stock } from './queue-contents.js';
import type { Rules } from './rules.js';
import { Sweeps } from './swept-queues.js';
import type { Waiters } from './waiters.js';

export class Queues {
  readonly rules: Rules;
  readonly sweeps: Sweeps;
  readonly #stock: Stock;
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #waiters: Waiters;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #self: number;

  constructor(
    memory: Memory,
    messages: Messages,
    stock: Stock,
    waiters: Waiters,
    clock: Clock,
    log: Log,
    self: number,
  ) {
    this.#memory = memory;
    this.#messages = messages;
    this.#waiters = waiters;
    this.#clock = clock;
    this.#log = log;
    this.#self = self;
    this.#stock = stock;
    this.rules = stock.rules;
    this.sweeps = new Sweeps(memory, self);
  }

  create(): number {
    return this.#memory.takeCell();
  }

  /** Sets what the queue does from now on; false when there is no memory. */
  setRules(queue: number, rules: QueueRules): boolean {
    this.#lock(queue);
    const before = this.rules.traits(queue);
    const known =
      rules.maxPriority === 0 || (before & Trait.LEVELS) !== 0 || this.#stock.openLanes(queue, rules.maxPriority);
    if (known) {
      this.rules.set(queue, rules);
      const traits = this.rules.traits(queue);
      if ((traits & ~before & Trait.BYTES) !== 0) this.#stock.countBytes(queue);
      if ((traits & Trait.TTL) !== 0) this.sweeps.joinAny(queue);
      else if ((traits & Trait.EXPIRES) === 0) this.sweeps.leave(queue);
    }
    this.#unlock(queue);
    return known;
  }

  /** Has what is too much by new rules die, if that is our task and not another worker's. */
  keepLength(queue: number): void {
    if (Math.floor(queue / CELL) % this.#memory.workers === this.#self) this.#checkLength(queue);
  }

  ready(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.READY));
  }

  readyBytes(queue: number): number {
    if ((this.rules.traits(queue) & Trait.BYTES) === 0) return 0;
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.BYTES));
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

  /** A consumer has come; a rank other than 0 makes the queue one of ranks. */
  join(queue: number, node: number, rank: number): void {
    this.#lock(queue);
    if (rank !== 0) this.rules.add(queue, Trait.RANKED);
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
    return this.#stock.blocks.queueOf(slot);
  }

  /** Puts messages at the end, one reference each. One page must be ensured. `expires`: some of them may expire by themselves. */
  publish(queue: number, messages: Uint32Array, count: number, expires: boolean): void {
    this.#lock(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    if (!retired) this.#enqueue(queue, messages, count, expires);
    this.#unlock(queue);
    if (retired) for (let i = 0; i < count; i++) this.#messages.release(at32(messages, i));
  }

  /** As `publish`, of one message, if the queue has room for it; false when it was refused (its reference is taken in any case). */
  offer(queue: number, messages: Uint32Array, expires: boolean): boolean {
    const message = at32(messages, 0);
    this.#lock(queue);
    const traits = this.rules.traits(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    const refused =
      !retired && (traits & Trait.REJECT) !== 0 && !this.rules.hasRoom(queue, this.#messages.bodySize(message));
    const dies = refused && (traits & Trait.REJECT_DEAD) !== 0 && (traits & Trait.DEAD_LETTERS) !== 0;
    if (dies) {
      this.#add(queue, QueueCell.CLAIMED, 1);
      this.#stock.dead.push({ message, slot: 0, queue, reason: Death.MAXLEN });
    }
    if (!retired && !refused) this.#enqueue(queue, messages, 1, expires);
    this.#unlock(queue);
    if (retired || (refused && !dies)) this.#messages.release(message);
    return !refused;
  }

  /** Takes up to `max` messages that together fit in `room`, the next first. What has expired dies instead; as in RabbitMQ, what is alive in a
   * level protects those below. */
  claim(queue: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    claim.count = 0;
    claim.end = 'empty';
    this.#lock(queue);
    const traits = this.rules.traits(queue);
    if (this.#has(queue, QueueFlag.RETIRED)) claimant.onEmpty(queue, 0);
    else if ((traits & Trait.RANKED) === 0 || !claimant.isOutranked(queue)) {
      this.#claim(queue, traits, Math.min(max, CLAIM_MAX), room, claimant, claim);
      const isOver = this.ready(queue) === 0 || this.#stock.lanes.foundAbsent;
      if (isOver) claimant.onEmpty(queue, claim.count);
    }
    this.#unlock(queue);
  }

  #claim(queue: number, traits: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    const { now } = this.#clock;
    const since = claimant.ableSince;
    const limit = since === null ? this.rules.deathTime(queue, now) : this.rules.ageLimit(now, since);
    const expiry = this.#stock.expiry(queue, traits, limit);
    this.#stock.lanes.foundAbsent = false;
    let left = room;
    let bytes = 0;
    claim.end = 'enough';
    while (claim.count < max) {
      const slot = this.#stock.lanes.first(queue);
      if (slot === 0) {
        claim.end = 'empty';
        break;
      }
      if (expiry !== null && this.#stock.hasExpired(slot, expiry)) {
        this.#stock.claimFirst(queue, traits, slot);
        this.#stock.die(queue, traits, slot, Death.EXPIRED);
        continue;
      }
      const message = this.#stock.blocks.message(slot);
      const returns = (traits & Trait.SAYS_COUNT) === 0 ? 0 : this.#stock.blocks.returns(slot);
      left -= claimant.sizeOf(message, returns);
      if (left < 0) {
        claim.end = 'no room';
        break;
      }
      this.#stock.lanes.claimFirst(slot);
      if ((traits & Trait.BYTES) !== 0) bytes += this.#messages.bodySize(message);
      claim.slots[claim.count] = slot;
      claim.messages[claim.count] = message;
      claim.redelivered[claim.count] = this.#stock.blocks.redelivered(slot) ? 1 : 0;
      claim.returns[claim.count] = returns;
      claim.count++;
    }
    this.#stock.leaveReady(queue, claim.count, bytes);
  }

  /** Claimed messages are done with: they leave the queue. */
  settle(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    for (let i = 0; i < count; i++) this.#stock.finish(at32(slots, i));
    this.#add(queue, QueueCell.CLAIMED, -count);
    this.#unlockOrFree(queue);
  }

  /** Claimed messages are done with, and nobody wanted them. */
  reject(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    const traits = this.#has(queue, QueueFlag.RETIRED) ? 0 : this.rules.traits(queue);
    for (let i = 0; i < count; i++) this.#stock.die(queue, traits, at32(slots, i), Death.REJECTED);
    this.#unlockOrFree(queue);
  }

  /** Claimed messages go back to their places; out of a retired queue they are dropped. */
  giveBack(queue: number, slots: Uint32Array, count: number): void {
    this.#lock(queue);
    const traits = this.rules.traits(queue);
    const retired = this.#has(queue, QueueFlag.RETIRED);
    let back = 0;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const slot = at32(slots, i);
      const returns = (traits & Trait.COUNTED) === 0 ? 0 : Math.min(this.#stock.blocks.returns(slot) + 1, COUNT_MAX);
      if (retired) this.#stock.die(queue, 0, slot, Death.REJECTED);
      else if (returns > this.rules.deliveryLimit(queue)) this.#stock.die(queue, traits, slot, Death.DELIVERY_LIMIT);
      else {
        const lane = this.#stock.blocks.laneOf(slot);
        this.#stock.returned.add(lane, slot, returns);
        if (returns > 0) this.#stock.recordReturns(lane, slot, returns);
        if ((traits & Trait.BYTES) !== 0) bytes += this.#messages.bodySize(this.#stock.blocks.message(slot));
        back++;
      }
    }
    this.#stock.leaveReady(queue, -back, -bytes);
    this.#waiters.grant(queue, back);
    if (back > 0) this.#stock.checkLength(queue, traits);
    this.#unlockOrFree(queue);
  }

  /** Registers a consumer at a queue that has nothing for it; from `Claimant` only. */
  wait(queue: number, node: number, inFront: boolean): void {
    this.#waiters.register(queue, node, inFront);
  }

  /** Whether another consumer goes before this one; it gets a turn if it waits. From `Claimant` only. */
  isOutranked(queue: number, node: number): boolean {
    if (!this.#waiters.isOutranked(queue, node)) return false;
    if (this.ready(queue) > 0) this.#waiters.grantAbove(queue, node);
    return true;
  }

  extentOf(queue: number): Extent {
    this.#lock(queue);
    const extent = this.#stock.lanes.extentOf(queue);
    this.#unlock(queue);
    return extent;
  }

  /** Whether a consumer is about to take what is ready; with an extent, only while some of what was there then is left. */
  isOwed(queue: number, extent: Extent | null): boolean {
    if (this.ready(queue) === 0 || this.consumers(queue) === 0) return false;
    this.#lock(queue);
    const isOwed =
      this.ready(queue) > 0 &&
      !this.#has(queue, QueueFlag.RETIRED) &&
      this.#waiters.isAnyAble(queue) &&
      !this.#stock.lanes.isFrontAbsent(queue) &&
      (extent === null || this.#stock.lanes.isLeft(queue, extent));
    this.#unlock(queue);
    return isOwed;
  }

  /** A consumer leaves its turn to another although messages are ready. */
  passOn(queue: number): void {
    const ranked = (this.rules.traits(queue) & Trait.RANKED) !== 0;
    if (!ranked && this.waiting(queue) === 0) return;
    this.#lock(queue);
    // Where ranks count, all that had to stand back may go on.
    const ready = this.ready(queue);
    this.#waiters.grant(queue, ranked ? ready : Math.min(1, ready));
    this.#unlock(queue);
  }

  /** A consumer has taken the turn that it was granted, or never will. With the last one the queue is as long as it stays. */
  endGrant(queue: number): void {
    if (Atomics.sub(this.#memory.u32, word(queue, QueueCell.GRANTS), 1) === 1) this.#checkLength(queue);
  }

  #checkLength(queue: number): void {
    if ((this.rules.traits(queue) & Trait.LENGTH) === 0) return;
    this.#lock(queue);
    if (!this.#has(queue, QueueFlag.RETIRED)) this.#stock.checkLength(queue, this.rules.traits(queue));
    this.#unlock(queue);
  }

  // ── Death ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Lets up to `max` messages die that are too old for whoever was not able to take them; returns how many. */
  expire(queue: number, max: number): number {
    return this.#expire(queue, max, this.rules.deathTime(queue, this.#clock.now), false);
  }

  /** The same for a sweep. */
  sweep(queue: number, max: number): number {
    return this.#expire(queue, max, this.rules.sweepTime(queue, this.#clock.now), true);
  }

  #expire(queue: number, max: number, limit: number, everywhere: boolean): number {
    if ((this.rules.traits(queue) & (Trait.TTL | Trait.EXPIRES)) === 0) return 0;
    this.#lock(queue);
    const traits = this.rules.traits(queue);
    const expiry = this.#stock.expiry(queue, traits, limit);
    const count = expiry === null ? 0 : this.#stock.expire(queue, traits, expiry, max, everywhere);
    if (everywhere) this.sweeps.saw(this.rules.ttl(queue, traits), holdsMortals(traits, this.ready(queue)));
    this.#unlock(queue);
    return count;
  }

  /** Shortens the queues that are still too long, but those whose consumers are about to take something: they look at them then. */
  shorten(): void {
    const { long, stuck } = this.#stock;
    if (long.size + stuck.size === 0) return;
    for (const queue of [...long, ...stuck]) {
      long.delete(queue);
      stuck.delete(queue);
      this.#lock(queue);
      if (!this.rules.turnsUnderWay(queue)) this.#stock.shorten(queue, this.rules.traits(queue));
      this.#unlock(queue);
    }
  }

  /** Whether queues are noted that are too long. */
  hasLong(): boolean {
    return this.#stock.long.size > 0;
  }

  /** How many of the dead are not buried. */
  get deadCount(): number {
    return this.#stock.dead.length;
  }

  /** The oldest of the dead, without those whose queue is no more. */
  nextDead(): Dead | undefined {
    for (let dead = this.#stock.dead.peek(); dead !== undefined; dead = this.#stock.dead.peek()) {
      if (!this.#has(dead.queue, QueueFlag.RETIRED)) return dead;
      this.bury();
    }
    return undefined;
  }

  /** The oldest of the dead is done with. */
  bury(): void {
    const dead = this.#stock.dead.shift();
    if (dead === undefined) return;
    this.#lock(dead.queue);
    if (dead.slot === 0) this.#messages.release(dead.message);
    else this.#stock.finish(dead.slot);
    this.#add(dead.queue, QueueCell.CLAIMED, -1);
    this.#unlockOrFree(dead.queue);
  }

  /** Takes the oldest of the dead off the list; its slot, or 0 when it has none. It counts towards the queue's limits. */
  keepDead(): number {
    const dead = this.#stock.dead.peek();
    if (dead === undefined || dead.slot === 0) return 0;
    this.#stock.dead.shift();
    this.#countKept(dead.queue, dead.slot, 1);
    return dead.slot;
  }

  buryKept(slot: number): void {
    const queue = this.queueOf(slot);
    this.#countKept(queue, slot, -1);
    this.settle(queue, Uint32Array.of(slot), 1);
  }

  #countKept(queue: number, slot: number, change: number): void {
    this.#add(queue, QueueCell.KEPT, change);
    this.#add(queue, QueueCell.KEPT_BYTES, change * this.#messages.bodySize(this.#stock.blocks.message(slot)));
  }

  // ── Under the queue's lock ───────────────────────────────────────────────────────────────────────────────────

  #enqueue(queue: number, messages: Uint32Array, count: number, expires: boolean): void {
    const traits = this.rules.traits(queue);
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const message = at32(messages, i);
      const lane =
        (traits & Trait.LEVELS) === 0 ? queue : this.#stock.lanes.laneFor(queue, this.#messages.priority(message));
      const slot = this.#stock.blocks.append(lane, message);
      if ((traits & Trait.LOGGED) !== 0) this.#stock.recordPlace(lane, slot);
      if ((traits & Trait.BYTES) !== 0) bytes += this.#messages.bodySize(message);
    }
    this.#log.endRun();
    if (bytes > 0) this.#add(queue, QueueCell.BYTES, bytes);
    this.#add(queue, QueueCell.READY, count);
    if (expires) {
      if ((traits & Trait.EXPIRES) === 0) this.rules.add(queue, Trait.EXPIRES);
      this.sweeps.join(queue);
    }
    this.#waiters.grant(queue, count);
    if (traits !== 0) this.#stock.checkLength(queue, traits);
  }

  /** A queue that was freed by the host goes with its last claimed message. */
  #unlockOrFree(queue: number): void {
    const over = this.#stock.closeIfOver(queue);
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
function holdsMortals(traits: number, ready: number): boolean {
  return (traits & Trait.EXPIRES) !== 0 && ready > 0;
}
