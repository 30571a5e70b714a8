/**
 * One worker: owns connections, applies topology changes, asks the coordinator for its connections. Runs in a thread of
 * its own (worker-thread.ts), or on the broker's where sockets cannot be handed over. What must hold: a change is
 * applied to the view, and cut off from consumers, before the coordinator is told so.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Answer, Change, ConnectionId, Granted, Notice, Request } from '../broker/requests/requests.js';
import { TopologyView } from '../broker/topology/topology-view.js';
import { Connection } from '../connection/connection.js';
import type { Announced } from '../connection/handshake/identity.js';
import { Logins } from '../connection/handshake/logins.js';
import { RouteFinder } from '../connection/routes/route-finder.js';
import { RouteSpaces } from '../connection/routes/route-spaces.js';
import { ConsumerRegistry } from '../connection/session/queue-consumers.js';
import type { Host } from '../connection/session/session.js';
import {
  type AcceptedSocket,
  openTransport,
  refuse,
  type TransportHost,
} from '../connection/transport/accepted-socket.js';
import { TICK_MS } from '../connection/transport/heartbeat.js';
import { TlsHandshakes, tlsTransport } from '../connection/transport/tls.js';
import type { OpenTransport } from '../connection/transport/transport.js';
import { endEngine } from '../engine/end.js';
import type { Engine } from '../engine/engine.js';
import { type Chores, EventLoop } from '../event-loop/event-loop.js';
import { Doing, Progress } from '../event-loop/progress.js';
import { CpuLatency } from '../platform/cpu-latency.js';
import { DirectWrite } from '../platform/direct-write.js';
import { endTaking, fatal, inWords } from '../platform/fatal.js';
import { within } from '../platform/within.js';
import { DeadLetters } from '../queues/dead-letters/dead-letters.js';
import { Delays } from '../queues/delayed/delayed-messages.js';
import type { OpenCommitLog } from '../store/open-log.js';
import { BusyPoll } from './busy-poll.js';
import { isLowOnDisk } from './disk-alarm.js';
import { Sweeper } from './expiry-timer.js';
import { LogReport } from './log-report.js';
import { ParticipantLog } from './participant-log.js';
import type { FromWorker, ToWorker, WorkerLog, WorkerSetup } from './thread-messages.js';

/** How long clients may take to answer the close that ends the broker (ms). */
const SHUTDOWN_MS = 2_000;
/** The same, when a defect ends it. */
const FAIL_MS = 1_000;

export class Worker implements Host {
  readonly engine: Engine;
  readonly eventLoop: EventLoop;
  readonly view = new TopologyView();
  readonly logins = new Logins(this.view.accounts, (line) => this.report(line));
  readonly consumers = new ConsumerRegistry();
  readonly delays: Delays;
  readonly routes: RouteFinder;
  readonly announced: Announced;
  readonly anonymous: string | null;
  readonly #deadLetters: DeadLetters;
  readonly #sweeper: Sweeper;
  readonly #control: MessagePort;
  readonly #topology: MessagePort;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #routeSpaces = new RouteSpaces();
  readonly #transports: TransportHost;
  /** Null: nobody listens by TLS. */
  readonly #tls: TlsHandshakes | null;
  /** The epoch that the coordinator knows to be applied; null: none. */
  #told: number | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #stopping = false;
  /** A defect was found, here or elsewhere. */
  #hasFailed = false;
  #stopped = false;
  readonly #openLog: OpenCommitLog;
  #log: ParticipantLog | null = null;
  readonly #report = new LogReport((events) => this.#post({ kind: 'logged', events }));
  /** Reads that had come when the log was last written. */
  #readsSeen = 0;
  readonly #alarms: SharedArrayBuffer;
  readonly #progress: Progress;
  /** Publishers that wait for memory. */
  #short = 0;

