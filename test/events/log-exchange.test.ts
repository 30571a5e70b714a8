/** Lines of the operator's log as messages, where that is asked for. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { LOG_EXCHANGE } from '../../src/broker/requests/names.js';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { cleanUp, directory } from '../support/kept-data.js';
import { RawClient } from '../support/raw-client.js';
import { PATIENCE } from '../support/waiting.js';
import { Listener, said } from './listener.js';

let started: EmbeddedBroker;
const lines: string[] = [];

beforeAll(async () => {
  started = await startEmbedded(undefined, { logExchange: true, log: ({ message }) => lines.push(message) });
});
afterAll(() => started.embedded.stop());
cleanUp();

it('publishes each line under its level, with its text', async () => {
  const { broker } = started;
  const listener = await Listener.open(broker, LOG_EXCHANGE);
  const errors = await Listener.open(broker, LOG_EXCHANGE, '/', ['error']);
  const client = await RawClient.open(broker, { name: 'who is told of' });
  const channel = await client.openChannel();
  channel.send('queue.declare', { queue: 'nowhere', passive: true });
  await channel.failure();
  const isTold = (body: Buffer): boolean => body.toString().includes("no queue 'nowhere' in vhost '/'");
  const heard = await listener.until('the error', (all) => all.some(({ body }) => isTold(body)));
  const error = heard.find(({ body }) => isTold(body));
  expect(error?.key).toBe('error');
  expect(error?.properties.contentType).toBe('text/plain');
  expect(typeof (error === undefined ? undefined : said(error, 'node'))).toBe('string');
  expect(error?.body.toString()).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+00:00 \[error\] channel: Channel error /,
  );
  expect(heard.some(({ key, body }) => key === 'info' && body.includes('who is told of'))).toBe(true);
  await errors.until('the error alone', (all) => all.length > 0);
  expect(errors.heard.every(({ key }) => key === 'error')).toBe(true);
  for (const one of [listener, errors, client]) await one.close();
});

it('publishes no more lines than are told', async () => {
  const before = lines.length;
  const listener = await Listener.open(started.broker, LOG_EXCHANGE);
  const client = await RawClient.open(started.broker, { name: 'the last to come' });
  await listener.until('the last to come', (all) => all.some(({ body }) => body.includes('the last to come')));
  for (let turn = 0; turn < 10; turn++) await client.ping();
  // The program may hear of a line after the exchange has it.
  await vi.waitFor(() => expect(listener.heard.length).toBeLessThanOrEqual(lines.length - before), PATIENCE);
  await client.close();
  await listener.close();
});

it('keeps what is bound to it when the broker starts again', async () => {
  const data = directory();
  const options = { logExchange: true, log: () => {} };
  const first = await startEmbedded(data, options);
  const client = await RawClient.open(first.broker);
  const channel = await client.openChannel();
  await channel.call('queue.declare', { queue: 'lines', durable: true });
  await channel.call('queue.bind', { queue: 'lines', exchange: LOG_EXCHANGE, routingKey: 'info' });
  await first.embedded.stop();
  const { embedded, broker } = await startEmbedded(data, options);
  const reader = await (await RawClient.open(broker)).openChannel();
  await reader.consume('lines', { noAck: true });
  const [line] = await reader.deliver(1);
  expect(line?.routingKey).toBe('info');
  await embedded.stop();
});

it('is not there where nobody asks for it', async () => {
  const { embedded, broker } = await startEmbedded();
  const client = await RawClient.open(broker);
  const channel = await client.openChannel();
  channel.send('exchange.declare', { exchange: LOG_EXCHANGE, type: 'topic', passive: true });
  expect((await channel.failure()).replyCode).toBe(404);
  await client.close();
  await embedded.stop();
});
