/** Dead-lettering: why messages die, where they go, and what is written on them. */
import type { Properties } from '../../../src/amqp/properties.js';
import { type FieldValue, fieldValue, type PlainObject, table } from '../../../src/amqp/table.js';
import { LAST_DEATH, NEWEST_FIRST } from '../last-death.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const SHORT_MS = 40;

/** A queue whose dead letters go by the default exchange to another one. */
async function mortal(stage: Stage, args: PlainObject = {}) {
  const channel = await stage.channel();
  const dead = await channel.queue(stage.name('dead'));
  const all = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, ...args };
  const queue = await channel.queue(stage.name(), table(all));
  return { channel, dead, queue };
}

/** Takes a dead letter and tells everything that stands on it. */
async function letter(channel: RecordedChannel, dead: string): Promise<void> {
  await channel.until(dead, 1);
  await channel.call('basic.get', { queue: dead, noAck: true });
}

async function reject(channel: RecordedChannel, queue: string): Promise<void> {
  const got = await channel.quietly('basic.get', { queue });
  if (got.name !== 'basic.get-ok') throw new Error(`nothing to reject in ${queue}`);
  channel.send('basic.reject', { deliveryTag: got.deliveryTag, requeue: false });
}

const ALL: Properties = {
  contentType: 'text/plain',
  contentEncoding: 'utf-8',
  headers: table({ mine: 1 }),
  deliveryMode: 2,
  priority: 3,
  correlationId: 'c',
  replyTo: 'r',
  messageId: 'm',
  timestamp: 1_700_000_000n,
  type: 't',
  appId: 'a',
};

function keys(...all: readonly string[]): FieldValue {
  return { type: 'A', value: all.map(fieldValue) };
}

/** What brokers wrote before RabbitMQ 3.5, and clients kept: an entry for each death. */
function oldDeath(queue: string, args: PlainObject = {}): PlainObject {
  return { reason: 'rejected', queue, exchange: '', 'routing-keys': [queue], ...args };
}

const OLD_DEATHS: Readonly<Record<string, (queue: string) => PlainObject[]>> = {
  'several of one queue': () => ['q97', 'q97', 'q97', 'q98'].map((queue) => oldDeath(queue)),
  'one by itself': () => [oldDeath('q97')],
  'of the queue itself': (queue) => [oldDeath('q97'), oldDeath(queue), oldDeath(queue)],
  'of the queue itself, one by itself': (queue) => [oldDeath(queue)],
  'for several reasons': () => ['rejected', 'expired', 'rejected'].map((reason) => oldDeath('q97', { reason })),
  'beside counted ones': () => [
    oldDeath('q97', { count: 5 }),
    oldDeath('q97'),
    oldDeath('q98'),
    oldDeath('q98', { count: 7 }),
  ],
};

