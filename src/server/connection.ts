/**
 * One client's connection: from the protocol header to the close. Owns the socket and the channels. Reads go to the core;
 * what the core does not take comes here frame by frame. What must hold: frames are handled in the order in which they came.
 * While one must wait, for the coordinator or for memory, the socket is not read and the rest of the read is kept.
 */
import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { AmqpError, connectionError, replyCode } from '../amqp/errors.js';
import { decodeMethod, encodeMethod, FrameType, HEARTBEAT_FRAME, PROTOCOL_HEADER } from '../amqp/frames.js';
import { type ClientMethod, fromClient, type Method, type MethodOf, methodId } from '../amqp/protocol.js';
import type { Answer, ConnectionId, Request } from '../broker/requests.js';
import { Content, type Connection as CoreConnection, Stop } from '../engine/engine.js';
import { authenticate } from './auth.js';
import { Channel, type ChannelMethod } from './channel.js';
import { badFrameEnd, misplacedFrame, oversizeFrame } from './frame-fault.js';
import { type ClientCapabilities, clientCapabilities, LOCALES, MECHANISMS, serverProperties } from './identity.js';
import { Outlet } from './outlet.js';
import { installRoute, publishAsked } from './publishing.js';
import { Pulse } from './pulse.js';
import type { Granted, Host, Session } from './session.js';
import { type Limits, negotiate, OFFER } from './tune.js';
import type { Peer } from './turn.js';

/** How far a connection has come. `starting` to `running` are RabbitMQ's names, which its error texts carry. */
type State =
  | 'header'
  | 'starting'
  | 'tuning'
  | 'opening'
  | 'running'
  /** Close was sent or received; only the closing methods count. */
  | 'closing'
  /** The stream cannot be understood any more, or nothing in it counts: it is read and dropped. */
  | 'deaf'
  | 'closed';

/** Why reading has stopped. */
type Hold = 'none' | 'work' | 'memory';

type Outcome = Promise<void> | void;

/** An accepted socket: by its descriptor, or as the handle that accepted it, where descriptors cannot be duplicated. */
export type Source = { readonly fd: number } | { readonly handle: unknown };

export class Connection implements Session, Peer {
  readonly id: ConnectionId;
  readonly core: CoreConnection;
  readonly host: Host;
  readonly #socket: Socket;
  readonly #outlet: Outlet;
  readonly #pulse: Pulse;
  readonly #loopback: boolean;
  readonly #channels = new Map<number, Channel>();
  readonly #header: number[] = [];
  #state: State = 'header';
  #hold: Hold = 'none';
  /** What the last read brought and could not be taken yet. */
  #rest: Uint8Array | null = null;
  /** Takes the coordinator's answer, while one is due. */
  #answer: ((answer: Answer) => void) | null = null;
  /** Whether the coordinator may know of this connection. */
  #registered = false;
  /** Whether the client was told that it is held back. */
  #blocked = false;
  #limits: Limits = OFFER;
  #vhost = '';
  #capabilities: ClientCapabilities = { consumerCancelNotify: false, connectionBlocked: false };

