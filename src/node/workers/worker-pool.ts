/**
 * The workers as the broker thread knows them: starts them, carries topology changes, requests and sockets to and from
 * them, and ends them. A new connection goes to the worker that has the fewest.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { BrokerEvent } from '../../broker/events/event.js';
import type { NodeLimits } from '../../broker/requests/node-limits.js';
import type { Answer, Change, ConnectionId, Granted, Notice, Request } from '../../broker/requests/requests.js';
import type { PublishedMessage } from '../../connection/faults/faults.js';
import { type AcceptedSocket, refuse } from '../../connection/transport/accepted-socket.js';
import type { TlsSetup } from '../../connection/transport/opening/tls-setup.js';
import { type ProgramClient, workerEnd } from '../../connection/transport/ring-transport.js';
import type { Health, LogEvent } from '../../log/commit-log.js';
import type { LogEntry, Logger } from '../../logging/logger.js';
import type { Outcome } from '../../platform/affinity.js';
import type { Place } from '../../platform/cpus/placement.js';
import { type ErrorInWords, fatal } from '../../platform/fatal.js';
import { within } from '../../platform/within.js';
import type { SpanSetup } from '../../spans/span-sender.js';
import type { TestQuestion } from '../../worker/test-hooks.js';
import {
  type FromWorker,
  LOCAL_IDS,
  type LogToOpen,
  type ToWorker,
  type WorkerSettings,
} from '../../worker/thread-messages.js';
import { Admission } from './admission.js';
import { type Common, type Member, onThread } from './member.js';
import { StuckWorker, Watch, type Watched } from './watch.js';
import type { IdleThreads } from './worker-threads.js';

/** Who is told what workers have to say of their logs and their memory. */
export interface Overseer {
  logged(worker: number, event: LogEvent): void;
  health(worker: number, health: Health): void;
  memory(worker: number, short: boolean): void;
  /** The operator's log. */
  readonly logger: Logger;
}

/** The coordinator, as workers reach it. */
export interface Authority {
  /**
   * Answers of one connection come in the order of its requests, at once or when what they tell is durable; none fails.
   */
  handle(connection: ConnectionId, request: Request): Answer | Promise<Answer>;
  applied(worker: number, epoch: number): void;
}

/** How the workers have ended. */
export interface End {
  /** Whether all has been written that they recorded. */
  readonly written: boolean;
  /** Not all of them ended by themselves. */
  readonly stuck: Error | null;
}

/** How long workers may take to end after they were asked to (ms): more than they give their clients. */
const STOP_MS = 7_000;
/** How long they may take to tell their clients of a defect (ms): more than they give these to hear it. */
const FAIL_MS = 2_000;
/** How long a thread may take to be ended from outside (ms): one that waits for the disk may not end at all. */
const TERMINATE_MS = 2_000;

export class WorkerPool {
  readonly #members: readonly Member[];
  readonly #connections: number[];
  /** The worker of each connection. */
  readonly #homes = new Map<ConnectionId, number>();
  readonly #admission: Admission;
  #report = (_line: string): void => {};
  /** Null where nobody watches: the one worker runs on this thread. */
  #watch: Watch | null = null;
  /** The first of the members, who serve clients; behind them may be one that does not. */
  readonly #serving: number;
  #lastId = 0;
  /** The workers are being ended: that they end is no news. */
  #isEnding = false;
  /** A defect has been found: what workers say does not count any more. */
  #isFailing = false;
  /** The last question of tests, and who waits for the answers. */
  #round = 0;
  readonly #tested = new Map<number, (value: unknown) => void>();
  /** Hears of what was published to exchanges that tests listen to. */
  published = (_message: PublishedMessage): void => {};

  private constructor(members: readonly Member[], serving: number, limits: NodeLimits) {
    this.#admission = new Admission(limits);
    this.#members = members;
    this.#serving = serving;
    this.#connections = members.map(() => 0);
  }

