/**
 * A client of AMQP within this thread, with one channel: what the HTTP API does to queues and exchanges it does as its
 * caller would, with the caller's rights and the broker's own answers. What must hold: one call at a time, each is
 * answered once, and whatever ends the session rejects the call that waits.
 */
import type { Duplex } from 'node:stream';
import { decodeMethod, encodeContent, encodeMethod, FrameType, PROTOCOL_HEADER, readFrame } from '../../amqp/frames.js';
import { decodeHeader, type Properties } from '../../amqp/properties.js';
import type { Method, MethodName, MethodOf } from '../../amqp/protocol.js';
import { table } from '../../amqp/table.js';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** The broker has refused something: an AMQP reply code and its text. */
export class Refused extends Error {
  constructor(
    readonly code: number,
    text: string,
  ) {
    super(text);
  }
}

/** The session is over, and the broker has not said why: it ends, or its connection was lost. */
export class SessionLost extends Error {}

export interface Content {
  readonly properties: Properties;
  readonly body: Uint8Array;
}

/** What a call has brought: the method that ended it, and the content that came with it or before it. */
interface Reply {
  readonly method: Method;
  readonly contents: readonly (Content & { readonly method: Method })[];
}

interface Waiting {
  readonly ends: readonly MethodName[];
  readonly contents: (Content & { readonly method: Method })[];
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const CHANNEL = 1;
/** What the session offers; the broker may want less. */
const FRAME_MAX = 131_072;

export class AmqpSession {
  readonly #stream: Duplex;
  #frameMax = FRAME_MAX;
  #rest: Uint8Array = new Uint8Array();
  #waiting: Waiting | null = null;
  #ended: Error | null = null;
  /** A content that is still coming. */
  #coming: { method: Method; properties: Properties; body: Uint8Array[]; missing: number } | null = null;

  private constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (chunk: Uint8Array) => this.#onData(chunk));
    stream.on('error', (error) => this.#end(new SessionLost(`the session with the broker was lost: ${error.message}`)));
    stream.on('close', () => this.#end(new SessionLost('the session with the broker was ended without a reason')));
  }

  /** Logs in, enters a vhost, and opens the channel. Rejects with `Refused`. */
  static async open(stream: Duplex, { user, password }: Credentials, vhost: string): Promise<AmqpSession> {
    const session = new AmqpSession(stream);
    const started = session.#wait(['connection.start']);
    stream.write(PROTOCOL_HEADER);
    await started;
    const tuned = session.#call(
      0,
      {
        name: 'connection.start-ok',
        clientProperties: table({
          product: 'Leveret management',
          connection_name: `HTTP API for ${user}`,
          capabilities: { authentication_failure_close: true, 'basic.nack': true, publisher_confirms: true },
        }),
        mechanism: 'PLAIN',
        response: Buffer.from(`\0${user}\0${password}`),
        locale: 'en_US',
      },
      'connection.tune',
    );
    const { frameMax, channelMax } = await tuned;
    session.#frameMax = Math.min(frameMax, FRAME_MAX);
    session.#send(0, { name: 'connection.tune-ok', channelMax, frameMax: session.#frameMax, heartbeat: 0 });
    await session.#call(0, { name: 'connection.open', virtualHost: vhost }, 'connection.open-ok');
    await session.#call(CHANNEL, { name: 'channel.open' }, 'channel.open-ok');
    return session;
  }

  /** Sends a method, resolves with what answers it. Rejects with `Refused`. */
  ask<N extends MethodName>(method: Method, end: N): Promise<MethodOf<N>> {
    return this.#call(CHANNEL, method, end);
  }

  /** Publishes a message with confirms (`confirm.select` has been asked for); whether it went to a queue. */
  async publish(exchange: string, routingKey: string, { properties, body }: Content): Promise<boolean> {
    const confirmed = this.#wait(['basic.ack', 'basic.nack']);
    this.#send(CHANNEL, { name: 'basic.publish', exchange, routingKey, mandatory: true, immediate: false });
    this.#stream.write(encodeContent(CHANNEL, properties, body, this.#frameMax));
    const { method, contents } = await confirmed;
    if (method.name === 'basic.nack') throw new Refused(541, 'the message was not taken');
    return contents.length === 0;
  }

  /** Takes one message; null: the queue is empty. */
  async get(queue: string, noAck: boolean): Promise<(Content & { readonly method: MethodOf<'basic.get-ok'> }) | null> {
    const got = this.#wait(['basic.get-ok', 'basic.get-empty']);
    this.#send(CHANNEL, { name: 'basic.get', queue, noAck });
    const { method, contents } = await got;
    const [content] = contents;
    return method.name !== 'basic.get-ok' || content === undefined ? null : { ...content, method };
  }

  /** Sends what is not answered. */
  tell(method: Method): void {
    this.#send(CHANNEL, method);
  }

  /** Leaves; what was taken and not acknowledged goes back. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const left = this.#call(
      0,
      { name: 'connection.close', replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 },
      'connection.close-ok',
    );
    await left.catch(() => {});
    this.#stream.destroy();
  }

  async #call<N extends MethodName>(channel: number, method: Method, end: N): Promise<MethodOf<N>> {
    const answered = this.#wait([end]);
    this.#send(channel, method);
    return (await answered).method as MethodOf<N>;
  }

  #send(channel: number, method: Method): void {
    this.#stream.write(encodeMethod(channel, method));
  }

  #wait(ends: readonly MethodName[]): Promise<Reply> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    if (this.#waiting !== null) throw new Error('one call at a time');
    return new Promise((resolve, reject) => {
      this.#waiting = { ends, contents: [], resolve, reject };
    });
  }

  #onData(chunk: Uint8Array): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let frame = readFrame(this.#rest); frame !== undefined; frame = readFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.length);
      this.#onFrame(frame.type, frame.payload);
    }
  }

  #onFrame(type: number, payload: Uint8Array): void {
    if (type === FrameType.METHOD) this.#onMethod(decodeMethod(payload));
    else if (type === FrameType.HEADER && this.#coming !== null) {
      const { bodySize, properties } = decodeHeader(payload);
      this.#coming = { ...this.#coming, properties, missing: bodySize };
      this.#completeContent();
    } else if (type === FrameType.BODY && this.#coming !== null) {
      this.#coming.body.push(payload);
      this.#coming.missing -= payload.length;
      this.#completeContent();
    }
  }

  #onMethod(method: Method): void {
    switch (method.name) {
      case 'connection.close':
      case 'channel.close':
        this.#send(method.name === 'channel.close' ? CHANNEL : 0, { name: `${method.name}-ok` });
        this.#end(new Refused(method.replyCode, method.replyText));
        this.#stream.end();
        return;
      case 'basic.return':
      case 'basic.deliver':
      case 'basic.get-ok':
        this.#coming = { method, properties: {}, body: [], missing: 0 };
        return;
      default:
        this.#answer(method);
    }
  }

  #completeContent(): void {
    const coming = this.#coming;
    if (coming === null || coming.missing > 0) return;
    this.#coming = null;
    const { method, properties, body } = coming;
    this.#waiting?.contents.push({ method, properties, body: Buffer.concat(body) });
    this.#answer(method);
  }

  #answer(method: Method): void {
    const waiting = this.#waiting;
    if (waiting?.ends.includes(method.name) !== true) return;
    this.#waiting = null;
    waiting.resolve({ method, contents: waiting.contents });
  }

  #end(error: Error): void {
    this.#ended ??= error;
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reject(this.#ended);
  }
}