  constructor(host: Host, id: ConnectionId, core: CoreConnection, source: Source, loopback: boolean) {
    this.host = host;
    this.id = id;
    this.core = core;
    this.#loopback = loopback;
    this.#pulse = new Pulse(performance.now());
    const onread: OnReadOpts = { buffer: host.readBuffer, callback: (length) => this.#onRead(length) };
    // Node's types know `onread` for outgoing connections only.
    this.#socket = new Socket({ ...source, readable: true, writable: true, onread } as unknown as SocketConstructorOpts);
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('end', () => this.#pulse.close(performance.now()));
    this.#socket.on('close', () => this.#onClosed());
    this.#outlet = new Outlet(host.engine, host.turn, core, this.#socket);
    this.#socket.resume();
  }

  get vhost(): string {
    return this.#vhost;
  }

  get capabilities(): ClientCapabilities {
    return this.#capabilities;
  }

  send(channel: number, method: Method): void {
    this.#outlet.send(encodeMethod(channel, method));
  }

  outputIdle(): Promise<void> | null {
    return this.#outlet.idle();
  }

  writeOutput(): void {
    this.#outlet.writeOutput();
  }

  ask(request: Request): Promise<Granted> {
    this.#registered = true;
    this.host.ask(this.id, request);
    return new Promise((resolve, reject) => {
      this.#answer = (answer) => {
        if (answer.ok) return resolve(answer);
        const { scope, code, text } = answer.refusal;
        reject(new AmqpError(scope, code, text));
      };
    });
  }

  /** The coordinator's answer to `ask`. */
  answered(answer: Answer): void {
    const take = this.#answer;
    this.#answer = null;
    take?.(answer);
  }

  /** Time has passed. */
  tick(now: number): void {
    const { bytesRead, bytesWritten, writableLength } = this.#socket;
    const due = this.#pulse.tick(now, {
      bytesRead,
      bytesSent: bytesWritten - writableLength,
      sending: writableLength > 0,
      reading: this.#hold === 'none',
    });
    if (due === 'drop') this.#socket.destroy();
    if (due !== 'heartbeat') return;
    this.host.turn.begin();
    this.#outlet.send(HEARTBEAT_FRAME);
  }

  /** The broker ends: tells the client why. */
  shutdown(): void {
    if (this.#state !== 'running') {
      this.#socket.destroy();
      return;
    }
    const reason = "broker forced connection closure with reason 'shutdown'";
    this.#closeWith(connectionError(replyCode.CONNECTION_FORCED, reason));
  }

  /** There may be memory again for what was held back. */
  retry(): void {
    if (this.#hold !== 'memory') return;
    this.#hold = 'none';
    this.#resume();
    if (this.#isHeld('memory') || !this.#blocked) return;
    this.#blocked = false;
    this.send(0, { name: 'connection.unblocked' });
  }

  /** Asks anew: what was called meanwhile may have changed it. */
  #isHeld(hold: Hold): boolean {
    return this.#hold === hold;
  }

  // ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────

  #onRead(length: number): boolean {
    const { engine, turn } = this.host;
    turn.beginRead();
    let offset = engine.readOffset;
    const end = offset + length;
    if (this.#state === 'header') offset += this.#takeHeader(offset, length);
    if (offset < end) this.#scan(offset, end - offset);
    turn.endRead();
    return this.#hold === 'none';
  }

  /** Lets the core take the bytes, and handles what it stops at. */
  #scan(start: number, size: number): void {
    const { engine } = this.host;
    let offset = start;
    let length = size;
    while (this.#hold === 'none') {
      if (this.#state === 'deaf' || this.#state === 'closed') return;
      const stop = engine.ingest(this.core, offset, length);
      offset += engine.consumed;
      length -= engine.consumed;
      if (stop === Stop.END) return;
      this.#onStop(stop);
    }
    this.#rest = engine.bytes.slice(offset, offset + length);
  }

  #onStop(stop: Exclude<Stop, typeof Stop.END>): void {
    const { engine } = this.host;
    switch (stop) {
      case Stop.FRAME:
        return this.#onFrame(engine.bytes.slice(engine.frameOffset, engine.frameOffset + engine.frameLength));
      case Stop.ROUTE:
        return this.#work(engine.stopChannel, () => installRoute(this));
      case Stop.MESSAGE:
        return this.#work(engine.stopChannel, () => this.#publish(engine.stopChannel));
      case Stop.MEMORY:
        return this.#holdForMemory();
      case Stop.TOPOLOGY:
        return this.host.syncTopology();
      case Stop.OVERSIZE:
        return this.#deafen(oversizeFrame(this.#payloadSize(engine.frameOffset), this.#limits.frameMax));
      case Stop.FRAME_END:
        return this.#deafen(badFrameEnd());
      default:
        return stop satisfies never;
    }
  }

  #publish(channel: number): Outcome {
    const open = this.#channels.get(channel);
    if (open === undefined) throw new Error(`the core stopped at a message of channel ${channel}, which is not open`);
    return publishAsked(this, open.core, this.host.engine.stopMessage);
  }

  /** Does what a frame asks for. If that must wait, so does the rest of the stream. */
  #work(channel: number, work: () => Outcome): void {
    let outcome: Outcome;
    try {
      outcome = work();
    } catch (error) {
      outcome = this.#fail(channel, error);
    }
    const pending = outcome?.catch((error: unknown) => this.#fail(channel, error)) ?? this.#outlet.clogged();
    if (pending === null) return;
    this.#hold = 'work';
    // A rejection here is a defect: nobody catches it, and it ends the process.
    pending.then(() => this.#proceed());
  }

  /** What was waited for is there. */
  #proceed(): void {
    if (this.#hold !== 'work') return;
    this.host.turn.begin();
    this.#hold = 'none';
    this.#resume();
  }

  /** Takes what is left of the last read, then reads on. */
  #resume(): void {
    const rest = this.#rest;
    this.#rest = null;
    if (rest !== null && rest.length > 0) {
      const { engine } = this.host;
      engine.bytes.set(rest, engine.readOffset);
      this.#scan(engine.readOffset, rest.length);
    }
    if (this.#hold === 'none') this.#socket.resume();
  }

  #holdForMemory(): void {
    this.#hold = 'memory';
    this.host.turn.hold(this);
    if (this.#blocked || !this.#capabilities.connectionBlocked) return;
    this.#blocked = true;
    this.send(0, { name: 'connection.blocked', reason: 'low on memory' });
  }

  #payloadSize(offset: number): number {
    const head = this.host.engine.bytes.slice(offset, offset + 7);
    return new DataView(head.buffer).getUint32(3);
  }

  // ── Frames ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes what belongs to the protocol header; returns how many bytes do. */
  #takeHeader(offset: number, length: number): number {
    const missing = PROTOCOL_HEADER.length - this.#header.length;
    const bytes = this.host.engine.bytes.slice(offset, offset + Math.min(length, missing));
    this.#header.push(...bytes);
    const kind = headerKind(this.#header);
    if (kind === 'wrong') {
      this.#outlet.send(PROTOCOL_HEADER);
      this.#end();
    } else if (kind === 'amqp') {
      this.#state = 'starting';
      this.send(0, {
        name: 'connection.start',
        versionMajor: 0,
        versionMinor: 9,
        serverProperties: serverProperties(),
        mechanisms: MECHANISMS,
        locales: LOCALES,
      });
    }
    return bytes.length;
  }

  #onFrame(frame: Uint8Array): void {
    const type = frame[0] ?? 0;
    const number = ((frame[1] ?? 0) << 8) | (frame[2] ?? 0);
    const payload = frame.subarray(7, -1);
    this.#work(number, () => (number === 0 ? this.#onControl(type, payload) : this.#onChannel(type, number, payload)));
  }

  /** A frame on channel 0. */
  #onControl(type: number, payload: Uint8Array): Outcome {
    if (type === FrameType.HEARTBEAT) return;
    if (type !== FrameType.METHOD) {
      if (this.#state !== 'closing') throw misplacedFrame(type, 0, payload, Content.NONE);
      return;
    }
    const method = clientMethod(payload);
    if (this.#state === 'closing') return this.#onClosing(method);
    switch (method.name) {
      case 'connection.start-ok':
        if (this.#state === 'starting') return this.#authenticate(method);
        break;
      case 'connection.tune-ok':
        if (this.#state === 'tuning') return this.#tune(method);
        break;
      case 'connection.open':
        if (this.#state === 'opening') return this.#open(method);
        break;
      case 'connection.update-secret':
        if (this.#state === 'running') return this.send(0, { name: 'connection.update-secret-ok' });
        break;
      case 'connection.close':
        return this.#closeForClient();
    }
    const explanation = `unexpected method in connection state ${this.#state}`;
    throw connectionError(replyCode.CHANNEL_ERROR, explanation, methodId(method.name));
  }

  #authenticate(method: MethodOf<'connection.start-ok'>): void {
    authenticate(method.mechanism, method.response, this.#loopback);
    this.#capabilities = clientCapabilities(method.clientProperties);
    this.#state = 'tuning';
    this.send(0, { name: 'connection.tune', ...OFFER });
  }

  #tune(method: MethodOf<'connection.tune-ok'>): void {
    this.#limits = negotiate(method);
    this.host.engine.setFrameMax(this.core, this.#limits.frameMax);
    this.#state = 'opening';
  }

  #open(method: MethodOf<'connection.open'>): void {
    const vhost = method.virtualHost;
    if (!this.host.view.hasVhost(vhost)) {
      throw connectionError(replyCode.NOT_ALLOWED, `vhost ${vhost} not found`, methodId(method.name));
    }
    this.#vhost = vhost;
    this.host.engine.setVhost(this.core, this.host.vhostNumber(vhost));
    this.#state = 'running';
    this.#pulse.run(performance.now(), this.#limits.heartbeat);
    this.send(0, { name: 'connection.open-ok' });
  }

  /** A frame on another channel. */
  #onChannel(type: number, number: number, payload: Uint8Array): Outcome {
    if (this.#state === 'closing') return;
    const channel = this.#channels.get(number);
    const state = channel === undefined ? Content.NONE : this.host.engine.contentState(channel.core);
    if (type !== FrameType.METHOD || state !== Content.NONE) throw misplacedFrame(type, number, payload, state);
    const method = clientMethod(payload);
    if (this.#state !== 'running') {
      const explanation = `unexpected method in connection state ${this.#state}`;
      throw connectionError(replyCode.CHANNEL_ERROR, explanation, methodId(method.name));
    }
    if (channel === undefined) return this.#openChannel(number, method);
    switch (method.name) {
      case 'channel.open':
        throw connectionError(replyCode.CHANNEL_ERROR, "second 'channel.open' seen", methodId(method.name));
      case 'channel.close':
        return this.#closeChannel(channel);
      case 'channel.close-ok':
        // Without a close of ours there is nothing to say to it, as in RabbitMQ.
        return channel.closing ? this.#freeChannel(channel) : undefined;
    }
    if (!isChannelMethod(method)) throw unimplemented(method);
    return channel.handle(method);
  }

  #openChannel(number: number, method: ClientMethod): void {
    if (method.name !== 'channel.open') {
      throw connectionError(replyCode.CHANNEL_ERROR, "expected 'channel.open'", methodId(method.name));
    }
    const { channelMax } = this.#limits;
    if (this.#channels.size >= channelMax) {
      const explanation = `number of channels opened (${this.#channels.size}) has reached the negotiated channel_max (${channelMax})`;
      throw connectionError(replyCode.NOT_ALLOWED, explanation, methodId(method.name));
    }
    if (number > channelMax) {
      const explanation = `channel number ${number} is above the negotiated channel_max (${channelMax})`;
      throw connectionError(replyCode.NOT_ALLOWED, explanation, methodId(method.name));
    }
    const core = this.host.engine.openChannel(this.core, number);
    if (core === 0) throw connectionError(replyCode.RESOURCE_ERROR, 'no memory for a channel', methodId(method.name));
    this.#channels.set(number, new Channel(this, number, core));
    this.send(number, { name: 'channel.open-ok' });
  }

  async #closeChannel(channel: Channel): Promise<void> {
    // Both sides closing at once: the client's close is answered, its answer to ours is still due.
    if (channel.closing) return this.send(channel.number, { name: 'channel.close-ok' });
    await channel.close();
    this.#freeChannel(channel);
    this.send(channel.number, { name: 'channel.close-ok' });
  }

  #freeChannel(channel: Channel): void {
    this.host.engine.freeChannel(channel.core);
    this.#channels.delete(channel.number);
  }

  // ── Errors and the end ───────────────────────────────────────────────────────────────────────────────────────

  /** Tells the client what it did wrong. Anything else that was thrown is a defect, and goes on. */
  #fail(number: number, error: unknown): Outcome {
    if (!(error instanceof AmqpError)) throw error;
    const channel = this.#channels.get(number);
    if (error.scope === 'connection' || channel === undefined) return this.#closeWith(error);
    if (!channel.closing) return this.#refuseChannel(channel, error);
  }

  async #refuseChannel(channel: Channel, error: AmqpError): Promise<void> {
    await channel.close();
    this.send(channel.number, { name: 'channel.close', ...reasonOf(error) });
  }

  /** An error after which the stream cannot be followed. */
  #deafen(error: AmqpError): void {
    this.#closeWith(error);
    this.#state = 'deaf';
  }

  /** Sends connection.close; what the client has is given up at once. */
  #closeWith(error: AmqpError): void {
    if (this.#state === 'closing' || this.#state === 'deaf' || this.#state === 'closed') return;
    this.host.turn.begin();
    this.#abandon();
    this.#leave();
    this.send(0, { name: 'connection.close', ...reasonOf(error) });
    if (this.#hold === 'none') return;
    // Whatever was waited for does not matter any more, but the client's close-ok does.
    this.#hold = 'none';
    this.host.turn.release(this);
    this.#resume();
  }

  async #closeForClient(): Promise<void> {
    this.#abandon();
    if (this.#registered) {
      this.#registered = false;
      await this.#disconnected();
    }
    this.send(0, { name: 'connection.close-ok' });
    this.#end();
  }

  /** Ends all channels; from now on only the closing methods count. */
  #abandon(): void {
    this.#state = 'closing';
    this.#pulse.close(performance.now());
    this.#answer = null;
    for (const channel of this.#channels.values()) {
      this.host.engine.closeChannel(channel.core);
      channel.abandon();
    }
  }

  async #disconnected(): Promise<void> {
    await this.ask({ op: 'disconnect' });
    this.#registered = false;
  }

  /** Tells the coordinator that the connection is gone, without waiting for its answer. */
  #leave(): void {
    if (!this.#registered) return;
    this.#registered = false;
    this.host.ask(this.id, { op: 'disconnect' });
  }

  #onClosing(method: ClientMethod): void {
    if (method.name === 'connection.close') this.send(0, { name: 'connection.close-ok' });
    if (method.name === 'connection.close-ok') this.#end();
  }

  /** Everything is said: sends what is left and waits for the other side to hang up. */
  #end(): void {
    this.#state = 'deaf';
    this.#pulse.close(performance.now());
    this.#socket.end();
  }

  #onClosed(): void {
    this.host.turn.begin();
    this.host.turn.release(this);
    this.#state = 'closed';
    this.#answer = null;
    this.#rest = null;
    for (const channel of this.#channels.values()) channel.abandon();
    this.#channels.clear();
    this.host.engine.closeConnection(this.core);
    this.#leave();
    this.host.closed(this.id);
  }
}