  /**
   * Gives work to each thread, on the CPUs of its place; null leaves a worker to the scheduler. `management`: the end of
   * the channel to the management's thread, where there is one. `spans`: what each member needs to tell of spans; empty:
   * none does.
   */
  static threads(
    common: Common,
    { workers, management: thread }: IdleThreads,
    places: readonly Place[],
    management: MessagePort,
    spans: readonly SpanSetup[],
  ): WorkerPool {
    const channels = thread === null ? [] : workers.map(() => new MessageChannel());
    const members = workers.map((worker, index) => {
      const inspection = channels[index]?.port1 ?? null;
      const own = { index, cpus: places[index]?.cpus ?? null, inspection, spans: spans[index] ?? null };
      return onThread(worker, { ...common, ...own });
    });
    if (thread !== null) {
      const inspections = channels.map(({ port2 }) => port2);
      const own = { index: workers.length, cpus: null, inspection: null, spans: spans[workers.length] ?? null };
      members.push(onThread(thread, { ...common, ...own, management, inspections }));
    }
    return new WorkerPool(members, workers.length, common.settings.limits);
  }

  /** The one worker of a platform whose sockets cannot change threads: it runs on this one. */
  static async local(common: Common, [spans]: readonly SpanSetup[]): Promise<WorkerPool> {
    // Loaded where it is needed: it is half of the broker.
    const { startLocal } = await import('./local-member.js');
    return new WorkerPool([await startLocal(common, spans ?? null)], 1, common.settings.limits);
  }

  /** Serves what workers ask from now on. Resolves when all can take sockets, with how pinning went for each. */
  attend(authority: Authority, overseer: Overseer): Promise<readonly (Outcome | null)[]> {
    this.#report = overseer.logger.lines('warning', 'connection');
    this.#members.forEach((member, index) => {
      member.control.on('message', (message: FromWorker) => this.#onMessage(index, message, authority, overseer));
      member.ended.then(() => {
        if (!this.#isEnding) fatal(new Error(`worker ${index} has ended by itself`));
      }, fatal);
    });
    return Promise.all(this.#members.map((member) => member.ready));
  }

  /** From now on a worker that makes no progress is noticed. When all are ready. */
  watch(progress: SharedArrayBuffer, outside: Omit<Watched, 'ask'>): void {
    const ask = (worker: number): void => this.#tell(worker, { kind: 'ask' });
    this.#watch = new Watch(progress, this.#members.length, { ...outside, ask });
    this.#watch.start();
  }

  /** Which worker gives no sign of life, in words; null: none. */
  get silence(): string | null {
    return this.#watch?.silence ?? null;
  }

  #tell(worker: number, message: ToWorker): void {
    const member = this.#members[worker];
    if (member !== undefined) tell(member, message);
  }

  postChanges(changes: readonly Change[]): void {
    for (const member of this.#members) member.topology.postMessage(changes);
  }

  notify(notice: Notice): void {
    this.#tellHome(notice.connection, { kind: 'notice', notice });
  }

  /** Has an event published: by one worker, so that all are in the order in which they come here. */
  announce(event: BrokerEvent): void {
    this.#tell(0, { kind: 'event', event });
  }

  /** Has entries of the operator's log published. */
  publishLog(entries: readonly LogEntry[]): void {
    this.#tell(0, { kind: 'entries', entries });
  }

  granted(connection: ConnectionId, answer: Granted): void {
    this.#tellHome(connection, { kind: 'granted', connection, answer });
  }

  #tellHome(connection: ConnectionId, message: ToWorker): void {
    this.#tell(this.#homes.get(connection) ?? -1, message);
  }

  /** `address`: where the client is; null: it has no address. */
  accept(socket: AcceptedSocket, address: string | null): void {
    const index = this.#admitNext(address);
    if (index === null) {
      refuse(socket);
      return;
    }
    if ('fd' in socket) this.#watch?.handed(index, socket.fd);
    this.#members[index]?.accept(this.#lastId, socket);
  }

  /** Lets the program that embeds the broker in, by shared memory. */
  attach(client: ProgramClient): void {
    const index = this.#admitNext(null);
    if (index === null) workerEnd(client).leave();
    else this.#tell(index, { kind: 'program', connection: this.#lastId, client });
  }

