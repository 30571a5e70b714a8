/**
 * Random traffic of raw clients, for tests that compare what the broker tells of it with what passed: publishers and
 * consumers of two workers, short and long messages, acknowledgements, requeues, cancels, channels and connections that
 * close amid all. What the messages are like, and what is noted of them, is each test's.
 */
import type { Broker } from './broker.js';
import type { Carried, PublishOptions, RawChannel } from './raw-channel.js';
import { RawClient } from './raw-client.js';

const QUEUES = ['one', 'two', 'three'];
/** Octets of long bodies: more than one frame, and more than one of the broker's pieces. */
const LONG = 300_000;

/** A message: a number that no other one has, where it leads to, and how long it is to be. */
export interface Draft {
  readonly id: number;
  readonly queues: readonly string[];
  readonly filling: string;
}

/** `amq.topic` leads to the queues whose names are words of its key. */
export interface Publication {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: string;
  readonly options?: PublishOptions;
}

/** Whose channel it is. */
export interface Party {
  readonly client: RawClient;
  readonly channel: RawChannel;
}

export interface Notes {
  /** What is to be published; it will be. */
  write(draft: Draft, by: Party): Publication;
  /** A client was given a message of a queue. */
  seen(delivery: Carried<'basic.deliver'> | Carried<'basic.get-ok'>, queue: string, by: Party): void;
}

interface Client {
  readonly raw: RawClient;
  readonly channels: Set<Open>;
}

interface Open {
  readonly raw: RawChannel;
  readonly unacked: number[];
  readonly tags: Set<string>;
}

export class RandomTraffic {
  readonly #broker: Broker;
  readonly #random: () => number;
  readonly #notes: Notes;
  readonly #clients: Client[] = [];
  #last = 0;
  #gotFrom = '';

  constructor(broker: Broker, random: () => number, notes: Notes) {
    this.#broker = broker;
    this.#random = random;
    this.#notes = notes;
  }

  /** Four clients, and queues bound to `amq.topic`. */
  async begin(): Promise<void> {
    for (let count = 0; count < 4; count++) await this.#connect();
    const channel = [...(this.#clients[0]?.channels ?? [])][0]?.raw;
    if (channel === undefined) throw new Error('a client has a channel');
    for (const queue of QUEUES) {
      await channel.call('queue.declare', { queue });
      await channel.call('queue.bind', { queue, exchange: 'amq.topic', routingKey: `#.${queue}.#` });
    }
    await channel.sync();
  }

  async step(): Promise<void> {
    const client = this.#one(this.#clients);
    const channel = client === undefined ? undefined : this.#one([...client.channels]);
    if (client === undefined) return this.#connect();
    if (channel === undefined) return this.#openChannel(client);
    const choice = this.#below(20);
    if (choice < 8) return this.#publish(client, channel);
    if (choice < 11) return this.#consume(channel);
    if (choice < 14) return this.#settle(channel);
    if (choice < 16) return this.#get(channel);
    if (choice === 16) return this.#cancel(channel);
    if (choice === 17) return this.#openChannel(client);
    if (choice === 18) return this.#closeChannel(client, channel);
    if (this.#below(3) > 0) return this.#connect();
    this.#clients.splice(this.#clients.indexOf(client), 1);
    return client.raw.close();
  }

  async end(): Promise<void> {
    for (const { raw } of this.#clients) await raw.close();
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #one<T>(things: readonly T[]): T | undefined {
    return things[this.#below(things.length)];
  }

  async #connect(): Promise<void> {
    const client = { raw: await RawClient.open(this.#broker), channels: new Set<Open>() };
    this.#clients.push(client);
    await this.#openChannel(client);
  }

  async #openChannel(client: Client): Promise<void> {
    this.#last += 1;
    const raw = await client.raw.openChannel((this.#last % 2_000) + 1);
    const open: Open = { raw, unacked: [], tags: new Set() };
    raw.watch = (arrival) => {
      if (!('body' in arrival) || arrival.name === 'basic.return') return;
      const isGot = arrival.name === 'basic.get-ok';
      // The tag of a consumer begins with its queue.
      const queue = isGot ? this.#gotFrom : (arrival.consumerTag.split('-')[0] ?? '');
      this.#notes.seen(arrival, queue, { client: client.raw, channel: raw });
      if (isGot || !arrival.consumerTag.endsWith('noack')) open.unacked.push(Number(arrival.deliveryTag));
    };
    client.channels.add(open);
  }

  async #publish(client: Client, { raw }: Open): Promise<void> {
    for (let count = this.#below(6); count >= 0; count--) {
      this.#last += 1;
      const queues = QUEUES.filter(() => this.#below(2) === 0);
      const filling = 'x'.repeat(this.#below(12) === 0 ? this.#below(LONG) : this.#below(200));
      const by = { client: client.raw, channel: raw };
      const { exchange, routingKey, body, options } = this.#notes.write({ id: this.#last, queues, filling }, by);
      raw.publish(exchange, routingKey, body, options);
    }
    await raw.sync();
  }

  async #consume(open: Open): Promise<void> {
    const queue = this.#one(QUEUES) ?? '';
    const noAck = this.#below(3) === 0;
    this.#last += 1;
    const consumerTag = `${queue}-${this.#last}${noAck ? '-noack' : ''}`;
    await open.raw.call('basic.qos', { prefetchCount: this.#below(10) });
    await open.raw.consume(queue, { consumerTag, noAck });
    open.tags.add(consumerTag);
  }

  async #settle({ raw, unacked }: Open): Promise<void> {
    for (const tag of unacked.splice(0, this.#below(unacked.length + 1))) {
      const deliveryTag = BigInt(tag);
      if (this.#below(4) === 0) raw.send('basic.nack', { deliveryTag, requeue: true });
      else raw.send('basic.ack', { deliveryTag });
    }
    await raw.sync();
  }

  async #get({ raw }: Open): Promise<void> {
    this.#gotFrom = this.#one(QUEUES) ?? '';
    await raw.get(this.#gotFrom);
  }

  async #cancel(open: Open): Promise<void> {
    const consumerTag = this.#one([...open.tags]);
    if (consumerTag === undefined) return;
    open.tags.delete(consumerTag);
    await open.raw.call('basic.cancel', { consumerTag });
  }

  async #closeChannel(client: Client, open: Open): Promise<void> {
    client.channels.delete(open);
    await open.raw.close();
  }
}
