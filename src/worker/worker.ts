/**
 * This folder is for one worker thread; only the composition of the broker (src/node) may import it.
 *
 * Here: one worker: owns connections, applies topology changes, asks the coordinator for its connections. Runs in a
 * thread of its own (worker-thread.ts), or on the broker's where sockets cannot be handed over. What must hold: what an
 * answer of the coordinator speaks of is in the view before the connection goes on.
 */
import type { MessagePort } from 'node:worker_threads';
import type { FieldTable } from '../amqp/table.js';
import type { Principal } from '../broker/access/principal.js';
import { eventOf, isHeard } from '../broker/events/event.js';
import type { NodeLimits } from '../broker/requests/node-limits.js';
import type { Answer, ConnectionId, Granted, Notice, Request } from '../broker/requests/requests.js';
import { NOT_COUNTED } from '../broker/topology/counter-lists.js';
import { TopologyView } from '../broker/topology/topology-view.js';
import { SharedHold } from '../cluster/replicator/shared-hold.js';
import { Connection } from '../connection/connection.js';
import { ConnectionLog } from '../connection/connection-lines.js';
import { BoundedLines } from '../connection/errors/bounded-lines.js';
import type { Faults } from '../connection/faults/faults.js';
import type { Announced } from '../connection/handshake/identity.js';
import { LoginSources } from '../connection/handshake/login-sources.js';
import { Logins } from '../connection/handshake/logins.js';
import { RouteFinder } from '../connection/routes/route-finder.js';
import { RouteSpaces } from '../connection/routes/route-spaces.js';
import { ConsumerRegistry } from '../connection/session/queue-consumers.js';
import type { Host } from '../connection/session/session.js';
import { type OauthSetup, tokenLogins } from '../connection/tokens/oauth-setup.js';
import type { TokenLogins } from '../connection/tokens/token-logins.js';
import type { AcceptedSocket, TransportHost } from '../connection/transport/accepted-socket.js';
import { TICK_MS } from '../connection/transport/heartbeat.js';
import { type Admit, TransportOpener } from '../connection/transport/opening/opening.js';
import type { TlsSetup } from '../connection/transport/opening/tls-setup.js';
import { type ProgramClient, RingTransport, workerEnd } from '../connection/transport/ring-transport.js';
import type { OpenTransport } from '../connection/transport/transport.js';
import { endEngine } from '../engine/end.js';
import type { Engine } from '../engine/engine.js';
import { type Chores, EventLoop } from '../event-loop/event-loop.js';
import { Doing, Progress } from '../event-loop/progress.js';
import { type Area, type Level, LogLevels } from '../logging/levels.js';
import { Logger } from '../logging/logger.js';
import { type Clock, systemClock } from '../platform/clock.js';
import { DirectWrite } from '../platform/direct-write.js';
import { endTaking, fatal, inWords } from '../platform/fatal.js';
import { machineClock } from '../platform/machine-clock.js';
import { clockOf, type ManualClock } from '../platform/manual-clock.js';
import { within } from '../platform/within.js';
import { DeadLetters } from '../queues/dead-letters/dead-letters.js';
import { Delays } from '../queues/delayed/delayed-messages.js';
import { eventMessage } from '../queues/own-messages/event-message.js';
import { logMessage } from '../queues/own-messages/log-message.js';
import { LostMessages } from '../queues/own-messages/lost-messages.js';
import { type OwnMessage, OwnMessages } from '../queues/own-messages/own-messages.js';
import { SpanSender } from '../spans/span-sender.js';
import type { OpenCommitLog } from '../store/open-log.js';
import { Sweeper } from './expiry-timer.js';
import { Inspection } from './inspection.js';
import type { ParticipantLog } from './participant-log.js';
import { SharedAlarms } from './shared-alarms.js';
import { TestHooks } from './test-hooks.js';
import { ThreadFigures } from './thread-figures.js';
import { type FromWorker, LOCAL_IDS, type ToWorker, type WorkerSettings, type WorkerSetup } from './thread-messages.js';
import { TopologyChanges } from './topology-changes.js';
import { WorkerLog } from './worker-log.js';

