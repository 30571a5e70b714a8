/**
 * One client's connection: from the protocol header to the close. Owns the transport and the channels; reader and writer
 * carry its bytes, and hot frames never come here. What must hold: once close was sent or received only the
 * closing methods count, and everything that the client had is given up at once.
 */
import { AmqpError, connectionError, replyCode } from '../amqp/errors.js';
import { decodeMethod, encodeMethod, FrameType, HEARTBEAT_FRAME, PROTOCOL_HEADER } from '../amqp/frames.js';
import { type ClientMethod, fromClient, type Method, type MethodName, type MethodOf } from '../amqp/protocol.js';
import type {
  Answer,
  ConnectionId,
  Granted,
  Notice,
  QueueId,
  Request,
  RequestAhead,
} from '../broker/requests/requests.js';
import { Content, type Connection as CoreConnection } from '../engine/engine.js';
import { Doing } from '../event-loop/progress.js';
import { Channel, type ChannelMethod } from './channel.js';
import { channelOf } from './consuming/channel-consumers.js';
import { failure, reasonOf, refusalError } from './errors/errors.js';
import { badFrameEnd, misplacedFrame, oversizeFrame } from './errors/frame-fault.js';
import { authenticate } from './handshake/auth.js';
import {
  type ClientCapabilities,
  clientCapabilities,
  connectionName,
  LOCALES,
  mechanisms,
  NO_CAPABILITIES,
  serverProperties,
} from './handshake/identity.js';
import { type Limits, negotiate, OFFER } from './handshake/tune.js';
import { AskedAhead, type Pending } from './session/asked-ahead.js';
import type { Host, Session } from './session/session.js';
import { isOnThisMachine } from './transport/endpoint.js';
import { Heartbeat } from './transport/heartbeat.js';
import { ConnectionReader, type Outcome, type Receiver } from './transport/reader.js';
import type { OpenTransport, Transport, TransportEvents } from './transport/transport.js';
import { ConnectionWriter } from './transport/writer.js';

/** How far a connection has come. All but `closed` are RabbitMQ's names, which its error texts carry. */
type State = 'starting' | 'tuning' | 'opening' | 'running' | 'closing' | 'closed';

export class Connection implements Session, Receiver, TransportEvents {
  readonly id: ConnectionId;
  readonly core: CoreConnection;
  readonly host: Host;
  readonly #transport: Transport;
  readonly #reader: ConnectionReader;
  readonly #writer: ConnectionWriter;
  readonly #heartbeat: Heartbeat;
  readonly #channels = new Map<number, Channel>();
  #state: State = 'starting';
  /** Take the coordinator's answers that are due, in the order of the requests. */
  #takers: ((answer: Answer) => void)[] = [];
  /** Hears that the request that was asked ahead last is granted; null: all that was asked ahead is decided. */
  #onGranted: ((answer: Granted) => void) | null = null;
  /** What is granted and not answered. */
  readonly ahead = new AskedAhead();
  /** Whether the coordinator may know of this connection. */
  #registered = false;
  #limits: Limits = OFFER;
  #vhost = '';
  #user = '';
  #name: string | null = null;
  #capabilities: ClientCapabilities = NO_CAPABILITIES;

  constructor(host: Host, id: ConnectionId, core: CoreConnection, open: OpenTransport) {
    this.host = host;
    this.id = id;
    this.core = core;
    this.#heartbeat = new Heartbeat(performance.now());
    this.#reader = new ConnectionReader(host, core, this);
    this.#transport = open(this);
    this.#writer = new ConnectionWriter(host.engine, host.eventLoop, core, this.#transport);
  }

  onRead(length: number): boolean {
    this.host.eventLoop.progress.turnTo(Doing.READING, this.id);
    return this.#reader.read(length);
  }

  get vhost(): string {
    return this.#vhost;
  }

  get user(): string {
    return this.#user;
  }

  get capabilities(): ClientCapabilities {
    return this.#capabilities;
  }

