/** A connection of a bench: as little of a client as is needed to have thousands of them in one program. */
import { once } from 'node:events';
import { connect } from 'node:net';
import {
  decodeMethod,
  encodeContent,
  encodeMethod,
  FrameType,
  PROTOCOL_HEADER,
  readFrame,
} from '../../dist/amqp/frames.js';
import { METHODS } from '../../dist/amqp/protocol.js';

/** @typedef {{ deliveryTag: bigint, redelivered: boolean }} Delivery */
/** @typedef {import('../../dist/amqp/protocol.js').Method} Method */
/** @typedef {import('../../dist/amqp/protocol.js').MethodName} MethodName */
/** @template {MethodName} N @typedef {import('../../dist/amqp/protocol.js').MethodOf<N>} MethodOf */
/** What is given of a method. @template {MethodName} N @typedef {Partial<Omit<MethodOf<N>, 'name'>>} Fields */
/** What is asked and answered. @typedef {{ [N in MethodName]: `${N}-ok` extends MethodName ? N : never }[MethodName]} Asked */

/** @type {Readonly<Record<string, unknown>>} */
const ZERO = { bit: false, octet: 0, short: 0, long: 0, longlong: 0n, shortstr: '', longstr: '', table: new Map() };

/**
 * A whole method: what is not given is zero.
 * @template {MethodName} N @param {N} name @param {Fields<N>} fields @returns {Method}
 */
export function wholeMethod(name, fields) {
  const zeros = Object.fromEntries(Object.entries(METHODS[name].fields).map(([field, type]) => [field, ZERO[type]]));
  return /** @type {Method} */ (/** @type {unknown} */ ({ name, ...zeros, ...fields }));
}

/** Connections that are opened at a time, and who waits for that: more would not all be let in by the system. */
const OPENING_MAX = 50;
let opening = 0;
/** @type {(() => void)[]} */
const waiting = [];

export class Connection {
  #socket;
  /** @type {Buffer} */
  #rest = Buffer.alloc(0);
  /** Who waits for an answer. @type {{ name: MethodName, resolve(method: Method): void, reject(error: Error): void }[]} */
  #waiting = [];
  /** @type {MethodOf<'basic.deliver'> | null} */
  #delivery = null;
  /** The channel number of this connection's only channel. */
  #channel = 0;
  /** Whether this side has ended it. */
  #over = false;
  /** Whether what comes is dropped unread. */
  #deaf = false;
  /** What was written has gone, or will never. */
  #onRoom = () => {};
  /** @type {(delivery: Delivery, body: Buffer) => void} */
  onDelivery = () => {};
  /** A confirm, or the broker's basic.cancel. @type {(method: Method) => void} */
  onMethod = () => {};

