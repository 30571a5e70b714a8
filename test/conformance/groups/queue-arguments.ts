/**
 * The arguments of queues: which values are refused, with which words, and what counts as the same when declaring
 * again.
 */
import { type FieldTable, type FieldValue, fieldValue } from '../../../src/amqp/table.js';
import type { Fields } from '../../support/methods.js';
import { type Difference, type Scenario, scenario } from '../scenario.js';

const VALUES: Readonly<Record<string, FieldValue>> = {
  'a positive int': { type: 'I', value: 7 },
  zero: { type: 'I', value: 0 },
  'a negative int': { type: 'I', value: -1 },
  'an octet': { type: 'b', value: 7 },
  'an unsigned octet': { type: 'B', value: 7 },
  'a short': { type: 's', value: 7 },
  'an unsigned short': { type: 'u', value: 7 },
  'an unsigned int': { type: 'i', value: 7 },
  'a long': { type: 'l', value: 7n },
  'a large long': { type: 'l', value: 2n ** 62n },
  'a double': { type: 'd', value: 7.5 },
  'a float': { type: 'f', value: 7 },
  'a decimal': { type: 'D', value: { scale: 0, unscaled: 7 } },
  text: { type: 'S', value: 'seven' },
  'empty text': { type: 'S', value: '' },
  octets: { type: 'x', value: Uint8Array.of(1, 2) },
  'a boolean': { type: 't', value: true },
  'a timestamp': { type: 'T', value: 7n },
  nothing: { type: 'V', value: null },
  'an array': { type: 'A', value: [] },
  'a table': { type: 'F', value: new Map() },
};

/** Arguments whose values are looked at, each declared alone with every value. */
const CHECKED = [
  'x-expires',
  'x-message-ttl',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-priority',
  'x-overflow',
  'x-queue-mode',
  'x-queue-version',
  'x-single-active-consumer',
  'x-queue-type',
];

/** Arguments that say nothing to a classic queue, whatever their values. */
const FREE = ['x-cancel-on-ha-failover', 'x-unknown', 'x-delayed-type', 'alternate-exchange'];

/** Arguments of other types of queues. */
const FOREIGN = [
  'x-dead-letter-strategy',
  'x-max-age',
  'x-stream-max-segment-size-bytes',
  'x-max-in-memory-length',
  'x-quorum-initial-group-size',
];

const alone = (name: string, value: FieldValue): FieldTable => new Map([[name, value]]);

const checks = [...CHECKED, ...FREE].map((argument) =>
  scenario(`${argument}: every type of value`, async (stage) => {
    const channel = await stage.channel();
    const { client } = channel.raw;
    let number = 2;
    for (const [label, value] of Object.entries(VALUES)) {
      const queue = stage.name('q');
      const tried = stage.adopt(client, number++, label);
      await tried.quietly('channel.open');
      await tried.call('queue.declare', { queue, arguments: alone(argument, value) });
      await channel.quietly('queue.delete', { queue });
    }
  }),
);

function declared(
  name: string,
  args: Record<string, FieldValue>,
  flags: Fields<'queue.declare'> = { durable: true },
  differs: Difference | null = null,
): Scenario {
  return scenario(
    name,
    async (stage) => {
      const channel = await stage.channel();
      const queue = stage.name();
      await channel.call('queue.declare', { queue, ...flags, arguments: new Map(Object.entries(args)) });
    },
    differs,
  );
}

const int = (value: number): FieldValue => ({ type: 'I', value });
const nothing: FieldValue = { type: 'V', value: null };
const text = (value: string): FieldValue => ({ type: 'S', value });

const OVERFLOWS = ['drop-head', 'reject-publish', 'reject-publish-dlx', 'drop-tail'];
const TYPES = ['classic', 'quorum', 'rabbit_classic_queue', 'Classic', 'lazy'];
const LOCATORS = ['min-masters', 'client-local', 'random', 'balanced', 'least-leaders', 'nowhere'];

const nothingRefused = {
  why: 'arguments that only say where and how a queue is kept are accepted on any queue, and mean nothing',
  transcript: ["queue.declare-ok queue='q' messageCount=0 consumerCount=0"],
};
const twiceFine = { ...nothingRefused, transcript: [...nothingRefused.transcript, ...nothingRefused.transcript] };

