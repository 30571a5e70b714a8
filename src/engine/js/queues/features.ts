/**
 * What a queue does beyond holding messages, as it stands in the queue's cell, and the questions that it answers: when
 * a message expires there, whether the queue is too long, whether it has room for another message. Under the queue's
 * lock.
 */
import { LEEWAY, SWEEP_DELAY, UNDER_WAY } from '../../../numbers/core.js';
import { AWAITED, FEATURE_AT, Overflow, type QueueFeatures, writeFeatures } from '../../queue-features.js';
import { Feature, QueueCell } from '../memory/layout.js';
import type { Memory } from '../memory/memory.js';
import { at64, double, word } from '../memory/views.js';

/** Bits that stay whatever is set. */
const LASTING = Feature.CONSUMER_PRIORITIES | Feature.EXPIRES | Feature.PRIORITIES | Feature.LOGGED | Feature.PAUSED;

export class Features {
  readonly #memory: Memory;
  /** So long (ms) a sweep leaves a message to consumers that may be running. */
  sweepDelay = SWEEP_DELAY;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Its bits. */
  of(queue: number): number {
    return Atomics.load(this.#memory.u32, word(queue, QueueCell.BITS));
  }

  /** Whether the log knows the queue. */
  isLogged(queue: number): boolean {
    return (this.of(queue) & Feature.LOGGED) !== 0;
  }

  add(queue: number, feature: number): void {
    Atomics.or(this.#memory.u32, word(queue, QueueCell.BITS), feature);
  }

  remove(queue: number, feature: number): void {
    Atomics.and(this.#memory.u32, word(queue, QueueCell.BITS), ~feature);
  }

  isPaused(queue: number): boolean {
    return (this.of(queue) & Feature.PAUSED) !== 0;
  }

  /** All but the priorities. */
  set(queue: number, features: QueueFeatures): void {
    const { u32, f64 } = this.#memory;
    writeFeatures(f64, queue + 4 * QueueCell.FEATURES, features);
    Atomics.store(u32, word(queue, QueueCell.BITS), (this.of(queue) & LASTING) | bitsOf(features));
  }

  /** Its messages' time to live; of a queue with Feature.TTL or none. */
  ttl(queue: number, features: number): number {
    return (features & Feature.TTL) === 0 ? Number.POSITIVE_INFINITY : this.#feature(queue, 'ttl');
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
  expiryLimit(queue: number, now: number): number {
    return this.turnsUnderWay(queue) ? now - LEEWAY : now;
  }

  /** The same for a sweep, which must not race with consumers that run. */
  sweepTime(queue: number, now: number): number {
    const delay = this.#word(queue, QueueCell.CONSUMERS) === 0 ? 0 : this.sweepDelay;
    return Math.min(this.expiryLimit(queue, now), now - delay);
  }

  /** Whether consumers have not taken the turns yet that they were granted. */
  turnsUnderWay(queue: number): boolean {
    return this.#word(queue, QueueCell.GRANTS) > 0;
  }

  deliveryLimit(queue: number): number {
    return this.#feature(queue, 'deliveryLimit');
  }

  isTooLong(queue: number): boolean {
    return (
      this.#word(queue, QueueCell.READY) > this.#feature(queue, 'maxLength') ||
      this.#word(queue, QueueCell.BYTES) > this.#feature(queue, 'maxBytes')
    );
  }

  /** Whether a queue that is too long must not wait for its consumers. */
  isFarTooLong(queue: number): boolean {
    return this.#word(queue, QueueCell.READY) > 2 * this.#feature(queue, 'maxLength') + UNDER_WAY;
  }

  /** Whether a queue that refuses what it has no room for takes a message with a body of so many bytes. */
  hasRoom(queue: number, bytes: number): boolean {
    const length = this.#word(queue, QueueCell.READY) + this.#word(queue, QueueCell.KEPT) + 1;
    const maxLength = this.#feature(queue, 'maxLength');
    const maxBytes = this.#feature(queue, 'maxBytes');
    const held = this.#word(queue, QueueCell.BYTES) + this.#word(queue, QueueCell.KEPT_BYTES);
    if (length <= maxLength && held + bytes <= maxBytes) return true;
    return this.turnsUnderWay(queue) && length <= (maxLength === Number.POSITIVE_INFINITY ? 0 : maxLength) + UNDER_WAY;
  }

  /** A number; Infinity: there is no such limit. */
  #feature(queue: number, name: keyof QueueFeatures): number {
    return at64(this.#memory.f64, double(queue, QueueCell.FEATURES) + FEATURE_AT[name] / 8);
  }

  #word(queue: number, field: number): number {
    return Atomics.load(this.#memory.u32, word(queue, field));
  }
}

function bitsOf(features: QueueFeatures): number {
  let bits = 0;
  if (features.ttl !== null) bits |= Feature.TTL;
  if (features.maxLength !== null || features.maxBytes !== null) bits |= Feature.LENGTH;
  if (features.maxBytes !== null) bits |= Feature.BYTES;
  if ((bits & Feature.LENGTH) !== 0 && features.overflow !== Overflow.DROP_HEAD) bits |= Feature.REJECT;
  if (features.overflow === Overflow.REJECT_PUBLISH_DLX) bits |= Feature.REJECT_DEAD;
  if (features.deadLetters) bits |= Feature.DEAD_LETTERS;
  if (features.deadLetters === AWAITED) bits |= Feature.UNCOUNTED;
  if (features.deliveryLimit !== null || features.deliveryCount) bits |= Feature.COUNTED;
  if (features.deliveryCount) bits |= Feature.SAYS_COUNT;
  return bits;
}
