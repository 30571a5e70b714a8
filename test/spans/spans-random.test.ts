/**
 * Whatever passes through two workers, each sampled message has one span of its publish and one of each delivery, and no
 * other message has any. `LEVERET_SEED=N` repeats a run.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { table } from '../../src/amqp/table.js';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import type { RawChannel } from '../support/raw-channel.js';
import { RawClient } from '../support/raw-client.js';
import { Receiver, type SpanSeen } from './receiver.js';

const STEPS = 400;
const QUEUES = ['one', 'two', 'three'];
/** Octets of long bodies: more than one frame, and more than one of the broker's pieces. */
const LONG = 300_000;

let receiver: Receiver;
let started: EmbeddedBroker;

beforeAll(async () => {
  receiver = await Receiver.open();
  started = await startEmbedded(undefined, { memory: 256 * 1024 ** 2, otlp: { endpoint: receiver.endpoint } });
});
afterAll(async () => {
  await started.embedded.stop();
  await receiver.close();
});

it('tells of each publish and each delivery of a sampled message once', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
  console.info(`traffic of the seed LEVERET_SEED=${seed}`);
  const traffic = new Traffic(started, randomNumbers(seed));
  await traffic.run();
  await started.embedded.stop();
  const { spans } = receiver;
  const isPublish = ({ name }: SpanSeen): boolean => name.startsWith('publish');
  expect(spans.filter(isPublish).map(idOf).sort()).toEqual(traffic.published.sort());
  const deliveries = spans.filter((span) => !isPublish(span));
  expect(deliveries.map((span) => told(span)).sort()).toEqual(traffic.delivered.sort());
  const publishes = new Map(spans.filter(isPublish).map((span) => [idOf(span), span]));
  for (const span of spans) {
    expect(span.traceId).toBe(traceOf(Number(idOf(span))));
    expect(span.end).toBeGreaterThanOrEqual(span.start);
    expect(span.start).toBeGreaterThanOrEqual(publishes.get(idOf(span))?.start ?? 0n);
  }
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

/** A message has a number, its span the same. */
function idOf({ parentSpanId }: SpanSeen): string {
  return String(Number.parseInt(parentSpanId, 16));
}

function told(span: SpanSeen): string {
  const { attributes } = span;
  return [
    ...[idOf(span), attributes['leveret.queue'], attributes['leveret.redelivered'], attributes['leveret.channel']],
    ...[attributes['messaging.rabbitmq.message.delivery_tag'], attributes['leveret.consumer_tag'] ?? 'got'],
  ].join(' ');
}

function traceOf(id: number): string {
  return (id * 7).toString(16).padStart(32, 'a');
}

interface Open {
  readonly raw: RawChannel;
  readonly unacked: number[];
  readonly tags: string[];
}

class Traffic {
  readonly published: string[] = [];
  readonly delivered: string[] = [];
  readonly #started: EmbeddedBroker;
  readonly #random: () => number;
  readonly #clients: { readonly raw: RawClient; readonly channels: Open[] }[] = [];
  #last = 0;
  #gotFrom = '';

  constructor(broker: EmbeddedBroker, random: () => number) {
    this.#started = broker;
    this.#random = random;
  }

  async run(): Promise<void> {
    for (let count = 0; count < 4; count++) await this.#connect();
    const first = this.#clients[0]?.channels[0]?.raw ?? expect.unreachable();
    for (const queue of QUEUES) {
      await first.call('queue.declare', { queue });
      await first.call('queue.bind', { queue, exchange: 'amq.topic', routingKey: `#.${queue}.#` });
    }
    for (let step = 0; step < STEPS; step++) await this.#step();
    for (const { raw } of this.#clients) await raw.close();
  }

  async #step(): Promise<void> {
    const client = this.#one(this.#clients);
    const open = this.#one(client?.channels ?? []);
    if (client === undefined || open === undefined) return this.#connect();
    const choice = this.#below(18);
    if (choice < 7) return this.#publish(open);
    if (choice < 10) return this.#consume(open);
    if (choice < 13) return this.#settle(open);
    if (choice < 15) return this.#get(open);
    if (choice === 15) return this.#cancel(open);
    if (choice === 16) {
      client.channels.splice(client.channels.indexOf(open), 1);
      await open.raw.close();
      return this.#openChannel(client);
    }
    this.#clients.splice(this.#clients.indexOf(client), 1);
    await client.raw.close();
    return this.#connect();
  }

  async #connect(): Promise<void> {
    const client = { raw: await RawClient.open(this.#started.broker), channels: [] };
    this.#clients.push(client);
    await this.#openChannel(client);
    await this.#openChannel(client);
  }

  async #openChannel(client: { readonly raw: RawClient; readonly channels: Open[] }): Promise<void> {
    this.#last += 1;
    const raw = await client.raw.openChannel((this.#last % 2_000) + 1);
    const open: Open = { raw, unacked: [], tags: [] };
    raw.watch = (arrival) => {
      if (!('body' in arrival) || arrival.name === 'basic.return') return;
      const isGot = arrival.name === 'basic.get-ok';
      // The tag of a consumer begins with its queue.
      const queue = isGot ? this.#gotFrom : (arrival.consumerTag.split('-')[0] ?? '');
      const [id = '', sampled] = arrival.body.subarray(0, 20).toString().split(' ');
      const who = `${arrival.redelivered} ${raw.number} ${arrival.deliveryTag} ${isGot ? 'got' : arrival.consumerTag}`;
      if (sampled === 'sampled') this.delivered.push(`${id} ${queue} ${who}`);
      if (isGot || !arrival.consumerTag.endsWith('noack')) open.unacked.push(Number(arrival.deliveryTag));
    };
    client.channels.push(open);
  }

  async #publish({ raw }: Open): Promise<void> {
    for (let count = this.#below(6); count >= 0; count--) {
      this.#last += 1;
      const id = this.#last;
      const kind = this.#one(['sampled', 'sampled', 'unsampled', 'invalid', 'none']) ?? '';
      const span = id.toString(16).padStart(16, '0');
      const traceparent = {
        sampled: `00-${traceOf(id)}-${span}-01`,
        unsampled: `00-${traceOf(id)}-${span}-00`,
        invalid: `00-${traceOf(id)}-${span.slice(1)}-01`,
      }[kind];
      const to = QUEUES.filter(() => this.#below(2) === 0);
      const size = this.#below(12) === 0 ? this.#below(LONG) : this.#below(200);
      const properties = traceparent === undefined ? {} : { headers: table({ traceparent }) };
      raw.publish('amq.topic', to.join('.'), `${id} ${kind} ${'x'.repeat(size)}`, { properties });
      if (kind === 'sampled') this.published.push(String(id));
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
    open.tags.push(consumerTag);
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
    const consumerTag = open.tags.splice(this.#below(open.tags.length), 1)[0];
    if (consumerTag !== undefined) await open.raw.call('basic.cancel', { consumerTag });
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #one<T>(things: readonly T[]): T | undefined {
    return things[this.#below(things.length)];
  }
}
