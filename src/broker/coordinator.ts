/**
 * The coordinator alone decides on topology, one request at a time. A request is decided on its own view; the changes
 * it made are posted to all workers, with the epoch raised, before its answer is returned.
 * What must hold: whoever holds an answer finds its effect in every view that has reached the current epoch; a deleted
 * queue's memory is given back only after every worker has applied the deletion.
 */
import type { Engine } from '../engine/engine.js';
import { Bindings } from './bindings.js';
import { ConsumerRegistry } from './consumer-registry.js';
import { Consumers } from './consumers.js';
import { Exchanges } from './exchanges.js';
import { Queues } from './queues.js';
import type { Answer, Change, ConnectionId, Request } from './requests.js';
import { RetiredQueues } from './retired-queues.js';
import { Topology } from './topology.js';

/** What the coordinator does to queues in the core. */
export type QueueCore = Pick<Engine, 'createQueue' | 'readyCount' | 'purge' | 'retireQueue' | 'freeQueue'>;

export class Coordinator {
  readonly #post: (changes: readonly Change[]) => number;
  readonly #topology: Topology;
  readonly #exchanges: Exchanges;
  readonly #queues: Queues;
  readonly #bindings: Bindings;
  readonly #consumers: Consumers;
  readonly #retired: RetiredQueues;

  /**
   * `post` sends changes to every worker, raises the epoch and returns it. `workers` is their number: each one calls
   * for `applied` with its own number, from 0, and the epoch that it has reached.
   */
  constructor(
    core: QueueCore,
    post: (changes: readonly Change[]) => number,
    workers: number,
    vhosts?: readonly string[],
  ) {
    this.#post = post;
    this.#topology = new Topology(core, vhosts);
    const registry = new ConsumerRegistry();
    this.#exchanges = new Exchanges(this.#topology);
    this.#bindings = new Bindings(this.#topology);
    this.#queues = new Queues(core, this.#topology, registry);
    this.#consumers = new Consumers(this.#topology.view, registry, this.#queues);
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

  #decide(connection: ConnectionId, request: Request): Answer {
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
      case 'disconnect':
        return this.#disconnect(connection);
      default:
        return request satisfies never;
    }
  }

  #disconnect(connection: ConnectionId): Answer {
    this.#consumers.disconnect(connection);
    this.#queues.disconnect(connection);
    return { ok: true };
  }

  #publishChanges(): void {
    const { changes, retired } = this.#topology.takeChanges();
    if (changes.length === 0) return;
    const epoch = this.#post(changes);
    this.#retired.await(retired, epoch);
  }
}
