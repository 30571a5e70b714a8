/**
 * What one scrape reads more than once, gathered when it is first asked for: what the process tells of itself, and who
 * is connected.
 */
import type { Depth } from '../../../connection/inspection/rows.js';
import { ChannelCounter } from '../../../engine/engine.js';
import type { ClusterReport } from '../../../node/cluster/cluster-member.js';
import type { Client, ClientChannel } from '../../clients/client.js';
import type { JsonObject } from '../../http/listings.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { nodeFigures } from '../node/node-figures.js';

/** A channel with the connection that it is of. */
export interface OpenChannel {
  readonly client: Client;
  readonly channel: ClientChannel;
}

export class Reading {
  readonly broker: ManagedBroker;
  #figures: Promise<JsonObject> | null = null;
  #clients: Promise<readonly Client[]> | null = null;
  #cluster: Promise<ClusterReport> | null = null;
  readonly #depth: Depth;
  #consumers: ReadonlyMap<string, number> = new Map();

  /** `depth`: how far down clients are looked at. */
  constructor(broker: ManagedBroker, depth: Depth) {
    this.broker = broker;
    this.#depth = depth;
  }

  /** What the process tells of itself, by RabbitMQ's names. */
  async figure(name: string): Promise<number> {
    this.#figures ??= nodeFigures(this.broker);
    return Number((await this.#figures)[name] ?? 0);
  }

  /** How the cluster is; rejects where the broker belongs to none. */
  cluster(): Promise<ClusterReport> {
    this.#cluster ??= this.broker.member?.status() ?? Promise.reject(new Error('the broker belongs to no cluster'));
    return this.#cluster;
  }

  /** Rejects with `NoAnswer`. */
  clients(): Promise<readonly Client[]> {
    this.#clients ??= this.broker.clients.now(this.#depth);
    return this.#clients;
  }

  async channels(): Promise<readonly OpenChannel[]> {
    const clients = await this.clients();
    return clients.flatMap((client) => client.channelList.map((channel) => ({ client, channel })));
  }

  async consumers(): Promise<number> {
    return (await this.channels()).reduce((sum, { channel }) => sum + channel.consumers, 0);
  }

  /** Channels on which something was published. */
  async publishers(): Promise<number> {
    return (await this.channels()).filter(({ channel }) => (channel.counts[ChannelCounter.PUBLISHED] ?? 0) > 0).length;
  }

  /** `consumersOf` is right when this has resolved. */
  async countConsumers(): Promise<void> {
    const counts = new Map<string, number>();
    for (const { client, channel } of await this.channels()) {
      for (const { queue } of channel.consumerList) {
        const key = keyOf(client.vhost, queue);
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    this.#consumers = counts;
  }

  consumersOf({ vhost, name }: { readonly vhost: string; readonly name: string }): number {
    return this.#consumers.get(keyOf(vhost, name)) ?? 0;
  }
}

/** Names may hold any character. */
function keyOf(vhost: string, queue: string): string {
  return JSON.stringify([vhost, queue]);
}
