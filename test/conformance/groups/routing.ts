/** Which bindings a message matches: direct, fanout, topic, headers, alternate exchanges. */
import { type FieldTable, type FieldValue, fieldValue, table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

/** Each pattern with keys; the transcript says which match. */
const TOPICS: Readonly<Record<string, readonly string[]>> = {
  '*': ['', 'a', 'a.b', '.', 'a.'],
  '#': ['', 'a', 'a.b', '.', 'a.b.c.d.e'],
  'a.*': ['a', 'a.', 'a.b', 'a.b.c', 'b.a', '.a'],
  'a.#': ['a', 'a.', 'a.b', 'a.b.c', 'b.a', 'ab'],
  '#.a': ['a', '.a', 'b.a', 'c.b.a', 'a.b', 'ba'],
  '*.a': ['a', '.a', 'b.a', 'c.b.a'],
  '#.a.#': ['a', 'a.a', 'b.a.c', 'b.c', 'a.b', 'b.a', ''],
  '*.*': ['', '.', 'a.b', 'a', 'a.b.c', '..'],
  '#.*': ['', 'a', 'a.b', '.'],
  '*.#': ['', 'a', 'a.b', '.'],
  '#.#': ['', 'a', 'a.b.c'],
  '*.#.*': ['a', 'a.b', 'a.b.c', 'a.b.c.d', ''],
  '#.*.#': ['', 'a', 'a.b'],
  'a.*.c': ['a.b.c', 'a.c', 'a..c', 'a.b.b.c'],
  'a.#.c': ['a.b.c', 'a.c', 'a..c', 'a.b.b.c', 'a.c.d'],
  'a..c': ['a.b.c', 'a.c', 'a..c'],
  '': ['', 'a', '.'],
  '.': ['', '.', 'a.b'],
  'a.b': ['a.b', 'A.b', 'a.b.', '*.b', 'a.*'],
  'a*': ['a', 'ab', 'a*'],
  'a#': ['a', 'ab', 'a#'],
  'häschen.*': ['häschen.兔', 'häschen'],
};

async function route(channel: RecordedChannel, exchange: string, key: string, headers?: FieldTable): Promise<boolean> {
  channel.publish(exchange, key, '', { mandatory: true, properties: headers === undefined ? {} : { headers } });
  const returned = channel.raw.returns.waiting.length;
  await channel.sync();
  return channel.raw.returns.waiting.length === returned;
}

/** Binds a queue of its own and tells which of the keys come to it. */
async function matches(stage: Stage, type: string, key: string, keys: readonly string[]): Promise<void> {
  const channel = await stage.channel();
  const exchange = await channel.exchange(stage.name('x'), type);
  await channel.bind(exchange, await channel.queue(stage.name()), key);
  for (const sent of keys) channel.note(`'${sent}' ${(await route(channel, exchange, sent)) ? 'matches' : 'does not'}`);
  await channel.drainOutcomes();
}

const PATTERNS: Readonly<Record<string, FieldTable>> = {
  'all by default': table({ a: 1, b: 'x' }),
  all: table({ 'x-match': 'all', a: 1, b: 'x' }),
  any: table({ 'x-match': 'any', a: 1, b: 'x' }),
  'all of nothing': table({ 'x-match': 'all' }),
  'any of nothing': table({ 'x-match': 'any' }),
  'no arguments': table({}),
  'all, x- headers left out': table({ 'x-match': 'all', a: 1, 'x-b': 'x' }),
  'any, x- headers left out': table({ 'x-match': 'any', a: 2, 'x-b': 'x' }),
  'all of x- headers only': table({ 'x-match': 'all', 'x-b': 'y' }),
  'any of x- headers only': table({ 'x-match': 'any', 'x-b': 'x' }),
  'void means presence': table({ a: null }),
  'any, void means presence': table({ 'x-match': 'any', a: null, c: 1 }),
};

const HEADERS: Readonly<Record<string, FieldTable | undefined>> = {
  'both, as bound': table({ a: 1, b: 'x' }),
  'both and one more': table({ a: 1, b: 'x', c: true }),
  'the first': table({ a: 1 }),
  'the second': table({ b: 'x' }),
  'both, other values': table({ a: 2, b: 'y' }),
  'with x-b': table({ a: 1, 'x-b': 'x' }),
  'x-b alone': table({ 'x-b': 'x' }),
  void: table({ a: null }),
  none: table({}),
  'no headers at all': undefined,
};

/** Values of one header beside the value that is bound. */
const VALUES: Readonly<Record<string, readonly [FieldValue, readonly FieldValue[]]>> = {
  'an int': [
    { type: 'I', value: 1 },
    [
      { type: 'l', value: 1n },
      { type: 'b', value: 1 },
      { type: 's', value: 1 },
      { type: 'd', value: 1 },
      { type: 'f', value: 1 },
      { type: 'S', value: '1' },
      { type: 't', value: true },
      { type: 'I', value: 2 },
      { type: 'T', value: 1n },
    ],
  ],
  'a long': [
    { type: 'l', value: 5n },
    [fieldValue(5), { type: 'B', value: 5 }, { type: 'i', value: 5 }, { type: 'l', value: 6n }],
  ],
  'a double': [
    { type: 'd', value: 1.5 },
    [
      { type: 'f', value: 1.5 },
      { type: 'd', value: 1.5 },
      { type: 'd', value: 1.25 },
    ],
  ],
  text: [
    fieldValue('x'),
    [fieldValue('x'), fieldValue('X'), fieldValue(''), { type: 'x', value: Uint8Array.of(0x78) }],
  ],
  'a boolean': [fieldValue(true), [fieldValue(true), fieldValue(false), fieldValue('true'), fieldValue(1)]],
  'a timestamp': [
    { type: 'T', value: 9n },
    [
      { type: 'T', value: 9n },
      { type: 'l', value: 9n },
    ],
  ],
  'an array': [fieldValue([1, 'a']), [fieldValue([1, 'a']), fieldValue(['a', 1]), fieldValue([1])]],
  'a table': [fieldValue({ n: 1 }), [fieldValue({ n: 1 }), fieldValue({ n: 2 }), fieldValue({})]],
  octets: [
    { type: 'x', value: Uint8Array.of(1) },
    [
      { type: 'x', value: Uint8Array.of(1) },
      { type: 'x', value: Uint8Array.of(2) },
    ],
  ],
  nothing: [fieldValue(null), [fieldValue(null), fieldValue(0), fieldValue('')]],
};

export const scenarios = [
  ...Object.entries(TOPICS).map(([pattern, sent]) =>
    scenario(`topic: '${pattern}'`, (stage) => matches(stage, 'topic', pattern, sent)),
  ),

  scenario('topic: keys of 255 octets', async (stage) => {
    const long = 'word.'.repeat(51);
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'topic');
    await channel.bind(exchange, await channel.queue(stage.name()), `#.${'word.'.repeat(50)}`);
    channel.note(String(await route(channel, exchange, long)));
    await channel.drainOutcomes();
  }),

  scenario('topic: many bindings of one queue give one message', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'topic');
    const queue = await channel.queue(stage.name());
    for (const pattern of ['a.b', 'a.*', '#', '*.b']) await channel.bind(exchange, queue, pattern);
    channel.publish(exchange, 'a.b', 'once');
    await channel.until(queue, 1);
    await channel.quietly('queue.unbind', { exchange, queue, routingKey: '#' });
    channel.publish(exchange, 'a.b', 'again');
    channel.publish(exchange, 'c', 'not this');
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario('direct: exact keys', (stage) => matches(stage, 'direct', 'a.b', ['a.b', 'a.B', 'a', '', 'a.*', '#'])),
  scenario('direct: wildcards are letters', (stage) => matches(stage, 'direct', 'a.*', ['a.*', 'a.b'])),
  scenario('direct: an empty key', (stage) => matches(stage, 'direct', '', ['', 'a'])),
  scenario('fanout: any key', (stage) => matches(stage, 'fanout', 'k', ['k', '', 'other'])),
  scenario('headers: the key does not matter', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'headers');
    await channel.bind(exchange, await channel.queue(stage.name()), 'k', table({ a: 1 }));
    channel.note(String(await route(channel, exchange, 'other', table({ a: 1 }))));
  }),

  ...Object.entries(PATTERNS).map(([label, pattern]) =>
    scenario(`headers: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'headers');
      await channel.bind(exchange, await channel.queue(stage.name()), '', pattern);
      for (const [sent, headers] of Object.entries(HEADERS)) {
        channel.note(`${sent}: ${(await route(channel, exchange, '', headers)) ? 'matches' : 'does not'}`);
      }
      await channel.drainOutcomes();
    }),
  ),

  ...Object.entries(VALUES).map(([label, [bound, sent]]) =>
    scenario(`headers: ${label} beside other values`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'headers');
      await channel.bind(exchange, await channel.queue(stage.name()), '', new Map([['h', bound]]));
      for (const value of sent) {
        const matched = await route(channel, exchange, '', new Map([['h', value]]));
        channel.note(`${value.type}:${String(value.value)} ${matched ? 'matches' : 'does not'}`);
      }
      await channel.drainOutcomes();
    }),
  ),

  ...['amq.headers', 'amq.match'].map((exchange) =>
    scenario(`headers: ${exchange}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      const args = table({ [queue]: 1 });
      await channel.bind(exchange, queue, '', args);
      channel.note(String(await route(channel, exchange, '', args)));
      await channel.quietly('queue.unbind', { exchange, queue, arguments: args });
    }),
  ),

  scenario('alternate exchange: takes what was routed nowhere', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'fanout');
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': alternate }));
    const [queue, rest] = [await channel.queue(stage.name()), await channel.queue(stage.name('rest'))];
    await channel.bind(exchange, queue, 'k');
    await channel.bind(alternate, rest);
    await channel.quietly('confirm.select');
    channel.publish(exchange, 'k', 'routed', { mandatory: true });
    channel.publish(exchange, 'other', 'not routed', { mandatory: true });
    await channel.settled(2);
    await channel.bodies(queue);
    await channel.call('basic.get', { queue: rest, noAck: true });
  }),

  scenario('alternate exchange: that routes nowhere either', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'direct');
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': alternate }));
    await channel.quietly('confirm.select');
    channel.publish(exchange, 'other', 'not routed', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('alternate exchange: that does not exist', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': 'not there' }));
    await channel.quietly('confirm.select');
    channel.publish(exchange, 'other', 'not routed', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('alternate exchange: a chain, and a circle', async (stage) => {
    const channel = await stage.channel();
    const [one, two] = [stage.name('one'), stage.name('two')];
    await channel.exchange(one, 'direct', table({ 'alternate-exchange': two }));
    await channel.exchange(two, 'direct', table({ 'alternate-exchange': one }));
    const queue = await channel.queue(stage.name());
    await channel.bind(two, queue, 'two');
    await channel.quietly('confirm.select');
    channel.publish(one, 'two', 'to the second', { mandatory: true });
    await channel.outcomes(1);
    channel.publish(one, 'none', 'round and round', { mandatory: true });
    await channel.outcomes(2);
    await channel.bodies(queue);
  }),

  scenario('alternate exchange: of an exchange that is reached by another', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'fanout');
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': alternate }));
    const source = await channel.exchange(stage.name('source'), 'fanout');
    await channel.quietly('exchange.bind', { source, destination: exchange });
    const rest = await channel.queue(stage.name('rest'));
    await channel.bind(alternate, rest);
    channel.publish(source, 'k', 'through both');
    await channel.until(rest, 1);
    await channel.bodies(rest);
  }),

  scenario('alternate exchange: internal', async (stage) => {
    const channel = await stage.channel();
    const alternate = stage.name('alternate');
    await channel.quietly('exchange.declare', { exchange: alternate, type: 'fanout', internal: true });
    const exchange = await channel.exchange(stage.name('x'), 'direct', table({ 'alternate-exchange': alternate }));
    const rest = await channel.queue(stage.name('rest'));
    await channel.bind(alternate, rest);
    channel.publish(exchange, 'k', 'through');
    await channel.until(rest, 1);
    await channel.bodies(rest);
  }),
];
