/**
 * What a run publishes to and consumes from: declared and bound before it, and, if its names were made up, gone after it.
 * What must hold: nothing is declared of what somebody has said is there.
 */
import { table } from '../amqp/table.js';
import { Connection } from '../client/connection.js';
import type { BrokerError } from '../client/errors.js';
import { ThreadMemory } from '../client/memory.js';
import { type Plan, PRODUCT } from './plan.js';

export class Topology {
  readonly #connection: Connection;
  readonly #plan: Plan;

  private constructor(connection: Connection, plan: Plan) {
    this.#connection = connection;
    this.#plan = plan;
  }

  /** Rejects with a `BrokerError`. */
  static async declare(plan: Plan, onFailed: (error: BrokerError) => void): Promise<Topology> {
    const { endpoints, tls, heartbeat, name } = plan;
    const [endpoint] = endpoints;
    if (endpoint === undefined) throw new Error('a run has a broker');
    const connection = await Connection.open(
      endpoint,
      { tls, heartbeat, product: PRODUCT },
      new ThreadMemory(0),
      `${name} topology`,
    );
    const topology = new Topology(connection, plan);
    try {
      if (!plan.isPredeclared) await topology.#declare();
    } catch (error) {
      await connection.close();
      throw error;
    }
    connection.onFailed = onFailed;
    return topology;
  }

  async #declare(): Promise<void> {
    const { exchange, queues } = this.#plan;
    if (exchange.name !== '') await this.#declareExchange();
    for (const { name, bindingKey } of queues) {
      await this.#declareQueue(name);
      if (exchange.name !== '') await this.#bind(name, bindingKey);
    }
  }

  async #declareExchange(): Promise<void> {
    const { name, type } = this.#plan.exchange;
    // Those are there in every vhost, and nobody may declare them otherwise.
    if (name.startsWith('amq.')) return;
    const flags = { passive: false, durable: true, autoDelete: false, internal: false, nowait: false };
    await this.#connection.call(
      { name: 'exchange.declare', exchange: name, type, ...flags, arguments: table({}) },
      'exchange.declare-ok',
    );
  }

  async #declareQueue(queue: string): Promise<void> {
    const { isQueueAutoDelete: autoDelete, queueArguments } = this.#plan;
    // Newer RabbitMQs take no others that more than one connection may use.
    const flags = { passive: false, durable: true, exclusive: false, autoDelete, nowait: false };
    await this.#connection.call(
      { name: 'queue.declare', queue, ...flags, arguments: table(queueArguments) },
      'queue.declare-ok',
    );
  }

  async #bind(queue: string, routingKey: string): Promise<void> {
    const { exchange } = this.#plan;
    await this.#connection.call(
      { name: 'queue.bind', queue, exchange: exchange.name, routingKey, nowait: false, arguments: table({}) },
      'queue.bind-ok',
    );
  }

  /** Leaves the broker as it was, but for what somebody has named. */
  async clear(): Promise<void> {
    const { queues, isQueueOwn, isKept, isPredeclared } = this.#plan;
    if (isQueueOwn && !isKept && !isPredeclared) {
      for (const { name: queue } of queues) {
        const flags = { ifUnused: false, ifEmpty: false, nowait: false };
        await this.#connection.call({ name: 'queue.delete', queue, ...flags }, 'queue.delete-ok');
      }
    }
    await this.close();
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
