/**
 * Whatever passes through two workers, each sampled message has one span of its publish and one of each delivery, and no
 * other message has any. `LEVERET_SEED=N` repeats a run.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { table } from '../../src/amqp/table.js';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import { type Draft, type Notes, type Party, type Publication, RandomTraffic } from '../support/random-traffic.js';
import { Receiver, type SpanSeen } from './receiver.js';

const STEPS = 400;
/** Of messages, by what their `traceparent` says. */
const KINDS = ['sampled', 'sampled', 'unsampled', 'invalid', 'none'];

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
  const noted = new Noted();
  const traffic = new RandomTraffic(started.broker, randomNumbers(seed), noted);
  await traffic.begin();
  for (let step = 0; step < STEPS; step++) await traffic.step();
  await traffic.end();
  await started.embedded.stop();
  const { spans } = receiver;
  const isPublish = ({ name }: SpanSeen): boolean => name.startsWith('publish');
  expect(spans.filter(isPublish).map(idOf).sort()).toEqual(noted.published.sort());
  const deliveries = spans.filter((span) => !isPublish(span));
  expect(deliveries.map((span) => told(span)).sort()).toEqual(noted.delivered.sort());
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

/** What passes of sampled messages, as spans tell of it. */
class Noted implements Notes {
  readonly published: string[] = [];
  readonly delivered: string[] = [];

  write({ id, queues, filling }: Draft): Publication {
    const kind = KINDS[id % KINDS.length] ?? '';
    const span = id.toString(16).padStart(16, '0');
    const traceparent = {
      sampled: `00-${traceOf(id)}-${span}-01`,
      unsampled: `00-${traceOf(id)}-${span}-00`,
      invalid: `00-${traceOf(id)}-${span.slice(1)}-01`,
    }[kind];
    if (kind === 'sampled') this.published.push(String(id));
    const options = traceparent === undefined ? {} : { properties: { headers: table({ traceparent }) } };
    return { exchange: 'amq.topic', routingKey: queues.join('.'), body: `${id} ${kind} ${filling}`, options };
  }

  seen(delivery: Parameters<Notes['seen']>[0], queue: string, { channel }: Party): void {
    const { body, redelivered, deliveryTag } = delivery;
    const [id = '', kind] = body.subarray(0, 20).toString().split(' ');
    const tag = delivery.name === 'basic.deliver' ? delivery.consumerTag : 'got';
    if (kind === 'sampled')
      this.delivered.push(`${id} ${queue} ${redelivered} ${channel.number} ${deliveryTag} ${tag}`);
  }
}
