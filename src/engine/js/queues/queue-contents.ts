/**
 * What stands in queues, and what happens to it by their features: messages are claimed, expire, die, are too many.
 * Everything here happens under the queue's lock. What must hold: READY, CLAIMED and BYTES say what the slots say when
 * the lock is let go; a message that dies in a queue with dead letters stays claimed until it is settled.
 */
import { OVER_MAX } from '../../../numbers/core.js';
import { Counter, DeadLetterReason, deathCounter, Fate, type Front, type QueueCounter } from '../../engine.js';
import type { Log } from '../log/log.js';
import { Blocks } from '../memory/blocks.js';
import type { Counters } from '../memory/counters.js';
import { Fifo } from '../memory/fifo.js';
import { Feature, QueueCell, QueueFlag, SlotState } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { at32, at64, double, word } from '../memory/views.js';
import { Chains } from './chains.js';
import type { Dead } from './claim.js';
import { Features } from './features.js';
import { PageInRequests } from './page-in-requests.js';
import { Requeued } from './requeued.js';

/** When a message has expired: if it had reached the end of its time to live by then. */
interface Expiry {
  readonly ttl: number;
  readonly limit: number;
}

export class QueueContents {
  readonly features: Features;
  readonly blocks: Blocks;
  readonly requeued: Requeued;
  readonly chains: Chains;
  readonly pageInRequests: PageInRequests;
  /** What died through this participant and is not settled, the oldest first. */
  readonly dead = new Fifo<Dead>();
  /** Queues that are too long, but have consumers that may take the surplus. */
  readonly long = new Set<number>();
  /** Queues that are too long, but whose next message is spilled. */
  readonly stuck = new Set<number>();
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #clock: Clock;

  readonly #log: Log;
  readonly #counters: Counters;

  constructor(memory: Memory, messages: Messages, clock: Clock, log: Log, counters: Counters) {
    this.#log = log;
    this.#counters = counters;
    this.#memory = memory;
    this.#messages = messages;
    this.#clock = clock;
    this.features = new Features(memory);
    this.blocks = new Blocks(memory);
    this.requeued = new Requeued(memory, this.blocks);
    this.pageInRequests = new PageInRequests(memory);
    this.chains = new Chains(memory, this.blocks, this.requeued, this.pageInRequests);
  }

  /**
   * Of each chain, the highest first, what is next as long as it has expired; unless it is `everywhere`, what is alive
   * in a chain protects those below.
   */
  expire(queue: number, features: number, expiry: Expiry, max: number, everywhere: boolean): number {
    let count = 0;
    for (let priority = this.chains.priorities(queue) - 1; priority >= 0; priority--) {
      const chain = this.chains.chain(queue, priority);
      for (let slot = this.chains.firstOf(chain); slot !== 0 && count < max; slot = this.chains.firstOf(chain)) {
        if (!this.hasExpired(slot, expiry)) break;
        this.claimFirst(queue, features, slot);
        this.deadLetterOrDrop(queue, features, slot, DeadLetterReason.EXPIRED);
        count++;
      }
      if (!everywhere && (this.chains.foundSpilled || this.chains.firstOf(chain) !== 0)) break;
    }
    return count;
  }

  /** Of each chain, the highest first, what is next. Under the queue's lock. */
  frontOf(queue: number, asks: boolean): Front | null {
    let front: Front | null = null;
    for (let priority = this.chains.priorities(queue) - 1; priority >= 0; priority--) {
      const chain = this.chains.chain(queue, priority);
      const next = chain === 0 ? null : this.#frontOfChain(chain, asks);
      if (front === null || next === null) front ??= next;
      else front = { arrival: older(front.arrival, next.arrival), timestamp: front.timestamp };
    }
    return front;
  }