type HeaderKind = 'incomplete' | 'amqp' | 'wrong';

/** 0-9-1, and 0-9 as RabbitMQ takes it; anything that starts otherwise is refused at its first wrong octet. */
function headerKind(bytes: readonly number[]): HeaderKind {
  const accepted = [PROTOCOL_HEADER, Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9)];
  if (!accepted.some((header) => bytes.every((byte, index) => byte === header[index]))) return 'wrong';
  return bytes.length < PROTOCOL_HEADER.length ? 'incomplete' : 'amqp';
}

/** Decodes a method that a client may send. */
function clientMethod(payload: Uint8Array): ClientMethod {
  const method = decodeMethod(payload);
  if (isClientMethod(method)) return method;
  throw unimplemented(method);
}

function isClientMethod(method: Method): method is ClientMethod {
  return fromClient(method.name);
}

function isChannelMethod(method: ClientMethod): method is ChannelMethod {
  return !method.name.startsWith('connection.');
}

function unimplemented(method: Method): AmqpError {
  return connectionError(replyCode.COMMAND_INVALID, 'unimplemented method', methodId(method.name));
}

function reasonOf(error: AmqpError): { replyCode: number; replyText: string; classId: number; methodId: number } {
  return { replyCode: error.code, replyText: error.text, classId: error.classId, methodId: error.methodId };
}
