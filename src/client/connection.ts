/**
 * A connection of a client, with one channel. At first it asks and is answered, method by method; when it is handed to a
 * receiver, all that comes goes there as it was read. What must hold: what ends it is told once, in words that name the
 * broker; nothing is told of an end that was asked for.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AmqpError } from '../amqp/errors.js';
import {
  decodeMethod,
  encodeMethod,
  FRAME_OVERHEAD,
  FrameType,
  HEARTBEAT_FRAME,
  PROTOCOL_HEADER,
  readFrame,
} from '../amqp/frames.js';
import type { Method, MethodName, MethodOf } from '../amqp/protocol.js';
import { EMPTY_TABLE, type FieldTable, table } from '../amqp/table.js';
import { type Endpoint, endpointText } from './endpoint.js';
import { BrokenFrames, BrokerError, reasonOf } from './errors.js';
import { FRAME_MAX, type Part, type ThreadMemory } from './memory.js';

export const CHANNEL = 1;
const CONNECT_MS = 10_000;
const CLOSE_MS = 5000;
/** Two intervals, and a little. */
const SILENT_BEATS_MAX = 5;

/** How brokers are proven to be who they are, and clients. PEM. */
export interface TlsSettings {
  readonly authority: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  readonly isVerified: boolean;
}

export interface ConnectionSettings {
  readonly tls: TlsSettings;
  /** What the client calls itself. */
  readonly product: string;
  /** Proposed (s); 0: none. */
  readonly heartbeat: number;
}

/** Who takes what comes as it was read. */
export interface Receiver {
  /** Reads from `from` to `end`; returns what it has used up to. */
  onRead(view: DataView, from: number, end: number): number;
  /** What was written has all been taken by the system. */
  onDrain(): void;
}

interface Waiting {
  readonly answer: MethodName;
  resolve(method: Method): void;
  reject(error: Error): void;
}

const NOTHING = new Uint8Array(0);

export class Connection {
  /** The largest frame, with its head and end. */
  frameMax = FRAME_MAX;
  /** What the broker says of itself. */
  server: FieldTable = EMPTY_TABLE;
  readonly #endpoint: Endpoint;
  readonly #memory: ThreadMemory;
  readonly #socket: Socket;
  #onFailed: (error: BrokerError) => void = () => {};
  #receiver: Receiver | null = null;
  #waiting: Waiting | null = null;
  /** What has come and was not used: the start of a frame, or what a receiver does not want yet. */
  #rest: Uint8Array = NOTHING;
  /** The socket's descriptor; -1: it is reached through its stream alone. */
  #fd = -1;
  #state: 'open' | 'closing' | 'ended' = 'open';
  #isOpened = false;
  #isPaused = false;
  #heartbeats: NodeJS.Timeout | null = null;
  /** Halves of the interval in which nothing has come. */
  #silentBeats = 0;

