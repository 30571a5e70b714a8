/**
 * A client that is no more than crash tests need: methods on one connection, publishes and deliveries at speed. What
 * must hold: what it is told is handed on in order, and a socket that breaks ends every call that waits.
 */
import { connect } from 'node:net';
import { decodeMethod, encodeMethod, PROTOCOL_HEADER } from '../../dist/amqp/frames.js';
import { METHODS } from '../../dist/amqp/protocol.js';

/** @typedef {import('../../src/amqp/protocol.js').Method} Method */
/** @typedef {{ channel: number, tag: number, redelivered: boolean, id: string, body: Buffer }} Delivery */
/** @typedef {{ id: string, body: Uint8Array, persistent: boolean, priority: number }} Message */

const FRAME_MAX = 131_072;
const DELIVER = (60 << 16) | 60;
const ACK = (60 << 16) | 80;
const NACK = (60 << 16) | 120;
const CHANNEL_CLOSE = (20 << 16) | 40;
const CONNECTION_CLOSE = (10 << 16) | 50;
/** Flags of the properties that messages have: delivery mode, priority, message id. */
const PROPERTIES = 0x1000 | 0x0800 | 0x0080;
const CALL_MS = 30_000;

/** @type {Readonly<Record<string, unknown>>} */
const ZERO = {
  bit: false,
  octet: 0,
  short: 0,
  long: 0,
  longlong: 0n,
  shortstr: '',
  longstr: '',
  bytes: new Uint8Array(),
  table: new Map(),
};

/**
 * A whole method: what is not given is zero.
 * @param {Method['name']} name
 * @param {Record<string, unknown>} fields
 */
function build(name, fields) {
  const zeros = Object.entries(METHODS[name].fields).map(([field, type]) => [field, ZERO[type]]);
  return /** @type {Method} */ (/** @type {unknown} */ ({ name, ...Object.fromEntries(zeros), ...fields }));
}

/** The socket has gone, as it does when the broker ends. */
export class Gone extends Error {}

const SHUTDOWN = /CONNECTION_FORCED.*'shutdown'/;

export class Connection {
  /** @type {(delivery: Delivery) => void} */
  onDelivery = () => {};
  /** @type {(channel: number, tag: number, multiple: boolean) => void} */
  onConfirm = () => {};
  /** Why the broker closed the connection or a channel; null: it did not. @type {string | null} */
  refusal = null;
  closed = false;
  #rest = Buffer.alloc(0);
  /** @type {{ resolve: (method: any) => void, reject: (error: Error) => void }[]} */
  #calls = [];
  /** @type {{ delivery: Delivery, parts: Buffer[], missing: number } | null} */
  #content = null;
  /** @type {Map<string, Uint8Array>} */
  #publishes = new Map();

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (/** @type {Buffer} */ bytes) => this.#take(bytes));
    socket.on('close', () => {
      this.closed = true;
      const reason = this.refusal === null ? new Gone() : new Error(`the broker refused: ${this.refusal}`);
      for (const { reject } of this.#calls.splice(0)) reject(reason);
    });
  }

  /**
   * Opens a connection with so many channels.
   * @param {number} port
   * @param {number} channels
   */
  static async open(port, channels = 1) {
    const connection = new Connection(connect(port, '127.0.0.1'));
    const started = connection.#answer();
    connection.socket.write(PROTOCOL_HEADER);
    await started;
    await connection.call(0, 'connection.start-ok', {
      clientProperties: new Map(),
      mechanism: 'PLAIN',
      response: Buffer.from('\0guest\0guest'),
      locale: 'en_US',
    });
    connection.send(0, 'connection.tune-ok', { channelMax: 2047, frameMax: FRAME_MAX, heartbeat: 0 });
    await connection.call(0, 'connection.open', { virtualHost: '/' });
    for (let channel = 1; channel <= channels; channel++) await connection.call(channel, 'channel.open', {});
    return connection;
  }

  /**
   * @param {number} channel
   * @param {Method['name']} name
   * @param {Record<string, unknown>} fields
   */
  send(channel, name, fields) {
    this.socket.write(encodeMethod(channel, build(name, fields)));
  }

  /**
   * Sends a method and takes its answer. Calls of one connection are answered in order here: at most one channel calls
   * at a time.
   * @param {number} channel
   * @param {Method['name']} name
   * @param {Record<string, unknown>} fields
   */
  call(channel, name, fields) {
    const answer = this.#answer();
    this.send(channel, name, fields);
    return answer;
  }

