/**
 * A coordinator on a stage: a core that only counts, workers that are views, and short words for requests.
 * Posted changes reach the views at once; that workers have *told* so is up to the test (`allApplied`).
 */
import { EMPTY_TABLE, type FieldTable } from '../../../src/amqp/table.js';
import { DEFAULT_HASHING, type PasswordHashing } from '../../../src/broker/access/passwords.js';
import type { Administration } from '../../../src/broker/coordinator/administration.js';
import { Coordinator, type QueueCore } from '../../../src/broker/coordinator/coordinator.js';
import type { DefinitionStore } from '../../../src/broker/definitions/definition-store.js';
import { DEFAULT_LIMITS, type NodeLimits } from '../../../src/broker/requests/node-limits.js';
import type { Answer, Change, ConnectionId, Notice, Request } from '../../../src/broker/requests/requests.js';
import { TopologyView } from '../../../src/broker/topology/topology-view.js';
import type { CounterList, Queue, QueueFeatures } from '../../../src/engine/engine.js';
import type { Clock } from '../../../src/platform/clock.js';

export const VHOST = '/';
export const OTHER_VHOST = 'other';

/** Queues as numbers of ready messages; keeps a record of what was retired and freed. */
class CountingCore implements QueueCore {
  readonly ready = new Map<Queue, number>();
  readonly features = new Map<Queue, QueueFeatures>();
  /** When each queue was last asked for a message. */
  readonly gets = new Map<Queue, number>();
  readonly logIds = new Map<Queue, { readonly id: number; readonly nextPosition: number }>();
  readonly retired: Queue[] = [];
  readonly freed: Queue[] = [];
  full = false;
  featuresFull = false;
  /** Bytes that are set aside, and may be. */
  aside = 0;
  asideMost = Number.POSITIVE_INFINITY;
  #last = 0;

  createQueue(): Queue {
    if (this.full) return 0;
    this.ready.set(++this.#last, 0);
    return this.#last;
  }

  setPaused(): void {}

  setFeatures(queue: Queue, features: QueueFeatures): boolean {
    if (this.featuresFull) return false;
    this.features.set(queue, features);
    return true;
  }

  setLogId(queue: Queue, id: number, nextPosition: number): void {
    this.logIds.set(queue, { id, nextPosition });
  }

  setAside(bytes: number): boolean {
    if (bytes > this.asideMost) return false;
    this.aside = bytes;
    return true;
  }

  /** Lists of counters that are open. */
  readonly lists = new Set<CounterList>();

  openCounters(list: CounterList): boolean {
    this.lists.add(list);
    return true;
  }

  closeCounters(list: CounterList): void {
    this.lists.delete(list);
  }

  lastGet(queue: Queue): number {
    return this.gets.get(queue) ?? 0;
  }

  readyCount(queue: Queue): number {
    return this.ready.get(queue) ?? 0;
  }

  count(): void {}

  isDrained(queue: Queue): boolean {
    return this.readyCount(queue) === 0;
  }

  purge(queue: Queue, most = Number.POSITIVE_INFINITY): number {
    const count = Math.min(this.readyCount(queue), most);
    this.ready.set(queue, this.readyCount(queue) - count);
    return count;
  }

  retireQueue(queue: Queue): number {
    this.retired.push(queue);
    return this.readyCount(queue);
  }

  freeQueue(queue: Queue): void {
    this.freed.push(queue);
  }
}

/** A clock that stands still until a test lets time pass. */
class StageClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly work: () => void }>();

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return this.#now;
  }

  after(delay: number, work: () => void): () => void {
    const timer = { at: this.#now + delay, work };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers go off in their order, each at its time. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#nextBefore(end); next !== undefined; next = this.#nextBefore(end)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.work();
    }
    this.#now = end;
  }

  get timers(): number {
    return this.#timers.size;
  }

  #nextBefore(end: number) {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

