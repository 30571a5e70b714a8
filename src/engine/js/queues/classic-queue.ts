/**
 * The classic queue: a message is given to one consumer, and is gone when that is done with it. Priorities, times to
 * live, lengths, dead letters, the log and spill are features of this kind. What must hold: READY + CLAIMED + settled =
 * published; between head and tail every slot is READY; a slot is settled exactly once; nothing but settling and
 * dropping lets go of a message. A message that dies in a queue with dead letters stays claimed until that is settled,
 * so the queue lives as long.
 */
import { SLOT_REQUEUES_MAX } from '../../../numbers/core.js';
import { Counter, DeadLetterReason, deathCounter, Fate } from '../../engine.js';
import type { Log } from '../log/log.js';
import type { Counters } from '../memory/counters.js';
import { Feature, QueueCell } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { at32, word } from '../memory/views.js';
import type { Claim, Claimant } from './claim.js';
import type { QueueContents } from './queue-contents.js';
import type { QueueKind } from './queue-kind.js';
import type { SpilledMessages } from './spilled-messages.js';
import type { Sweeps } from './swept-queues.js';
import type { Waiters } from './waiters.js';

export class ClassicQueue implements QueueKind {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #contents: QueueContents;
  readonly #waiters: Waiters;
  readonly #spilled: SpilledMessages;
  readonly #sweeps: Sweeps;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #counters: Counters;

  constructor(
    memory: Memory,
    messages: Messages,
    contents: QueueContents,
    waiters: Waiters,
    spilled: SpilledMessages,
    sweeps: Sweeps,
    clock: Clock,
    log: Log,
    counters: Counters,
  ) {
    this.#counters = counters;
    this.#memory = memory;
    this.#messages = messages;
    this.#contents = contents;
    this.#waiters = waiters;
    this.#spilled = spilled;
    this.#sweeps = sweeps;
    this.#clock = clock;
    this.#log = log;
  }

  /** What has no room dies, where the queue's rules say so; the dead have a reference of their own. */
  admits(queue: number, message: number): boolean {
    const features = this.#contents.features.of(queue);
    if ((features & Feature.REJECT) === 0) return true;
    if (this.#contents.features.hasRoom(queue, this.#messages.bodySize(message))) return true;
    if ((features & Feature.REJECT_DEAD) === 0) return false;
    if ((features & Feature.DEAD_LETTERS) === 0) {
      this.#counters.count(deathCounter(Fate.DROPPED, DeadLetterReason.MAXLEN), 1);
    } else {
      this.#messages.retain(message, 1);
      this.#add(queue, QueueCell.CLAIMED, 1);
      this.#contents.dead.push({ message, slot: 0, queue, reason: DeadLetterReason.MAXLEN });
      this.#counters.countAt(queue, Counter.DIED_MAXLEN, 1);
    }
    return false;
  }

  enqueue(queue: number, messages: Uint32Array, count: number, expires: boolean): void {
    const features = this.#contents.features.of(queue);
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const message = at32(messages, i);
      const chain =
        (features & Feature.PRIORITIES) === 0
          ? queue
          : this.#contents.chains.chainFor(queue, this.#messages.priority(message));
      const slot = this.#contents.blocks.append(chain, message);
      if ((features & Feature.LOGGED) !== 0) this.#contents.recordPlace(chain, slot);
      if ((features & Feature.BYTES) !== 0) bytes += this.#messages.bodySize(message);
    }
    this.#log.endRun();
    if (bytes > 0) this.#add(queue, QueueCell.BYTES, bytes);
    this.#add(queue, QueueCell.READY, count);
    if (expires) {
      if ((features & Feature.EXPIRES) === 0) this.#contents.features.add(queue, Feature.EXPIRES);
      this.#sweeps.join(queue);
    }
    this.#waiters.grantFor(queue, count, this.ready(queue));
    if (features !== 0) this.#contents.checkLength(queue, features);
  }

