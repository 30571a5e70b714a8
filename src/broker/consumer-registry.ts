/**
 * Who consumes from which queue, over all workers. Data only: what follows from it is decided elsewhere.
 * What must hold: a registration is found under its queue and under its connection, or under neither.
 */
import type { ConnectionId } from './requests.js';
import type { QueueEntry } from './topology-entries.js';

export interface Registration {
  readonly connection: ConnectionId;
  /** Unique within the connection. */
  readonly consumer: string;
  readonly queue: QueueEntry;
  readonly exclusive: boolean;
}

export class ConsumerRegistry {
  readonly #byQueue = new Map<QueueEntry, Set<Registration>>();
  readonly #byConnection = new Map<ConnectionId, Map<string, Registration>>();

  count(queue: QueueEntry): number {
    return this.#byQueue.get(queue)?.size ?? 0;
  }

  /** Whether a consumer has the queue for itself. It is the only one then. */
  hasExclusive(queue: QueueEntry): boolean {
    const [first] = this.#byQueue.get(queue) ?? [];
    return first?.exclusive ?? false;
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

  consumersOf(connection: ConnectionId): string[] {
    return [...(this.#byConnection.get(connection)?.keys() ?? [])];
  }

  /** The queue is deleted, and its consumers are none any more. */
  forgetQueue(queue: QueueEntry): void {
    for (const registration of this.#byQueue.get(queue) ?? []) this.#leaveConnection(registration);
    this.#byQueue.delete(queue);
  }

  #leaveQueue(registration: Registration): void {
    const others = this.#byQueue.get(registration.queue);
    others?.delete(registration);
    if (others?.size === 0) this.#byQueue.delete(registration.queue);
  }

  #leaveConnection({ connection, consumer }: Registration): void {
    const own = this.#byConnection.get(connection);
    own?.delete(consumer);
    if (own?.size === 0) this.#byConnection.delete(connection);
  }
}