/** What is declared again: with the first arguments, then with the second. */
const AGAIN: Readonly<Record<string, readonly [Record<string, FieldValue>, Record<string, FieldValue>]>> = {
  'one is left out': [{ 'x-message-ttl': int(60000) }, {}],
  'one is added': [{}, { 'x-message-ttl': int(60000) }],
  'another value': [{ 'x-message-ttl': int(60000) }, { 'x-message-ttl': int(60001) }],
  'int and octet': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 'b', value: 7 } }],
  'int and unsigned octet': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 'B', value: 7 } }],
  'int and short': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 's', value: 7 } }],
  'int and unsigned short': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 'u', value: 7 } }],
  'int and unsigned int': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 'i', value: 7 } }],
  'int and long': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 'l', value: 7n } }],
  'int and another long': [{ 'x-max-length': int(7) }, { 'x-max-length': { type: 'l', value: 8n } }],
  'two at once': [
    { 'x-max-length': int(7), 'x-message-ttl': int(60000) },
    { 'x-max-length': int(8), 'x-message-ttl': int(60001) },
  ],
  'text and another text': [{ 'x-dead-letter-exchange': text('a') }, { 'x-dead-letter-exchange': text('b') }],
  'text is added': [{}, { 'x-dead-letter-exchange': text('a') }],
  'text is left out': [{ 'x-dead-letter-exchange': text('a') }, {}],
  'a boolean and the other': [
    { 'x-single-active-consumer': { type: 't', value: true } },
    { 'x-single-active-consumer': { type: 't', value: false } },
  ],
  'a boolean is added': [{}, { 'x-single-active-consumer': { type: 't', value: true } }],
  'false is added': [{}, { 'x-single-active-consumer': { type: 't', value: false } }],
  'nothing for a number': [{ 'x-message-ttl': int(60000) }, { 'x-message-ttl': nothing }],
  'nothing for a text': [{ 'x-dead-letter-exchange': text('a') }, { 'x-dead-letter-exchange': nothing }],
  'nothing is added': [{}, { 'x-max-length': nothing }],
  'an unknown one is added': [{}, { 'x-unknown': int(1) }],
  'an unknown one is left out': [{ 'x-unknown': int(1) }, {}],
  'an unknown one has another value': [{ 'x-unknown': int(1) }, { 'x-unknown': int(2) }],
  'routing key': [
    { 'x-dead-letter-exchange': text('a'), 'x-dead-letter-routing-key': text('k') },
    { 'x-dead-letter-exchange': text('a'), 'x-dead-letter-routing-key': text('l') },
  ],
  'x-expires': [{ 'x-expires': int(600000) }, { 'x-expires': int(600001) }],
  'x-max-length-bytes': [{ 'x-max-length-bytes': int(6) }, { 'x-max-length-bytes': int(7) }],
  'x-max-priority': [{ 'x-max-priority': int(6) }, { 'x-max-priority': int(7) }],
  'x-max-priority is added': [{}, { 'x-max-priority': int(7) }],
  'x-overflow': [{ 'x-overflow': text('drop-head') }, { 'x-overflow': text('reject-publish') }],
  'the default x-overflow is added': [{}, { 'x-overflow': text('drop-head') }],
  'x-queue-mode': [{ 'x-queue-mode': text('lazy') }, { 'x-queue-mode': text('default') }],
  'x-queue-mode is added': [{}, { 'x-queue-mode': text('lazy') }],
  'x-queue-master-locator': [
    { 'x-queue-master-locator': text('min-masters') },
    { 'x-queue-master-locator': text('client-local') },
  ],
  'x-queue-version': [{ 'x-queue-version': int(1) }, { 'x-queue-version': int(2) }],
  'x-queue-type classic is added': [{}, { 'x-queue-type': text('classic') }],
  'x-queue-type classic is left out': [{ 'x-queue-type': text('classic') }, {}],
  'x-queue-type quorum is added': [{}, { 'x-queue-type': text('quorum') }],
  'x-queue-type quorum is left out': [{ 'x-queue-type': text('quorum') }, {}],
  'x-queue-type quorum for classic': [{ 'x-queue-type': text('classic') }, { 'x-queue-type': text('quorum') }],
};

const again = Object.entries(AGAIN).map(([label, [first, second]]) =>
  scenario(
    `declared again: ${label}`,
    async (stage) => {
      const channel = await stage.channel();
      const queue = stage.name();
      await channel.call('queue.declare', { queue, durable: true, arguments: new Map(Object.entries(first)) });
      await channel.call('queue.declare', { queue, durable: true, arguments: new Map(Object.entries(second)) });
    },
    label === 'x-queue-master-locator' ? twiceFine : null,
  ),
);

