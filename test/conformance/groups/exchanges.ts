/** Declaring and deleting exchanges, with every flag, type, refusal. */
import { type FieldValue, table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

const TYPES = ['direct', 'fanout', 'topic', 'headers'];
const PREDECLARED = ['amq.direct', 'amq.fanout', 'amq.topic', 'amq.headers', 'amq.match', 'amq.rabbitmq.trace'];

const FLAGS = {
  none: {},
  durable: { durable: true },
  'auto-delete': { autoDelete: true },
  internal: { internal: true },
  all: { durable: true, autoDelete: true, internal: true },
} as const;

const ALTERNATES: Readonly<Record<string, FieldValue>> = {
  text: { type: 'S', value: 'amq.fanout' },
  'empty text': { type: 'S', value: '' },
  'a missing exchange': { type: 'S', value: 'not there' },
  int: { type: 'I', value: 1 },
  boolean: { type: 't', value: true },
  nothing: { type: 'V', value: null },
  table: { type: 'F', value: new Map() },
};

export const scenarios = [
  ...TYPES.map((type) =>
    scenario(`declare: ${type}, twice`, async (stage) => {
      const channel = await stage.channel();
      const exchange = stage.name('x');
      await channel.call('exchange.declare', { exchange, type });
      await channel.call('exchange.declare', { exchange, type });
    }),
  ),

  ...TYPES.map((type) =>
    scenario(`declare again as ${type}`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), type === 'direct' ? 'fanout' : 'direct');
      await channel.call('exchange.declare', { exchange, type });
    }),
  ),

  ...Object.entries(FLAGS).flatMap(([first, before]) =>
    Object.entries(FLAGS).map(([second, after]) =>
      scenario(`flags: ${first}, then ${second}`, async (stage) => {
        const channel = await stage.channel();
        const exchange = stage.name('x');
        await channel.call('exchange.declare', { exchange, type: 'direct', ...before });
        await channel.call('exchange.declare', { exchange, type: 'direct', ...after });
      }),
    ),
  ),

  ...['nonsense', '', 'x-unknown', 'Direct'].map((type) =>
    scenario(
      `declare: unknown type '${type}'`,
      async (stage) => {
        const channel = await stage.channel();
        await channel.call('exchange.declare', { exchange: stage.name('x'), type });
      },
      {
        why: 'RabbitMQ 3.10 closes the connection, 4.x only the channel',
        transcript: [`channel.close 406 in exchange.declare: PRECONDITION_FAILED - unknown exchange type '${type}'`],
      },
    ),
  ),

  scenario(
    'declare again as an unknown type',
    async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'direct');
      await channel.call('exchange.declare', { exchange, type: 'nonsense' });
    },
    {
      why: 'RabbitMQ 3.10 closes the connection, 4.x only the channel',
      transcript: ["channel.close 406 in exchange.declare: PRECONDITION_FAILED - unknown exchange type 'nonsense'"],
    },
  ),

  scenario('declare: an empty name', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: '', type: 'direct' });
  }),

  scenario('declare: a reserved name', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: 'amq.conf', type: 'direct' });
  }),

  ...PREDECLARED.map((exchange) =>
    scenario(`declare: ${exchange} as it is`, async (stage) => {
      const channel = await stage.channel();
      const type =
        exchange === 'amq.rabbitmq.trace' ? 'topic' : exchange.replace('amq.', '').replace('match', 'headers');
      await channel.call('exchange.declare', { exchange, type, durable: true, internal: exchange.endsWith('trace') });
    }),
  ),

  scenario('declare: amq.direct with another type', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: 'amq.direct', type: 'fanout', durable: true });
  }),

  scenario('declare: amq.direct, not durable', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: 'amq.direct', type: 'direct' });
  }),

  scenario('declare: a name with line breaks loses them', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('with');
    await channel.call('exchange.declare', { exchange: `${exchange}\r\nbreaks`, type: 'direct' });
    await channel.call('exchange.declare', { exchange: `${exchange}breaks`, passive: true });
    await channel.call('exchange.delete', { exchange: `${exchange}breaks` });
  }),

  scenario('declare: a name of 255 octets', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x').padEnd(255, 'x');
    await channel.call('exchange.declare', { exchange, type: 'direct' });
    await channel.call('exchange.delete', { exchange });
  }),

  ...Object.entries(ALTERNATES).map(([label, value]) =>
    scenario(`alternate-exchange: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const args = new Map([['alternate-exchange', value]]);
      await channel.call('exchange.declare', { exchange: stage.name('x'), type: 'direct', arguments: args });
    }),
  ),

  scenario('declare again with another alternate exchange', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': 'a' }));
    const args = table({ 'alternate-exchange': 'b' });
    await channel.call('exchange.declare', { exchange, type: 'direct', arguments: args });
  }),

  scenario('declare again with nothing for the alternate exchange', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': 'a' }));
    const args = table({ 'alternate-exchange': null });
    await channel.call('exchange.declare', { exchange, type: 'direct', arguments: args });
  }),

  scenario('declare again with an alternate exchange', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    const args = table({ 'alternate-exchange': 'b' });
    await channel.call('exchange.declare', { exchange, type: 'direct', arguments: args });
  }),

  scenario('declare again without the alternate exchange', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': 'a' }));
    await channel.call('exchange.declare', { exchange, type: 'direct' });
  }),

  scenario('declare again with an unknown argument', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    await channel.call('exchange.declare', { exchange, type: 'direct', arguments: table({ unknown: 1 }) });
  }),

  scenario('passive: there, whatever the type and the flags', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    await channel.call('exchange.declare', { exchange, type: 'fanout', durable: true, passive: true });
    await channel.call('exchange.declare', { exchange, type: '', passive: true });
    await channel.call('exchange.declare', { exchange, type: 'nonsense', passive: true });
  }),

  scenario('passive: missing', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: stage.name('x'), type: 'direct', passive: true });
  }),

  scenario('passive: an empty name', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: '', type: 'direct', passive: true });
  }),

  scenario('passive: a reserved name that is missing', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.declare', { exchange: 'amq.conf', type: 'direct', passive: true });
  }),

  scenario('nowait: declared, without an answer', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    channel.send('exchange.declare', { exchange, type: 'direct', nowait: true });
    await channel.call('exchange.declare', { exchange, passive: true });
  }),

  scenario('nowait: refused all the same', async (stage) => {
    const channel = await stage.channel();
    channel.send('exchange.declare', { exchange: 'amq.conf', type: 'direct', nowait: true });
    await channel.failure();
  }),

  scenario('nowait and passive: missing', async (stage) => {
    const channel = await stage.channel();
    channel.send('exchange.declare', { exchange: stage.name('x'), passive: true, nowait: true });
    await channel.failure();
  }),

  scenario('delete: there, then missing', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    await channel.call('exchange.delete', { exchange });
    await channel.call('exchange.delete', { exchange });
    await channel.call('exchange.delete', { exchange, ifUnused: true });
  }),

  scenario('delete: the default exchange', async (stage) => {
    const channel = await stage.channel();
    await channel.call('exchange.delete', { exchange: '' });
  }),

  ...[...PREDECLARED, 'amq.conf'].map((exchange) =>
    scenario(`delete: ${exchange}`, async (stage) => {
      const channel = await stage.channel();
      await channel.call('exchange.delete', { exchange });
    }),
  ),

  scenario('delete: if unused, with a queue bound', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    await channel.bind(exchange, await channel.queue(stage.name()));
    await channel.call('exchange.delete', { exchange, ifUnused: true });
  }),

  scenario('delete: if unused, as a destination only', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    await channel.quietly('exchange.bind', { source: 'amq.direct', destination: exchange, routingKey: exchange });
    await channel.call('exchange.delete', { exchange, ifUnused: true });
  }),

  scenario('delete: if unused, as a source of another exchange', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    const destination = await channel.exchange(stage.name('y'), 'direct');
    await channel.quietly('exchange.bind', { source: exchange, destination });
    await channel.call('exchange.delete', { exchange, ifUnused: true });
  }),

  scenario('delete: if unused, after unbinding', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    const queue = await channel.queue(stage.name());
    await channel.bind(exchange, queue, 'k');
    await channel.quietly('queue.unbind', { exchange, queue, routingKey: 'k' });
    await channel.call('exchange.delete', { exchange, ifUnused: true });
  }),

  scenario('delete: its bindings go with it', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    const queue = await channel.queue(stage.name());
    await channel.bind(exchange, queue);
    await channel.call('exchange.delete', { exchange });
    await channel.exchange(exchange, 'fanout');
    channel.publish(exchange, '', 'lost');
    await channel.sync();
    await channel.bodies(queue);
  }),

  scenario('delete: nowait', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    channel.send('exchange.delete', { exchange, nowait: true });
    await channel.call('exchange.declare', { exchange, passive: true });
  }),

  scenario('auto-delete: stays while it never had a binding', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
    await channel.call('exchange.declare', { exchange, passive: true });
  }),

  scenario('auto-delete: gone with its last binding', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
    const [one, two] = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    await channel.bind(exchange, one);
    await channel.bind(exchange, two);
    await channel.quietly('queue.unbind', { exchange, queue: one });
    await channel.call('exchange.declare', { exchange, passive: true });
    await channel.call('queue.unbind', { exchange, queue: two });
    await channel.call('exchange.declare', { exchange, passive: true });
  }),

  scenario('auto-delete: gone when the queue of its last binding is deleted', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
    const queue = await channel.queue(stage.name());
    await channel.bind(exchange, queue);
    await channel.quietly('queue.delete', { queue });
    await channel.call('exchange.declare', { exchange, passive: true });
  }),

  scenario('auto-delete: being a destination does not count', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
    const binding = { source: 'amq.direct', destination: exchange, routingKey: exchange };
    await channel.quietly('exchange.bind', binding);
    await channel.quietly('exchange.unbind', binding);
    await channel.call('exchange.declare', { exchange, passive: true });
  }),

  scenario('auto-delete: a chain goes with the last binding of its end', async (stage) => {
    const channel = await stage.channel();
    const [first, last] = [stage.name('first'), stage.name('last')];
    await channel.quietly('exchange.declare', { exchange: first, type: 'fanout', autoDelete: true });
    await channel.quietly('exchange.declare', { exchange: last, type: 'fanout', autoDelete: true });
    await channel.quietly('exchange.bind', { source: first, destination: last });
    const queue = await channel.queue(stage.name());
    await channel.bind(last, queue);
    await channel.quietly('queue.delete', { queue });
    const other = await stage.channelOn(channel.raw.client, 'other');
    await channel.call('exchange.declare', { exchange: first, passive: true });
    await other.call('exchange.declare', { exchange: last, passive: true });
  }),

  scenario('internal: clients may not publish to it', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    await channel.quietly('exchange.declare', { exchange, type: 'fanout', internal: true });
    channel.publish(exchange, '', 'no');
    await channel.failure();
  }),

  scenario('internal: other exchanges may', async (stage) => {
    const channel = await stage.channel();
    const exchange = stage.name('x');
    const source = await channel.exchange(stage.name('source'), 'fanout');
    await channel.quietly('exchange.declare', { exchange, type: 'fanout', internal: true });
    const queue = await channel.queue(stage.name());
    await channel.quietly('exchange.bind', { source, destination: exchange });
    await channel.bind(exchange, queue);
    channel.publish(source, 'k', 'through');
    await channel.until(queue, 1);
    await channel.call('basic.get', { queue, noAck: true });
  }),
];
