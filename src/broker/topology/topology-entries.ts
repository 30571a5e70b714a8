/**
 * The nouns of a topology as a view holds them: exchanges and queues as the ends of bindings, each knowing its own.
 * What must hold: a binding is in its source's `outgoing` and router and in its destination's `incoming`, or in none.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { CounterList, Queue } from '../../engine/engine.js';
import { declaredValue } from '../arguments/argument.js';
import { republish } from '../arguments/exchange-arguments.js';
import { canonicalTable } from '../arguments/field-values.js';
import { isSingleActiveConsumer } from '../arguments/queue-arguments.js';
import { Deduplication } from '../history/deduplication.js';
import { History } from '../history/history.js';
import { DEFAULT_EXCHANGE } from '../requests/names.js';
import type { Change, ConnectionId, QueueId, QueueSettings } from '../requests/requests.js';
import { exchangeType } from '../routing/exchange-types.js';
import type { Bound, Router } from '../routing/router.js';

type ExchangeChanged = Extract<Change, { kind: 'exchange.changed' }>;
type ExchangeDeclared = Extract<Change, { kind: 'exchange.declared' }>;
type DelayedQueueOpened = Extract<Change, { kind: 'delayed.opened' }>;
type QueueDeclared = Extract<Change, { kind: 'queue.declared' }>;
export type BindingChange = Extract<Change, { kind: 'bound' | 'unbound' }>;

/** Where a binding leads. */
export type Destination = ExchangeEntry | QueueEntry;

export interface Binding extends Bound {
  readonly id: string;
  readonly source: ExchangeEntry;
  readonly destination: Destination;
}

export class QueueEntry {
  readonly kind = 'queue';
  readonly vhost: string;
  readonly name: string;
  readonly id: QueueId;
  readonly ref: Queue;
  /** Its number in the log; 0: its messages are not logged. */
  readonly logId: number;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use it; null: any. */
  readonly owner: ConnectionId | null;
  readonly arguments: FieldTable;
  /** One consumer at a time gets its messages. */
  readonly singleActive: boolean;
  readonly deduplication: Deduplication | null;
  /** What `deduplication` remembers. */
  readonly cacheMemory: SharedArrayBuffer | null;
  readonly incoming = new Set<Binding>();
  deadLetterExchange: string | null = null;
  deadLetterRoutingKey: string | null = null;
  keepsDeadLetters = false;
  consumerTimeout: number | null = null;
  /** Nobody is given anything of it. */
  isPaused: boolean;

  constructor(declared: QueueDeclared) {
    this.vhost = declared.vhost;
    this.name = declared.queue;
    this.id = declared.id;
    this.ref = declared.ref;
    this.logId = declared.logId;
    this.durable = declared.durable;
    this.autoDelete = declared.autoDelete;
    this.owner = declared.owner;
    this.arguments = declared.arguments;
    this.singleActive = isSingleActiveConsumer(declared.arguments);
    this.deduplication = deduplicationOf(declared);
    this.cacheMemory = declared.cacheMemory;
    this.isPaused = declared.isPaused ?? false;
    this.change(declared.settings);
  }

  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
  }

  /** Whether it looks at each message before it takes it. */
  get asksHost(): boolean {
    return this.deduplication !== null;
  }

  change(settings: QueueSettings): void {
    this.deadLetterExchange = settings.deadLetterExchange;
    this.deadLetterRoutingKey = settings.deadLetterRoutingKey;
    this.keepsDeadLetters = settings.keepsDeadLetters;
    this.consumerTimeout = settings.consumerTimeout;
  }
}

export class ExchangeEntry {
  readonly kind = 'exchange';
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
  readonly deduplication: Deduplication | null;
  /** What `deduplication` remembers. */
  readonly cacheMemory: SharedArrayBuffer | null;
  /** What it remembers for queues that are bound later; null: nothing. */
  readonly history: History | null;
  readonly historyMemory: SharedArrayBuffer | null;
  /** Where is counted what clients publish to it. */
  readonly counters: CounterList;
  /** Whether it holds messages back that ask for it. */
  readonly delays: boolean;
  /** Whether it looks at each message, at more of it than the key. */
  readonly asksHost: boolean;
  /** Whether it takes messages that another broker had. */
  readonly republishes: boolean;
  /** The hidden queue where what it holds back waits when it must not be lost; null: it has none. */
  delayedQueue: Pick<DelayedQueueOpened, 'ref' | 'logId'> | null = null;
  /** The exchange that gets what this one routes nowhere; it need not exist. */
  alternate: string | null;
  readonly incoming = new Set<Binding>();
  /** The bindings from here, by what makes each one unique. */
  readonly outgoing = new Map<string, Binding>();
  readonly router: Router<Binding>;
  /** How many of `outgoing` lead to exchanges. */
  #toExchanges = 0;

  constructor(declared: ExchangeDeclared) {
    const type = exchangeType(declared.type);
    if (type === undefined) throw new Error(`exchange type ${declared.type} was let through`);
    this.vhost = declared.vhost;
    this.name = declared.exchange;
    this.type = declared.type;
    this.durable = declared.durable;
    this.autoDelete = declared.autoDelete;
    this.internal = declared.internal;
    this.arguments = declared.arguments;
    this.deduplication = deduplicationOf(declared);
    this.cacheMemory = declared.cacheMemory;
    this.historyMemory = declared.historyMemory;
    this.counters = declared.counters;
    this.history =
      declared.historyMemory === null ? null : new History(declared.historyMemory, type.remembers(declared.arguments));
    this.delays = type.delays;
    this.republishes = declaredValue(republish, declared.arguments) === true;
    this.asksHost = type.asksHost(declared.arguments) || this.deduplication !== null || this.republishes;
    this.alternate = declared.alternate;
    this.router = type.newRouter<Binding>(declared.arguments);
  }

  change(changed: ExchangeChanged): void {
    this.alternate = changed.alternate;
  }

  /** Whether queues are all that its messages can reach through bindings. */
  get isLast(): boolean {
    return this.#toExchanges === 0;
  }

  get isDefault(): boolean {
    return this.name === DEFAULT_EXCHANGE;
  }

  binding(change: BindingChange): Binding | undefined {
    return this.outgoing.get(bindingId(change));
  }

  /** False: it is there already. */
  attach(change: BindingChange, destination: Destination): boolean {
    const id = bindingId(change);
    if (this.outgoing.has(id)) return false;
    const { routingKey, arguments: args } = change;
    const binding: Binding = { id, source: this, destination, routingKey, arguments: args };
    this.outgoing.set(id, binding);
    destination.incoming.add(binding);
    this.router.add(binding);
    if (destination.kind === 'exchange') this.#toExchanges++;
    return true;
  }

  /** False: it is not there. */
  detach(binding: Binding): boolean {
    if (!this.outgoing.delete(binding.id)) return false;
    binding.destination.incoming.delete(binding);
    this.router.remove(binding);
    if (binding.destination.kind === 'exchange') this.#toExchanges--;
    return true;
  }
}

/** Two bindings of one exchange are the same when destination, key and arguments are. */
function bindingId(change: BindingChange): string {
  const { destinationKind, destination, routingKey } = change;
  return JSON.stringify([destinationKind, destination, routingKey, canonicalTable(change.arguments)]);
}

function deduplicationOf({ cacheMemory, arguments: args }: ExchangeDeclared | QueueDeclared): Deduplication | null {
  return cacheMemory === null ? null : new Deduplication(cacheMemory, args);
}