/** How long clients may take to answer the close that ends the broker (ms). */
const SHUTDOWN_MS = 2_000;
/** The same, when a defect ends it. */
const FAIL_MS = 1_000;
/** What clients are told whom this node may not serve any more. */
const CUT_OFF = 'this node leads its cluster no more, or cannot reach it: connect to another node';

export class Worker implements Host {
  readonly engine: Engine;
  readonly eventLoop: EventLoop;
  readonly view: TopologyView;
  readonly clock: Clock;
  /** The same, where a test moves it. */
  readonly #manual: ManualClock | null;
  readonly connectionLog: ConnectionLog;
  readonly #logger: Logger;
  readonly logins: Logins;
  readonly strangers: BoundedLines;
  readonly tokens: TokenLogins | null;
  /** How; null: nobody does. */
  readonly oauth: OauthSetup | null;
  readonly consumers = new ConsumerRegistry();
  readonly delays: Delays;
  readonly routes: RouteFinder;
  readonly announced: Announced;
  #settings: WorkerSettings;
  readonly #deadLetters: DeadLetters;
  readonly ownMessages: OwnMessages;
  readonly spans: SpanSender | null;
  readonly #lostMessages: LostMessages;
  readonly #sweeper: Sweeper;
  readonly #control: MessagePort;
  readonly #topology: TopologyChanges;
  readonly #inspection: Inspection | null;
  readonly #connections = new Map<ConnectionId, Connection>();
  /** Clients behind proxies of whom it is asked whether they may come in. */
  readonly #admitting = new Map<ConnectionId, (isAdmitted: boolean) => void>();
  readonly #routeSpaces = new RouteSpaces();
  readonly #transports: TransportHost;
  readonly #opener: TransportOpener;
  #ticker: NodeJS.Timeout | null = null;
  /** The number of the last client that lives in this thread. */
  #hereId: ConnectionId = LOCAL_IDS.last;
  #stopping = false;
  /** A defect was found, here or elsewhere. */
  #hasFailed = false;
  #stopped = false;
  readonly #log: WorkerLog;
  readonly alarms: SharedAlarms;
  #tls: TlsSetup | null;
  /** Told of certificates that take the place of those before. */
  tlsReplaced: (setup: TlsSetup) => void = () => {};
  readonly #progress: Progress;
  /** Null: no test has asked for anything. */
  #hooks: TestHooks | null = null;
  faults: Faults | null = null;
  readonly #figures: ThreadFigures;
  /** Null: it is in no cluster. */
  readonly #hold: SharedHold | null;
  /** Publishers that wait for memory. */
  #short = 0;

