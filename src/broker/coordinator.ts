/**
 * The coordinator alone decides on topology, one request at a time. A request is decided on its own view; the changes
 * it made are posted to all workers, with the epoch raised, before its answer is returned.
 * What must hold: whoever holds an answer finds its effect in every view that has reached the current epoch; a deleted
 * queue's memory is given back only after every worker has applied the deletion.
 */
import type { Engine } from '../engine/engine.js';
import { Administration } from './administration.js';
import { Bindings } from './bindings.js';
import { type Clock, systemClock } from './clock.js';
import { ConsumerRegistry } from './consumer-registry.js';
import { Consumers } from './consumers.js';
import { Exchanges } from './exchanges.js';
import { Leases } from './leases.js';
import { Limits } from './limits.js';
import { Policies } from './policies.js';
import { Queues } from './queues.js';
import { noVhost, refused } from './refusals.js';
import { ReplyQueues } from './reply-queues.js';
import type { Answer, Change, ConnectionId, Notice, Request } from './requests.js';
import { RetiredQueues } from './retired-queues.js';
import { Sessions } from './sessions.js';
import { Topology } from './topology.js';
import type { QueueEntry } from './topology-entries.js';

/** What the coordinator does to queues in the core. */
export type QueueCore = Pick<
  Engine,
  'createQueue' | 'setRules' | 'lastGet' | 'readyCount' | 'purge' | 'retireQueue' | 'freeQueue'
>;

/** What the coordinator works in. */
export interface Surroundings {
  /** How many workers there are: each one calls for `applied` with its own number, from 0, and the epoch that it has reached. */
  readonly workers: number;
  /** Sends changes to every worker, raises the epoch and returns it. */
  post(changes: readonly Change[]): number;
  /** Sends a notice to the worker of a connection, if it still has one. */
  notify(notice: Notice): void;
  readonly clock?: Clock;
  /** The vhosts to begin with. */
  readonly vhosts?: readonly string[];
}

export class Coordinator {
  readonly #outside: Surroundings;
  readonly #topology: Topology;
  /** What administrators may do, beside what clients do. */
  readonly administration: Administration;
  readonly #exchanges: Exchanges;
  readonly #queues: Queues;
  readonly #leases: Leases;
  readonly #bindings: Bindings;
  readonly #consumers: Consumers;
  readonly #replies: ReplyQueues;
  readonly #sessions: Sessions;
  readonly #retired: RetiredQueues;

  constructor(core: QueueCore, outside: Surroundings) {
    const { workers, vhosts, clock = systemClock } = outside;
    this.#outside = outside;
    this.#topology = new Topology(core, vhosts);
    const registry = new ConsumerRegistry();
    const policies = new Policies();
    const limits = new Limits();
    this.#exchanges = new Exchanges(this.#topology, policies);
    this.#bindings = new Bindings(this.#topology);
    this.#leases = new Leases(core, registry, clock, (queue) => this.#expire(queue));
    this.#queues = new Queues(core, this.#topology, registry, this.#leases, policies, limits);
    const notify = (notice: Notice): void => outside.notify(notice);
    this.#consumers = new Consumers(this.#topology.view, registry, this.#queues, this.#leases, notify);
    this.#replies = new ReplyQueues(core, this.#topology);
    this.#sessions = new Sessions(this.#topology.view, limits);
    this.administration = new Administration(
      { topology: this.#topology, exchanges: this.#exchanges, queues: this.#queues, sessions: this.#sessions },
      policies,
      limits,
      { publishChanges: () => this.#publishChanges(), notify },
    );
    this.#retired = new RetiredQueues(core, workers);
  }

  handle(connection: ConnectionId, request: Request): Answer {
    const answer = this.#decide(connection, request);
    this.#publishChanges();
    return answer;
  }

  /** A worker has applied everything posted up to `epoch`. */
  applied(worker: number, epoch: number): void {
    this.#retired.applied(worker, epoch);
  }

  /** Nothing happens by itself any more. */
  close(): void {
    this.#leases.endAll();
  }

  #expire(queue: QueueEntry): void {
    this.#queues.remove(queue);
    this.#publishChanges();
  }

  #decide(connection: ConnectionId, request: Request): Answer {
    // Its vhost may be deleted, and the connection not know yet that it must go.
    if ('vhost' in request && !this.#topology.view.hasVhost(request.vhost)) return refused(noVhost(request.vhost));
    switch (request.op) {
      case 'exchange.declare':
        return this.#exchanges.declare(request);
      case 'exchange.delete':
        return this.#exchanges.delete(request);
      case 'exchange.bind':
      case 'exchange.unbind':
        return this.#bindings.changeExchange(connection, request);
      case 'queue.declare':
        return this.#queues.declare(connection, request);
      case 'queue.bind':
      case 'queue.unbind':
        return this.#bindings.changeQueue(connection, request);
      case 'queue.purge':
        return this.#queues.purge(connection, request);
      case 'queue.delete':
        return this.#queues.delete(connection, request);
      case 'consume':
        return this.#consumers.add(connection, request);
      case 'cancel':
        return this.#consumers.cancel(connection, request.consumers);
      case 'reply.open':
        return this.#replies.open(connection, request.vhost);
      case 'reply.close':
        return this.#replies.close(connection, request.queue);
      case 'connection.open':
        return this.#sessions.open(connection, request);
      case 'channel.open':
        return this.#sessions.openChannel(connection);
      case 'channel.close':
        return this.#sessions.closeChannel(connection);
      case 'disconnect':
        return this.#disconnect(connection);
      default:
        return request satisfies never;
    }
  }

  #disconnect(connection: ConnectionId): Answer {
    this.#consumers.disconnect(connection);
    this.#replies.disconnect(connection);
    this.#queues.disconnect(connection);
    this.#sessions.disconnect(connection);
    return { ok: true };
  }

  #publishChanges(): void {
    const { changes, retired } = this.#topology.takeChanges();
    if (changes.length === 0) return;
    const epoch = this.#outside.post(changes);
    this.#retired.await(retired, epoch);
  }
}