export const scenarios = [
  ...checks,
  ...again,
  ...FOREIGN.map((argument) => declared(`${argument} for a classic queue`, { [argument]: int(7) })),
  declared('x-queue-leader-locator for a classic queue', { 'x-queue-leader-locator': int(7) }, {}, nothingRefused),
  declared(
    'x-delivery-limit for a classic queue',
    { 'x-delivery-limit': int(7) },
    {},
    { ...nothingRefused, why: 'a delivery limit is good for every queue' },
  ),
  ...OVERFLOWS.map((overflow) => declared(`x-overflow: ${overflow}`, { 'x-overflow': text(overflow) })),
  ...TYPES.map((type) => declared(`x-queue-type: ${type}`, { 'x-queue-type': text(type) })),
  ...LOCATORS.map((locator) =>
    declared(
      `x-queue-master-locator: ${locator}`,
      { 'x-queue-master-locator': text(locator) },
      { durable: true },
      nothingRefused,
    ),
  ),
  ...LOCATORS.map((locator) =>
    declared(
      `x-queue-leader-locator: ${locator}`,
      {
        'x-queue-type': text('quorum'),
        'x-queue-leader-locator': text(locator),
      },
      { durable: true },
      nothingRefused,
    ),
  ),
  ...['lazy', 'default', 'eager'].map((mode) => declared(`x-queue-mode: ${mode}`, { 'x-queue-mode': text(mode) })),
  ...[1, 255, 256, -1].map((max) => declared(`x-max-priority: ${max}`, { 'x-max-priority': int(max) })),
  ...[1, 2, 3, 0].map((version) => declared(`x-queue-version: ${version}`, { 'x-queue-version': int(version) })),
  ...[315_360_000_000n, 315_360_000_001n].flatMap((time) => [
    declared(`x-message-ttl: ${time}`, { 'x-message-ttl': fieldValue(time) }),
    declared(`x-expires: ${time}`, { 'x-expires': fieldValue(time) }),
  ]),
  declared('x-dead-letter-routing-key without an exchange', { 'x-dead-letter-routing-key': text('k') }),
  declared('x-dead-letter-exchange that does not exist', { 'x-dead-letter-exchange': text('not there') }),
  declared('x-dead-letter-exchange: the default one', { 'x-dead-letter-exchange': text('') }),
  declared('x-dead-letter-strategy: at-most-once', {
    'x-queue-type': text('quorum'),
    'x-dead-letter-strategy': text('at-most-once'),
  }),
  declared('x-dead-letter-strategy: at-least-once', {
    'x-queue-type': text('quorum'),
    'x-dead-letter-exchange': text('a'),
    'x-overflow': text('reject-publish'),
    'x-dead-letter-strategy': text('at-least-once'),
  }),
  declared('x-dead-letter-strategy: at once', {
    'x-queue-type': text('quorum'),
    'x-dead-letter-strategy': text('at-once'),
  }),
  declared('two bad arguments', { 'x-max-length': int(-1), 'x-message-ttl': int(-1) }),
  declared('two bad arguments, the other way round', { 'x-message-ttl': int(-1), 'x-max-length': int(-1) }),
  declared('quorum: exclusive', { 'x-queue-type': text('quorum') }, { exclusive: true }),
  declared('quorum: exclusive and durable', { 'x-queue-type': text('quorum') }, { exclusive: true, durable: true }),
  declared('quorum: not durable', { 'x-queue-type': text('quorum') }, {}),
  declared('quorum: auto-delete', { 'x-queue-type': text('quorum') }, { durable: true, autoDelete: true }),
  declared('quorum: a generated name', { 'x-queue-type': text('quorum') }, { queue: '', durable: true }),
  declared('quorum: x-max-priority', { 'x-queue-type': text('quorum'), 'x-max-priority': int(5) }),
  declared('quorum: x-message-ttl', { 'x-queue-type': text('quorum'), 'x-message-ttl': int(60000) }),
  declared('quorum: x-expires', { 'x-queue-type': text('quorum'), 'x-expires': int(60000) }),
  declared('quorum: x-queue-mode', { 'x-queue-type': text('quorum'), 'x-queue-mode': text('lazy') }),
  declared('quorum: x-queue-version', { 'x-queue-type': text('quorum'), 'x-queue-version': int(2) }),
  declared('quorum: x-queue-master-locator', {
    'x-queue-type': text('quorum'),
    'x-queue-master-locator': text('random'),
  }),
  declared('quorum: x-delivery-limit', { 'x-queue-type': text('quorum'), 'x-delivery-limit': int(3) }),
  declared('quorum: x-delivery-limit 0', { 'x-queue-type': text('quorum'), 'x-delivery-limit': int(0) }),
  declared('quorum: x-delivery-limit -1', { 'x-queue-type': text('quorum'), 'x-delivery-limit': int(-1) }),
  declared('quorum: x-single-active-consumer', {
    'x-queue-type': text('quorum'),
    'x-single-active-consumer': { type: 't', value: true },
  }),
  declared('quorum: x-overflow reject-publish-dlx', {
    'x-queue-type': text('quorum'),
    'x-overflow': text('reject-publish-dlx'),
  }),
  declared('quorum: an unknown argument', { 'x-queue-type': text('quorum'), 'x-unknown': int(3) }),
];
