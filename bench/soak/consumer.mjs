/**
 * Consumes one queue until everything that was promised is settled: acknowledges, returns, rejects, singly and many at
 * once, on connections that are cut and opened again on the way.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { reportFault } from '../limit/progress.mjs';
import { cut, open } from './connections.mjs';

const PREFETCH = 200;
/** Deliveries that are settled by one ack, at most. */
const ACK_MAX = 50;
const RETURNED = 0.03;
const REJECTED = 0.02;
/** How often the connection is cut, for each delivery. */
const CUT = 0.0003;
/** Nothing has come for so long although something is owed: it is lost. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;

/** @typedef {import('./account.mjs').Account} Account */
/** @typedef {import('./random.mjs').Random} Random */
/** @typedef {import('./tally.mjs').Tally} Tally */
/** @typedef {{ url: string, queue: string, account: Account, random: Random, tally: Tally }} Story */

export class Consumer {
  #story;
  /** @type {import('amqplib').ChannelModel | null} */
  #connection = null;
  /** @type {import('amqplib').Channel | null} */
  #channel = null;
  /** Deliveries that the next ack with `multiple` settles. @type {number[]} */
  #held = [];
  /** The newest of them. @type {import('amqplib').ConsumeMessage | null} */
  #lastHeld = null;
  /**
   * What was settled since the broker was asked whether it has taken all before; null: it was not asked. @type
   * {number[] | null}
   */
  #unproven = null;
  /** Under way from a cut connection to a new one. @type {Promise<void> | null} */
  #returning = null;
  #heardMs = performance.now();

  /** @param {Story} story */
  constructor(story) {
    this.#story = story;
  }

  async start() {
    const { url, queue } = this.#story;
    const connection = await open(url);
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    this.#connection = connection;
    this.#channel = channel;
    await channel.prefetch(PREFETCH);
    await channel.consume(queue, (message) => {
      // What arrives on a connection that is being cut is as if it had not.
      if (message !== null && this.#channel === channel) this.#onMessage(channel, message);
    });
  }

  /**
   * To be called when all is published: resolves when all is settled and the queue is empty, or when nothing comes any
   * more.
   */
  async finish() {
    const { account } = this.#story;
    this.#heardMs = performance.now();
    while (!(account.isSquare && (await this.#isEmpty()))) {
      if (performance.now() - this.#heardMs > PATIENCE_MS) break;
      this.#settleHeld();
      await pause(LOOK_MS);
    }
    account.close();
    await this.#returning;
    await this.#connection?.close();
  }

  async #isEmpty() {
    this.#settleHeld();
    await this.#returning;
    return (await this.#channel?.checkQueue(this.#story.queue))?.messageCount === 0;
  }

  /** @param {import('amqplib').Channel} channel @param {import('amqplib').ConsumeMessage} message */
  #onMessage(channel, message) {
    const { account, random, tally } = this.#story;
    const number = message.content.readUInt32BE(0);
    const { redelivered } = message.fields;
    this.#heardMs = performance.now();
    account.delivered(number, redelivered);
    tally.delivered++;
    if (redelivered) tally.redelivered++;
    if (message.content.length > 4 && message.content.at(-1) !== (number & 0xff)) {
      reportFault(`${this.#story.queue}: message ${number} came with another body`);
    }
    if (random.chance(RETURNED)) {
      channel.nack(message, false, true);
    } else if (random.chance(REJECTED)) {
      channel.reject(message, false);
      this.#settled(number);
    } else if (random.chance(0.5)) {
      channel.ack(message);
      this.#settled(number);
    } else {
      this.#held.push(number);
      this.#lastHeld = message;
      if (this.#held.length >= ACK_MAX) this.#settleHeld();
    }
    if (random.chance(CUT)) this.#returning ??= this.#cutAndReturn(channel);
  }

  /** One ack for all deliveries that wait for it: what else was delivered before is settled already. */
  #settleHeld() {
    if (this.#lastHeld === null) return;
    this.#channel?.ack(this.#lastHeld, true);
    for (const number of this.#held) this.#settled(number);
    this.#held = [];
    this.#lastHeld = null;
  }

  /** @param {number} number */
  #settled(number) {
    this.#story.account.settled(number);
    this.#unproven?.push(number);
  }

  /** @param {import('amqplib').Channel} channel */
  async #cutAndReturn(channel) {
    this.#unproven = [];
    // Methods of a channel are done in turn: what was settled before this one is settled when it is answered.
    await channel.prefetch(PREFETCH);
    for (const number of this.#unproven) this.#story.account.doubtful(number);
    this.#unproven = null;
    this.#channel = null;
    this.#held = [];
    this.#lastHeld = null;
    if (this.#connection !== null) await cut(this.#connection);
    this.#story.tally.reconnects++;
    await this.start();
    this.#returning = null;
  }
}