  constructor(
    engine: Engine,
    control: MessagePort,
    topology: MessagePort,
    {
      announced,
      anonymous,
      tls,
      alarms,
      progress,
      index,
    }: Pick<WorkerSetup, 'announced' | 'anonymous' | 'tls' | 'alarms' | 'progress' | 'index'>,
    openLog: OpenCommitLog,
  ) {
    this.engine = engine;
    this.announced = announced;
    this.anonymous = anonymous;
    this.#openLog = openLog;
    this.#alarms = alarms;
    this.#control = control;
    this.#topology = topology;
    this.#progress = new Progress(progress, index);
    this.eventLoop = new EventLoop(engine, this.#connections, (amidPoll) => this.#doChores(amidPoll), this.#progress);
    const begin = (): void => this.eventLoop.begin();
    this.routes = new RouteFinder(engine, this.view);
    this.delays = new Delays(engine, this.view, begin);
    this.#deadLetters = new DeadLetters(engine, this.view, this.delays, begin, () => this.syncTopology());
    this.#sweeper = new Sweeper(engine, () => {
      this.#progress.turnTo(Doing.SWEEPING);
      begin();
    });
    this.#transports = transportHost(engine);
    this.#tls = tls === null ? null : new TlsHandshakes(tls, (line) => this.report(line));
    control.on('message', (message: ToWorker) => this.#onMessage(message));
    topology.on('message', (changes: readonly Change[]) => this.#onChanges(changes));
    // It never ends by itself.
    this.eventLoop.answerDoorbell().catch(fatal);
    this.eventLoop.begin();
  }

  /** Takes over a socket that the listener has accepted. */
  accept(id: ConnectionId, socket: AcceptedSocket): void {
    this.#progress.countTaken();
    if (socket.kind === 'tls' && this.#tls !== null && !this.#stopping) {
      this.#tls.begin(socket, (stream) => {
        if (stream !== null && this.serve(id, tlsTransport(stream, this.#transports))) return;
        stream?.destroy();
        this.#post({ kind: 'closed', connection: id });
      });
      return;
    }
    if (this.serve(id, (events) => openTransport(socket, this.#transports, events))) return;
    refuse(socket);
    this.#post({ kind: 'closed', connection: id });
  }

  /** Serves a client over a transport. False: there is no room for it, and none is opened. */
  serve(id: ConnectionId, open: OpenTransport): boolean {
    this.#progress.turnTo(Doing.ACCEPTING, id);
    this.eventLoop.begin();
    const core = this.engine.openConnection(id, 0);
    if (core === 0 || this.#stopping) return false;
    this.#connections.set(id, new Connection(this, id, core, open));
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    return true;
  }

  get log(): ParticipantLog | null {
    return this.#log;
  }

  isLowOnDisk(): boolean {
    return isLowOnDisk(this.#alarms);
  }

  countShort(change: 1 | -1): void {
    const before = this.#short;
    this.#short += change;
    if (before === 0 || this.#short === 0) this.#post({ kind: 'memory', short: this.#short > 0 });
  }

  routeSpace(connection: ConnectionId, vhost: string, user: string): number {
    return this.#routeSpaces.enter(connection, vhost, user);
  }

  report(line: string): void {
    this.#post({ kind: 'report', line });
  }

  ask(connection: ConnectionId, request: Request): void {
    this.#post({ kind: 'request', connection, request });
  }

  syncTopology(): void {
    // Read before the port: whatever was posted up to this epoch is in the port by now.
    const epoch = this.engine.topologyEpoch();
    for (let next = receiveMessageOnPort(this.#topology); next; next = receiveMessageOnPort(this.#topology)) {
      this.#apply(next.message as readonly Change[]);
    }
    if (epoch === this.#told) return;
    this.engine.applyTopology(epoch);
    this.#routeSpaces.routesForgotten();
    this.#post({ kind: 'applied', epoch });
    this.#told = epoch;
  }

  closed(connection: ConnectionId): void {
    this.#connections.delete(connection);
    this.#routeSpaces.leave(connection);
    this.#post({ kind: 'closed', connection });
    if (this.#connections.size > 0) return;
    clearInterval(this.#ticker ?? undefined);
    this.#ticker = null;
    if (this.#stopping) this.#stop().catch(fatal);
  }

  #onMessage(message: ToWorker): void {
    if (this.#hasFailed) return;
    switch (message.kind) {
      case 'log':
        this.#startLog(message.log);
        break;
      case 'barrier':
        this.eventLoop.begin();
        this.#log?.barrier(message.barrier);
        break;
      case 'socket':
        this.accept(message.connection, message.socket);
        break;
      case 'answer':
        this.#onAnswer(message.connection, message.answer);
        break;
      case 'granted':
        this.#onGranted(message.connection, message.answer);
        break;
      case 'notice':
        this.#onNotice(message.notice);
        break;
      case 'ask':
        this.#progress.turnTo(Doing.NOTHING);
        break;
      case 'shutdown':
        this.#shutdown();
        break;
      case 'fail':
        endTaking();
        this.#fail().catch(() => this.#post({ kind: 'stopped', written: false }));
        break;
      default:
        message satisfies never;
    }
  }

  #startLog({ setup, busyPoll }: WorkerLog): void {
    const log = this.#openLog(setup, {
      onEvent: (event) => this.#report.add(event),
      onWait: (waits) => this.#progress.turnTo(waits ? Doing.DISK : Doing.LOG),
      calm: () => this.#isCalm(),
      onHealth: (health) => {
        this.#log?.healthChanged();
        this.#post({ kind: 'health', health });
      },
    });
    const poll = busyPoll === null ? null : new BusyPoll(busyPoll, log.writerNumber, { idle: new CpuLatency() });
    this.#log = new ParticipantLog(this.engine, log, () => this.eventLoop.begin(), poll);
  }

  /** Whether at most one read has come since this was last asked. */
  #isCalm(): boolean {
    const { reads } = this.eventLoop;
    const isCalm = reads - this.#readsSeen <= 1;
    this.#readsSeen = reads;
    return isCalm;
  }

  /** What an answer speaks of must be in the view before the connection goes on. */
  #onAnswer(connection: ConnectionId, answer: Answer): void {
    this.#progress.turnTo(Doing.ANSWER, connection);
    this.eventLoop.begin();
    this.syncTopology();
    this.#connections.get(connection)?.answered(answer);
  }

  /** What is granted is in the view before the connection goes on, but for queues that are not durable yet. */
  #onGranted(connection: ConnectionId, answer: Granted): void {
    this.#progress.turnTo(Doing.ANSWER, connection);
    this.eventLoop.begin();
    this.syncTopology();
    this.#connections.get(connection)?.granted(answer);
  }

  #onNotice(notice: Notice): void {
    this.#progress.turnTo(Doing.NOTICE, notice.connection);
    this.eventLoop.begin();
    this.syncTopology();
    this.#connections.get(notice.connection)?.noticed(notice);
  }

  #onChanges(changes: readonly Change[]): void {
    this.eventLoop.begin();
    this.#apply(changes);
    this.syncTopology();
  }

  #apply(changes: readonly Change[]): void {
    for (const change of changes) {
      this.#progress.turnTo(Doing.CHANGES);
      this.view.apply(change);
      if (change.kind === 'queue.changed') this.#onRules(change.vhost, change.queue);
      if (change.kind === 'queue.deleted' || change.kind === 'reply.closed') this.consumers.queueDeleted(change.ref);
      if (change.kind === 'exchange.deleted') this.delays.exchangeDeleted(change.vhost, change.exchange);
      if (change.kind === 'vhost.deleted') this.delays.vhostDeleted(change.vhost);
    }
  }

  #onRules(vhost: string, name: string): void {
    const queue = this.view.queue(vhost, name);
    if (queue !== undefined) this.engine.keepLength(queue.ref);
  }

  /** What a turn does besides serving. */
  #doChores(amidPoll: boolean): Chores {
    this.#sweeper.attend();
    this.#progress.turnTo(Doing.DELAYS);
    const isMoreDue = this.delays.work();
    this.#progress.turnTo(Doing.DEAD_LETTERS);
    const deadLetters = this.#deadLetters.sendOn();
    this.#progress.turnTo(Doing.LOG);
    if (this.#log !== null) this.#writeLog(this.#log, amidPoll);
    return isMoreDue ? 'more' : deadLetters;
  }

  /** What several publishers have sent is written together. */
  #writeLog(log: ParticipantLog, amidPoll: boolean): void {
    if (amidPoll) this.eventLoop.afterPoll();
    else log.write();
  }

  #tick(): void {
    this.eventLoop.tick();
    const now = performance.now();
    for (const [id, connection] of this.#connections) {
      this.#progress.turnTo(Doing.TICK, id);
      connection.tick(now);
    }
    this.#progress.turnTo(Doing.NOTHING);
  }

  #shutdown(): void {
    this.#progress.turnTo(Doing.CLOSING);
    this.#stopping = true;
    this.#tls?.close();
    for (const connection of this.#connections.values()) connection.shutdown();
    if (this.#connections.size === 0) this.#stop().catch(fatal);
    else setTimeout(() => this.#stop().catch(fatal), SHUTDOWN_MS).unref();
  }

  /** A defect was found in this thread. */
  defect(error: Error): void {
    this.#post({ kind: 'defect', error: inWords(error) });
    this.#fail().catch(() => this.#post({ kind: 'stopped', written: false }));
  }

  /**
   * Tells all clients that the broker ends by a defect. The core is not called any more, by whatever is still to come
   * in this thread: it may be what is broken, or somebody may be gone for ever with a lock of it. Clients that do not
   * listen are given up after a moment.
   */
  async #fail(): Promise<void> {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#progress.turnTo(Doing.CLOSING);
    endEngine(this.engine);
    this.#tls?.close();
    clearInterval(this.#ticker ?? undefined);
    this.eventLoop.stop();
    this.#sweeper.stop();
    this.delays.stop();
    this.#deadLetters.stop();
    this.#topology.close();
    const told = Promise.all([...this.#connections.values()].map((connection) => connection.fail()));
    await within(FAIL_MS, told);
    this.#post({ kind: 'stopped', written: false });
  }

  async #stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    clearInterval(this.#ticker ?? undefined);
    this.eventLoop.stop();
    this.#sweeper.stop();
    this.delays.stop();
    this.#deadLetters.stop();
    const written = (await this.#log?.close()) ?? true;
    this.#report.flush();
    this.#post({ kind: 'stopped', written });
    this.#topology.close();
    this.#control.close();
  }

  #post(message: FromWorker): void {
    this.#control.postMessage(message);
  }
}

/** Direct writes are made for the first socket that comes by its descriptor: elsewhere there may be no such call. */
function transportHost({ bytes, readOffset, readLength }: Engine): TransportHost {
  let calls: DirectWrite | null = null;
  return {
    bytes,
    readBuffer: bytes.subarray(readOffset, readOffset + readLength),
    directWrite: () => {
      calls ??= new DirectWrite(bytes);
      return calls;
    },
  };
}