  constructor(
    engine: Engine,
    control: MessagePort,
    topology: MessagePort,
    {
      clock,
      announced,
      settings,
      oauth,
      tls,
      alarms,
      logLevels,
      loginSources,
      hold,
      progress,
      spans,
      index,
      inspection,
    }: Pick<
      WorkerSetup,
      | 'clock'
      | 'announced'
      | 'settings'
      | 'oauth'
      | 'tls'
      | 'alarms'
      | 'logLevels'
      | 'loginSources'
      | 'hold'
      | 'progress'
      | 'spans'
      | 'index'
      | 'inspection'
    >,
    openLog: OpenCommitLog,
  ) {
    this.engine = engine;
    this.#manual = clockOf(clock);
    this.clock = this.#manual ?? systemClock;
    this.view = new TopologyView(undefined, spans !== null, this.clock);
    this.spans = spans === null ? null : new SpanSender(spans);
    this.announced = announced;
    this.#settings = settings;
    this.alarms = new SharedAlarms(alarms);
    this.#tls = tls;
    this.#control = control;
    this.#logger = new Logger(new LogLevels(logLevels), (entries) => this.#post({ kind: 'entries', entries }));
    this.connectionLog = new ConnectionLog(this.#logger);
    const sources = new LoginSources(loginSources);
    this.logins = new Logins(this.view.accounts, this.#logger.lines('warning', 'login'), undefined, sources);
    this.oauth = oauth;
    this.tokens =
      oauth === null ? null : tokenLogins(oauth, this.logins.failed, this.#logger.lines('warning', 'login'));
    this.strangers = new BoundedLines('clients that did not come in', (line, area = 'connection') =>
      this.#logger.warning(area, line),
    );
    this.#progress = new Progress(progress, index);
    this.#figures = new ThreadFigures(engine, TICK_MS);
    const doChores = (amidPoll: boolean): Chores => this.#doChores(amidPoll);
    this.#hold = hold === null ? null : new SharedHold(hold);
    this.eventLoop = new EventLoop(engine, this.#connections, doChores, this.#progress, this.clock, this.#hold);
    const begin = (): void => this.eventLoop.begin();
    this.routes = new RouteFinder(engine, this.view);
    this.delays = new Delays(engine, this.view, begin, this.clock);
    const syncTopology = (): void => this.syncTopology();
    this.#deadLetters = new DeadLetters(engine, this.view, this.delays, begin, syncTopology, this.clock);
    this.#lostMessages = new LostMessages(this.#logger.lines('warning', 'broker'));
    this.ownMessages = new OwnMessages({
      engine,
      view: this.view,
      hasRoom: () => this.eventLoop.hasRoom,
      begin,
      lost: (exchange) => this.#lostMessages.add(exchange),
    });
    this.#log = new WorkerLog(engine, this.eventLoop, openLog, (message) => this.#post(message));
    this.#sweeper = new Sweeper(engine, () => {
      this.#progress.turnTo(Doing.SWEEPING);
      begin();
    });
    if (this.#manual !== null) engine.setSweepDelay(0);
    this.#transports = transportHost(engine);
    this.#opener = new TransportOpener(tls, this.#transports, this.strangers, settings.limits.handshakeTimeout);
    control.on('message', (message: ToWorker) => this.#onMessage(message));
    const { eventLoop, view, consumers, delays } = this;
    const affected = { engine, eventLoop, view, consumers, delays, routeSpaces: this.#routeSpaces };
    const rightsChanged = (users: ReadonlySet<string>): void => this.#rightsChanged(users);
    const vhostDeleted = (vhost: string): void => this.#vhostDeleted(vhost);
    const vhostsChanged = (vhosts: ReadonlySet<string>): void => this.#vhostsChanged(vhosts);
    const reached = { ...affected, rightsChanged, vhostDeleted, vhostsChanged };
    this.#topology = new TopologyChanges(topology, reached, (epoch) => this.#post({ kind: 'applied', epoch }));
    this.#inspection =
      inspection === null ? null : new Inspection(inspection, this.#connections, () => eventLoop.next());
    // It never ends by itself.
    this.eventLoop.answerDoorbell().catch(fatal);
    this.eventLoop.begin();
  }

  /** Takes over a socket that the listener has accepted. */
  accept(id: ConnectionId, socket: AcceptedSocket): void {
    this.#progress.countTaken();
    const admit: Admit = (address, answer) => {
      this.#admitting.set(id, answer);
      this.#post({ kind: 'behind a proxy', connection: id, address });
    };
    this.#opener.open(socket, admit, (opening) => {
      if (opening !== null && this.serve(id, opening.open)) return;
      opening?.refuse();
      this.#post({ kind: 'closed', connection: id });
    });
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

  /** Serves the program that embeds the broker. */
  #serveProgram(id: ConnectionId, client: ProgramClient): void {
    if (this.serve(id, (events) => new RingTransport(client, this.#transports, events))) return;
    workerEnd(client).leave();
    this.#post({ kind: 'closed', connection: id });
  }

  /** Serves a client that lives in this thread; false when there is no room for it. */
  serveHere(open: OpenTransport): boolean {
    this.#hereId = this.#hereId === LOCAL_IDS.last ? LOCAL_IDS.first : this.#hereId + 1;
    if (this.#connections.has(this.#hereId)) return false;
    this.#post({ kind: 'opened', connection: this.#hereId });
    if (this.serve(this.#hereId, open)) return true;
    this.#post({ kind: 'closed', connection: this.#hereId });
    return false;
  }

  /** What takes lines of this thread for the operator's log. */
  lines(level: Level, area: Area): (line: string) => void {
    return this.#logger.lines(level, area);
  }

  get log(): ParticipantLog | null {
    return this.#log.opened;
  }

  /** What TLS is done with; null: there is none. */
  get tls(): TlsSetup | null {
    return this.#tls;
  }

  get limits(): NodeLimits {
    return this.#settings.limits;
  }

  get anonymous(): string | null {
    return this.#settings.anonymous;
  }

  isLowOnDisk(): boolean {
    return this.alarms.isLowOnDisk;
  }

  countShort(change: 1 | -1): void {
    const before = this.#short;
    this.#short += change;
    if (before === 0 || this.#short === 0) this.#post({ kind: 'memory', short: this.#short > 0 });
  }

  routeSpace(connection: ConnectionId, vhost: string, principal: Principal): number {
    return this.#routeSpaces.enter(connection, vhost, principal.key);
  }

  ask(connection: ConnectionId, request: Request): void {
    this.#post({ kind: 'request', connection, request });
  }

  syncTopology(): void {
    this.#topology.sync();
  }

  #rightsChanged(users: ReadonlySet<string>): void {
    for (const connection of this.#connections.values()) {
      if (users.has(connection.principal.name)) connection.recheckRights();
    }
  }

  #vhostDeleted(vhost: string): void {
    for (const connection of this.#connections.values()) {
      if (connection.vhost === vhost) this.engine.countForVhost(connection.core, NOT_COUNTED);
    }
  }

  #vhostsChanged(vhosts: ReadonlySet<string>): void {
    for (const connection of this.#connections.values()) if (vhosts.has(connection.vhost)) connection.tracingChanged();
  }

  closed(connection: ConnectionId): void {
    this.#connections.delete(connection);
    this.#routeSpaces.leave(connection);
    this.#post({ kind: 'closed', connection });
    if (this.#connections.size > 0) return;
    clearInterval(this.#ticker ?? undefined);
    this.#ticker = null;
    this.#figures.rest();
    if (this.#stopping) this.#stop().catch(fatal);
  }

  #onMessage(message: ToWorker): void {
    if (this.#hasFailed) return;
    switch (message.kind) {
      case 'log':
        this.#log.start(message.log);
        break;
      case 'barrier':
        this.#log.barrier(message.barrier);
        break;
      case 'socket':
        this.accept(message.connection, message.socket);
        break;
      case 'program':
        this.#serveProgram(message.connection, message.client);
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
      case 'event':
        this.#publishOwn([eventMessage(message.event)]);
        break;
      case 'entries':
        this.#publishOwn(message.entries.map(logMessage));
        break;
      case 'tls':
        this.#tls = message.setup;
        this.tlsReplaced(message.setup);
        this.#opener.replaceTls(message.setup);
        break;
      case 'settings':
        this.#settings = message.settings;
        this.#opener.limitHandshakes(message.settings.limits.handshakeTimeout);
        this.eventLoop.begin();
        for (const connection of this.#connections.values()) connection.limitsChanged();
        break;
      case 'admitted':
        this.#admitted(message.connection, message.isAdmitted);
        break;
      case 'test':
        this.#hooks ??= this.#newHooks();
        this.#hooks.ask(message.round, message.question);
        break;
      case 'ask':
        this.#progress.turnTo(Doing.NOTHING);
        break;
      case 'pause':
        this.#post({ kind: 'paused' });
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

  #publishOwn(messages: readonly OwnMessage[]): void {
    this.#progress.turnTo(Doing.NOTICE);
    this.eventLoop.begin();
    this.syncTopology();
    for (const message of messages) this.ownMessages.publish(message);
  }

  announce(name: string, headers: () => FieldTable): void {
    if (isHeard(this.view)) this.#post({ kind: 'event', event: eventOf(name, headers()) });
  }

  /** What a pass of the event loop does besides serving. */
  #doChores(amidPoll: boolean): Chores {
    this.#sweeper.attend();
    this.#progress.turnTo(Doing.DELAYS);
    const isMoreDue = this.delays.work();
    this.#progress.turnTo(Doing.DEAD_LETTERS);
    const deadLetters = this.#deadLetters.sendOn();
    const ownMessages = this.ownMessages.work();
    this.#log.write(amidPoll);
    this.#hooks?.passed();
    if (isMoreDue || deadLetters === 'more' || ownMessages === 'more') return 'more';
    return deadLetters === 'short' ? deadLetters : ownMessages;
  }

  #tick(): void {
    this.eventLoop.tick();
    const now = performance.now();
    this.#figures.tick(now);
    if (this.#hold?.at(machineClock.elapsed()) === 'close') this.#cutOff();
    for (const [id, connection] of this.#connections) {
      this.#progress.turnTo(Doing.TICK, id);
      connection.tick(now + (this.#hooks?.ahead(id) ?? 0));
    }
    this.#progress.turnTo(Doing.NOTHING);
  }

  /** Clients find another node. */
  #cutOff(): void {
    this.eventLoop.begin();
    for (const connection of [...this.#connections.values()]) connection.forceClosed(CUT_OFF);
  }

  #newHooks(): TestHooks {
    return new TestHooks({
      connections: this.#connections,
      memory: this.engine.bytes,
      settle: () => this.#settle(),
      setFaults: (faults) => this.#setFaults(faults),
      queueName: (queue) => this.view.queueByRef(queue)?.name ?? null,
      elapsed: () => this.#manual?.now() ?? 0,
      answer: (round, value) => this.#post({ kind: 'tested', round, value }),
      published: (message) => this.#post({ kind: 'published', message }),
    });
  }

  #setFaults(faults: Faults): void {
    this.faults = faults;
    this.eventLoop.begin();
    this.view.followsAll = this.spans !== null || faults.followsPublishes;
    this.#topology.forgetRoutes();
    for (const connection of this.#connections.values()) connection.faultsChanged();
  }

  /** Lets happen what is due by a clock that a test moves, a portion of it. Returns whether nothing was. */
  #settle(): boolean {
    this.#progress.turnTo(Doing.SWEEPING);
    this.eventLoop.begin();
    this.syncTopology();
    const hadTimers = this.#manual?.runDue() === true;
    // Consumers that can have a message come first.
    const serves = this.eventLoop.serveNow();
    const sweeps = this.#sweeper.sweepNow();
    const chores = this.#doChores(false);
    this.#tick();
    return !hadTimers && !serves && !sweeps && chores !== 'more';
  }

  #admitted(connection: ConnectionId, isAdmitted: boolean): void {
    const answer = this.#admitting.get(connection);
    this.#admitting.delete(connection);
    answer?.(isAdmitted);
  }

  #shutdown(): void {
    this.#progress.turnTo(Doing.CLOSING);
    this.#stopping = true;
    for (const connection of [...this.#admitting.keys()]) this.#admitted(connection, false);
    this.#opener.close();
    for (const connection of this.#connections.values()) connection.shutdown();
    if (this.#connections.size === 0) this.#stop().catch(fatal);
    else setTimeout(() => this.#stop().catch(fatal), SHUTDOWN_MS).unref();
  }

  /** A defect was found in this thread. */
  defect(error: Error): void {
    this.#logger.flush();
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
    this.#opener.close();
    this.#stopTimers();
    this.#topology.close();
    const told = Promise.all([...this.#connections.values()].map((connection) => connection.fail()));
    await within(FAIL_MS, told);
    this.#logger.flush();
    this.#post({ kind: 'stopped', written: false });
  }

  async #stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#stopTimers();
    this.spans?.close();
    const written = await this.#log.end();
    this.#logger.flush();
    this.#post({ kind: 'stopped', written });
    this.#topology.close();
    this.#control.close();
  }

  /** Nothing of this worker runs by itself any more. */
  #stopTimers(): void {
    this.strangers.stop();
    this.#lostMessages.stop();
    this.#inspection?.close();
    clearInterval(this.#ticker ?? undefined);
    this.eventLoop.stop();
    this.#sweeper.stop();
    this.delays.stop();
    this.#deadLetters.stop();
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
