/**
 * This folder is what exists and where messages go, as each participant sees it; decisions, definitions and the
 * coordinator may import it, and so may all of a worker.
 *
 * The coordinator's own view, and the only way to change it: a change takes effect here at once, and is gathered to be
 * posted when the request is decided. Deletions take along what cannot stay without the deleted.
 * What must hold: every change of the view is gathered, in order; a chain of deletions, however long, needs no stack.
 */
import type { CounterList, Engine, Queue } from '../../engine/engine.js';
import type { Change } from '../requests/requests.js';
import { CounterLists } from './counter-lists.js';
import { MemoryReservations } from './memory-reservations.js';
import { listsOf } from './predeclared.js';
import type { Binding, BindingChange, ExchangeEntry, QueueEntry } from './topology-entries.js';
import { TopologyView } from './topology-view.js';

export interface GatheredChanges {
  readonly changes: readonly Change[];
  /** Queues that are retired in the core, to be freed once every worker has applied the changes. */
  readonly retired: readonly Queue[];
  /** Lists of counters, to be closed then. */
  readonly uncounted: readonly CounterList[];
}

type TopologyCore = Pick<Engine, 'retireQueue' | 'setAside' | 'openCounters' | 'closeCounters'>;

const NOTHING: readonly never[] = [];

export class Topology {
  readonly view: TopologyView;
  readonly reservations: MemoryReservations;
  readonly counterLists: CounterLists;
  readonly #core: TopologyCore;
  readonly #before: (change: Change) => void;
  #changes: Change[] = [];
  #retired: Queue[] = [];
  #uncounted: CounterList[] = [];

  /** `before` is told of each change while the view is still without it. */
  constructor(core: TopologyCore, before: (change: Change) => void, vhosts?: readonly string[]) {
    this.#core = core;
    this.#before = before;
    this.reservations = new MemoryReservations(core);
    this.counterLists = new CounterLists(core);
    this.view = new TopologyView(vhosts);
    // These have the first numbers, which nobody needs to be told.
    for (const vhost of this.view.vhosts()) this.counterLists.openMany(listsOf(vhost));
  }

  change(change: Change): void {
    this.#before(change);
    const gone = this.#memoriesGone(change);
    this.view.apply(change);
    for (const memory of gone) this.reservations.close(memory);
    this.#changes.push(change);
  }

  /** The memories that nothing has any more after a change that the view has not seen yet. */
  #memoriesGone(change: Change): readonly (SharedArrayBuffer | null | undefined)[] {
    if (change.kind === 'queue.deleted') return [this.view.queueByRef(change.ref)?.cacheMemory];
    if (change.kind !== 'exchange.deleted') return NOTHING;
    const exchange = this.view.exchange(change.vhost, change.exchange);
    return [exchange?.cacheMemory, exchange?.historyMemory];
  }

  createVhost(vhost: string): void {
    this.change({ kind: 'vhost.created', vhost, counters: this.counterLists.openMany(listsOf(vhost)) });
  }

  takeChanges(): GatheredChanges {
    const gathered = { changes: this.#changes, retired: this.#retired, uncounted: this.#uncounted };
    this.#changes = [];
    this.#retired = [];
    this.#uncounted = [];
    return gathered;
  }

  /** Removes a binding, and its source when that was all that kept it. */
  unbind(change: BindingChange, source: ExchangeEntry): void {
    this.change(change);
    this.#deleteUnbound([source]);
  }

  /** Deletes an exchange with its bindings; those to it may have been all that kept their sources. */
  deleteExchange(exchange: ExchangeEntry): void {
    this.#deleteUnbound(this.#removeExchange(exchange));
  }

  /** Deletes a queue with its bindings; returns how many messages waited in it. */
  deleteQueue(queue: QueueEntry): number {
    const sources = sourcesOf(queue.incoming);
    const ready = this.#core.retireQueue(queue.ref);
    this.#retired.push(queue.ref);
    this.change({ kind: 'queue.deleted', vhost: queue.vhost, queue: queue.name, ref: queue.ref });
    this.#deleteUnbound(sources);
    return ready;
  }

  closeReplyQueue(vhost: string, queue: string): void {
    const ref = this.view.replyQueue(vhost, queue);
    if (ref === undefined) return;
    this.#core.retireQueue(ref);
    this.#retired.push(ref);
    this.change({ kind: 'reply.closed', vhost, queue, ref });
  }

  /** Deletes a vhost whose queues are deleted, with its exchanges. */
  *deleteVhost(vhost: string): Generator<void, void> {
    for (const queue of this.view.replyQueuesIn(vhost)) {
      this.closeReplyQueue(vhost, queue);
      yield;
    }
    for (const exchange of this.view.exchangesIn(vhost)) {
      this.deleteExchange(exchange);
      yield;
    }
    this.#uncounted.push(this.view.countersOf(vhost));
    this.change({ kind: 'vhost.deleted', vhost });
  }

  /**
   * Auto-delete exchanges go with the last binding from them. Each one deleted may be the last destination of others.
   */
  #deleteUnbound(sources: readonly ExchangeEntry[]): void {
    const suspects = [...sources];
    for (let exchange = suspects.pop(); exchange !== undefined; exchange = suspects.pop()) {
      if (!exchange.autoDelete || exchange.outgoing.size > 0) continue;
      if (this.view.exchange(exchange.vhost, exchange.name) !== exchange) continue;
      for (const source of this.#removeExchange(exchange)) suspects.push(source);
    }
  }

  /** Returns the sources of the bindings that went with it. */
  #removeExchange(exchange: ExchangeEntry): ExchangeEntry[] {
    const sources = sourcesOf(exchange.incoming);
    if (exchange.delayedQueue !== null) {
      this.#core.retireQueue(exchange.delayedQueue.ref);
      this.#retired.push(exchange.delayedQueue.ref);
    }
    this.#uncounted.push(exchange.counters);
    this.change({ kind: 'exchange.deleted', vhost: exchange.vhost, exchange: exchange.name });
    return sources;
  }
}

function sourcesOf(bindings: ReadonlySet<Binding>): ExchangeEntry[] {
  return [...new Set([...bindings].map((binding) => binding.source))];
}