type Fields<Op extends Request['op']> = Partial<Omit<Extract<Request, { op: Op }>, 'op'>>;

/** `A`: how requests are answered. */
abstract class AnyStage<A> {
  readonly core = new CountingCore();
  readonly clock = new StageClock();
  readonly notices: Notice[] = [];
  readonly posted: (readonly Change[])[] = [];
  readonly views = [new TopologyView([VHOST, OTHER_VHOST]), new TopologyView([VHOST, OTHER_VHOST])];
  readonly coordinator: Coordinator;
  /** What was granted before its answer was due, and to whom. */
  readonly granted: [ConnectionId, Answer][] = [];
  /** What was said to the operator. */
  readonly reports: string[] = [];
  /** Numbers in the log that are told to be of no queue any more. */
  readonly forgotten: number[] = [];
  epoch = 0;
  /** How often workers were asked how far they are. */
  asked = 0;
  /** Connections that are in. */
  readonly #entered = new Set<ConnectionId>();

  constructor(definitions: DefinitionStore | null = null, passwordHashing: PasswordHashing = DEFAULT_HASHING) {
    const post = (changes: readonly Change[]): number => {
      this.posted.push(changes);
      // Views get copies, as across a message port.
      for (const view of this.views) for (const change of structuredClone(changes)) view.apply(change);
      return ++this.epoch;
    };
    this.coordinator = new Coordinator(this.core, {
      workers: this.views.length,
      post,
      clock: this.clock,
      askEpochs: () => {
        this.asked += 1;
      },
      notify: (notice) => this.notices.push(notice),
      vhosts: [VHOST, OTHER_VHOST],
      granted: (connection, answer) => this.granted.push([connection, answer]),
      definitions,
      settings: { passwordHashing, limits: DEFAULT_LIMITS },
      forgotten: (logId) => this.forgotten.push(logId),
      report: (line) => this.reports.push(line),
    });
  }

  /** The node's limits are these from now on, and for the rest what they are where nothing is said. */
  limit(limits: Partial<NodeLimits>): void {
    this.coordinator.reconfigure({ passwordHashing: DEFAULT_HASHING, limits: { ...DEFAULT_LIMITS, ...limits } });
  }

  get administration(): Administration {
    return this.coordinator.administration;
  }

  get view(): TopologyView {
    return this.views[0] as TopologyView;
  }

  allApplied(): void {
    this.views.forEach((_, worker) => {
      this.coordinator.applied(worker, this.epoch);
    });
  }

  abstract ask(connection: ConnectionId, request: Request): A;

  /** Hands a request over; who asks for something without having entered does so first, as the guest. */
  protected handle(connection: ConnectionId, request: Request): Answer | Promise<Answer> {
    if (request.op === 'disconnect') this.#entered.delete(connection);
    else if ('vhost' in request && !this.#entered.has(connection)) {
      this.#entered.add(connection);
      const entry = { op: 'connection.open', vhost: request.vhost, user: 'guest', name: null } as const;
      if (request.op !== 'connection.open') void this.coordinator.handle(connection, entry);
    }
    return this.coordinator.handle(connection, request);
  }

  exchange(exchange: string, type: string, fields: Fields<'exchange.declare'> = {}, connection = 1): A {
    const flags = { passive: false, durable: false, autoDelete: false, internal: false };
    return this.ask(connection, {
      op: 'exchange.declare',
      vhost: VHOST,
      exchange,
      type,
      ...flags,
      arguments: EMPTY_TABLE,
      ...fields,
    });
  }

  deleteExchange(exchange: string, ifUnused = false): A {
    return this.ask(1, { op: 'exchange.delete', vhost: VHOST, exchange, ifUnused });
  }

  queue(queue: string, fields: Fields<'queue.declare'> = {}, connection = 1): A {
    const flags = { passive: false, durable: false, exclusive: false, autoDelete: false };
    return this.ask(connection, {
      op: 'queue.declare',
      vhost: VHOST,
      queue,
      ...flags,
      arguments: EMPTY_TABLE,
      ...fields,
    });
  }

