/**
 * One client's connection: from the protocol header to the close. Owns the transport, the handshake and the channels;
 * reader and writer carry its bytes, and hot frames never come here. What must hold: once close was sent or received
 * only the closing methods count, and everything that the client had is given up at once.
 *
 * This folder is all that a broker does for one client; only a worker imports it.
 */
import { AmqpError, connectionError, replyCode } from '../amqp/errors.js';
import { decodeMethod, encodeMethod, FrameType, HEARTBEAT_FRAME, PROTOCOL_HEADER } from '../amqp/frames.js';
import type { Method, MethodName, MethodOf } from '../amqp/protocol.js';
import type { Principal } from '../broker/access/principal.js';
import type {
  Answer,
  ConnectionId,
  Granted,
  Notice,
  QueueId,
  Request,
  RequestAhead,
} from '../broker/requests/requests.js';
import { CHANNEL_COUNTERS, Content, type Connection as CoreConnection, Counter } from '../engine/engine.js';
import { Doing } from '../event-loop/progress.js';
import { fatal } from '../platform/fatal.js';
import type { ServerEnd } from '../spans/span.js';
import { Channels } from './channels.js';
import { isClientMethod } from './client-method.js';
import { ConnectionLines } from './connection-lines.js';
import { channelOf } from './consuming/channel-consumers.js';
import type { DeliveryTap } from './consuming/delivery-tap.js';
import { reasonOf, unexpected } from './errors/errors.js';
import { badFrameEnd, misplacedFrame, oversizeFrame } from './errors/frame-fault.js';
import { connectionClosedHeaders, connectionHeaders, loginHeaders } from './events/client-events.js';
import { LostNetwork } from './faults/lost-network.js';
import { FollowedOutput } from './followed-output.js';
import { Handshake } from './handshake/handshake.js';
import type { ClientCapabilities } from './handshake/identity.js';
import { connectionName } from './inspection/names.js';
import type { ChannelCounts, ConnectionRow, ConnectionState, Depth, Row } from './inspection/rows.js';
import type { AskedAhead } from './session/asked-ahead.js';
import { PendingRequests } from './session/pending-requests.js';
import type { Host, Session } from './session/session.js';
import { endpointText, hostText, isOnThisMachine } from './transport/endpoint.js';
import { Heartbeat } from './transport/heartbeat.js';
import { ConnectionReader, type Outcome, type Receiver } from './transport/reader.js';
import type { OpenTransport, Transport, TransportEvents } from './transport/transport.js';
import { ConnectionWriter } from './transport/writer.js';

/** How far a connection has come. */
type State = 'handshake' | 'running' | 'closing' | 'closed';

export class Connection implements Session, Receiver, TransportEvents {
  readonly id: ConnectionId;
  readonly core: CoreConnection;
  readonly host: Host;
  readonly #transport: Transport;
  readonly #reader: ConnectionReader;
  readonly #writer: ConnectionWriter;
  readonly #heartbeat: Heartbeat;
  readonly #requests: PendingRequests;
  readonly #handshake: Handshake;
  readonly #channels: Channels;
  readonly #output: FollowedOutput;
  readonly #lines: ConnectionLines;
  #state: State = 'handshake';
  /** It has been running. */
  #wasOpen = false;
  readonly #connectedAt = Date.now();
  /** Null until somebody looks. */
  #name: string | null = null;
  #reads = 0;
  /** A defect ends the broker, and this is told when the transport is closed; null: none does. */
  #whenGone: (() => void) | null = null;

