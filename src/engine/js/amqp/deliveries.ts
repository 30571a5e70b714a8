/**
 * From a queue to an outbox: pulls for consumers, basic.get, basic.return.
 * What must hold: what is claimed is written or has become the connection's unfinished content before the call ends.
 */

import { ChannelCounter } from '../../engine.js';
import type { Latencies } from '../memory/latencies.js';
import type { Memory } from '../memory/memory.js';
import type { Clock, Messages } from '../memory/messages.js';
import { at32, byteAt } from '../memory/views.js';
import { Claim, type Claimant } from '../queues/claim.js';
import type { Queues } from '../queues/queues.js';
import type { Channel, Connection, Consumer } from './connection.js';
import { ContentFrames, contentSize, copyAsStored } from './content-frames.js';
import { COUNT_ENTRY_MAX, withDeliveryCount } from './delivery-count.js';
import { momentOf } from './held.js';
import { deliverSize, getOkSize, type Key, returnSize, writeDeliver, writeGetOk, writeReturn } from './methods.js';
import type { Output } from './output.js';

/** A key in shared memory; one is used over and over, so that a delivery allocates nothing. */
class SharedKey implements Key {
  at = 0;
  length = 0;
  constructor(readonly bytes: Uint8Array) {}
}

export class Deliveries implements Claimant {
  readonly #memory: Memory;
  readonly #messages: Messages;
  readonly #queues: Queues;
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #latencies: Latencies;
  readonly #claim = new Claim();
  readonly #key: SharedKey;
  /** Frames of contents that are known to fit. */
  readonly #frames: ContentFrames;
  /** Who claims, for the questions that a claim asks; null in a basic.get. */
  #consumer: Consumer | null = null;
  noAck = false;
  #frameMax = 0;

  constructor(memory: Memory, messages: Messages, queues: Queues, output: Output, clock: Clock, latencies: Latencies) {
    this.#clock = clock;
    this.#latencies = latencies;
    this.#memory = memory;
    this.#messages = messages;
    this.#queues = queues;
    this.#output = output;
    this.#key = new SharedKey(memory.bytes);
    this.#frames = new ContentFrames(memory, messages);
  }