  /**
   * @param {number} channel
   * @param {string} exchange
   * @param {string} routingKey
   * @param {Message} message
   */
  publish(channel, exchange, routingKey, { id, body, persistent, priority }) {
    const target = `${channel} ${exchange} ${routingKey}`;
    let method = this.#publishes.get(target);
    if (method === undefined) {
      method = encodeMethod(channel, build('basic.publish', { exchange, routingKey }));
      this.#publishes.set(target, method);
    }
    const payload = 14 + 3 + id.length;
    const step = FRAME_MAX - 8;
    const frames = Math.ceil(body.length / step);
    const out = Buffer.allocUnsafe(method.length + payload + 8 + body.length + 8 * frames);
    out.set(method, 0);
    let at = method.length;
    at = out.writeUInt8(2, at);
    at = out.writeUInt16BE(channel, at);
    at = out.writeUInt32BE(payload, at);
    at = out.writeUInt32BE(60 << 16, at);
    at = out.writeBigUInt64BE(BigInt(body.length), at);
    at = out.writeUInt16BE(PROPERTIES, at);
    at = out.writeUInt8(persistent ? 2 : 1, at);
    at = out.writeUInt8(priority, at);
    at = out.writeUInt8(id.length, at);
    at += out.write(id, at, 'latin1');
    at = out.writeUInt8(0xce, at);
    for (let start = 0; start < body.length; start += step) {
      const part = body.subarray(start, start + step);
      at = out.writeUInt8(3, at);
      at = out.writeUInt16BE(channel, at);
      at = out.writeUInt32BE(part.length, at);
      out.set(part, at);
      at = out.writeUInt8(0xce, at + part.length);
    }
    return this.socket.write(out);
  }

  /** Cuts the socket. */
  cut() {
    this.socket.destroy();
  }

  /** @returns {Promise<any>} */
  #answer() {
    if (this.closed) return Promise.reject(new Gone());
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer in ${CALL_MS / 1000} s`)), CALL_MS);
      this.#calls.push({
        resolve: (method) => {
          clearTimeout(timer);
          resolve(method);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  /** @param {Buffer} bytes */
  #take(bytes) {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    let at = 0;
    while (all.length - at >= 8) {
      const end = at + 8 + all.readUInt32BE(at + 3);
      if (end > all.length) break;
      this.#frame(all.readUInt8(at), all.readUInt16BE(at + 1), all.subarray(at + 7, end - 1));
      at = end;
    }
    this.#rest = Buffer.from(all.subarray(at));
  }

  /**
   * @param {number} type
   * @param {number} channel
   * @param {Buffer} payload
   */
  #frame(type, channel, payload) {
    if (type === 1) return this.#method(channel, payload);
    const content = this.#content;
    if (content === null) return;
    if (type === 2) {
      content.missing = Number(payload.readBigUInt64BE(4));
      content.delivery.id = payload.toString('latin1', 17, 17 + payload.readUInt8(16));
    } else {
      content.parts.push(payload);
      content.missing -= payload.length;
    }
    if (content.missing > 0) return;
    this.#content = null;
    content.delivery.body =
      content.parts.length === 1 ? /** @type {Buffer} */ (content.parts[0]) : Buffer.concat(content.parts);
    this.onDelivery(content.delivery);
  }

  /**
   * @param {number} channel
   * @param {Buffer} payload
   */
  #method(channel, payload) {
    const id = payload.readUInt32BE(0);
    if (id === DELIVER) {
      const at = 5 + payload.readUInt8(4);
      const tag = Number(payload.readBigUInt64BE(at));
      const delivery = { channel, tag, redelivered: payload.readUInt8(at + 8) === 1, id: '', body: Buffer.alloc(0) };
      this.#content = { delivery, parts: [], missing: 0 };
    } else if (id === ACK) {
      this.onConfirm(channel, Number(payload.readBigUInt64BE(4)), payload.readUInt8(12) === 1);
    } else if (id === NACK || id === CHANNEL_CLOSE || id === CONNECTION_CLOSE) {
      const text = JSON.stringify(decodeMethod(payload), (_, value) =>
        typeof value === 'bigint' ? `${value}` : value,
      );
      if (!SHUTDOWN.test(text)) this.refusal ??= text;
      this.cut();
    } else {
      const method = decodeMethod(payload);
      if (!method.name.startsWith('connection.blocked') && !method.name.startsWith('connection.unblocked')) {
        this.#calls.shift()?.resolve(method);
      }
    }
  }
}