  send(channel: number, method: Method): void {
    this.#writer.send(encodeMethod(channel, method));
  }

  sendTogether(work: () => void): void {
    this.#transport.cork();
    try {
      work();
    } finally {
      this.#transport.uncork();
    }
  }

  outputIdle(): Promise<void> | null {
    return this.#writer.idle();
  }

  /** Writes the chunk that the core has just given out for this connection. */
  writeOutput(): void {
    this.#writer.writeOutput();
  }

  ask(method: MethodName, request: Request): Promise<Granted> {
    return new Promise((resolve, reject) => {
      this.#request(request, (answer) => {
        if (answer.ok) resolve(answer);
        else reject(refusalError(answer.refusal, method));
      });
    });
  }

  askAhead(channel: number, request: RequestAhead, onAnswer: (granted: Granted) => void): Promise<Granted> {
    return new Promise((resolve, reject) => {
      let pending: Pending | null = null;
      this.#onGranted = (granted) => {
        pending = this.ahead.add(channel, request.op);
        resolve(granted);
      };
      this.#request(request.op === 'queue.purge' ? { ...request, channel } : request, (answer) => {
        if (answer.ok) onAnswer(answer);
        if (pending !== null) return this.#settleAhead(pending, answer);
        this.#onGranted = null;
        if (answer.ok) resolve(answer);
        else reject(refusalError(answer.refusal, request.op));
      });
    });
  }

  waitFor(channel: number, method: 'tx.commit' | 'basic.get', work: Promise<void>): void {
    const pending = this.ahead.add(channel, method);
    work.then(
      () => this.ahead.settle(pending),
      (error: unknown) => this.#failAhead(pending, error),
    );
  }

  /** What was granted is durable, or cannot be. */
  #settleAhead(pending: Pending, answer: Answer): void {
    if (answer.ok) this.ahead.settle(pending);
    else this.#failAhead(pending, refusalError(answer.refusal, pending.method));
  }

  /** Nothing of the stream is taken until the client has been told. */
  #failAhead(pending: Pending, error: unknown): void {
    const told = this.#fail(pending.channel, error);
    if (told === undefined) this.ahead.settle(pending);
    else void told.then(() => this.ahead.settle(pending));
  }

  tell(request: Request): void {
    this.#request(request, ignore);
  }

  #request(request: Request, take: (answer: Answer) => void): void {
    this.#registered = true;
    this.#takers.push(take);
    this.host.ask(this.id, request);
  }

  /** The coordinator's answer to the oldest request that is under way. */
  answered(answer: Answer): void {
    this.#takers.shift()?.(answer);
  }

  /** The coordinator has granted what was asked ahead; the answer is still to come. */
  granted(answer: Granted): void {
    const take = this.#onGranted;
    this.#onGranted = null;
    take?.(answer);
  }

  /** The coordinator has something to say by itself. */
  noticed(notice: Notice): void {
    switch (notice.kind) {
      case 'activate':
        this.#activate(notice.consumer, notice.queueId);
        break;
      case 'close':
        this.#closeWith(connectionError(replyCode.CONNECTION_FORCED, notice.text));
        break;
      default:
        notice satisfies never;
    }
  }

  #activate(consumer: string, queue: QueueId): void {
    try {
      this.#channels.get(channelOf(consumer))?.activate(consumer, queue);
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error;
      this.#closeWith(error);
    }
  }

  /** Time has passed. */
  tick(now: number): void {
    if (this.#state === 'running') this.#tickChannels(now);
    // Who is held back for want of memory may hold much of it.
    if (!this.#reader.reading && this.#transport.isReset) this.#transport.destroy();
    const { bytesRead, bytesSent, unsent } = this.#transport;
    const due = this.#heartbeat.tick(now, {
      bytesRead,
      bytesSent,
      sending: unsent > 0,
      reading: this.#reader.reading,
    });
    if (due === 'drop') this.#transport.destroy();
    if (due !== 'heartbeat') return;
    this.host.eventLoop.begin();
    this.#writer.send(HEARTBEAT_FRAME);
  }

  #tickChannels(now: number): void {
    for (const channel of this.#channels.values()) {
      try {
        channel.tick(now);
      } catch (error) {
        void this.#fail(channel.number, error);
      }
    }
  }

  /** The broker ends: tells the client why. */
  shutdown(): void {
    const reason = "broker forced connection closure with reason 'shutdown'";
    if (this.#state === 'running') this.#closeWith(connectionError(replyCode.CONNECTION_FORCED, reason));
    else this.#transport.destroy();
  }

  // ── What comes in ────────────────────────────────────────────────────────────────────────────────────────────

  onHeader(kind: 'amqp' | 'wrong'): void {
    if (kind === 'wrong') {
      this.#writer.send(PROTOCOL_HEADER);
      this.#end();
      return;
    }
    this.send(0, {
      name: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(this.host.announced),
      mechanisms: mechanisms(this.host.anonymous),
      locales: LOCALES,
    });
  }

  onFrame(type: number, channel: number, payload: Uint8Array): Outcome {
    return channel === 0 ? this.#onControl(type, payload) : this.#onChannel(type, channel, payload);
  }

  onRoute(): Outcome {
    this.host.routes.install(this);
    return undefined;
  }

  onMessage(number: number): Outcome {
    const channel = this.#channels.get(number);
    if (channel === undefined) throw new Error(`the core stopped at a message of channel ${number}, which is not open`);
    return channel.onMessage(this.host.engine.stopMessage);
  }

  /** What came before is answered first. */
  onError(number: number, error: unknown): Outcome {
    return this.ahead.settled()?.then(() => this.#fail(number, error)) ?? this.#fail(number, error);
  }

  /** Tells the client what it did wrong. Anything else that was thrown is a defect, and goes on. */
  #fail(number: number, error: unknown): Outcome {
    if (!(error instanceof AmqpError)) throw error;
    const channel = this.#channels.get(number);
    if (error.scope === 'channel' && channel !== undefined) return this.#refuseChannel(channel, error);
    this.#closeWith(error);
    return undefined;
  }

  onOversize(payloadSize: number): void {
    this.#closeWith(oversizeFrame(payloadSize, this.#limits.frameMax));
    this.#reader.deafen();
  }

  onBadEnd(): void {
    this.#closeWith(badFrameEnd());
    this.#reader.deafen();
  }

  onMemory(state: 'short' | 'enough'): void {
    if (!this.#capabilities.connectionBlocked || this.#state !== 'running') return;
    const reason = this.host.isLowOnDisk() ? 'low on disk' : 'low on memory';
    if (state === 'short') this.send(0, { name: 'connection.blocked', reason });
    else this.send(0, { name: 'connection.unblocked' });
  }

  beginAnswers(): void {
    this.#writer.gather();
  }

  endAnswers(): void {
    this.#writer.flush();
  }

  congestion(): Promise<void> | null {
    return this.#writer.clogged();
  }

  readOn(): void {
    this.#transport.resume();
  }

  // ── Channel 0 ────────────────────────────────────────────────────────────────────────────────────────────────

  #onControl(type: number, payload: Uint8Array): Outcome {
    if (type === FrameType.HEARTBEAT) return undefined;
    if (this.#state === 'closing') return this.#onClosing(type, payload);
    if (type !== FrameType.METHOD) throw misplacedFrame(type, 0, payload, Content.NONE);
    const method = decodeMethod(payload);
    if (!isClientMethod(method)) throw this.#unexpected(method);
    if (method.name === 'connection.close') return this.#closeForClient();
    if (method.name === 'connection.start-ok' && this.#state === 'starting') this.#authenticate(method);
    else if (method.name === 'connection.tune-ok' && this.#state === 'tuning') this.#tune(method);
    else if (method.name === 'connection.open' && this.#state === 'opening') return this.#open(method);
    else if (method.name === 'connection.update-secret' && this.#state === 'running') {
      // A password does not expire: as in RabbitMQ, the new one matters to who comes in next.
      this.send(0, { name: 'connection.update-secret-ok' });
    } else throw this.#unexpected(method);
    return undefined;
  }

  #authenticate(method: MethodOf<'connection.start-ok'>): void {
    this.#capabilities = clientCapabilities(method.clientProperties);
    try {
      const { view, anonymous } = this.host;
      const isLocal = isOnThisMachine(this.#transport.peer);
      this.#user = authenticate(view.accounts, method.mechanism, method.response, isLocal, anonymous);
    } catch (error) {
      if (this.#capabilities.authenticationFailureClose) throw error;
      // Clients from before that capability take the end of the socket for a failed login, and a close for something
      // else.
      this.#end();
      return;
    }
    this.#name = connectionName(method.clientProperties);
    this.#state = 'tuning';
    this.send(0, { name: 'connection.tune', ...OFFER });
  }

  #tune(method: MethodOf<'connection.tune-ok'>): void {
    this.#limits = negotiate(method);
    this.host.engine.setFrameMax(this.core, this.#limits.frameMax);
    this.#state = 'opening';
  }

  async #open(method: MethodOf<'connection.open'>): Promise<void> {
    const vhost = method.virtualHost;
    await this.ask(method.name, { op: 'connection.open', vhost, user: this.#user, name: this.#name });
    this.#vhost = vhost;
    this.host.engine.setVhost(this.core, this.host.routeSpace(this.id, vhost, this.#user));
    this.#state = 'running';
    this.#heartbeat.run(performance.now(), this.#limits.heartbeat);
    this.send(0, { name: 'connection.open-ok' });
  }

  #unexpected(method: Method): AmqpError {
    return failure(method, replyCode.CHANNEL_ERROR, `unexpected method in connection state ${this.#state}`);
  }

  // ── Other channels ───────────────────────────────────────────────────────────────────────────────────────────

  #onChannel(type: number, number: number, payload: Uint8Array): Outcome {
    if (this.#state === 'closing') return undefined;
    const channel = this.#channels.get(number);
    const expected = channel === undefined ? Content.NONE : this.host.engine.contentState(channel.core);
    if (type !== FrameType.METHOD || expected !== Content.NONE) throw misplacedFrame(type, number, payload, expected);
    const method = clientMethod(payload);
    if (this.#state !== 'running') throw this.#unexpected(method);
    if (channel === undefined) return this.#openChannel(number, method);
    switch (method.name) {
      case 'channel.open':
        throw failure(method, replyCode.CHANNEL_ERROR, "second 'channel.open' seen");
      case 'channel.close':
        return this.#closeChannel(channel);
      case 'channel.close-ok':
        // Without a close of ours there is nothing to say to it.
        if (channel.closing) this.#freeChannel(channel);
        return undefined;
    }
    if (!isChannelMethod(method)) throw unimplemented(method);
    return channel.handle(method);
  }

  #openChannel(number: number, method: ClientMethod): Outcome {
    if (method.name !== 'channel.open') throw failure(method, replyCode.CHANNEL_ERROR, "expected 'channel.open'");
    const { channelMax } = this.#limits;
    const open = this.#channels.size;
    if (open >= channelMax) {
      const explanation = `number of channels opened (${open}) has reached the negotiated channel_max (${channelMax})`;
      // RabbitMQ refuses the channel before it looks at the method.
      throw connectionError(replyCode.NOT_ALLOWED, explanation);
    }
    if (this.host.view.accounts.limitsChannels(this.#user)) {
      return this.ask(method.name, { op: 'channel.open' }).then(() => this.#addChannel(number, method));
    }
    this.tell({ op: 'channel.open' });
    this.#addChannel(number, method);
    return undefined;
  }

  #addChannel(number: number, method: ClientMethod): void {
    const core = this.host.engine.openChannel(this.core, number);
    if (core === 0) throw failure(method, replyCode.RESOURCE_ERROR, 'no memory for a channel');
    this.#channels.set(number, new Channel(this, number, core));
    this.send(number, { name: 'channel.open-ok' });
  }

  async #closeChannel(channel: Channel): Promise<void> {
    // Both sides closing at once: the client's close is answered, its answer to ours is still due.
    if (!channel.closing) {
      await this.#endChannel(channel);
      this.#freeChannel(channel);
    }
    this.send(channel.number, { name: 'channel.close-ok' });
  }

  #freeChannel(channel: Channel): void {
    this.host.engine.freeChannel(channel.core);
    this.#channels.delete(channel.number);
    this.tell({ op: 'channel.close' });
  }

  async #refuseChannel(channel: Channel, error: AmqpError): Promise<void> {
    if (channel.closing) return;
    await this.#endChannel(channel);
    this.send(channel.number, { name: 'channel.close', ...reasonOf(error) });
  }

  /**
   * Ends a channel's work, and what it waits for. While a purge of another channel waits, the coordinator's answers do,
   * and are not waited for here.
   */
  async #endChannel(channel: Channel): Promise<void> {
    if (this.ahead.leave(channel.number)) this.tell({ op: 'purge.leave', channel: channel.number });
    const known = channel.close('channel.close');
    if (!this.ahead.holdsAnswers) await known;
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends connection.close, without waiting for anything. */
  #closeWith(error: AmqpError): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    this.host.eventLoop.begin();
    this.#abandon();
    this.#heartbeat.close(performance.now());
    this.#leave();
    this.send(0, { name: 'connection.close', ...reasonOf(error) });
    // The client's close-ok is due, whatever else was waited for.
    this.#reader.forget();
  }

  /**
   * To give up what it had may take the coordinator long: the time that the client has to hang up counts from close-ok.
   */
  async #closeForClient(): Promise<void> {
    this.#abandon();
    if (this.#registered) {
      await this.ask('connection.close', { op: 'disconnect' });
      this.#registered = false;
    }
    this.send(0, { name: 'connection.close-ok' });
    this.#end();
  }

  /** Ends all channels; from now on only the closing methods count. */
  #abandon(): void {
    this.#state = 'closing';
    // Nobody waits for what is still to be answered.
    this.#takers = this.#takers.map(() => ignore);
    this.#onGranted = null;
    this.ahead.forget();
    this.#writer.forgetWaiting();
    for (const channel of this.#channels.values()) channel.abandon();
  }

  /** Tells the coordinator that the connection is gone, if it knew of it, without waiting for its answer. */
  #leave(): void {
    if (this.#registered) this.host.ask(this.id, { op: 'disconnect' });
    this.#registered = false;
  }

  /** Frames on channel 0 after close was sent. */
  #onClosing(type: number, payload: Uint8Array): undefined {
    if (type !== FrameType.METHOD) return;
    const method = decodeMethod(payload);
    if (method.name === 'connection.close') this.send(0, { name: 'connection.close-ok' });
    if (method.name === 'connection.close-ok') this.#end();
  }

  /** Everything is said: sends what is left and waits for the other side to hang up. */
  #end(): void {
    this.#state = 'closing';
    this.#heartbeat.close(performance.now());
    this.#reader.deafen();
    this.#writer.end();
  }

  onWritten(): void {
    this.#writer.written();
  }

  onDrain(): void {
    this.#writer.drained();
  }

  onEnd(): void {
    this.#heartbeat.close(performance.now());
  }

  onClosed(): void {
    this.host.eventLoop.begin();
    if (this.#state !== 'closing') this.#abandon();
    this.#state = 'closed';
    this.#reader.close();
    this.#channels.clear();
    this.host.engine.closeConnection(this.core);
    this.#leave();
    this.host.closed(this.id);
  }
}

function ignore(): void {}

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
  return failure(method, replyCode.COMMAND_INVALID, 'unimplemented method');
}
