/**
 * Who consumes from which queue, over all workers. Data only: what follows from it is decided elsewhere. What must
 * hold: a registration is found under its queue and under its connection, or under neither; who is active in a queue is
 * registered there.
 */
import type { ConnectionId } from '../requests/requests.js';
import type { QueueEntry } from './topology-entries.js';

export interface Registration {
  readonly connection: ConnectionId;
  /** Unique within the connection. */
  readonly consumer: string;
  readonly queue: QueueEntry;
  readonly exclusive: boolean;
  readonly priority: number;
}

export class ConsumerRegistry {
  readonly #byQueue = new Map<QueueEntry, Set<Registration>>();
  /** The one that gets messages, in queues that have such a one. */
  readonly #active = new Map<QueueEntry, Registration>();
  readonly #byConnection = new Map<ConnectionId, Map<string, Registration>>();

  count(queue: QueueEntry): number {
    return this.#byQueue.get(queue)?.size ?? 0;
  }

  /** Whether a consumer has the queue for itself. It is the only one then. */
  hasExclusive(queue: QueueEntry): boolean {
    const consumers = this.#byQueue.get(queue);
    if (consumers?.size !== 1) return false;
    const [only] = consumers;
    return only?.exclusive ?? false;
  }

  has(connection: ConnectionId, consumer: string): boolean {
    return this.#byConnection.get(connection)?.has(consumer) ?? false;
  }

  /** The consumer must not be registered already. */
  add(registration: Registration): void {
    const { connection, consumer, queue } = registration;
    const own = this.#byConnection.get(connection) ?? new Map<string, Registration>();
    this.#byConnection.set(connection, own.set(consumer, registration));
    const others = this.#byQueue.get(queue) ?? new Set();
    this.#byQueue.set(queue, others.add(registration));
  }

  /** Returns the queue that the consumer has left; undefined when there is no such consumer (its queue may be gone). */
  remove(connection: ConnectionId, consumer: string): QueueEntry | undefined {
    const registration = this.#byConnection.get(connection)?.get(consumer);
    if (registration === undefined) return undefined;
    this.#leaveQueue(registration);
    this.#leaveConnection(registration);
    return registration.queue;
  }

  active(queue: QueueEntry): Registration | undefined {
    return this.#active.get(queue);
  }

  /**
   * Makes the consumer of the highest priority active, of those the one that came first; undefined when there is none.
   */
  activateNext(queue: QueueEntry): Registration | undefined {
    let next: Registration | undefined;
    for (const candidate of this.#byQueue.get(queue) ?? []) {
      if (next === undefined || candidate.priority > next.priority) next = candidate;
    }
    if (next !== undefined) this.#active.set(queue, next);
    return next;
  }

  consumersOf(connection: ConnectionId): string[] {
    return [...(this.#byConnection.get(connection)?.keys() ?? [])];
  }

  /** The queue is deleted, and its consumers are none any more. */
  forgetQueue(queue: QueueEntry): void {
    for (const registration of this.#byQueue.get(queue) ?? []) this.#leaveConnection(registration);
    this.#byQueue.delete(queue);
    this.#active.delete(queue);
  }

  #leaveQueue(registration: Registration): void {
    const others = this.#byQueue.get(registration.queue);
    others?.delete(registration);
    if (this.#active.get(registration.queue) === registration) this.#active.delete(registration.queue);
    if (others?.size === 0) this.#byQueue.delete(registration.queue);
  }

  #leaveConnection({ connection, consumer }: Registration): void {
    const own = this.#byConnection.get(connection);
    own?.delete(consumer);
    if (own?.size === 0) this.#byConnection.delete(connection);
  }
}
