/** What of a queue comes from clients: its consumers, and the connection that has it for itself. */
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { ConsumerRow } from '../../../connection/inspection/rows.js';
import type { Queue } from '../../../engine/references.js';
import type { Client, ClientChannel } from '../../clients/client.js';
import type { JsonObject } from '../../http/listings.js';
import { Turns } from '../../http/turns.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { consumerJson, peerDetails } from './client-json.js';

/** A consumer with all that it belongs to. */
interface Consumer {
  readonly client: Client;
  readonly channel: ClientChannel;
  readonly row: ConsumerRow;
}

/** Clients by the queues that they use: looked through once for all queues of a listing. */
export class QueueClients {
  readonly #owners = new Map<number, Client>();
  readonly #consumers = new Map<string, Consumer[]>();
  /** When the oldest delivery of each queue was made that is not acknowledged. */
  readonly #oldest = new Map<Queue, number>();

  private constructor() {}

  /** Rejects with `NoAnswer`. */
  static async now({ clients }: Pick<ManagedBroker, 'clients'>): Promise<QueueClients> {
    const found = new QueueClients();
    const turns = new Turns();
    for (const client of await clients.all('consumers')) {
      found.#owners.set(client.id, client);
      for (const channel of client.channelList) {
        for (const { queue, since } of channel.held)
          found.#oldest.set(queue, Math.min(since, found.#oldest.get(queue) ?? since));
        for (const row of channel.consumerList) found.#add({ client, channel, row });
        if (turns.isOver) await turns.next();
      }
    }
    return found;
  }

  #add(consumer: Consumer): void {
    const key = keyOf(consumer.client.vhost, consumer.row.queue);
    const others = this.#consumers.get(key);
    if (others === undefined) this.#consumers.set(key, [consumer]);
    else others.push(consumer);
  }

  /** When the oldest delivery was made that is not acknowledged (ms since the Unix epoch); null: there is none. */
  oldestDelivery({ ref }: QueueEntry): number | null {
    return this.#oldest.get(ref) ?? null;
  }

  /** For lists. */
  summary(queue: QueueEntry): JsonObject {
    const consumers = this.#of(queue);
    const owner = queue.owner === null ? undefined : this.#owners.get(queue.owner);
    return {
      consumers: consumers.length,
      exclusive_consumer_tag: consumers.find(({ row }) => row.exclusive)?.row.tag ?? null,
      single_active_consumer_tag: consumers.find(({ row }) => row.activity === 'single_active')?.row.tag ?? null,
      ...(owner === undefined ? {} : { owner_pid_details: peerDetails(owner) }),
    };
  }

  /** For one queue. */
  details(broker: Pick<ManagedBroker, 'facts'>, queue: QueueEntry): JsonObject {
    const consumers = this.#of(queue);
    return {
      ...this.summary(queue),
      consumer_details: consumers.map(({ client, channel, row }) => consumerJson(broker, client, channel, row)),
    };
  }

  #of({ vhost, name }: QueueEntry): readonly Consumer[] {
    return this.#consumers.get(keyOf(vhost, name)) ?? [];
  }
}

/** Names may hold any character. */
function keyOf(vhost: string, queue: string): string {
  return JSON.stringify([vhost, queue]);
}
