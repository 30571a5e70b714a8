/** Producers and consumers of a stress, each on a connection of its own, which now and then is cut and opened again. */
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '../support/connection.mjs';

const WINDOW = 10;
const PREFETCH = 5;
const BODY = 64;
/** Chances for each message. */
const CUT = 0.003;
const REOPENED = 0.005;
const REQUEUED = 0.05;

/** @typedef {import('./ledger.mjs').Ledger} Ledger */
/** @typedef {import('../soak/random.mjs').Random} Random */
/**
 * @typedef {object} Story
 * @property {number} port
 * @property {string} queue
 * @property {boolean} durable
 * @property {Ledger} ledger
 * @property {Random} random
 * @property {(error: Error) => void} onFailure
 * @property {Set<number> | null} held messages of a queue that is to be deleted; null: it is not
 */

/** Publishes so many messages with confirms. @param {Story} story @param {number} messages */
export async function produce(story, messages) {
  const { port, queue, durable, ledger, random, onFailure } = story;
  for (let left = messages; left > 0; ) {
    const connection = await Connection.open(port, onFailure);
    await connection.openChannel();
    await connection.call('confirm.select');
    let [published, confirmed] = [0, 0];
    let wake = () => {};
    const confirm = () =>
      new Promise((resolve) => {
        wake = () => resolve(undefined);
      });
    /** By sequence number. @type {number[]} */
    const messagesOf = [];
    connection.onMethod = (method) => {
      if (method.name !== 'basic.ack') return onFailure(new Error(`a publish was answered by ${method.name}`));
      const tag = Number(method.deliveryTag);
      for (let one = method.multiple ? confirmed + 1 : tag; one <= tag; one++) {
        ledger.confirm(messagesOf[one - 1] ?? -1);
        confirmed++;
      }
      wake();
    };
    let cut = false;
    while (left > 0 && !cut) {
      const message = ledger.produce();
      const body = Buffer.alloc(BODY, message & 0xff);
      body.writeUInt32BE(message, 0);
      story.held?.add(message);
      messagesOf.push(message);
      connection.publish(queue, body, durable);
      published++;
      left--;
      cut = random.chance(CUT);
      while (!cut && published - confirmed >= WINDOW) await confirm();
    }
    if (cut) {
      connection.cut();
      for (const message of messagesOf.slice(confirmed)) ledger.unknown(message);
    } else {
      while (confirmed < published) await confirm();
      await connection.close();
    }
  }
}

export class Consumer {
  #story;
  /** @type {Connection | null} */
  #connection = null;
  /** Acknowledged, and not known to have come to the broker. @type {number[]} */
  #unproven = [];
  /** A change of channel or connection that is under way. @type {Promise<void> | null} */
  #change = null;

  /** @param {Story} story */
  constructor(story) {
    this.#story = story;
  }

  async start() {
    const connection = await Connection.open(this.#story.port, this.#story.onFailure);
    this.#connection = connection;
    connection.onDelivery = (delivery, body) => this.#onDelivery(connection, delivery, body);
    await this.#consume(connection);
  }

  /** To be called when nothing is on its way. */
  async stop() {
    await this.#change;
    await this.#connection?.close();
  }

  /** @param {Connection} connection */
  async #consume(connection) {
    await connection.openChannel();
    await connection.call('basic.qos', { prefetchCount: PREFETCH });
    await connection.call('basic.consume', { queue: this.#story.queue });
  }

  /**
   * @param {Connection} connection
   * @param {import('../support/connection.mjs').Delivery} delivery
   * @param {Buffer} body
   */
  #onDelivery(connection, { deliveryTag, redelivered }, body) {
    // What comes on a channel that is being closed is as if it had not.
    if (this.#change !== null) return;
    const { ledger, random } = this.#story;
    const message = body.readUInt32BE(0);
    ledger.deliver(message, redelivered);
    if (random.chance(REQUEUED)) return connection.send('basic.nack', { deliveryTag, requeue: true });
    connection.send('basic.ack', { deliveryTag });
    ledger.ack(message);
    this.#unproven.push(message);
    // Its queue may be gone when it comes back.
    if (this.#story.held !== null) return;
    if (random.chance(CUT)) this.#change = this.#cut(connection);
    else if (random.chance(REOPENED)) this.#change = this.#reopen(connection);
  }

  /** @param {Connection} connection */
  async #cut(connection) {
    for (const message of this.#unproven) this.#story.ledger.doubt(message);
    this.#unproven = [];
    connection.cut();
    // Until the broker has heard of it, what comes is not for this one.
    await pause(1);
    this.#change = null;
    await this.start();
  }

  /** @param {Connection} connection */
  async #reopen(connection) {
    // Its answer says that the broker has heard of all before.
    await connection.openChannel();
    this.#unproven = [];
    this.#change = null;
    await connection.call('basic.qos', { prefetchCount: PREFETCH });
    await connection.call('basic.consume', { queue: this.#story.queue });
  }
}
