/**
 * A client at the level of frames, for tests that say what is sent octet by octet and look at everything that comes
 * back. It takes the stream apart, gives each channel its frames, answers close with close-ok, and does nothing else by
 * itself.
 */
import { connect, type Socket } from 'node:net';
import {
  decodeMethod,
  encodeFrame,
  encodeMethod,
  FrameType,
  HEARTBEAT_FRAME,
  PROTOCOL_HEADER,
  readFrame,
} from '../../src/amqp/frames.js';
import { decodeHeader } from '../../src/amqp/properties.js';
import type { Method, MethodOf } from '../../src/amqp/protocol.js';
import { type FieldTable, table } from '../../src/amqp/table.js';
import type { Broker } from './broker.js';
import { build, type Closing, type Fields } from './methods.js';
import { RawChannel } from './raw-channel.js';
import { deferred, Inbox, PATIENCE_MS, within } from './waiting.js';

export interface OpenOptions {
  readonly capabilities?: Readonly<Record<string, boolean>>;
  readonly mechanism?: string;
  readonly response?: Uint8Array;
  /** What tune-ok asks for; what is left out is taken as the broker offers it. */
  readonly tune?: Fields<'connection.tune-ok'>;
  readonly virtualHost?: string;
  /** What the client calls the connection. */
  readonly name?: string;
}

/** What this client can do, as modern clients announce it. */
const CAPABILITIES = {
  publisher_confirms: true,
  consumer_cancel_notify: true,
  'basic.nack': true,
  'connection.blocked': true,
  authentication_failure_close: true,
};

export class RawClient {
  /** Methods on channel 0 other than close. */
  readonly methods = new Inbox<Method>();
  readonly heartbeats = new Inbox<true>();
  /** The octets that came before the first frame; the broker's protocol header, if it answered with one. */
  greeting: Buffer = Buffer.alloc(0);
  frameMax = 4096;
  channelMax = 0;
  serverProperties: FieldTable = new Map();
  readonly #channels = new Map<number, RawChannel>();
  /** Why the broker closed the connection, once it has said so. */
  closing: Closing | null = null;
  readonly #closing = deferred<Closing>();
  readonly #ended = deferred<void>();
  #rest: Buffer = Buffer.alloc(0);
  /** Whether what is written waits for the rest of its turn. */
  #gathers = false;

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    // A reset is an end like any other here: the tests ask what was said before it.
    socket.on('error', () => {});
    socket.on('close', () => this.#end(new Error('the socket was closed')));
  }

  /** Opens the socket and says nothing. */
  /** `from`: an address of this machine to come from. */
  static async dial(broker: Broker, from?: string): Promise<RawClient> {
    const socket = connect(from === undefined ? broker.address : { ...broker.address, localAddress: from });
    const client = new RawClient(socket);
    await within(PATIENCE_MS, 'the socket to connect', new Promise<void>((resolve) => socket.once('connect', resolve)));
    return client;
  }

  /** Opens a connection through the whole handshake. */
  static async open(broker: Broker, options: OpenOptions = {}): Promise<RawClient> {
    const client = await RawClient.dial(broker);
    const tune = await client.startUp(options);
    client.tune({ ...tune, heartbeat: 0, ...options.tune });
    client.send('connection.open', { virtualHost: options.virtualHost ?? '/' });
    await client.expect('connection.open-ok');
    return client;
  }

  /** The handshake as far as the broker's tune. */
  async startUp(options: OpenOptions = {}): Promise<MethodOf<'connection.tune'>> {
    this.write(PROTOCOL_HEADER);
    const start = await this.expect('connection.start');
    this.serverProperties = start.serverProperties;
    this.send('connection.start-ok', {
      clientProperties: table({
        product: 'test',
        capabilities: { ...CAPABILITIES, ...options.capabilities },
        ...(options.name !== undefined && { connection_name: options.name }),
      }),
      mechanism: options.mechanism ?? 'PLAIN',
      response: options.response ?? Buffer.from('\0guest\0guest'),
      locale: 'en_US',
    });
    return this.expect('connection.tune');
  }

  tune(limits: Fields<'connection.tune-ok'>): void {
    const { channelMax = 2047, frameMax = 131_072, heartbeat = 0 } = limits;
    this.frameMax = frameMax;
    this.channelMax = channelMax;
    this.send('connection.tune-ok', { channelMax, frameMax, heartbeat });
  }

  // ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** What is written in one go leaves together, before anything that happens later. */
  write(bytes: Uint8Array): void {
    if (!this.#gathers) {
      this.#gathers = true;
      this.socket.cork();
      process.nextTick(() => this.#flush());
    }
    this.socket.write(bytes);
  }

  #flush(): void {
    if (!this.#gathers) return;
    this.#gathers = false;
    this.socket.uncork();
  }

  /** Writes a method on channel 0. */
  send<N extends Method['name']>(name: N, fields: Fields<N> = {}): void {
    this.write(encodeMethod(0, build(name, fields)));
  }

  frame(type: number, channel: number, payload: Uint8Array): void {
    // Types that the protocol does not have are what some tests are about.
    this.write(encodeFrame(type as FrameType, channel, payload));
  }

  heartbeat(): void {
    this.write(HEARTBEAT_FRAME);
  }

  // ── Channels ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** A channel as this side sees it; nothing is sent. */
  channel(number: number): RawChannel {
    let channel = this.#channels.get(number);
    if (channel === undefined) {
      channel = new RawChannel(this, number);
      this.#channels.set(number, channel);
    }
    return channel;
  }

  async openChannel(number = this.#channels.size + 1): Promise<RawChannel> {
    this.#channels.delete(number);
    const channel = this.channel(number);
    await channel.call('channel.open');
    return channel;
  }

  // ── What comes back ──────────────────────────────────────────────────────────────────────────────────────────

  /** The next method on channel 0, which must be this one. */
  async expect<N extends Method['name']>(name: N): Promise<MethodOf<N>> {
    const method = await this.methods.next(name);
    if (method.name !== name) throw new Error(`expected ${name}, got ${method.name}`);
    return method as MethodOf<N>;
  }

  /** What the broker said when it closed the connection; fails when it said nothing. */
  async failure(): Promise<Closing> {
    const closing = await within(PATIENCE_MS, 'the broker to close the connection', this.#closing.promise);
    await this.ended();
    return closing;
  }

  /** Resolves when the socket is closed. */
  ended(ms = PATIENCE_MS): Promise<void> {
    return within(ms, 'the socket to be closed', this.#ended.promise);
  }

  /** Proves that the connection works: a round trip that the broker must answer. */
  async ping(): Promise<void> {
    const channel = await this.openChannel();
    await channel.close();
    this.#channels.delete(channel.number);
  }

  /** Closes in good order. */
  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    this.send('connection.close', { replyCode: 200, replyText: 'done' });
    await this.ended();
  }

  /** Cuts the socket. */
  cut(): void {
    this.#flush();
    this.socket.resetAndDestroy();
  }

  #onData(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#rest.subarray(0, 4).equals(PROTOCOL_HEADER.subarray(0, 4))) {
      this.greeting = this.#rest;
      return;
    }
    try {
      this.#takeFrames();
    } catch (error) {
      // Whoever waits for an answer learns that what came could not be read.
      this.#end(error as Error);
      this.socket.destroy();
    }
  }

  #takeFrames(): void {
    for (let frame = readFrame(this.#rest); frame !== undefined; frame = readFrame(this.#rest)) {
      this.#rest = this.#rest.subarray(frame.length);
      this.#onFrame(frame.type, frame.channel, frame.payload);
      const channel = this.#channels.get(frame.channel);
      if (channel !== undefined) channel.longestFrame = Math.max(channel.longestFrame, frame.length);
    }
  }

  #onFrame(type: number, channel: number, payload: Uint8Array): void {
    if (type === FrameType.METHOD) this.#onMethod(channel, decodeMethod(payload));
    else if (type === FrameType.HEADER) this.channel(channel).onHeader(decodeHeader(payload));
    else if (type === FrameType.BODY) this.channel(channel).onBody(payload);
    else if (type === FrameType.HEARTBEAT) this.heartbeats.push(true);
    else throw new Error(`the broker sent a frame of type ${type}`);
  }

  #onMethod(channel: number, method: Method): void {
    if (channel !== 0) {
      this.channel(channel).onMethod(method);
    } else if (method.name === 'connection.close') {
      const { name: _, ...closing } = method;
      this.closing = closing;
      this.#closing.resolve(closing);
      this.send('connection.close-ok');
      this.socket.end();
    } else if (method.name === 'connection.close-ok') {
      this.socket.end();
    } else {
      this.methods.push(method);
    }
  }

  #end(reason: Error): void {
    this.#closing.reject(reason);
    this.#ended.resolve();
    this.methods.end(reason);
    this.heartbeats.end(reason);
    for (const channel of this.#channels.values()) channel.end(reason);
  }
}
