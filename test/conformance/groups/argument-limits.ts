/** Values of arguments at the edges of what is allowed: too small, too large, of the right type and not. */
import { type FieldValue, fieldValue, table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

/** Arguments of classic queues that are numbers, each with the values that matter. */
const NUMBERS: Readonly<Record<string, readonly (number | bigint)[]>> = {
  'x-expires': [1, 0, -1, 4_294_967_295n, 4_294_967_296n],
  'x-message-ttl': [0, -1, 4_294_967_295n, 4_294_967_296n],
  'x-max-length': [0, -1, 4_294_967_296n, 2n ** 62n],
  'x-max-length-bytes': [0, -1, 4_294_967_296n, 2n ** 62n],
  'x-max-priority': [0, -1, 255, 256, 4_294_967_296n],
};

/** Values that a client in another language may send for a boolean. */
const BOOLEANS: Readonly<Record<string, FieldValue>> = {
  true: fieldValue(true),
  false: fieldValue(false),
  'the text true': fieldValue('true'),
  1: fieldValue(1),
};

const ALTERNATES: Readonly<Record<string, FieldValue>> = {
  'a name': fieldValue('amq.fanout'),
  'a name that is not ASCII': fieldValue('häschen'),
  'a name of 300 octets': fieldValue('x'.repeat(300)),
};

export const scenarios = [
  ...Object.entries(NUMBERS).map(([argument, values]) =>
    scenario(`${argument}: too small, just right, too large`, async (stage) => {
      const channel = await stage.channel();
      const { client } = channel.raw;
      for (const [at, value] of values.entries()) {
        const queue = stage.name('q');
        const tried = stage.adopt(client, at + 2, String(value));
        await tried.quietly('channel.open');
        await tried.call('queue.declare', { queue, arguments: table({ [argument]: value }) });
        await channel.quietly('queue.delete', { queue });
      }
    }),
  ),

  ...['x-message-ttl', 'x-max-length', 'x-expires'].map((argument) =>
    scenario(`${argument}: declared again with its value as text, or as a double`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name('q'), table({ [argument]: 60_000 }));
      const values = [fieldValue('60000'), { type: 'd', value: 60_000 } as const];
      for (const [at, value] of values.entries()) {
        const tried = stage.adopt(channel.raw.client, at + 2, value.type);
        await tried.quietly('channel.open');
        await tried.call('queue.declare', { queue, arguments: new Map([[argument, value]]) });
      }
    }),
  ),

  ...Object.entries(BOOLEANS).map(([label, value]) =>
    scenario(`x-cancel-on-ha-failover of a consumer: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      const args = new Map([['x-cancel-on-ha-failover', value]]);
      await channel.call('basic.consume', { queue, consumerTag: 't', arguments: args });
    }),
  ),

  ...Object.entries(ALTERNATES).map(([label, value]) =>
    scenario(`x-dead-letter-exchange: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = stage.name();
      await channel.call('queue.declare', { queue, arguments: new Map([['x-dead-letter-exchange', value]]) });
    }),
  ),

  ...Object.entries(ALTERNATES).map(([label, value]) =>
    scenario(`alternate-exchange: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const exchange = stage.name('x');
      const args = new Map([['alternate-exchange', value]]);
      await channel.call('exchange.declare', { exchange, type: 'fanout', arguments: args });
      await channel.call('exchange.declare', { exchange, type: 'fanout', arguments: args });
    }),
  ),

  ...(['all-with-x', 'any-with-x'] as const).map((match) =>
    scenario(`headers: ${match} looks at headers that begin with x-`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'headers');
      const queue = await channel.queue(stage.name());
      await channel.bind(exchange, queue, '', table({ 'x-match': match, a: 1, 'x-b': 'x' }));
      const sent = { both: { a: 1, 'x-b': 'x' }, 'a alone': { a: 1 }, 'x-b alone': { 'x-b': 'x' }, neither: { a: 2 } };
      for (const [body, headers] of Object.entries(sent)) {
        channel.publish(exchange, '', body, { properties: { headers: table(headers) } });
      }
      await channel.bodies(queue);
    }),
  ),

  scenario('headers: names of headers differ by case, and may be empty', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'headers');
    const [lower, empty] = [await channel.queue(stage.name('lower')), await channel.queue(stage.name('empty'))];
    await channel.bind(exchange, lower, '', table({ kind: 'a' }));
    await channel.bind(exchange, empty, '', table({ '': 'a' }));
    for (const name of ['kind', 'Kind', '']) {
      channel.publish(exchange, '', `'${name}'`, { properties: { headers: table({ [name]: 'a' }) } });
    }
    await channel.bodies(lower);
    await channel.bodies(empty);
  }),

  scenario('headers: a message that carries x-match itself', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'headers');
    const queue = await channel.queue(stage.name());
    await channel.bind(exchange, queue, '', table({ 'x-match': 'all', a: 1 }));
    for (const headers of [{ a: 1, 'x-match': 'any' }, { 'x-match': 'all' }]) {
      channel.publish(exchange, '', Object.keys(headers).join(), { properties: { headers: table(headers) } });
    }
    await channel.bodies(queue);
  }),

  scenario('headers: two bindings of one queue that both match give one message', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'headers');
    const queue = await channel.queue(stage.name());
    for (const args of [{ a: 1 }, { b: 2 }]) await channel.bind(exchange, queue, '', table(args));
    channel.publish(exchange, '', 'both', { properties: { headers: table({ a: 1, b: 2 }) } });
    channel.publish(exchange, '', 'one', { properties: { headers: table({ b: 2 }) } });
    channel.publish(exchange, '', 'none', { properties: { headers: table({ a: 2, b: 1 }) } });
    await channel.bodies(queue);
  }),

  scenario('headers: unbinding one of two bindings', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'headers');
    const queue = await channel.queue(stage.name());
    for (const args of [{ a: 1 }, { b: 2 }]) await channel.bind(exchange, queue, '', table(args));
    await channel.call('queue.unbind', { exchange, queue, arguments: table({ a: 1 }) });
    channel.publish(exchange, '', 'a', { properties: { headers: table({ a: 1 }) } });
    channel.publish(exchange, '', 'b', { properties: { headers: table({ b: 2 }) } });
    await channel.bodies(queue);
  }),

  scenario('topic: the order of bindings and unbindings leaves the right ones', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'topic');
    const queue = await channel.queue(stage.name());
    for (const pattern of ['a.#', 'a.*', '#.b', 'a.b']) await channel.bind(exchange, queue, pattern);
    for (const pattern of ['a.#', '#.b']) {
      await channel.call('queue.unbind', { exchange, queue, routingKey: pattern });
    }
    for (const key of ['a.b', 'a.c', 'a.b.c', 'c.b', 'a']) channel.publish(exchange, key, key);
    await channel.bodies(queue);
  }),
];