  #frontOfChain(chain: number, asks: boolean): Front | null {
    const slot = this.requeued.first(chain) || this.blocks.atHead(chain);
    if (slot !== 0) {
      const message = this.blocks.message(slot);
      return { arrival: this.#messages.arrival(message), timestamp: this.#messages.timestamp(message) };
    }
    if (!this.blocks.isHeadSpilled(chain)) return null;
    const arrival = at64(this.#memory.f64, double(chain, QueueCell.SPILLED_ARRIVAL));
    if (arrival === 0 && asks) this.chains.request(chain);
    return { arrival: arrival === 0 ? null : arrival, timestamp: null };
  }

  hasExpired(slot: number, expiry: Expiry): boolean {
    // For one that was requeued there is no leeway: nobody has waited for it.
    const limit = this.blocks.redelivered(slot) ? this.#clock.now : expiry.limit;
    return this.#messages.deadline(this.blocks.message(slot), expiry.ttl) <= limit;
  }

  /** Claims the slot that was found last. */
  claimFirst(queue: number, features: number, slot: number): void {
    this.chains.claimFirst(slot);
    const bytes = (features & Feature.BYTES) === 0 ? 0 : this.#messages.bodySize(this.blocks.message(slot));
    this.leaveReady(queue, 1, bytes);
  }

  /** A claimed message dies: it is handed to the host as a dead letter, or dropped. */
  deadLetterOrDrop(queue: number, features: number, slot: number, reason: DeadLetterReason): void {
    const counts = (features & Feature.UNCOUNTED) === 0 && !this.isRetired(queue);
    if (counts) this.#counters.countAt(queue, died(reason), 1);
    if ((features & Feature.DEAD_LETTERS) !== 0) {
      this.dead.push({ message: this.blocks.message(slot), slot, queue, reason });
      return;
    }
    if (counts) this.#counters.count(deathCounter(Fate.DROPPED, reason), 1);
    this.finish(slot);
    this.#add(queue, QueueCell.CLAIMED, -1);
  }

  /** What has reached its deadline by `limit` has expired; null where nothing can. */
  expiry(queue: number, features: number, limit: number): Expiry | null {
    if ((features & (Feature.TTL | Feature.EXPIRES)) === 0) return null;
    return { ttl: this.features.ttl(queue, features), limit };
  }

  /**
   * Has the oldest messages of a queue that is too long die: at once where no consumer could help, or at the end of the
   * pass.
   */
  checkLength(queue: number, features: number): void {
    if ((features & (Feature.LENGTH | Feature.REJECT)) !== Feature.LENGTH || !this.features.isTooLong(queue)) return;
    const isFull = this.long.size >= OVER_MAX && !this.long.has(queue);
    if (isFull || at32(this.#memory.u32, word(queue, QueueCell.CONSUMERS)) === 0 || this.features.isFarTooLong(queue))
      this.shorten(queue, features);
    else this.long.add(queue);
  }

  shorten(queue: number, features: number): void {
    while (this.features.isTooLong(queue)) {
      const slot = this.chains.first(queue);
      if (slot === 0) {
        if (this.chains.foundSpilled) this.#awaitNext(queue);
        return;
      }
      this.claimFirst(queue, features, slot);
      this.deadLetterOrDrop(queue, features, slot, DeadLetterReason.MAXLEN);
    }
  }

  #awaitNext(queue: number): void {
    this.stuck.add(queue);
    Atomics.store(this.#memory.u32, word(queue, QueueCell.AWAITED), 1);
  }

  /** So many ready messages are claimed from now on; a negative number: are ready again. */
  leaveReady(queue: number, count: number, bytes: number): void {
    this.#add(queue, QueueCell.READY, -count);
    this.#add(queue, QueueCell.CLAIMED, count);
    if (bytes !== 0) this.#add(queue, QueueCell.BYTES, -bytes);
  }

  openChains(queue: number, maxPriority: number): boolean {
    if (!this.chains.open(queue)) return false;
    this.#memory.u32[word(queue, QueueCell.MAX_PRIORITY)] = maxPriority;
    this.features.add(queue, Feature.PRIORITIES);
    return true;
  }

  /** The queue begins to count the bytes of its ready messages. */
  countBytes(queue: number): void {
    let bytes = 0;
    const add = (slot: number): void => {
      bytes += this.#messages.bodySize(this.blocks.message(slot));
    };
    for (let priority = this.chains.priorities(queue) - 1; priority >= 0; priority--) {
      const chain = this.chains.chain(queue, priority);
      if (chain === 0) continue;
      this.blocks.eachReady(chain, add);
      bytes += at64(this.#memory.f64, double(chain, QueueCell.SPILLED_BYTES));
    }
    Atomics.store(this.#memory.u32, word(queue, QueueCell.BYTES), bytes);
  }

  /** Log positions, in order, of the ready messages of one chain that were delivered before. */
  redeliveredPositions(chain: number): number[] {
    const positions: number[] = [];
    this.blocks.eachReady(chain, (slot) => {
      if (this.blocks.isLogged(slot) && this.blocks.redelivered(slot)) positions.push(this.blocks.logPosition(slot));
    });
    return positions.sort((one, other) => one - other);
  }

  /** Drops up to `most` of what is ready, as far as it is here; returns how many. */
  dropReady(queue: number, most: number): number {
    const counts = (this.features.of(queue) & Feature.BYTES) !== 0;
    let count = 0;
    let bytes = 0;
    for (let slot = this.chains.first(queue); slot !== 0 && count < most; slot = this.chains.first(queue)) {
      if (counts) bytes += this.#messages.bodySize(this.blocks.message(slot));
      this.chains.claimFirst(slot);
      this.finish(slot);
      count++;
    }
    this.vanish(queue, count, bytes);
    return count;
  }

  /** So many ready messages are no more. */
  vanish(queue: number, count: number, bytes: number): void {
    this.#add(queue, QueueCell.READY, -count);
    if (bytes !== 0) this.#add(queue, QueueCell.BYTES, -bytes);
  }

  /** Messages of one chain that wait for a consumer. */
  readyIn(chain: number): number {
    const { u32 } = this.#memory;
    const count = (at32(u32, word(chain, QueueCell.TAIL)) - at32(u32, word(chain, QueueCell.HEAD))) >>> 0;
    return count + this.requeued.count(chain);
  }

  /** Forgets queues that are about to be freed. */
  forgetRetired(): void {
    for (const queue of this.long) if (this.isRetired(queue)) this.long.delete(queue);
    for (const queue of this.stuck) if (this.isRetired(queue)) this.stuck.delete(queue);
  }

  isRetired(queue: number): boolean {
    return (at32(this.#memory.u32, word(queue, QueueCell.FLAGS)) & QueueFlag.RETIRED) !== 0;
  }

  /** A queue that was freed by the host goes with its last claimed message. True: its cell may be freed, too. */
  closeIfOver(queue: number): boolean {
    const { u32 } = this.#memory;
    const isFreed = (at32(u32, word(queue, QueueCell.FLAGS)) & QueueFlag.FREED) !== 0;
    if (!isFreed || at32(u32, word(queue, QueueCell.CLAIMED)) > 0) return false;
    this.chains.close(queue);
    this.#counters.free(word(queue, QueueCell.COUNTERS));
    return true;
  }

  finish(slot: number): void {
    if (this.blocks.state(slot) !== SlotState.CLAIMED) throw new Error('a message is settled that is not claimed');
    const message = this.blocks.message(slot);
    const chain = this.blocks.chainOf(slot);
    if (this.blocks.isLogged(slot)) this.#recordDone(chain, slot);
    this.blocks.finish(chain, slot);
    this.#messages.release(message);
  }

  /** What a queue that is deleted held needs no record. */
  #recordDone(chain: number, slot: number): void {
    if (!this.isRetired(this.blocks.queueOf(slot))) this.#log.settled(this.logId(chain), this.blocks.logPosition(slot));
  }

  /** A slot's message was requeued so many times. */
  recordRequeues(chain: number, slot: number, count: number): void {
    if (this.blocks.isLogged(slot)) this.#log.requeued(this.logId(chain), this.blocks.logPosition(slot), count);
  }

  /** Positions in a row of a chain are done whose messages were spilled. */
  recordSpilledDone(chain: number, from: number, end: number): void {
    const logId = this.logId(chain);
    if (logId === 0 || end <= from || this.isRetired(this.chains.queueOf(chain))) return;
    this.#log.settledRun(logId, from, end - from);
  }

  /** Records that a slot's message took its place, if it is loggable. */
  recordPlace(chain: number, slot: number): void {
    const message = this.blocks.message(slot);
    if (!this.#messages.isLoggable(message)) return;
    this.blocks.setLogged(slot);
    this.#log.enqueued(message, this.logId(chain), this.blocks.logPosition(slot));
  }

  logId(chain: number): number {
    return at64(this.#memory.f64, double(chain, QueueCell.LOG_ID));
  }

  #add(queue: number, field: number, change: number): void {
    Atomics.add(this.#memory.u32, word(queue, field), change);
  }
}

/** Null: nobody knows how old. */
function older(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.min(one, other);
}

/** The counter of those that die for a reason. */
function died(reason: DeadLetterReason): QueueCounter {
  switch (reason) {
    case DeadLetterReason.REJECTED:
      return Counter.DIED_REJECTED;
    case DeadLetterReason.EXPIRED:
      return Counter.DIED_EXPIRED;
    case DeadLetterReason.MAXLEN:
      return Counter.DIED_MAXLEN;
    case DeadLetterReason.DELIVERY_LIMIT:
      return Counter.DIED_DELIVERY_LIMIT;
  }
}
