/** What is told of messages whose headers have a traceparent, to real clients' publishes and deliveries. */
import { type ConfirmChannel, type ConsumeMessage, connect, type GetMessage } from 'amqplib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedBroker, startEmbedded, troubles } from '../support/embedded.js';
import { deferred, eventually, PATIENCE_MS, within } from '../support/waiting.js';
import { Receiver, type SpanSeen } from './receiver.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;
const headers = { traceparent: TRACEPARENT, tracestate: 'vendor=x' };

let receiver: Receiver;
let started: EmbeddedBroker;

beforeEach(async () => {
  receiver = await Receiver.open();
  started = await startEmbedded(undefined, { otlp: { endpoint: receiver.endpoint }, management: { port: 0 } });
});
afterEach(async () => {
  await started.embedded.stop();
  await receiver.close();
});

async function withChannel(work: (channel: ConfirmChannel) => Promise<void>): Promise<void> {
  const connection = await connect(started.broker.url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q');
  await channel.bindQueue('q', 'amq.topic', 'a.#');
  await work(channel);
  // The client drops what it has not written when it closes.
  await channel.waitForConfirms();
  await connection.close();
}

/** What has been told when the broker has ended: nothing more comes. */
async function told(): Promise<readonly SpanSeen[]> {
  await started.embedded.stop();
  return receiver.spans;
}

async function consumed(channel: ConfirmChannel, options: { noAck?: boolean } = {}): Promise<ConsumeMessage> {
  const arrived = deferred<ConsumeMessage>();
  await channel.consume('q', (message) => message !== null && arrived.resolve(message), {
    consumerTag: 'tag',
    ...options,
  });
  return within(PATIENCE_MS, 'a delivery', arrived.promise);
}

it('tells of a publish and of a delivery as children of the span that the message comes from', async () => {
  const before = BigInt(Date.now()) * 1_000_000n;
  let message: ConsumeMessage | undefined;
  await withChannel(async (channel) => {
    const options = { headers, messageId: 'm', correlationId: 'c' };
    channel.publish('amq.topic', 'a.b', Buffer.from('body'), options);
    message = await consumed(channel);
    channel.ack(message);
  });
  // It passes as it is.
  expect(message?.properties.headers).toEqual(headers);
  const spans = await told();
  const [publish, deliver] = spans;
  const common = {
    'messaging.system': 'rabbitmq',
    'messaging.rabbitmq.destination.routing_key': 'a.b',
    'messaging.message.body.size': 4,
    'messaging.message.id': 'm',
    'messaging.message.conversation_id': 'c',
    'server.address': '127.0.0.1',
    'server.port': started.embedded.port,
    'leveret.vhost': '/',
    'leveret.connection': expect.stringMatching(/^127\.0\.0\.1:\d+ -> 127\.0\.0\.1:\d+$/),
    'leveret.channel': 1,
  };
  expect(spans.length).toBe(2);
  expect(publish).toMatchObject({ name: 'publish amq.topic:a.b', kind: 4, traceState: 'vendor=x' });
  expect(publish?.attributes).toEqual({
    ...common,
    'messaging.operation.name': 'publish',
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'amq.topic:a.b',
  });
  expect(deliver).toMatchObject({ name: 'deliver amq.topic:a.b:q', kind: 5, traceState: 'vendor=x' });
  expect(deliver?.attributes).toEqual({
    ...common,
    'messaging.operation.name': 'deliver',
    'messaging.operation.type': 'receive',
    'messaging.destination.name': 'amq.topic:a.b:q',
    'messaging.rabbitmq.message.delivery_tag': 1,
    'leveret.queue': 'q',
    'leveret.consumer_tag': 'tag',
    'leveret.redelivered': false,
  });
  for (const { traceId, parentSpanId } of spans) expect([traceId, parentSpanId]).toEqual([TRACE, SPAN]);
  expect(publish?.spanId).not.toBe(deliver?.spanId);
  const moments = [before, publish?.start, deliver?.start, deliver?.end].map((moment) => moment ?? 0n);
  expect(moments).toEqual([...moments].sort((a, b) => Number(a - b)));
});

it('tells nothing of messages that ask for no spans, and of those to nobody that they were published', async () => {
  await withChannel(async (channel) => {
    for (const traceparent of [`00-${TRACE}-${SPAN}-00`, `00-${'0'.repeat(32)}-${SPAN}-01`, 7])
      channel.sendToQueue('q', Buffer.from('x'), { headers: { traceparent } });
    channel.sendToQueue('q', Buffer.from('x'));
    channel.publish('amq.topic', 'nowhere', Buffer.from('x'), { headers });
    await consumed(channel);
  });
  expect((await told()).map(({ name }) => name)).toEqual(['publish amq.topic:nowhere']);
});

it('tells of each delivery: got, redelivered, and without acknowledgement', async () => {
  await withChannel(async (channel) => {
    channel.sendToQueue('q', Buffer.from('x'), { headers });
    let got: GetMessage | false = false;
    while (got === false) got = await channel.get('q');
    channel.nack(got, false, true);
    await consumed(channel, { noAck: true });
  });
  const [publish, ...deliveries] = await told();
  expect(publish?.name).toBe('publish q');
  expect(
    deliveries.map(({ name, attributes }) => [
      name,
      attributes['leveret.consumer_tag'],
      attributes['leveret.redelivered'],
    ]),
  ).toEqual([
    ['deliver q', undefined, false],
    ['deliver q', 'tag', true],
  ]);
});

it('begins the span of a delivery when the message came', async () => {
  let confirmed = 0n;
  await withChannel(async (channel) => {
    channel.sendToQueue('q', Buffer.from('x'), { headers });
    await channel.waitForConfirms();
    const isThere = Date.now();
    // It is delivered in another millisecond than it came in.
    await eventually(
      'the clock',
      async () => Date.now(),
      (now) => now > isThere + 1,
    );
    await consumed(channel);
    confirmed = BigInt(isThere) * 1_000_000n;
  });
  const [publish, deliver] = await told();
  const moments = [publish?.start, deliver?.start, confirmed, deliver?.end].map((moment) => moment ?? 0n);
  expect(moments).toEqual([...moments].sort((a, b) => Number(a - b)));
});

it('tells by metrics what was exported, and what was lost', async () => {
  const { management } = started.embedded;
  const metric = async (name: string): Promise<string | undefined> => {
    const answer = await fetch(`http://127.0.0.1:${management?.port}/metrics`, {
      headers: { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` },
    });
    const text = await answer.text();
    return new RegExp(`^leveret_${name} (\\d+)$`, 'm').exec(text)?.[1];
  };
  await withChannel(async (channel) => {
    channel.sendToQueue('q', Buffer.from('x'), { headers });
  });
  await eventually(
    'the span to go out',
    () => metric('spans_exported_total'),
    (value) => value === '1',
  );
  receiver.answer = () => ({ status: 400 });
  await withChannel(async (channel) => {
    await consumed(channel);
  });
  await eventually(
    'the span to be lost',
    () => metric('spans_lost_total'),
    (value) => value === '1',
  );
  expect(await metric('spans_waiting')).toBe('0');
});

it('serves as ever when nobody listens where spans go, and ends', async () => {
  const gone = await Receiver.open();
  const { endpoint } = gone;
  await gone.close();
  const lines: string[] = [];
  const away = await startEmbedded(undefined, {
    otlp: { endpoint },
    log: troubles((line) => lines.push(line)),
  });
  const connection = await connect(away.broker.url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q');
  for (let count = 0; count < 1_000; count++) channel.sendToQueue('q', Buffer.from('x'), { headers });
  await channel.waitForConfirms();
  await connection.close();
  await away.embedded.stop();
  expect(lines).toEqual([
    expect.stringMatching(/^spans cannot be sent to .*: connect ECONNREFUSED/),
    '1000 spans of messages are lost',
  ]);
});
