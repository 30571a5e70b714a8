/**
 * The exchange types of rabbitmq_recent_history_exchange and rabbitmq_sharding: what is refused, what is remembered,
 * and what a binding brings.
 */
import { type Plain, table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const TYPE = 'x-recent-history';
const LENGTH = 'x-recent-history-length';
const NO_STORE = 'x-recent-history-no-store';

/** An exchange that has routed some messages, all confirmed. */
async function remembering(stage: Stage, length: number, ...all: readonly string[]) {
  const channel = await stage.channel();
  const exchange = await channel.exchange(stage.name('x'), TYPE, table({ [LENGTH]: length }));
  await channel.quietly('confirm.select');
  for (const body of all) channel.publish(exchange, `key-${body}`, body);
  if (all.length > 0) await channel.settledQuietly(all.length);
  return { channel, exchange };
}

async function bound(stage: Stage, channel: RecordedChannel, exchange: string): Promise<string> {
  const queue = await channel.queue(stage.name());
  await channel.call('queue.bind', { queue, exchange });
  return queue;
}

const lengths: readonly Plain[] = [0, -1, 1, 3, 'three', true, 1.5, null, ['a', 1, true], { a: 'b' }];

export const scenarios = [
  ...lengths.map((length) =>
    scenario(`a length of ${JSON.stringify(length)}`, async (stage) => {
      const channel = await stage.channel();
      const args = table({ [LENGTH]: length });
      await channel.call('exchange.declare', { exchange: stage.name('x'), type: TYPE, arguments: args });
    }),
  ),

  scenario('declared anew with another length', async (stage) => {
    const { channel, exchange } = await remembering(stage, 2);
    await channel.call('exchange.declare', { exchange, type: TYPE, arguments: table({ [LENGTH]: 3 }) });
    await channel.call('exchange.declare', { exchange, type: 'fanout' });
  }),

  scenario('a fanout exchange declared anew as one that remembers', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    await channel.call('exchange.declare', { exchange, type: TYPE });
  }),

  scenario('a queue gets the last messages when it is bound', async (stage) => {
    const { channel, exchange } = await remembering(stage, 3, 'a', 'b', 'c', 'd');
    const queue = await bound(stage, channel, exchange);
    channel.publish(exchange, 'later', 'e');
    await channel.settledQuietly(1);
    for (let count = 0; count < 5; count++) await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('bound again, and with another key', async (stage) => {
    const { channel, exchange } = await remembering(stage, 2, 'a', 'b');
    const queue = await bound(stage, channel, exchange);
    await channel.bodies(queue);
    await channel.call('queue.bind', { queue, exchange });
    await channel.bodies(queue);
    await channel.call('queue.bind', { queue, exchange, routingKey: 'other' });
    await channel.bodies(queue);
    await channel.call('queue.unbind', { queue, exchange });
    await channel.call('queue.bind', { queue, exchange });
    await channel.bodies(queue);
  }),

  ...([true, false, 'true', 1] as const).map((value) =>
    scenario(`a message with the header no-store, ${JSON.stringify(value)}`, async (stage) => {
      const { channel, exchange } = await remembering(stage, 3, 'a');
      const properties = { headers: table({ [NO_STORE]: value }) };
      channel.publish(exchange, '', 'b', { properties });
      await channel.settledQuietly(1);
      await channel.bodies(await bound(stage, channel, exchange));
    }),
  ),

  scenario('what is remembered keeps its properties', async (stage) => {
    const { channel, exchange } = await remembering(stage, 3);
    const headers = table({ CC: ['carbon'], BCC: ['blind'], other: 5 });
    const properties = { headers, deliveryMode: 2, priority: 4, expiration: '600000', correlationId: 'c', type: 't' };
    channel.publish(exchange, 'the key', 'body', { properties });
    await channel.settledQuietly(1);
    const queue = await bound(stage, channel, exchange);
    await channel.call('basic.get', { queue });
  }),

  scenario('what no queue got is returned, and remembered', async (stage) => {
    const { channel, exchange } = await remembering(stage, 3);
    channel.publish(exchange, 'k', 'a', { mandatory: true });
    await channel.outcomes(2);
    await channel.bodies(await bound(stage, channel, exchange));
  }),

  scenario('what a transaction gave up is remembered', async (stage) => {
    const { channel, exchange } = await remembering(stage, 3);
    const other = await stage.channel({ label: 'other' });
    await other.call('tx.select');
    other.publish(exchange, 'k', 'a');
    await other.call('tx.rollback');
    await channel.bodies(await bound(stage, channel, exchange));
  }),

  scenario('an exchange gets the last messages when it is bound', async (stage) => {
    const { channel, exchange } = await remembering(stage, 3, 'a');
    const fanout = await channel.exchange(stage.name('fanout'), 'fanout');
    const queue = await channel.queue(stage.name());
    await channel.bind(fanout, queue);
    await channel.call('exchange.bind', { source: exchange, destination: fanout });
    await channel.bodies(queue);
  }),

  scenario(
    'an exchange gets several messages when it is bound',
    async (stage) => {
      const { channel, exchange } = await remembering(stage, 3, 'a', 'b', 'c');
      const fanout = await channel.exchange(stage.name('fanout'), 'fanout');
      const queue = await channel.queue(stage.name());
      await channel.bind(fanout, queue);
      await channel.call('exchange.bind', { source: exchange, destination: fanout });
      await channel.bodies(queue);
    },
    {
      why: 'the oldest goes first, as along a binding to a queue; the plugin turns them round here',
      transcript: ['exchange.bind-ok', 'bodies: a b c'],
    },
  ),

  scenario(
    'an exchange is bound that routes the last messages nowhere',
    async (stage) => {
      const { channel, exchange } = await remembering(stage, 3, 'a');
      const direct = await channel.exchange(stage.name('direct'), 'direct');
      await channel.call('exchange.bind', { source: exchange, destination: direct });
    },
    { why: 'it is bound; the plugin fails and ends the connection', transcript: ['exchange.bind-ok'] },
  ),

  scenario('a modulus hash exchange takes any key, any argument and any end', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'x-modulus-hash', table({ 'shards-per-node': 'a' }));
    const queue = await channel.queue(stage.name());
    await channel.call('queue.bind', { queue, exchange, routingKey: 'abc' });
    await channel.call('queue.bind', { queue, exchange, arguments: table({ x: 1 }) });
    const fanout = await channel.exchange(stage.name('fanout'), 'fanout');
    await channel.call('exchange.bind', { source: exchange, destination: fanout, routingKey: '-1' });
  }),

  scenario('a modulus hash exchange with nothing bound returns a message', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'x-modulus-hash');
    channel.publish(exchange, 'k', 'message', { mandatory: true });
    await channel.outcomes(1);
  }),
];