const stories = [
  scenario('rejected', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('nacked, several at once', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(3);
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: false });
    await channel.until(dead, 3);
    await channel.bodies(dead);
  }),

  scenario('expired, by the queue', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-message-ttl': SHORT_MS });
    await channel.fill(queue, ['a']);
    await letter(channel, dead);
  }),

  scenario('expired, by the message', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', { expiration: String(SHORT_MS) }]]);
    await letter(channel, dead);
  }),

  scenario('expired, several in order', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-message-ttl': SHORT_MS });
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.until(dead, 3);
    await channel.bodies(dead);
  }),

  scenario('pushed out of a full queue', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-max-length': 1 });
    await channel.fill(queue, ['a', 'b']);
    await letter(channel, dead);
    await channel.bodies(queue);
  }),

  scenario('pushed out by its octets', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-max-length-bytes': 3 });
    await channel.fill(queue, ['aa', 'bb']);
    await letter(channel, dead);
  }),

  scenario('refused by a full queue', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' });
    await channel.quietly('confirm.select');
    channel.publish('', queue, 'a');
    channel.publish('', queue, 'b');
    await channel.settled(2);
    await letter(channel, dead);
    await channel.bodies(queue);
  }),

  scenario('purged, deleted, acknowledged: no dead letters', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('basic.get', { queue, noAck: true });
    await channel.call('queue.purge', { queue });
    await channel.fill(queue, ['d']);
    await channel.call('queue.delete', { queue });
    await channel.call('queue.declare', { queue: dead, passive: true });
  }),

  scenario('requeued: no dead letter', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 1);
    await channel.call('queue.declare', { queue: dead, passive: true });
  }),

  scenario('all properties stay', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', ALL]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('the expiration goes, and is written down', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', { expiration: '3600000' }]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('both lives: the message says the longer one', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-message-ttl': SHORT_MS });
    await channel.fill(queue, [['a', { expiration: '3600000' }]]);
    await letter(channel, dead);
  }),

  scenario('without a routing key: that of the message stays', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'topic');
    const dlx = await channel.exchange(stage.name('dlx'), 'topic');
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.bind(exchange, queue, '#');
    await channel.bind(dlx, dead, 'a.*');
    channel.publish(exchange, 'a.b', 'message');
    await channel.until(queue, 1);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('to several queues', async (stage) => {
    const channel = await stage.channel();
    const dlx = await channel.exchange(stage.name('dlx'), 'fanout');
    const [one, two] = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    for (const queue of [one, two]) await channel.bind(dlx, queue);
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await letter(channel, one);
    await letter(channel, two);
  }),

  scenario('to an exchange that does not exist: dropped', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': 'not there' }));
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('to an exchange that is declared later', async (stage) => {
    const channel = await stage.channel();
    const dlx = stage.name('dlx');
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.fill(queue, ['a']);
    await channel.exchange(dlx, 'fanout');
    const dead = await channel.queue(stage.name('dead'));
    await channel.bind(dlx, dead);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('to an internal exchange', async (stage) => {
    const channel = await stage.channel();
    const dlx = stage.name('dlx');
    await channel.quietly('exchange.declare', { exchange: dlx, type: 'fanout', internal: true });
    const dead = await channel.queue(stage.name('dead'));
    await channel.bind(dlx, dead);
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('by an alternate exchange', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'fanout');
    const dlx = await channel.exchange(stage.name('dlx'), 'direct', table({ 'alternate-exchange': alternate }));
    const dead = await channel.queue(stage.name('dead'));
    await channel.bind(alternate, dead);
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('twice by the same queue: counted', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await channel.until(dead, 1);
    const got = await channel.quietly('basic.get', { queue: dead, noAck: true });
    if (!('properties' in got)) throw new Error('no dead letter');
    await channel.fill(queue, [['again', got.properties]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('by two queues, for two reasons', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const second = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, 'x-message-ttl': SHORT_MS };
    const two = await channel.queue(stage.name('two'), table(second));
    const first = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': two };
    const one = await channel.queue(stage.name('one'), table(first));
    await channel.fill(one, ['a']);
    await reject(channel, one);
    await letter(channel, dead);
  }),

  scenario('by one queue, for two reasons', async (stage) => {
    const { channel, dead, queue } = await mortal(stage, { 'x-max-length': 1 });
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await channel.until(dead, 1);
    const got = await channel.quietly('basic.get', { queue: dead, noAck: true });
    if (!('properties' in got)) throw new Error('no dead letter');
    await channel.fill(queue, [['again', got.properties], 'pushes it out']);
    await letter(channel, dead);
  }),

  scenario('a circle of expiries ends', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name();
    const args = { 'x-dead-letter-exchange': '', 'x-message-ttl': SHORT_MS };
    await channel.queue(queue, table(args));
    await channel.fill(queue, ['a']);
    await channel.until(queue, 0);
  }),

  scenario('a circle of two queues, by expiry, ends', async (stage) => {
    const channel = await stage.channel();
    const [one, two] = [stage.name('one'), stage.name('two')];
    const to = (key: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key });
    await channel.queue(one, table({ ...to(two), 'x-message-ttl': SHORT_MS }));
    await channel.queue(two, table({ ...to(one), 'x-message-ttl': SHORT_MS }));
    const clock = await channel.queue(stage.name('clock'), table({ 'x-message-ttl': 1_500 }));
    await channel.fill(one, ['a']);
    await channel.fill(clock, ['later']);
    await channel.until(clock, 0);
    await channel.call('queue.declare', { queue: one, passive: true });
    await channel.call('queue.declare', { queue: two, passive: true });
  }),

  scenario('a circle with a rejection goes on', async (stage) => {
    const channel = await stage.channel();
    const [work, wait] = [stage.name('work'), stage.name('wait')];
    const to = (key: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key });
    await channel.queue(work, table(to(wait)));
    await channel.queue(wait, table({ ...to(work), 'x-message-ttl': SHORT_MS }));
    await channel.fill(work, ['a']);
    for (let round = 0; round < 3; round++) {
      await channel.until(work, 1);
      await reject(channel, work);
    }
    await channel.until(work, 1);
    await channel.call('basic.get', { queue: work, noAck: true });
  }),

  scenario('rejected to itself: comes back each time', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name();
    await channel.queue(queue, table({ 'x-dead-letter-exchange': '' }));
    await channel.fill(queue, ['a']);
    await reject(channel, queue);
    await channel.until(queue, 1);
    await reject(channel, queue);
    await channel.until(queue, 1);
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('pushed out to itself: dropped', async (stage) => {
    const channel = await stage.channel();
    const queue = stage.name();
    await channel.queue(queue, table({ 'x-dead-letter-exchange': '', 'x-max-length': 1 }));
    await channel.fill(queue, ['a', 'b']);
    await channel.until(queue, 1);
    await channel.bodies(queue);
  }),

  scenario('CC: written down, and kept without a routing key', async (stage) => {
    const channel = await stage.channel();
    const dlx = await channel.exchange(stage.name('dlx'), 'direct');
    const [dead, copy] = [await channel.queue(stage.name('dead')), await channel.queue(stage.name('copy'))];
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.bind(dlx, dead, queue);
    await channel.bind(dlx, copy, 'copy');
    await channel.fill(queue, [['a', { headers: new Map([['CC', keys('copy')]]) }]]);
    await reject(channel, queue);
    await letter(channel, dead);
    await letter(channel, copy);
  }),

  scenario('CC: gone with a routing key of the queue', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', { headers: new Map([['CC', keys('copy')]]) }]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('BCC: not written down', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', { headers: new Map([['BCC', keys('copy')]]) }]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('an x-death of the client is not trusted to be one', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', { headers: table({ 'x-death': 'text' }) }]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('an empty x-death', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, [['a', { headers: table({ 'x-death': [] }) }]]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  ...Object.entries(OLD_DEATHS).map(([label, deaths]) =>
    scenario(
      `deaths of a time when they were not counted: ${label}`,
      async (stage) => {
        const { channel, dead, queue } = await mortal(stage);
        await channel.fill(queue, [['a', { headers: table({ 'x-death': deaths(queue) }) }]]);
        await reject(channel, queue);
        await letter(channel, dead);
      },
      NEWEST_FIRST,
    ),
  ),

  scenario('the dead letter of a message from an exchange', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    const exchange = await channel.exchange(stage.name('x'), 'direct');
    await channel.bind(exchange, queue, 'key');
    channel.publish(exchange, 'key', 'a');
    await channel.until(queue, 1);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('the dead letter of a mandatory message is not returned', async (stage) => {
    const channel = await stage.channel();
    const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'nobody' };
    const queue = await channel.queue(stage.name(), table(args));
    channel.publish('', queue, 'a', { mandatory: true });
    await channel.until(queue, 1);
    await reject(channel, queue);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('the dead letter of a redelivered message is fresh', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 1);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('a large body', async (stage) => {
    const { channel, dead, queue } = await mortal(stage);
    await channel.fill(queue, ['x'.repeat(300_000)]);
    await reject(channel, queue);
    await letter(channel, dead);
  }),

  scenario('to a queue that is full', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'), table({ 'x-max-length': 1 }));
    const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
    const queue = await channel.queue(stage.name(), table(args));
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(2);
    channel.send('basic.reject', { deliveryTag: 1n });
    await channel.until(dead, 1);
    channel.send('basic.reject', { deliveryTag: 2n });
    await channel.untilFirst(dead, 'b');
  }),
];

export const scenarios = stories.map((story) => ({ ...story, differs: story.differs ?? LAST_DEATH }));