  private constructor(endpoint: Endpoint, { tls }: ConnectionSettings, memory: ThreadMemory) {
    this.#endpoint = endpoint;
    this.#memory = memory;
    this.#socket = endpoint.isTls ? this.#connectTls(tls) : this.#connectTcp();
    this.#socket.setNoDelay(true);
    this.#socket.setTimeout(CONNECT_MS);
    this.#socket.on('timeout', () => this.#fail(`does not answer within ${CONNECT_MS / 1000} s`));
    this.#socket.on('drain', () => this.#receiver?.onDrain());
    this.#socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#fail(`${this.#isOpened ? 'is lost' : 'cannot be reached'}: ${reasonOf(error)}`),
    );
    this.#socket.on('end', () => this.#fail('has ended the connection'));
    this.#socket.on('close', () => this.#fail('has ended the connection'));
  }

  #connectTcp(): Socket {
    const { host, port } = this.#endpoint;
    const buffer = this.#memory.readBuffer;
    return connectTcp({ host, port, onread: { buffer, callback: (length) => this.#onRead(length) } });
  }

  #connectTls({ authority, certificate, key, isVerified }: TlsSettings): Socket {
    const { host, port } = this.#endpoint;
    const socket = connectTls({
      host,
      port,
      ca: authority ?? undefined,
      cert: certificate ?? undefined,
      key: key ?? undefined,
      rejectUnauthorized: isVerified,
      ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    });
    socket.on('data', (chunk: Buffer) => this.#onChunk(chunk));
    return socket;
  }

  /** Logs in, enters the vhost and opens the channel. Rejects with a `BrokerError`. */
  static async open(
    endpoint: Endpoint,
    settings: ConnectionSettings,
    memory: ThreadMemory,
    name: string,
  ): Promise<Connection> {
    const connection = new Connection(endpoint, settings, memory);
    try {
      await connection.#handshake(name, settings);
    } catch (error) {
      connection.#end();
      throw error;
    }
    return connection;
  }

  async #handshake(name: string, { heartbeat, tls, product }: ConnectionSettings): Promise<void> {
    const { user, password, vhost } = this.#endpoint;
    const started = this.#wait('connection.start');
    this.#socket.write(PROTOCOL_HEADER);
    const { mechanisms, serverProperties } = await started;
    this.server = serverProperties;
    const isExternal = tls.certificate !== null && mechanisms.split(' ').includes('EXTERNAL');
    const tune = await this.call(
      {
        name: 'connection.start-ok',
        clientProperties: table({
          product,
          connection_name: name,
          capabilities: {
            authentication_failure_close: true,
            'basic.nack': true,
            'connection.blocked': true,
            consumer_cancel_notify: true,
            publisher_confirms: true,
          },
        }),
        mechanism: isExternal ? 'EXTERNAL' : 'PLAIN',
        response: isExternal ? NOTHING : Buffer.from(`\0${user}\0${password}`),
        locale: 'en_US',
      },
      'connection.tune',
      0,
    );
    this.frameMax = tune.frameMax === 0 ? FRAME_MAX : Math.min(FRAME_MAX, tune.frameMax);
    const beat = tune.heartbeat === 0 ? heartbeat : Math.min(heartbeat, tune.heartbeat);
    this.tell({ name: 'connection.tune-ok', channelMax: tune.channelMax, frameMax: this.frameMax, heartbeat: beat }, 0);
    await this.call({ name: 'connection.open', virtualHost: vhost }, 'connection.open-ok', 0);
    await this.call({ name: 'channel.open' }, 'channel.open-ok');
    this.#isOpened = true;
    this.#beat(beat);
    this.#fd = this.#descriptor();
  }

  /** All that the broker sends counts as its heartbeat. */
  #beat(seconds: number): void {
    this.#socket.setTimeout(0);
    if (seconds === 0) return;
    this.#heartbeats = setInterval(
      () => {
        if (!this.#isPaused && ++this.#silentBeats > SILENT_BEATS_MAX) this.#fail('is silent: no heartbeat comes');
        else this.#socket.write(HEARTBEAT_FRAME);
      },
      (seconds * 1000) / 2,
    );
  }

  #descriptor(): number {
    if (this.#endpoint.isTls || this.#memory.direct === null) return -1;
    // What libuv knows of the socket; Node's types do not have it.
    const { _handle: handle } = this.#socket as unknown as { readonly _handle: { readonly fd?: number } | null };
    return handle?.fd ?? -1;
  }

  /** What ends it from now on is told here. */
  set onFailed(listener: (error: BrokerError) => void) {
    this.#onFailed = listener;
  }

  /** All that comes from now on goes to the receiver. */
  receive(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  /** Sends a method, resolves with its answer; one call at a time. */
  call<N extends MethodName>(method: Method, answer: N, channel = CHANNEL): Promise<MethodOf<N>> {
    const answered = this.#wait(answer);
    this.tell(method, channel);
    return answered;
  }

  tell(method: Method, channel = CHANNEL): void {
    if (this.#state !== 'ended') this.#socket.write(encodeMethod(channel, method));
  }

  async #wait<N extends MethodName>(answer: N): Promise<MethodOf<N>> {
    const method = await new Promise<Method>((resolve, reject) => {
      if (this.#state === 'ended') return reject(closed());
      this.#waiting = { answer, resolve, reject };
    });
    return method as MethodOf<N>;
  }

  /**
   * Writes the start of a part of the thread's memory. False: the system has not taken all of it; the receiver is told
   * when it has. `isKept`: the part stays as it is until then.
   */
  writePart({ offset, bytes }: Part, length: number, isKept: boolean): boolean {
    if (this.#state === 'ended') return false;
    const { direct } = this.#memory;
    const canGoAtOnce = this.#fd >= 0 && direct !== null && this.#socket.writableLength === 0;
    const sent = canGoAtOnce ? direct.fromMemory(this.#fd, offset, length) : 0;
    if (sent === length) return true;
    const rest = bytes.subarray(sent, length);
    this.#socket.write(isKept ? rest : rest.slice());
    return this.#socket.writableLength === 0;
  }

  /** Writes octets. False: the system has not taken all of them; the receiver is told when it has. */
  write(octets: Uint8Array): boolean {
    return this.#state === 'ended' || this.#socket.write(octets);
  }

  /** Whether something waits to be taken by the system. */
  get hasOutput(): boolean {
    return this.#socket.writableLength > 0;
  }

  #onRead(length: number): boolean {
    const end = FRAME_MAX + length;
    const from = FRAME_MAX - this.#rest.length;
    this.#memory.input.set(this.#rest, from);
    this.#use(this.#memory.inputView, from, end);
    return true;
  }

  #onChunk(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    this.#use(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
  }

  #use(view: DataView, from: number, end: number): void {
    this.#silentBeats = 0;
    try {
      const used = this.#receiver === null ? this.#converse(view, from, end) : this.#receiver.onRead(view, from, end);
      this.#rest = used === end ? NOTHING : bytesOf(view, used, end).slice();
      if (this.#rest.length > FRAME_MAX && !this.#isPaused) throw new BrokenFrames();
    } catch (error) {
      if (!(error instanceof BrokerError || error instanceof AmqpError)) throw error;
      this.#fail(error instanceof BrokerError ? error.message : `sends what is no frame: ${error.message}`);
    }
  }

  /** Stops reading; what the receiver has not used is kept. */
  pause(): void {
    this.#isPaused = true;
    this.#socket.pause();
  }

  /** Hands the receiver what was kept, and reads on unless it pauses again. */
  resume(): void {
    if (!this.#isPaused || this.#state === 'ended') return;
    this.#isPaused = false;
    const kept = this.#rest;
    this.#rest = NOTHING;
    this.#use(new DataView(kept.buffer, kept.byteOffset, kept.length), 0, kept.length);
    if (!this.#isPaused) this.#socket.resume();
  }

  #converse(view: DataView, from: number, end: number): number {
    let at = from;
    for (;;) {
      const frame = readFrame(bytesOf(view, at, end));
      if (frame === undefined) return at;
      at += frame.payload.length + FRAME_OVERHEAD;
      if (frame.type === FrameType.METHOD) this.onMethod(decodeMethod(frame.payload));
      const receiver: Receiver | null = this.#receiver;
      if (receiver !== null) return receiver.onRead(view, at, end);
    }
  }

  /** Takes a method of the conversation: an answer, or an end. */
  onMethod(method: Method): void {
    switch (method.name) {
      case 'connection.close':
        this.tell({ name: 'connection.close-ok' }, 0);
        return this.#fail(`has closed the connection: ${method.replyCode} ${method.replyText}`, method.replyCode);
      case 'channel.close':
        return this.#fail(`has closed the channel: ${method.replyCode} ${method.replyText}`, method.replyCode);
      case 'basic.cancel':
        return this.#fail('has cancelled a consumer: its queue is gone');
    }
    const waiting = this.#waiting;
    if (waiting?.answer !== method.name) return;
    this.#waiting = null;
    waiting.resolve(method);
  }

  /** Leaves; the broker has taken all that was written, unless it does not answer in time. */
  async close(): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing';
      this.resume();
      const late = setTimeout(() => this.#end(), CLOSE_MS);
      const bye = { name: 'connection.close', replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 } as const;
      await this.call(bye, 'connection.close-ok', 0).catch(() => {});
      clearTimeout(late);
    }
    this.#end();
  }

  #fail(reason: string, replyCode: number | null = null): void {
    if (this.#state === 'ended') return;
    const error = new BrokerError(`${endpointText(this.#endpoint)} ${reason}`, replyCode);
    const isTold = this.#state === 'open' && this.#waiting === null;
    this.#end(error);
    if (isTold) this.#onFailed(error);
  }

  #end(error: Error = closed()): void {
    this.#state = 'ended';
    if (this.#heartbeats !== null) clearInterval(this.#heartbeats);
    this.#socket.destroy();
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

function closed(): BrokerError {
  return new BrokerError('the connection is closed');
}

function bytesOf(view: DataView, from: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + from, end - from);
}
