/**
 * What the source has: its queues, from its management API or from a file of definitions, and how many messages are ready
 * in each, as the broker itself counts them. What must hold: nothing is declared, changed or taken.
 */
import { EMPTY_TABLE } from '../amqp/table.js';
import { Connection, type ConnectionSettings } from '../client/connection.js';
import type { Endpoint } from '../client/endpoint.js';
import { BrokerError } from '../client/errors.js';
import { ThreadMemory } from '../client/memory.js';
import type { QueueName } from './plan.js';

export interface SourceQueue extends QueueName {
  readonly type: string;
  readonly isAutoDelete: boolean;
  /** One connection has it to itself. */
  readonly isExclusive: boolean;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Who consumes from it; null: it is not known. */
  readonly consumers: number | null;
  /** Messages that consumers hold; null: it is not known. */
  readonly unacknowledged: number | null;
  /** Messages that are ready, as the API has counted them; null: it is not known. */
  readonly ready: number | null;
}

/** Counts of a vhost's queues, over a connection of its own. */
export class QueueCounts {
  readonly #endpoint: Endpoint;
  readonly #settings: ConnectionSettings;
  #connection: Connection | null = null;

  constructor(endpoint: Endpoint, settings: ConnectionSettings) {
    this.#endpoint = endpoint;
    this.#settings = settings;
  }

  /** Messages that are ready; null: there is no such queue, or it is not ours to see. Rejects with a `BrokerError`. */
  async ready({ name }: QueueName): Promise<number | null> {
    const connection = await this.#open();
    const flags = { passive: true, durable: false, exclusive: false, autoDelete: false, nowait: false };
    try {
      const declare = { name: 'queue.declare', queue: name, ...flags, arguments: EMPTY_TABLE } as const;
      return (await connection.call(declare, 'queue.declare-ok')).messageCount;
    } catch (error) {
      this.#connection = null;
      if (error instanceof BrokerError && error.replyCode !== null && isOfTheQueue(error.replyCode)) return null;
      throw error;
    }
  }

  async #open(): Promise<Connection> {
    if (this.#connection !== null) return this.#connection;
    const connection = await Connection.open(
      this.#endpoint,
      this.#settings,
      new ThreadMemory(0),
      'leveret migrate: counts',
    );
    connection.onFailed = () => {
      this.#connection = null;
    };
    this.#connection = connection;
    return connection;
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    this.#connection = null;
  }
}

const ACCESS_REFUSED = 403;
const NOT_FOUND = 404;
const RESOURCE_LOCKED = 405;
const PRECONDITION_FAILED = 406;

/** Whether a broker has refused what was asked of one queue, rather than gone away. */
export function isOfTheQueue(replyCode: number): boolean {
  return [ACCESS_REFUSED, NOT_FOUND, RESOURCE_LOCKED, PRECONDITION_FAILED].includes(replyCode);
}