  /** What has expired dies instead; as in RabbitMQ, what is alive in a priority protects those below. */
  claim(queue: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    const features = this.#contents.features.of(queue);
    // What others have turns for is left to them. A basic.get has no turn, and where there are consumer priorities those
    // decide.
    const isFree = claimant.node === 0 || (features & Feature.CONSUMER_PRIORITIES) !== 0;
    const others = isFree ? 0 : this.#waiters.turnsOfOthers(queue, claimant.hasTurn);
    const free = Math.max(claimant.hasTurn ? 1 : 0, this.ready(queue) - others);
    this.#take(queue, features, Math.min(max, free), room, claimant, claim);
    // Who had no room for what is there comes back to it, and is not in line meanwhile.
    const isOver = claim.end !== 'no room' && (this.ready(queue) <= others || this.#contents.chains.foundSpilled);
    if (isOver) claimant.onEmpty(queue, claim.count);
  }

  #take(queue: number, features: number, max: number, room: number, claimant: Claimant, claim: Claim): void {
    const { now } = this.#clock;
    const since = claimant.ableSince;
    const limit =
      since === null ? this.#contents.features.expiryLimit(queue, now) : this.#contents.features.ageLimit(now, since);
    const expiry = this.#contents.expiry(queue, features, limit);
    this.#contents.chains.foundSpilled = false;
    let left = room;
    let bytes = 0;
    claim.end = 'enough';
    while (claim.count < max) {
      const slot = this.#contents.chains.first(queue);
      if (slot === 0) {
        claim.end = 'empty';
        break;
      }
      if (expiry !== null && this.#contents.hasExpired(slot, expiry)) {
        this.#contents.claimFirst(queue, features, slot);
        this.#contents.deadLetterOrDrop(queue, features, slot, DeadLetterReason.EXPIRED);
        continue;
      }
      const message = this.#contents.blocks.message(slot);
      const requeues = (features & Feature.SAYS_COUNT) === 0 ? 0 : this.#contents.blocks.requeues(slot);
      left -= claimant.sizeOf(message, requeues);
      if (left < 0) {
        claim.end = 'no room';
        break;
      }
      this.#contents.chains.claimFirst(slot);
      if ((features & Feature.BYTES) !== 0) bytes += this.#messages.bodySize(message);
      claim.slots[claim.count] = slot;
      claim.messages[claim.count] = message;
      claim.redelivered[claim.count] = this.#contents.blocks.redelivered(slot) ? 1 : 0;
      claim.requeues[claim.count] = requeues;
      claim.count++;
    }
    this.#contents.leaveReady(queue, claim.count, bytes);
  }

  settle(queue: number, slots: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) this.#contents.finish(at32(slots, i));
    this.#add(queue, QueueCell.CLAIMED, -count);
  }

  reject(queue: number, slots: Uint32Array, count: number): void {
    const features = this.#contents.isRetired(queue) ? 0 : this.#contents.features.of(queue);
    for (let i = 0; i < count; i++)
      this.#contents.deadLetterOrDrop(queue, features, at32(slots, i), DeadLetterReason.REJECTED);
  }

  requeue(queue: number, slots: Uint32Array, count: number): void {
    const features = this.#contents.features.of(queue);
    const retired = this.#contents.isRetired(queue);
    let back = 0;
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const slot = at32(slots, i);
      const requeues =
        (features & Feature.COUNTED) === 0 ? 0 : Math.min(this.#contents.blocks.requeues(slot) + 1, SLOT_REQUEUES_MAX);
      if (retired) this.#contents.deadLetterOrDrop(queue, 0, slot, DeadLetterReason.REJECTED);
      else if (requeues > this.#contents.features.deliveryLimit(queue))
        this.#contents.deadLetterOrDrop(queue, features, slot, DeadLetterReason.DELIVERY_LIMIT);
      else {
        const chain = this.#contents.blocks.chainOf(slot);
        this.#contents.requeued.add(chain, slot, requeues);
        if (requeues > 0) this.#contents.recordRequeues(chain, slot, requeues);
        if ((features & Feature.BYTES) !== 0) bytes += this.#messages.bodySize(this.#contents.blocks.message(slot));
        back++;
      }
    }
    this.#counters.countAt(queue, Counter.REQUEUED, back);
    this.#contents.leaveReady(queue, -back, -bytes);
    this.#waiters.grantFor(queue, back, this.ready(queue));
    if (back > 0) this.#contents.checkLength(queue, features);
  }

  ready(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.READY));
  }

  readyBytes(queue: number): number {
    if ((this.#contents.features.of(queue) & Feature.BYTES) === 0) return 0;
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.BYTES));
  }

  /** What is here, what is spilled once the head has come to it, and what is here behind that. */
  drop(queue: number, most: number): number {
    this.#spilled.abandon(queue);
    let count = this.#contents.dropReady(queue, most);
    while (count < most) {
      const spilled = this.#spilled.dropLocked(queue);
      if (spilled === 0) break;
      count += spilled;
      count += this.#contents.dropReady(queue, most - count);
    }
    return count;
  }

  #add(queue: number, field: number, change: number): void {
    Atomics.add(this.#memory.u32, word(queue, field), change);
  }
}
