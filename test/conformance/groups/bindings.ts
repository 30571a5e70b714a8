/** Binding and unbinding queues and exchanges, and every refusal. */
import { type FieldTable, table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

/** Publishes to an exchange and tells how often the message came to the queue. */
async function arrivals(channel: RecordedChannel, exchange: string, queue: string, routingKey = 'k'): Promise<void> {
  await channel.quietly('confirm.select');
  channel.publish(exchange, routingKey, 'message');
  await channel.settled(1);
  await channel.bodies(queue);
}

async function pair(stage: Stage, type: string) {
  const channel = await stage.channel();
  const exchange = await channel.exchange(stage.name('x'), type);
  const queue = await channel.queue(stage.name());
  return { channel, exchange, queue };
}

const BAD_ARGUMENTS: Readonly<Record<string, FieldTable>> = {
  'x-match of another word': table({ 'x-match': 'some', a: 1 }),
  'x-match that is a number': table({ 'x-match': 1, a: 1 }),
  'x-match that is nothing': table({ 'x-match': null, a: 1 }),
  'x-match that is a boolean': table({ 'x-match': true }),
  'x-match all-with-x': table({ 'x-match': 'all-with-x', a: 1 }),
  'x-match any-with-x': table({ 'x-match': 'any-with-x', a: 1 }),
  'no x-match': table({ a: 1 }),
};

export const scenarios = [
  scenario('queue.bind twice is one binding', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange, queue, routingKey: 'k' });
    await channel.call('queue.bind', { exchange, queue, routingKey: 'k' });
    await arrivals(channel, exchange, queue);
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k' });
    channel.publish(exchange, 'k', 'none', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('bindings with other arguments are others, and a queue gets a message once', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange, queue, routingKey: 'k' });
    await channel.call('queue.bind', { exchange, queue, routingKey: 'k', arguments: table({ n: 1 }) });
    await arrivals(channel, exchange, queue);
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k' });
    channel.publish(exchange, 'k', 'by the other', { mandatory: true });
    await channel.outcomes(1);
    await channel.bodies(queue);
  }),

  scenario('queue.unbind needs the same arguments', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange, queue, routingKey: 'k', arguments: table({ n: 1 }) });
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k', arguments: table({ n: 2 }) });
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k' });
    await arrivals(channel, exchange, queue);
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k', arguments: table({ n: 1 }) });
    channel.publish(exchange, 'k', 'none', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('queue.unbind: the order of arguments does not matter', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange, queue, routingKey: 'k', arguments: table({ a: 1, b: 2 }) });
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k', arguments: table({ b: 2, a: 1 }) });
    await arrivals(channel, exchange, queue);
  }),

  scenario(
    'queue.unbind: an integer of another width',
    async (stage) => {
      const { channel, exchange, queue } = await pair(stage, 'direct');
      await channel.call('queue.bind', { exchange, queue, routingKey: 'k', arguments: table({ n: 1 }) });
      await channel.call('queue.unbind', { exchange, queue, routingKey: 'k', arguments: table({ n: 1n }) });
      await arrivals(channel, exchange, queue);
    },
    {
      why: 'integers are equal whatever their width, in arguments of bindings too',
      transcript: ['queue.bind-ok', 'queue.unbind-ok', 'confirms: 1 ack', 'bodies: '],
    },
  ),

  scenario('queue.unbind: never bound', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.unbind', { exchange, queue, routingKey: 'k' });
  }),

  scenario('queue.bind: no such queue', async (stage) => {
    const { channel, exchange } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange, queue: stage.name('missing'), routingKey: 'k' });
  }),

  scenario('queue.bind: no such exchange', async (stage) => {
    const { channel, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange: stage.name('missing'), queue, routingKey: 'k' });
  }),

  scenario('queue.bind: neither', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.bind', { exchange: stage.name('no-x'), queue: stage.name('no-q'), routingKey: 'k' });
  }),

  scenario('queue.bind: to the default exchange', async (stage) => {
    const { channel, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange: '', queue, routingKey: 'k' });
  }),

  scenario('queue.bind: a missing queue to the default exchange', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.bind', { exchange: '', queue: stage.name('missing'), routingKey: 'k' });
  }),

  scenario('queue.unbind: no such queue', async (stage) => {
    const { channel, exchange } = await pair(stage, 'direct');
    await channel.call('queue.unbind', { exchange, queue: stage.name('missing'), routingKey: 'k' });
  }),

  scenario('queue.unbind: no such exchange', async (stage) => {
    const { channel, queue } = await pair(stage, 'direct');
    await channel.call('queue.unbind', { exchange: stage.name('missing'), queue, routingKey: 'k' });
  }),

  scenario('queue.unbind: from the default exchange', async (stage) => {
    const { channel, queue } = await pair(stage, 'direct');
    await channel.call('queue.unbind', { exchange: '', queue, routingKey: queue });
  }),

  scenario('queue.bind: nowait', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    channel.send('queue.bind', { exchange, queue, routingKey: 'k', nowait: true });
    await arrivals(channel, exchange, queue);
  }),

  scenario('queue.bind: nowait, refused all the same', async (stage) => {
    const { channel, queue } = await pair(stage, 'direct');
    channel.send('queue.bind', { exchange: stage.name('missing'), queue, routingKey: 'k', nowait: true });
    await channel.failure();
  }),

  scenario('queue.bind: to an exchange with a reserved name', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('queue.bind', { exchange: 'amq.fanout', queue });
    await channel.call('queue.unbind', { exchange: 'amq.fanout', queue });
  }),

  scenario('queue.bind: the queue declared last, with a key', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange, queue: '', routingKey: 'k' });
    await arrivals(channel, exchange, queue);
  }),

  scenario('queue.bind: a name with line breaks loses them', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.call('queue.bind', { exchange: `${exchange}\n`, queue: `${queue}\r`, routingKey: 'k' });
    await arrivals(channel, exchange, queue);
  }),

  ...Object.entries(BAD_ARGUMENTS).flatMap(([label, args]) => [
    scenario(`headers: queue.bind with ${label}`, async (stage) => {
      const { channel, exchange, queue } = await pair(stage, 'headers');
      await channel.call('queue.bind', { exchange, queue, arguments: args });
    }),
    scenario(`headers: exchange.bind with ${label}`, async (stage) => {
      const { channel, exchange } = await pair(stage, 'headers');
      await channel.call('exchange.bind', { source: exchange, destination: 'amq.fanout', arguments: args });
    }),
  ]),

  scenario('a deleted queue loses its bindings', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'direct');
    await channel.bind(exchange, queue, 'k');
    await channel.quietly('queue.delete', { queue });
    await channel.queue(queue);
    await arrivals(channel, exchange, queue);
  }),

  scenario('exchange.bind: messages go through', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'fanout');
    const source = await channel.exchange(stage.name('source'), 'direct');
    await channel.call('exchange.bind', { source, destination: exchange, routingKey: 'k' });
    await channel.bind(exchange, queue);
    await arrivals(channel, source, queue);
    await channel.call('exchange.unbind', { source, destination: exchange, routingKey: 'k' });
    channel.publish(source, 'k', 'none', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('exchange.bind: a delivery names the exchange that was published to', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'fanout');
    const source = await channel.exchange(stage.name('source'), 'fanout');
    await channel.call('exchange.bind', { source, destination: exchange });
    await channel.bind(exchange, queue);
    channel.publish(source, 'k', 'message');
    await channel.until(queue, 1);
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('exchange.bind: a circle of three', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'fanout');
    const second = await channel.exchange(stage.name('second'), 'fanout');
    const third = await channel.exchange(stage.name('third'), 'fanout');
    await channel.call('exchange.bind', { source: exchange, destination: second });
    await channel.call('exchange.bind', { source: second, destination: third });
    await channel.call('exchange.bind', { source: third, destination: exchange });
    await channel.bind(third, queue);
    await arrivals(channel, exchange, queue);
  }),

  scenario('exchange.bind: to itself', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'fanout');
    await channel.call('exchange.bind', { source: exchange, destination: exchange });
    await channel.bind(exchange, queue);
    await arrivals(channel, exchange, queue);
  }),

  scenario('exchange.bind: two ways to one queue give one message', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'fanout');
    const left = await channel.exchange(stage.name('left'), 'fanout');
    const right = await channel.exchange(stage.name('right'), 'fanout');
    for (const destination of [left, right]) {
      await channel.call('exchange.bind', { source: exchange, destination });
      await channel.bind(destination, queue);
    }
    await arrivals(channel, exchange, queue);
  }),

  ...(['exchange.bind', 'exchange.unbind'] as const).flatMap((method) => [
    scenario(`${method}: no such source`, async (stage) => {
      const { channel, exchange } = await pair(stage, 'fanout');
      await channel.call(method, { source: stage.name('missing'), destination: exchange });
    }),
    scenario(`${method}: no such destination`, async (stage) => {
      const { channel, exchange } = await pair(stage, 'fanout');
      await channel.call(method, { source: exchange, destination: stage.name('missing') });
    }),
    scenario(`${method}: neither`, async (stage) => {
      const channel = await stage.channel();
      await channel.call(method, { source: stage.name('no-source'), destination: stage.name('no-destination') });
    }),
    scenario(`${method}: from the default exchange`, async (stage) => {
      const { channel, exchange } = await pair(stage, 'fanout');
      await channel.call(method, { source: '', destination: exchange });
    }),
    scenario(`${method}: to the default exchange`, async (stage) => {
      const { channel, exchange } = await pair(stage, 'fanout');
      await channel.call(method, { source: exchange, destination: '' });
    }),
    scenario(`${method}: nowait`, async (stage) => {
      const { channel, exchange } = await pair(stage, 'fanout');
      channel.send(method, { source: exchange, destination: 'amq.fanout', nowait: true });
      await channel.call('exchange.unbind', { source: exchange, destination: 'amq.fanout' });
    }),
  ]),

  scenario('exchange.unbind: never bound', async (stage) => {
    const { channel, exchange } = await pair(stage, 'fanout');
    await channel.call('exchange.unbind', { source: exchange, destination: 'amq.fanout' });
  }),

  scenario('a deleted exchange is no destination any more', async (stage) => {
    const { channel, exchange, queue } = await pair(stage, 'fanout');
    const source = await channel.exchange(stage.name('source'), 'fanout');
    await channel.quietly('exchange.bind', { source, destination: exchange });
    await channel.bind(exchange, queue);
    await channel.call('exchange.delete', { exchange });
    await channel.call('exchange.delete', { exchange: source, ifUnused: true });
  }),
];
