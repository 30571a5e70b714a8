/**
 * Whatever passes through a traced vhost, each publish and each delivery is copied once: publishers and consumers of two
 * workers, short and long messages, acknowledgements, requeues, cancels, channels and connections that close amid all.
 * `LEVERET_SEED=N` repeats a run.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TRACE_EXCHANGE } from '../../src/broker/requests/names.js';
import type { Broker } from '../support/broker.js';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import type { RawChannel } from '../support/raw-channel.js';
import { RawClient } from '../support/raw-client.js';
import { type Heard, Listener, said, type Typed } from './listener.js';

const STEPS = 500;
const QUEUES = ['one', 'two', 'three'];
const LAST = 'the last';
/** Octets of long bodies: more than one frame, and more than one of the broker's pieces. */
const LONG = 300_000;

let started: EmbeddedBroker;

beforeAll(async () => {
  started = await startEmbedded(undefined, { memory: 256 * 1024 ** 2 });
});
afterAll(() => started.embedded.stop());

it('copies each publish and each delivery once', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
  console.info(`traffic of the seed LEVERET_SEED=${seed}`);
  const { broker, embedded } = started;
  const traffic = await Traffic.begin(broker, randomNumbers(seed));
  // Clients are there, and messages wait, before anybody listens.
  const listener = await Listener.open(broker, TRACE_EXCHANGE);
  await embedded.administration.describeVhost('/', { tracing: true });
  for (let step = 0; step < STEPS; step++) await traffic.step();
  await traffic.end();
  const heard = await listener.until('the copy of the last message', (all) =>
    all.some(({ body }) => body.toString() === LAST),
  );
  const copies = heard.filter(({ body }) => body.toString() !== LAST);
  expect(told(copies, 'publish.')).toEqual(traffic.published.sort());
  expect(told(copies, 'deliver.')).toEqual(traffic.delivered.sort());
  await listener.close();
});

interface Client {
  readonly raw: RawClient;
  readonly channels: Set<Open>;
}

interface Open {
  readonly raw: RawChannel;
  readonly unacked: number[];
  readonly tags: Set<string>;
}

class Traffic {
  readonly published: string[] = [];
  readonly delivered: string[] = [];
  readonly #clients: Client[] = [];
  #last = 0;

  private constructor(
    private readonly broker: Broker,
    private readonly random: () => number,
  ) {}

  static async begin(broker: Broker, random: () => number): Promise<Traffic> {
    const traffic = new Traffic(broker, random);
    for (let count = 0; count < 4; count++) await traffic.#connect();
    const [first] = traffic.#clients;
    const channel = [...(first?.channels ?? [])][0]?.raw;
    if (channel === undefined) throw new Error('a client has a channel');
    for (const queue of QUEUES) {
      await channel.call('queue.declare', { queue });
      await channel.call('queue.bind', { queue, exchange: 'amq.topic', routingKey: `#.${queue}.#` });
    }
    await channel.sync();
    return traffic;
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
    const client = await RawClient.open(this.broker);
    const channel = await client.openChannel();
    channel.publish('amq.topic', 'nowhere', LAST);
    await channel.sync();
    await client.close();
  }

  async #connect(): Promise<void> {
    const client = { raw: await RawClient.open(this.broker), channels: new Set<Open>() };
    this.#clients.push(client);
    await this.#openChannel(client);
  }

  async #openChannel(client: Client): Promise<void> {
    this.#last += 1;
    const raw = await client.raw.openChannel((this.#last % 2_000) + 1);
    const open: Open = { raw, unacked: [], tags: new Set() };
    const { localPort } = client.raw.socket;
    raw.watch = (arrival) => {
      if (!('body' in arrival) || arrival.name === 'basic.return') return;
      const isGot = arrival.name === 'basic.get-ok';
      // The tag of a consumer begins with its queue.
      const queue = isGot ? 'got' : (arrival.consumerTag.split(' ')[0] ?? '');
      const what = `${idOf(arrival.body)} ${arrival.redelivered} ${raw.number} ${localPort}`;
      this.delivered.push(`${isGot ? this.#gotFrom : queue} ${what}`);
      if (isGot || !arrival.consumerTag.endsWith('no-ack')) open.unacked.push(Number(arrival.deliveryTag));
    };
    client.channels.add(open);
  }
  #gotFrom = '';

  async #publish(client: Client, { raw }: Open): Promise<void> {
    for (let count = this.#below(6); count >= 0; count--) {
      this.#last += 1;
      const to = QUEUES.filter(() => this.#below(2) === 0);
      const isDirect = to.length === 1 && this.#below(2) === 0;
      const size = this.#below(12) === 0 ? this.#below(LONG) : this.#below(200);
      const [first = ''] = to;
      const exchange = isDirect ? '' : 'amq.topic';
      raw.publish(exchange, isDirect ? first : to.join('.'), `${this.#last} ${'x'.repeat(size)}`);
      const who = `${raw.number} ${client.raw.socket.localPort}`;
      this.published.push(`${exchange} ${this.#last} ${[...to].sort().join()} ${who}`);
    }
    await raw.sync();
  }

  async #consume(open: Open): Promise<void> {
    const queue = this.#one(QUEUES) ?? '';
    const noAck = this.#below(3) === 0;
    this.#last += 1;
    const consumerTag = `${queue} ${this.#last}${noAck ? ' no-ack' : ''}`;
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

  #below(count: number): number {
    return Math.floor(this.random() * count);
  }

  #one<T>(things: readonly T[]): T | undefined {
    return things[this.#below(things.length)];
  }
}

function idOf(body: Buffer): string {
  return body.subarray(0, 12).toString().split(' ')[0] ?? '';
}

/** What copies of one kind tell, as the traffic has noted it. */
function told(copies: readonly Heard[], kind: 'publish.' | 'deliver.'): string[] {
  return copies
    .filter(({ key }) => key.startsWith(kind))
    .map((copy) => {
      const where = copy.key.slice(kind.length);
      const [, port] = /:(\d+) ->/.exec(String(said(copy, 'connection'))) ?? [];
      const who = `${said(copy, 'channel')} ${port}`;
      if (kind === 'deliver.') return `${where} ${idOf(copy.body)} ${said(copy, 'redelivered') === 1} ${who}`;
      const queues = (said(copy, 'routed_queues') as readonly Typed[]).map(({ value }) => value);
      return `${where} ${idOf(copy.body)} ${queues.sort().join()} ${who}`;
    })
    .sort();
}