  constructor(host: Host, id: ConnectionId, core: CoreConnection, open: OpenTransport) {
    this.host = host;
    this.id = id;
    this.core = core;
    this.#lines = new ConnectionLines(host.connectionLog, id);
    this.#heartbeat = new Heartbeat(performance.now(), host.limits.handshakeTimeout);
    this.#requests = new PendingRequests(host, id, (channel, error) => this.#fail(channel, error));
    this.#handshake = new Handshake(this, {
      isWaiting: () => (this.#state === 'handshake' || this.#state === 'running') && this.#whenGone === null,
      address: () => hostText(this.#transport.peer),
      isLocal: () => isOnThisMachine(this.#transport.peer),
      certified: () => this.#transport.certified,
      onLogin: (user, failure) => this.#tellOfLogin(user, failure),
      onRefused: () => this.#end(),
      onOpen: () => this.#run(),
    });
    this.#channels = new Channels(this, this.#requests);
    this.#reader = new ConnectionReader(host, core, this);
    this.#transport = open(this);
    this.#writer = new ConnectionWriter(host.engine, host.eventLoop, core, this.#transport);
    this.#output = new FollowedOutput(this, this.#channels, this.#writer);
  }

  // ── What channels ask for ────────────────────────────────────────────────────────────────────────────────────

  get vhost(): string {
    return this.#handshake.vhost;
  }

  get principal(): Principal {
    return this.#handshake.principal;
  }

  get capabilities(): ClientCapabilities {
    return this.#handshake.capabilities;
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

  ask(method: MethodName, request: Request): Promise<Granted> {
    return this.#requests.ask(method, request);
  }

  askAhead(channel: number, request: RequestAhead, onAnswer: (granted: Granted) => void): Promise<Granted> {
    return this.#requests.askAhead(channel, request, onAnswer);
  }

  waitFor(channel: number, method: 'tx.commit' | 'basic.get', work: Promise<void>): void {
    this.#requests.waitFor(channel, method, work);
  }

  tell(request: Request): void {
    this.#requests.tell(request);
  }

  // ── What the worker tells ────────────────────────────────────────────────────────────────────────────────────

  /** Writes the chunk that the core has just given out for this connection. */
  writeOutput(): void {
    this.#writer.writeOutput();
  }

  /** The coordinator's answer to the oldest request that is under way. */
  answered(answer: Answer): void {
    this.#requests.answered(answer);
  }

  /** The coordinator has granted what was asked ahead; the answer is still to come. */
  granted(answer: Granted): void {
    this.#requests.granted(answer);
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

  /** What operators know it by, as RabbitMQ writes it. */
  get name(): string {
    this.#name ??= connectionName(this.id, this.#transport.peer, this.#transport.local);
    return this.#name;
  }

  get server(): ServerEnd {
    const { local } = this.#transport;
    return local?.kind === 'tcp' ? { address: local.address, port: local.port } : null;
  }

  /** How an operator sees it. */
  *rows(depth: Depth): Generator<Row | null> {
    const counts = CHANNEL_COUNTERS.map((counter) => this.host.engine.countedOfEnded(this.core, counter));
    yield* this.#channels.addCounts(counts);
    if (this.#state === 'closed') return;
    yield this.#row(counts);
    if (depth !== 'connections') yield* this.#channels.rows(depth);
  }

  /** As it is told of in events, without what its channels have counted, which is told to operators. */
  #row(counts: ChannelCounts = []): ConnectionRow {
    const { peer, local, isEncrypted, tls, bytesRead, bytesSent, unsent } = this.#transport;
    return {
      kind: 'connection',
      id: this.id,
      name: this.name,
      peer,
      local,
      isEncrypted,
      tls,
      state: this.#visibleState,
      user: this.principal.name,
      vhost: this.vhost,
      ...this.#handshake.client,
      connectedAt: this.#connectedAt,
      ...this.#handshake.limits,
      channels: this.#channels.count,
      received: bytesRead,
      sent: bytesSent,
      reads: this.#reads,
      writes: this.#writer.writes,
      unsent,
      counts,
    };
  }

  get #visibleState(): ConnectionState {
    if (this.#state === 'handshake') return this.#handshake.step;
    if (this.#state !== 'running') return 'closing';
    if (this.#reader.isShort) return 'blocked';
    if (this.#reader.isHeld || this.#writer.isClogged) return 'flow';
    return this.host.isLowOnDisk() ? 'blocking' : 'running';
  }

  /** The worker's limits are others from now on; what was negotiated stays. */
  limitsChanged(): void {
    this.host.engine.setBodyMax(this.core, this.host.limits.maxMessageSize);
    this.#channels.limitsChanged();
  }

  /** Whether the vhost is traced may be otherwise from now on. */
  tracingChanged(): void {
    this.#output.tracingChanged(this.#state === 'running');
  }

  /** What a test has asked to go wrong may be something else from now on. */
  faultsChanged(): void {
    this.#output.faultsChanged(this.#state === 'running');
  }

  /** For tests: nothing comes and nothing goes any more, until that is taken back. `memory`: the core's. */
  loseNetwork(memory: Uint8Array): LostNetwork {
    return new LostNetwork(this.#transport, this, memory);
  }

  expectGot(queue: string): void {
    this.#output.expectGot(queue);
  }

  deliveryTap(): DeliveryTap | null {
    return this.#output.tap();
  }

  /** What users may do has changed: what a connection has asked for before, and gets, may not be its any more. */
  recheckRights(): void {
    if (this.#state === 'running') this.#channels.recheckRights();
  }

  /** Time has passed. `now`: of the machine. */
  tick(now: number): void {
    if (this.#hasExpired()) return this.#closeWith(connectionError(replyCode.CONNECTION_FORCED, 'credential expired'));
    if (this.#state === 'running')
      this.#channels.tick(this.host.clock.elapsed(), (channel, error) => {
        this.#fail(channel, error)?.catch(fatal);
      });
    // Who is held back for want of memory may hold much of it.
    if (!this.#reader.reading && this.#transport.isReset) this.#transport.destroy();
    const { bytesRead, bytesSent, unsent, isPatient } = this.#transport;
    const due = this.#heartbeat.tick(now, {
      bytesRead,
      bytesSent,
      sending: unsent > 0 && !isPatient,
      reading: this.#reader.reading,
    });
    if (due === 'drop') this.#drop();
    if (due !== 'heartbeat') return;
    this.host.eventLoop.begin();
    this.#writer.send(HEARTBEAT_FRAME);
  }

  /** Whether the token counts no longer that the client has come in by. */
  #hasExpired(): boolean {
    const { expiresAt } = this.#handshake;
    return this.#state === 'running' && expiresAt !== null && this.host.clock.now() >= expiresAt;
  }

  /** Time is up for whatever the client was to do. */
  #drop(): void {
    const { heartbeat } = this.#handshake.limits;
    if (this.#state === 'handshake') this.#lines.lost('error', `handshake_timeout, ${this.#handshake.step}`);
    else if (this.#state === 'running' && (heartbeat === 0 || this.#transport.unsent > 0))
      this.#lines.lost('error', 'client takes nothing of what is sent to it');
    else if (this.#state === 'running')
      this.#lines.lost('error', `missed heartbeats from client, timeout: ${heartbeat}s`);
    this.#transport.destroy();
  }

  /** The broker ends: tells the client why. */
  shutdown(): void {
    if (!this.forceClosed('shutdown')) {
      this.#lines.closing();
      this.#transport.destroy();
    }
  }

  /** Tells a client that is served why it is no more. False: it is not, or is being closed already. */
  forceClosed(why: string): boolean {
    if (this.#state !== 'running') return false;
    const reason = `broker forced connection closure with reason '${why}'`;
    this.#closeWith(connectionError(replyCode.CONNECTION_FORCED, reason));
    return true;
  }

  /**
   * A defect ends the broker: tells the client, past the core, which is not called any more. Whatever was written ends
   * with a frame. Resolves when the client has hung up.
   */
  fail(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#whenGone = resolve;
    });
    this.#transport.resume();
    if (this.#state === 'running') {
      const reason = reasonOf(connectionError(replyCode.INTERNAL_ERROR, 'a defect ends the broker'));
      this.#transport.write(encodeMethod(0, { name: 'connection.close', ...reason }));
      this.#transport.end();
    } else this.#transport.destroy();
    return gone;
  }

  // ── What the transport tells ─────────────────────────────────────────────────────────────────────────────────

  onRead(length: number): boolean {
    if (this.#whenGone !== null) return true;
    this.#reads += 1;
    this.host.eventLoop.progress.turnTo(Doing.READING, this.id);
    return this.#reader.read(length);
  }

  onWritten(): void {
    if (this.#whenGone === null) this.#writer.written();
  }

  onDrain(): void {
    if (this.#whenGone === null) this.#writer.drained();
  }

  onEnd(): void {
    this.#heartbeat.close(performance.now());
  }

  onClosed(): void {
    if (this.#whenGone !== null) return this.#whenGone();
    // Given up while its network was lost: the transport ends later.
    if (this.#state === 'closed') return;
    this.host.eventLoop.begin();
    this.host.syncTopology();
    if (this.#state === 'closing') this.#lines.closing();
    else {
      this.#lines.lost();
      this.#output.lost();
      this.#abandon();
    }
    this.#state = 'closed';
    this.#output.stop();
    this.#reader.close();
    this.#tellOfEnd();
    this.#channels.clear();
    this.host.engine.closeConnection(this.core);
    if (this.#wasOpen) this.host.engine.count(Counter.CONNECTIONS_CLOSED, 1);
    this.#requests.leave();
    this.host.closed(this.id);
  }

  // ── What comes in ────────────────────────────────────────────────────────────────────────────────────────────

  get ahead(): AskedAhead {
    return this.#requests.ahead;
  }

  onHeader(kind: 'amqp' | 'tls' | 'wrong'): void {
    if (kind !== 'tls') this.#lines.accepted(this.#transport.peer, this.#transport.local);
    if (kind === 'amqp') return this.#handshake.start();
    if (kind === 'tls') this.#tellOfTls();
    else this.#lines.lost('error', 'bad header: it does not speak AMQP 0-9-1');
    this.#writer.send(PROTOCOL_HEADER);
    this.#end();
  }

  #tellOfTls(): void {
    const { peer } = this.#transport;
    const line = `the client at ${endpointText(peer)} speaks TLS where plain AMQP is expected`;
    this.host.strangers.tell(JSON.stringify([hostText(peer), 'TLS']), line, 'tls');
  }

  onFrame(type: number, channel: number, payload: Uint8Array): Outcome {
    if (channel === 0) return this.#onControl(type, payload);
    if (this.#state === 'closing') return undefined;
    const method = this.#channels.methodIn(type, channel, payload);
    if (this.#state !== 'running') throw this.#unexpected(method);
    return this.#channels.handle(channel, method, this.#handshake.limits.channelMax);
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
    if (error.scope === 'channel' && channel !== undefined) {
      if (!channel.closing) this.#lines.channelFailed(number, error);
      return this.#channels.refuse(channel, error);
    }
    this.#closeWith(error);
    return undefined;
  }

  onOversize(payloadSize: number): void {
    this.#closeWith(oversizeFrame(payloadSize, this.#handshake.limits.frameMax));
    this.#reader.deafen();
  }

  onBadEnd(): void {
    this.#closeWith(badFrameEnd());
    this.#reader.deafen();
  }

  onMemory(state: 'short' | 'enough'): void {
    if (!this.capabilities.connectionBlocked || this.#state !== 'running') return;
    const shortage = this.host.isLowOnDisk() ? 'low on disk' : 'low on memory';
    const reason = this.host.faults?.settings.blockedBy ?? shortage;
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
    if (type !== FrameType.METHOD)
      throw misplacedFrame(type, 0, payload, Content.NONE, this.host.limits.maxMessageSize);
    const method = decodeMethod(payload);
    if (!isClientMethod(method)) throw this.#unexpected(method);
    if (method.name === 'connection.close') return this.#closeForClient();
    if (this.#state === 'handshake') return this.#handshake.handle(method);
    if (method.name !== 'connection.update-secret') throw this.#unexpected(method);
    return this.#updateSecret(method);
  }

  #updateSecret(method: MethodOf<'connection.update-secret'>): Outcome {
    const renewed = this.#handshake.renew(method);
    if (renewed === null) {
      // A password does not expire: as in RabbitMQ, the new one matters to who comes in next.
      this.send(0, { name: 'connection.update-secret-ok' });
      return undefined;
    }
    return renewed.then(() => {
      this.#channels.recheckRights();
      this.send(0, { name: 'connection.update-secret-ok' });
    });
  }

  /** The handshake is over. */
  #run(): void {
    const { principal, vhost, name } = this.#handshake;
    this.#lines.opened({ user: principal.name, vhost, name });
    this.#state = 'running';
    this.#wasOpen = true;
    this.host.engine.count(Counter.CONNECTIONS_OPENED, 1);
    this.host.announce('connection.created', () => connectionHeaders(this.#row(), name));
    this.#heartbeat.run(performance.now(), this.#handshake.limits.heartbeat);
    this.tracingChanged();
    this.faultsChanged();
  }

  #tellOfLogin(user: string, failure: string | null): void {
    const name = failure === null ? 'user.authentication.success' : 'user.authentication.failure';
    this.host.announce(name, () => loginHeaders(this.#row(), user, failure));
  }

  /** Of clients that have not begun to log in nobody has heard. */
  #tellOfEnd(): void {
    if (this.#handshake.client.mechanism === '') return;
    this.host.announce('connection.closed', () => connectionClosedHeaders(this.#row(), this.#handshake.name));
  }

  #unexpected(method: Method): AmqpError {
    return unexpected(method, this.#state === 'handshake' ? this.#handshake.step : this.#state);
  }

  // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends connection.close, without waiting for anything. */
  #closeWith(error: AmqpError): void {
    if (this.#state === 'closing' || this.#state === 'closed') return;
    // A login that was refused is told of by those who refuse it.
    if (this.#state === 'running' || this.#handshake.step !== 'starting' || error.code !== replyCode.ACCESS_REFUSED)
      this.#lines.failed(
        error,
        this.#state === 'handshake' ? this.#handshake.step : this.#state,
        this.#handshake.principal.name,
      );
    this.host.eventLoop.begin();
    this.#abandon();
    this.#heartbeat.close(performance.now());
    this.#requests.leave();
    this.send(0, { name: 'connection.close', ...reasonOf(error) });
    // The client's close-ok is due, whatever else was waited for.
    this.#reader.forget();
  }

  /**
   * To give up what it had may take the coordinator long: the time that the client has to hang up counts from close-ok.
   */
  async #closeForClient(): Promise<void> {
    this.#lines.closing();
    this.host.syncTopology();
    this.#abandon();
    const gone = this.#requests.disconnect();
    if (gone !== null) await gone;
    this.send(0, { name: 'connection.close-ok' });
    this.#end();
  }

  /** Ends all channels; from now on only the closing methods count. */
  #abandon(): void {
    this.#state = 'closing';
    this.#requests.forget();
    this.#writer.forgetWaiting();
    this.#channels.abandon();
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
}
