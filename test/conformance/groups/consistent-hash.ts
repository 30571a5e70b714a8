/** The exchange type of rabbitmq_consistent_hash_exchange: what is refused, and that each message goes to one queue. */
import { table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';

const TYPE = 'x-consistent-hash';

/** Publishes with keys and tells that all came to one queue each: to which one is the broker's affair. */
async function spread(channel: RecordedChannel, exchange: string, queues: readonly string[]): Promise<void> {
  await channel.quietly('confirm.select');
  const count = 200;
  for (let n = 1; n <= count; n++) channel.publish(exchange, String(n), 'message', { mandatory: true });
  await channel.settledQuietly(count);
  let sum = 0;
  for (const queue of queues) {
    const answer = await channel.quietly('queue.declare', { queue, passive: true });
    const ready = answer.name === 'queue.declare-ok' ? answer.messageCount : 0;
    channel.note(ready > 0 ? 'a share' : 'nothing');
    sum += ready;
  }
  channel.note(`${sum} in all`);
}

export const scenarios = [
  scenario('each message goes to one queue', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), TYPE);
    const queues: string[] = [];
    for (const what of ['a', 'b', 'c']) {
      const queue = await channel.queue(stage.name(what));
      await channel.call('queue.bind', { exchange, queue, routingKey: '10' });
      queues.push(queue);
    }
    await spread(channel, exchange, queues);
  }),

  scenario('one key goes to one queue', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), TYPE);
    const queues: string[] = [];
    for (const what of ['a', 'b']) {
      const queue = await channel.queue(stage.name(what));
      await channel.bind(exchange, queue, '1');
      queues.push(queue);
    }
    await channel.quietly('confirm.select');
    for (let n = 0; n < 20; n++) channel.publish(exchange, 'same', 'message');
    await channel.settledQuietly(20);
    const counts: number[] = [];
    for (const queue of queues) {
      const answer = await channel.quietly('queue.declare', { queue, passive: true });
      if (answer.name === 'queue.declare-ok') counts.push(answer.messageCount);
    }
    channel.note(`shares ${counts.sort((a, b) => a - b)}`);
  }),

  scenario('nothing bound', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), TYPE);
    channel.publish(exchange, 'k', 'message', { mandatory: true });
    await channel.outcomes(1);
  }),

  ...['', 'abc', '-1', '1.5', '0', '5 '].map((weight) =>
    scenario(`bound with the weight '${weight}'`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), TYPE);
      const queue = await channel.queue(stage.name());
      await channel.call('queue.bind', { exchange, queue, routingKey: weight });
    }),
  ),

  scenario('hash-header and hash-property at once', async (stage) => {
    const channel = await stage.channel();
    const args = table({ 'hash-header': 'h', 'hash-property': 'message_id' });
    await channel.call('exchange.declare', { exchange: stage.name('x'), type: TYPE, arguments: args });
  }),

  scenario('an unknown hash-property', async (stage) => {
    const channel = await stage.channel();
    const args = table({ 'hash-property': 'colour' });
    await channel.call('exchange.declare', { exchange: stage.name('x'), type: TYPE, arguments: args });
  }),

  ...['message_id', 'correlation_id', 'timestamp'].map((property) =>
    scenario(`hash-property: ${property}`, async (stage) => {
      const channel = await stage.channel();
      const args = table({ 'hash-property': property });
      const exchange = await channel.exchange(stage.name('x'), TYPE, args);
      const queue = await channel.queue(stage.name());
      await channel.bind(exchange, queue, '1');
      await spread(channel, exchange, [queue]);
    }),
  ),

  scenario('hash-header', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), TYPE, table({ 'hash-header': 'h' }));
    const queue = await channel.queue(stage.name());
    await channel.bind(exchange, queue, '1');
    await spread(channel, exchange, [queue]);
  }),
];