  /** Gives the next client its number and its worker; null: there are too many already. */
  #admitNext(address: string | null): number | null {
    do this.#lastId = (this.#lastId + 1) % LOCAL_IDS.first;
    while (this.#lastId === 0 || this.#homes.has(this.#lastId));
    const admitted = this.#admission.enter(this.#lastId, address);
    if (!admitted.ok) {
      if (admitted.line !== null) this.#report(admitted.line);
      return null;
    }
    const index = this.#emptiest();
    this.#count(index, 1);
    this.#homes.set(this.#lastId, index);
    return index;
  }

  /** Counts a client behind a proxy by its own address, now that it is known. */
  #admit(worker: number, connection: ConnectionId, address: string): void {
    const admitted = this.#admission.locate(connection, address);
    if (!admitted.ok && admitted.line !== null) this.#report(admitted.line);
    this.#tell(worker, { kind: 'admitted', connection, isAdmitted: admitted.ok });
  }

  /** The worker with the fewest connections; one that gives no sign of life is taken only where there is no other. */
  #emptiest(): number {
    const burden = (index: number): number =>
      this.#watch?.suspects(index) ? Number.POSITIVE_INFINITY : (this.#connections[index] ?? 0);
    let emptiest = 0;
    for (let index = 1; index < this.#serving; index++) if (burden(index) < burden(emptiest)) emptiest = index;
    return emptiest;
  }

  /** Each worker keeps a log from now on. Before the first socket. */
  startLogs(setups: readonly LogToOpen[]): void {
    this.#members.forEach((member, index) => {
      const log = setups[index];
      if (log !== undefined) tell(member, { kind: 'log', log });
    });
  }

  /** All workers go by these from now on. */
  /** Clients that come from now on are met with this; the others stay as they are. */
  replaceTls(setup: TlsSetup): void {
    for (const member of this.#members) tell(member, { kind: 'tls', setup });
  }

  reconfigure(settings: WorkerSettings): void {
    this.#admission.change(settings.limits);
    for (const member of this.#members) tell(member, { kind: 'settings', settings });
  }

  /** Asks each worker something for a test: its answers, by the numbers of the workers. */
  test(question: TestQuestion): readonly Promise<unknown>[] {
    return this.#members.map((_, index) => this.testOne(index, question));
  }

  testOne(index: number, question: TestQuestion): Promise<unknown> {
    this.#round += 1;
    const round = this.#round;
    const answered = new Promise<unknown>((resolve) => this.#tested.set(round, resolve));
    this.#tell(index, { kind: 'test', round, question });
    return answered;
  }

  /** How many workers there are, the management among them. */
  get size(): number {
    return this.#members.length;
  }

  /** Lets a worker tell when all that it has recorded by now has been told. */
  askBarrier(worker: number, barrier: number): void {
    this.#tell(worker, { kind: 'barrier', barrier });
  }

  /** Resolves when all workers go by the hold as it is now. */
  async paused(): Promise<void> {
    const paused = this.#members.map((member) => heard(member, 'paused'));
    for (const member of this.#members) tell(member, { kind: 'pause' });
    await Promise.all(paused);
  }

  /** Closes all connections and ends all workers. */
  async close(): Promise<End> {
    this.#isEnding = true;
    const running = new Set(this.#members.keys());
    const allStopped = Promise.all(
      this.#members.map(async (member, index) => {
        const written = await stopped(member);
        running.delete(index);
        this.#watch?.leave(index);
        return written;
      }),
    );
    for (const member of this.#members) tell(member, { kind: 'shutdown' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean[]>((resolve) => {
      timer = setTimeout(() => resolve([false]), STOP_MS);
    });
    const written = await Promise.race([allStopped, late]);
    clearTimeout(timer);
    const watch = this.#watch;
    watch?.stop();
    const stuck = [...running].filter((index) => watch?.suspects(index));
    for (const member of this.#members) member.topology.close();
    await this.#terminate();
    const [first] = stuck;
    const reason = `${stuck.map((index) => watch?.describe(index)).join('; ')}, and did not end when it was asked to`;
    return { written: written.every((one) => one), stuck: first === undefined ? null : new StuckWorker(reason) };
  }

  /**
   * Has workers tell their clients of a defect, and ends them. Those that do not answer, as one that has met the defect
   * may not, are ended as they are.
   */
  async fail(): Promise<void> {
    this.#isEnding = true;
    this.#isFailing = true;
    const watch = this.#watch;
    watch?.stop();
    const able = this.#members.filter((_, index) => !watch?.suspects(index));
    const told = able.map((member) => Promise.race([stopped(member), member.ended]));
    for (const member of able) tell(member, { kind: 'fail' });
    await within(FAIL_MS, Promise.all(told));
    await within(TERMINATE_MS, this.#terminate());
  }

  /**
   * Ends all workers as they are. What they have taken ends with their threads; sockets that were still on their way
   * would stay open for as long as the process lives.
   */
  async #terminate(): Promise<void> {
    await Promise.all(
      this.#members.map(async (member, index) => {
        await member.terminate();
        for (const fd of this.#watch?.untaken(index) ?? []) refuse({ fd });
      }),
    );
  }

  #onMessage(index: number, message: FromWorker, authority: Authority, overseer: Overseer): void {
    if (this.#isFailing) return;
    switch (message.kind) {
      case 'request': {
        const { connection, request } = message;
        const answer = authority.handle(connection, request);
        if (answer instanceof Promise) answer.then((late) => this.#answer(index, connection, late)).catch(fatal);
        else this.#answer(index, connection, answer);
        break;
      }
      case 'applied':
        authority.applied(index, message.epoch);
        break;
      case 'event':
        this.announce(message.event);
        break;
      case 'opened':
        this.#count(index, 1);
        this.#homes.set(message.connection, index);
        break;
      case 'behind a proxy':
        this.#admit(index, message.connection, message.address);
        break;
      case 'closed':
        this.#count(index, -1);
        this.#homes.delete(message.connection);
        this.#admission.leave(message.connection);
        break;
      case 'logged':
        for (const event of message.events) overseer.logged(index, event);
        break;
      case 'health':
        overseer.health(index, message.health);
        break;
      case 'memory':
        overseer.memory(index, message.short);
        break;
      case 'tested':
        this.#tested.get(message.round)?.(message.value);
        this.#tested.delete(message.round);
        break;
      case 'published':
        this.published(message.message);
        break;
      case 'entries':
        overseer.logger.pass(message.entries);
        break;
      case 'defect':
        fatal(inThread(`worker ${index}`, message.error));
        break;
      case 'ready':
      case 'paused':
      case 'stopped':
        // Who waits for these listens for them.
        break;
      default:
        message satisfies never;
    }
  }

  #answer(index: number, connection: ConnectionId, answer: Answer): void {
    const member = this.#members[index];
    if (member !== undefined) tell(member, { kind: 'answer', connection, answer });
  }

  #count(index: number, change: number): void {
    this.#connections[index] = (this.#connections[index] ?? 0) + change;
  }
}

function tell(member: Member, message: ToWorker): void {
  if (message.kind === 'log' && message.log.setup.kind === 'replicated') {
    member.control.postMessage(message, [message.log.setup.port as MessagePort]);
  } else member.control.postMessage(message);
}

/** Resolves when the worker has said its last word, with whether all that it recorded is written. */
async function stopped(member: Member): Promise<boolean> {
  const { written } = await heard(member, 'stopped');
  return written;
}

/** Resolves with the next message of a kind. */
function heard<K extends FromWorker['kind']>(member: Member, kind: K): Promise<Extract<FromWorker, { kind: K }>> {
  return new Promise((resolve) => {
    const listener = (message: FromWorker): void => {
      if (message.kind !== kind) return;
      member.control.off('message', listener);
      resolve(message as Extract<FromWorker, { kind: K }>);
    };
    member.control.on('message', listener);
  });
}

/** An error as another thread has told it. */
function inThread(name: string, { message, stack }: ErrorInWords): Error {
  const error = new Error(`${name}: ${message}`);
  error.stack = `${name}: ${stack}`;
  return error;
}
