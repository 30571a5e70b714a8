/**
 * What a queue does beyond holding messages, as it stands in the queue's cell, and the questions that it answers: when
 * a message expires there, whether the queue is too long, whether it has room for another message. Under the queue's
 * lock.
 */
import { LEEWAY, SWEEP_DELAY, UNDER_WAY, UNLIMITED } from '../../../numbers/core.js';
import { Overflow, type QueueRules } from '../../engine.js';
import { Feature, QueueCell } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import { at64, double, word } from '../memory/views.js';

/** Features that stay whatever rules are set. */
const LASTING = Feature.CONSUMER_PRIORITIES | Feature.EXPIRES | Feature.PRIORITIES | Feature.LOGGED;

export class Rules {
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  features(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.FEATURES));
  }

  /** Whether the log knows the queue. */
  isLogged(queue: number): boolean {
    return (this.features(queue) & Feature.LOGGED) !== 0;
  }

  add(queue: number, feature: number): void {
    Atomics.or(this.#memory.u32, word(queue, QueueCell.FEATURES), feature);
  }

  /** All but the priorities. */
  set(queue: number, rules: QueueRules): void {
    const { u32, f64 } = this.#memory;
    f64[double(queue, QueueCell.TTL)] = rules.ttl ?? Number.POSITIVE_INFINITY;
    u32[word(queue, QueueCell.MAX_LENGTH)] = limit(rules.maxLength);
    u32[word(queue, QueueCell.MAX_BYTES)] = limit(rules.maxBytes);
    u32[word(queue, QueueCell.DELIVERY_LIMIT)] = limit(rules.deliveryLimit);
    const features = (this.features(queue) & LASTING) | featuresOf(rules);
    Atomics.store(u32, word(queue, QueueCell.FEATURES), features);
  }

  /** Its messages' time to live; of a queue with Feature.TTL or none. */
  ttl(queue: number, features: number): number {
    return (features & Feature.TTL) === 0
      ? Number.POSITIVE_INFINITY
      : at64(this.#memory.f64, double(queue, QueueCell.TTL));
  }

  /**
   * What had reached its deadline by then is not for a consumer that has been able to take messages since `ableSince`.
   */
  ageLimit(now: number, ableSince: number): number {
    return Math.max(now - LEEWAY, ableSince);
  }

  /**
   * What had reached its deadline by then dies when anybody else looks; what came later is left to consumers that are
   * on their way.
   */
  deathTime(queue: number, now: number): number {
    return this.turnsUnderWay(queue) ? now - LEEWAY : now;
  }

  /** The same for a sweep, which must not race with consumers that run. */
  sweepTime(queue: number, now: number): number {
    const delay = this.#word(queue, QueueCell.CONSUMERS) === 0 ? 0 : SWEEP_DELAY;
    return Math.min(this.deathTime(queue, now), now - delay);
  }

  /** Whether consumers have not taken the turns yet that they were granted. */
  turnsUnderWay(queue: number): boolean {
    return this.#word(queue, QueueCell.GRANTS) > 0;
  }

  deliveryLimit(queue: number): number {
    return this.#word(queue, QueueCell.DELIVERY_LIMIT);
  }

  isTooLong(queue: number): boolean {
    return (
      this.#word(queue, QueueCell.READY) > this.#word(queue, QueueCell.MAX_LENGTH) ||
      this.#word(queue, QueueCell.BYTES) > this.#word(queue, QueueCell.MAX_BYTES)
    );
  }

  /** Whether a queue that is too long must not wait for its consumers. */
  isFarTooLong(queue: number): boolean {
    return this.#word(queue, QueueCell.READY) > 2 * this.#word(queue, QueueCell.MAX_LENGTH) + UNDER_WAY;
  }

  /** Whether a queue that refuses what it has no room for takes a message with a body of so many bytes. */
  hasRoom(queue: number, bytes: number): boolean {
    const length = this.#word(queue, QueueCell.READY) + this.#word(queue, QueueCell.KEPT) + 1;
    const maxLength = this.#word(queue, QueueCell.MAX_LENGTH);
    const maxBytes = this.#word(queue, QueueCell.MAX_BYTES);
    const held = this.#word(queue, QueueCell.BYTES) + this.#word(queue, QueueCell.KEPT_BYTES);
    if (length <= maxLength && held + bytes <= maxBytes) return true;
    return this.turnsUnderWay(queue) && length <= (maxLength === UNLIMITED ? 0 : maxLength) + UNDER_WAY;
  }

  #word(queue: number, field: number): number {
    return Atomics.load(this.#memory.u32, word(queue, field));
  }
}

function limit(value: number | null): number {
  return value === null ? UNLIMITED : Math.min(value, UNLIMITED);
}

function featuresOf(rules: QueueRules): number {
  let features = 0;
  if (rules.ttl !== null) features |= Feature.TTL;
  if (rules.maxLength !== null || rules.maxBytes !== null) features |= Feature.LENGTH;
  if (rules.maxBytes !== null) features |= Feature.BYTES;
  if ((features & Feature.LENGTH) !== 0 && rules.overflow !== Overflow.DROP_HEAD) features |= Feature.REJECT;
  if (rules.overflow === Overflow.REJECT_PUBLISH_DLX) features |= Feature.REJECT_DEAD;
  if (rules.deadLetters) features |= Feature.DEAD_LETTERS;
  if (rules.deliveryLimit !== null || rules.deliveryCount) features |= Feature.COUNTED;
  if (rules.deliveryCount) features |= Feature.SAYS_COUNT;
  return features;
}