  /**
   * Delivers up to `max` messages that fit in the connection's box, which must have room. Says how many and why no
   * more.
   */
  pull(consumer: Consumer, max: number): Claim {
    const { channel } = consumer;
    const { outbox, outputMax } = channel.connection;
    const room = max === 0 ? 0 : outbox.room();
    const claim = this.#claimFor(consumer, max, room);
    if (claim.count === 0 && claim.end === 'no room' && outbox.filled === 0) return this.#pullLarge(consumer);
    if (claim.count === 0) return claim;
    this.#countPulled(consumer, claim);
    let at = outbox.end;
    for (let i = 0; i < claim.count; i++) {
      const message = at32(claim.messages, i);
      const tag = this.#take(channel, consumer, consumer.noAck, message, at32(claim.slots, i));
      const key = this.#keyOf(message);
      const redelivered = claim.redelivered[i] === 1;
      at = writeDeliver(this.#memory.bytes, at, channel.number, consumer.tag, tag, redelivered, key);
      at = this.#writeContent(message, channel.number, at, outputMax, at32(claim.requeues, i));
    }
    if (consumer.noAck) this.#queues.settle(consumer.queue, claim.slots, claim.count);
    outbox.advanceTo(at);
    this.#output.announce(channel.connection);
    return claim;
  }

  /** Writes one message as the answer to a basic.get; false when there is none. */
  get(channel: Channel, queue: number, noAck: boolean): boolean {
    this.#consumer = null;
    this.noAck = noAck;
    const claim = this.#claim;
    this.#queues.noteGet(queue);
    this.#queues.claim(queue, 1, Number.POSITIVE_INFINITY, this, claim);
    if (claim.count === 0) return false;
    this.#count(channel, claim);
    channel.count(noAck ? ChannelCounter.GOT_NO_ACK : ChannelCounter.GOT, 1);
    const message = at32(claim.messages, 0);
    const tag = this.#take(channel, null, noAck, message, at32(claim.slots, 0));
    const key = this.#keyOf(message);
    const method = new Uint8Array(getOkSize(key.length));
    writeGetOk(method, 0, channel.number, tag, claim.redelivered[0] === 1, key, this.#queues.ready(queue));
    this.#write(channel.connection, channel.number, method, message, at32(claim.requeues, 0));
    if (noAck) this.#queues.settle(queue, claim.slots, 1);
    return true;
  }

  returnMessage(channel: Channel, message: number, code: number, text: Uint8Array): void {
    const key = this.#keyOf(message);
    const method = new Uint8Array(returnSize(text.length, key.length));
    writeReturn(method, 0, channel.number, code, text, key);
    this.#write(channel.connection, channel.number, method, message, 0);
  }

  get node(): number {
    return this.#consumer?.node ?? 0;
  }

  get ableSince(): number | null {
    return this.#consumer?.ableSince ?? null;
  }

  get hasTurn(): boolean {
    return this.#consumer?.owesGrant ?? false;
  }

  sizeOf(message: number, requeues: number): number {
    if (this.#consumer === null) return 0;
    const method = deliverSize(this.#consumer.tag.length, this.#messages.keyLength(message));
    const count = requeues === 0 ? 0 : COUNT_ENTRY_MAX;
    return method + contentSize(this.#messages, message, this.#frameMax) + count;
  }

  onEmpty(queue: number, taken: number): void {
    const consumer = this.#consumer;
    if (consumer === null || consumer.credit() <= taken) return;
    // Others were quicker with what it was woken for: it has waited longest.
    this.#queues.wait(queue, consumer.node, consumer.granted && taken === 0);
    consumer.state = 'waiting';
  }

  isHigherAble(queue: number): boolean {
    const consumer = this.#consumer;
    if (consumer === null || !this.#queues.isHigherAble(queue, consumer.node)) return false;
    this.#queues.wait(queue, consumer.node, consumer.granted);
    consumer.state = 'waiting';
    return true;
  }

  /** A message that no box can hold: it becomes the connection's content, and goes out in parts. */
  #pullLarge(consumer: Consumer): Claim {
    const { channel } = consumer;
    const claim = this.#claimFor(consumer, 1, Number.POSITIVE_INFINITY);
    if (claim.count === 0) return claim;
    this.#countPulled(consumer, claim);
    const message = at32(claim.messages, 0);
    const tag = this.#take(channel, consumer, consumer.noAck, message, at32(claim.slots, 0));
    const key = this.#keyOf(message);
    const method = new Uint8Array(deliverSize(consumer.tag.length, key.length));
    writeDeliver(method, 0, channel.number, consumer.tag, tag, byteAt(claim.redelivered, 0) === 1, key);
    this.#write(channel.connection, channel.number, method, message, at32(claim.requeues, 0));
    if (consumer.noAck) this.#queues.settle(consumer.queue, claim.slots, 1);
    return claim;
  }

  /** Counts what a channel was given. */
  #count(channel: Channel, { count, redelivered }: Claim): void {
    channel.activeAt = this.#clock.now;
    channel.count(ChannelCounter.DELIVERED, count);
    for (let i = 0; i < count; i++) if (redelivered[i] === 1) channel.count(ChannelCounter.REDELIVERED, 1);
  }

  #countPulled({ channel, noAck }: Consumer, claim: Claim): void {
    this.#count(channel, claim);
    if (noAck) channel.count(ChannelCounter.DELIVERED_NO_ACK, claim.count);
  }

  #claimFor(consumer: Consumer, max: number, room: number): Claim {
    this.#consumer = consumer;
    this.noAck = consumer.noAck;
    this.#frameMax = consumer.channel.connection.outputMax;
    this.#queues.claim(consumer.queue, max, room, this, this.#claim);
    this.#consumer = null;
    return this.#claim;
  }

  /** Gives a claimed message a delivery tag and, unless it needs no acknowledgement, notes it as unacknowledged. */
  #take(channel: Channel, consumer: Consumer | null, noAck: boolean, message: number, slot: number): number {
    this.#latencies.note(this.#messages.stamp(message));
    const tag = ++channel.lastTag;
    if (noAck) return tag;
    channel.unacked.push(tag, slot, consumer, momentOf(this.#clock.now));
    if (consumer !== null) {
      consumer.used++;
      channel.used++;
    }
    return tag;
  }

  /** A content that is known to fit. */
  #writeContent(message: number, channel: number, at: number, frameMax: number, requeues: number): number {
    if (requeues === 0) {
      const end = copyAsStored(this.#memory, this.#messages, message, channel, at, frameMax);
      if (end !== null) return end;
    }
    this.#frames.start(message, channel, undefined, this.#headerOf(message, requeues));
    return this.#frames.write(at, Number.POSITIVE_INFINITY, frameMax);
  }

  #write(connection: Connection, channel: number, method: Uint8Array, message: number, requeues: number): void {
    connection.content.start(message, channel, method, this.#headerOf(message, requeues));
    this.#output.proceed(connection);
  }

  /** A header frame that says how often the message was requeued; undefined when it need not. */
  #headerOf(message: number, requeues: number): Uint8Array | undefined {
    return requeues === 0 ? undefined : withDeliveryCount(this.#messages.header(message), requeues);
  }

  #keyOf(message: number): Key {
    this.#key.at = this.#messages.keyAt(message);
    this.#key.length = this.#messages.keyLength(message);
    return this.#key;
  }
}
