/**
 * Somebody else on the worker: single messages, each with its confirm and its delivery, and new connections, each until
 * open-ok. What must hold: they are sent by the clock, whether those before were answered or not, so that a long stall
 * counts as often as it would hurt.
 */
import { Connection } from '../support/connection.mjs';

const QUEUE = 'witness';
/** Between two messages, and between two new connections (ms). */
const MESSAGE_EVERY_MS = 5;
const OPEN_EVERY_MS = 25;

/** How long each took (ms). @typedef {{ messages: number[], opens: number[] }} Waits */

export class Witness {
  #port;
  #connection;
  /** @type {(error: Error) => void} */
  #onFailure;
  /** By their numbers: when those were sent that wait, and what they still wait for. @type {Map<number, { sent: number, missing: number }>} */
  #sent = new Map();
  #published = 0;
  #confirmed = 0;
  /** @type {Waits} */
  #waits = { messages: [], opens: [] };
  #opening = 0;
  #onAnswer = () => {};

  /** @param {number} port @param {Connection} connection @param {(error: Error) => void} onFailure */
  constructor(port, connection, onFailure) {
    this.#port = port;
    this.#connection = connection;
    this.#onFailure = onFailure;
    connection.onMethod = (method) => {
      if (method.name !== 'basic.ack') return onFailure(new Error(`a message was answered by ${method.name}`));
      while (this.#confirmed < Number(method.deliveryTag)) this.#answered(++this.#confirmed);
    };
    connection.onDelivery = (_delivery, body) => this.#answered(body.readUInt32BE(0));
  }

  /** @param {number} port @param {(error: Error) => void} onFailure */
  static async open(port, onFailure) {
    const connection = await Connection.open(port, onFailure);
    await connection.openChannel();
    await connection.call('queue.declare', { queue: QUEUE });
    await connection.call('confirm.select');
    await connection.call('basic.consume', { queue: QUEUE, noAck: true });
    return new Witness(port, connection, onFailure);
  }

  /** What it has to wait while something goes on. @param {() => Promise<unknown>} what @returns {Promise<Waits>} */
  async during(what) {
    this.#waits = { messages: [], opens: [] };
    const messages = setInterval(() => this.#publish(), MESSAGE_EVERY_MS);
    const opens = setInterval(() => this.#open(), OPEN_EVERY_MS);
    this.#publish();
    this.#open();
    try {
      await what();
    } finally {
      clearInterval(messages);
      clearInterval(opens);
    }
    while (this.#sent.size > 0 || this.#opening > 0) {
      await new Promise((resolve) => {
        this.#onAnswer = () => resolve(undefined);
      });
    }
    return this.#waits;
  }

  close() {
    return this.#connection.close();
  }

  #publish() {
    const number = ++this.#published;
    const body = Buffer.alloc(16);
    body.writeUInt32BE(number);
    // Its confirm and its delivery.
    this.#sent.set(number, { sent: performance.now(), missing: 2 });
    this.#connection.publish(QUEUE, body, false);
  }

  /** @param {number} number */
  #answered(number) {
    const waiting = this.#sent.get(number);
    if (waiting === undefined) return this.#onFailure(new Error(`message ${number} was answered too often`));
    if (--waiting.missing > 0) return;
    this.#sent.delete(number);
    this.#waits.messages.push(performance.now() - waiting.sent);
    this.#onAnswer();
  }

  #open() {
    const begun = performance.now();
    this.#opening++;
    Connection.open(this.#port, this.#onFailure)
      .then((connection) => {
        this.#waits.opens.push(performance.now() - begun);
        return connection.close();
      })
      .catch(this.#onFailure)
      .finally(() => {
        this.#opening--;
        this.#onAnswer();
      });
  }
}