  deleteQueue(queue: string, fields: Fields<'queue.delete'> = {}, connection = 1): A {
    return this.ask(connection, {
      op: 'queue.delete',
      vhost: VHOST,
      queue,
      ifUnused: false,
      ifEmpty: false,
      ...fields,
    });
  }

  purge(queue: string, connection = 1): A {
    return this.ask(connection, { op: 'queue.purge', vhost: VHOST, queue });
  }

  bind(queue: string, exchange: string, routingKey = '', args: FieldTable = EMPTY_TABLE, connection = 1): A {
    return this.ask(connection, { op: 'queue.bind', vhost: VHOST, queue, exchange, routingKey, arguments: args });
  }

  unbind(queue: string, exchange: string, routingKey = '', args: FieldTable = EMPTY_TABLE, connection = 1): A {
    return this.ask(connection, { op: 'queue.unbind', vhost: VHOST, queue, exchange, routingKey, arguments: args });
  }

  bindExchange(destination: string, source: string, routingKey = '', args: FieldTable = EMPTY_TABLE): A {
    return this.ask(1, { op: 'exchange.bind', vhost: VHOST, destination, source, routingKey, arguments: args });
  }

  unbindExchange(destination: string, source: string, routingKey = '', args: FieldTable = EMPTY_TABLE): A {
    return this.ask(1, { op: 'exchange.unbind', vhost: VHOST, destination, source, routingKey, arguments: args });
  }

  consume(queue: string, consumer: string, fields: Fields<'consume'> = {}, connection = 1): A {
    const rest = { exclusive: false, arguments: EMPTY_TABLE, ...fields };
    return this.ask(connection, { op: 'consume', vhost: VHOST, queue, consumer, ...rest });
  }

  cancel(consumers: readonly string[], connection = 1): A {
    return this.ask(connection, { op: 'cancel', consumers });
  }

  disconnect(connection: ConnectionId): A {
    return this.ask(connection, { op: 'disconnect' });
  }

  /** A queue's reference, to speak to the core of it. */
  ref(queue: string): Queue {
    const entry = this.view.queue(VHOST, queue);
    if (entry === undefined) throw new Error(`no queue '${queue}' on the stage`);
    return entry.ref;
  }

  hasQueue(queue: string): boolean {
    return this.view.queue(VHOST, queue) !== undefined;
  }

  hasExchange(exchange: string): boolean {
    return this.view.exchange(VHOST, exchange) !== undefined;
  }

  /** The names of the queues that a message goes to, in order. */
  routed(exchange: string, routingKey = '', headers: FieldTable = EMPTY_TABLE, vhost = VHOST): string[] {
    const { queues } = this.view.routeMessage({ vhost, exchange, routingKey, properties: { headers } });
    return queues.map((ref) => this.#names.get(ref) ?? `#${ref}`);
  }

  get #names(): Map<Queue, string> {
    const declared = this.posted.flat().filter((change) => change.kind === 'queue.declared');
    return new Map(declared.map((change) => [change.ref, change.queue]));
  }
}

/** A broker that stores nothing: answers come at once. */
export class Stage extends AnyStage<Answer> {
  ask(connection: ConnectionId, request: Request): Answer {
    const answer = this.handle(connection, request);
    if (answer instanceof Promise)
      throw new Error('nothing is stored on this stage, and so nothing is to be waited for');
    return answer;
  }
}

/** A broker that stores definitions. */
export class DurableStage extends AnyStage<Answer | Promise<Answer>> {
  ask(connection: ConnectionId, request: Request): Answer | Promise<Answer> {
    return this.handle(connection, request);
  }
}

/** What a refused request is told, as `code text`; `ok` when it was granted. */
export function outcome(answer: Answer): string {
  return answer.ok ? 'ok' : `${answer.refusal.code} ${answer.refusal.text}`;
}