  /** @param {import('node:net').Socket} socket @param {(error: Error) => void} onFailure an end that was not asked for */
  constructor(socket, onFailure) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#onData(bytes));
    let error = new Error('the connection has ended');
    socket.on('error', (reason) => {
      error = reason;
    });
    socket.on('drain', () => this.#onRoom());
    socket.on('close', () => {
      this.#onRoom();
      for (const { reject } of this.#waiting.splice(0)) reject(error);
      if (!this.#over) onFailure(error);
    });
  }

  /** @param {number} port @param {(error: Error) => void} onFailure */
  static async open(port, onFailure) {
    while (opening >= OPENING_MAX) await new Promise((resolve) => waiting.push(() => resolve(undefined)));
    opening++;
    try {
      return await Connection.#open(port, onFailure);
    } finally {
      opening--;
      waiting.shift()?.();
    }
  }

  /** @param {number} port @param {(error: Error) => void} onFailure */
  static async #open(port, onFailure) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const connection = new Connection(socket, onFailure);
    socket.write(PROTOCOL_HEADER);
    await connection.#answer('connection.start');
    const response = Buffer.from('\0guest\0guest');
    connection.#send(0, 'connection.start-ok', { mechanism: 'PLAIN', response, locale: 'en_US' });
    const tune = await connection.#answer('connection.tune');
    connection.#send(0, 'connection.tune-ok', { channelMax: tune.channelMax, frameMax: tune.frameMax, heartbeat: 0 });
    connection.#send(0, 'connection.open', { virtualHost: '/' });
    await connection.#answer('connection.open-ok');
    return connection;
  }

  /** A channel, instead of the one that there was. */
  async openChannel() {
    if (this.#channel !== 0) await this.call('channel.close', { replyCode: 200, replyText: 'anew' });
    this.#channel += 1;
    await this.call('channel.open');
  }

  /**
   * Asks, and has the answer.
   * @template {Asked} N @param {N} name @param {Fields<N>} [fields] @returns {Promise<MethodOf<`${N}-ok`>>}
   */
  call(name, fields = {}) {
    this.send(name, fields);
    return this.#answer(`${name}-ok`);
  }

  /** @template {MethodName} N @param {N} name @param {Fields<N>} [fields] */
  send(name, fields = {}) {
    this.#send(this.#channel, name, fields);
  }

  /** @param {string} queue @param {Uint8Array} body @param {boolean} persistent */
  publish(queue, body, persistent) {
    this.#socket.cork();
    this.send('basic.publish', { routingKey: queue });
    this.#socket.write(encodeContent(this.#channel, persistent ? { deliveryMode: 2 } : {}, body, 4096));
    this.#socket.uncork();
  }

  /** Writes octets; resolves when there is room for more. @param {Uint8Array} bytes */
  async write(bytes) {
    if (this.#socket.write(bytes)) return;
    await new Promise((resolve) => {
      this.#onRoom = () => resolve(undefined);
    });
  }

  /** From now on whatever comes is dropped unread, at no cost to speak of. */
  deafen() {
    this.#deaf = true;
  }

  /** The number of the channel. */
  get channel() {
    return this.#channel;
  }

  /** Ends as a client that has died. */
  cut() {
    this.#over = true;
    this.#socket.resetAndDestroy();
  }

  async close() {
    this.#over = true;
    const ended = once(this.#socket, 'close');
    this.#send(0, 'connection.close', { replyCode: 200, replyText: 'done' });
    await ended;
  }

  /** @template {MethodName} N @param {number} channel @param {N} name @param {Fields<N>} fields */
  #send(channel, name, fields) {
    this.#socket.write(encodeMethod(channel, wholeMethod(name, fields)));
  }

  /** @template {MethodName} N @param {N} name */
  async #answer(name) {
    /** @type {Method} */
    const method = await new Promise((resolve, reject) => this.#waiting.push({ name, resolve, reject }));
    return /** @type {MethodOf<N>} */ (method);
  }

  /** @param {Buffer} bytes */
  #onData(bytes) {
    if (this.#deaf) return;
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let frame = readFrame(this.#rest); frame !== undefined; frame = readFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.length);
      if (frame.type === FrameType.METHOD) this.#onMethod(frame.channel, decodeMethod(frame.payload));
      else if (frame.type === FrameType.BODY) this.#onBody(frame.channel, Buffer.from(frame.payload));
    }
  }

  /** @param {number} channel @param {Method} method */
  #onMethod(channel, method) {
    const [first] = this.#waiting;
    if (method.name === 'connection.close-ok') this.#socket.end();
    else if (method.name === 'basic.deliver') this.#delivery = method;
    else if (first?.name === method.name) {
      this.#waiting.shift();
      first.resolve(method);
    } else if (channel === this.#channel && method.name !== 'channel.close' && method.name !== 'connection.close') {
      this.onMethod(method);
    } else if (channel === this.#channel || channel === 0) {
      const reason = 'replyText' in method ? method.replyText : 'not expected';
      this.#socket.destroy(new Error(`${method.name}: ${reason}`));
    }
  }

  /** @param {number} channel @param {Buffer} body all of it: bodies are short */
  #onBody(channel, body) {
    const delivery = this.#delivery;
    this.#delivery = null;
    if (delivery !== null && channel === this.#channel) {
      this.onDelivery({ deliveryTag: delivery.deliveryTag, redelivered: delivery.redelivered }, body);
    }
  }
}
