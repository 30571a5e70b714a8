/** Dead letters that go on: ladders of waiting queues, circles with and without rejections, limits on the way. */
import { type FieldValue, fieldValue, type PlainObject, table } from '../../../src/amqp/table.js';
import { LAST_DEATH, NEWEST_FIRST } from '../last-death.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const SHORT_MS = 40;
/** Long enough for a delivery on a busy machine. */
const LIFE_MS = 700;

function to(routingKey: string, args: PlainObject = {}): PlainObject {
  return { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': routingKey, ...args };
}

async function settle(channel: RecordedChannel, queue: string, requeue = false): Promise<void> {
  await channel.until(queue, 1);
  const got = await channel.quietly('basic.get', { queue });
  if (got.name !== 'basic.get-ok') throw new Error(`nothing to reject in ${queue}`);
  channel.send('basic.reject', { deliveryTag: got.deliveryTag, requeue });
}

/** Takes the only message of a queue and tells everything that stands on it. */
async function letter(channel: RecordedChannel, queue: string): Promise<void> {
  await channel.until(queue, 1);
  await channel.call('basic.get', { queue, noAck: true });
}

/** Waits until a message of its own has lived for a while. */
async function pass(stage: Stage, channel: RecordedChannel, ms: number): Promise<void> {
  const clock = await channel.queue(stage.name('clock'), table({ 'x-message-ttl': ms }));
  await channel.fill(clock, ['later']);
  await channel.until(clock, 0);
}

const stories = [
  scenario(
    'a ladder: three waits one after the other, each written down',
    async (stage) => {
      const channel = await stage.channel();
      const end = await channel.queue(stage.name('end'));
      const third = await channel.queue(stage.name('third'), table(to(end, { 'x-message-ttl': SHORT_MS })));
      const second = await channel.queue(stage.name('second'), table(to(third, { 'x-message-ttl': SHORT_MS })));
      const first = await channel.queue(stage.name('first'), table(to(second, { 'x-message-ttl': SHORT_MS })));
      await channel.fill(first, ['a']);
      await letter(channel, end);
    },
    NEWEST_FIRST,
  ),

  scenario('the expiration of the message counts on the first step only', async (stage) => {
    const channel = await stage.channel();
    const end = await channel.queue(stage.name('end'));
    const second = await channel.queue(stage.name('second'), table(to(end)));
    const first = await channel.queue(stage.name('first'), table(to(second)));
    await channel.fill(first, [['a', { expiration: String(SHORT_MS) }]]);
    await channel.until(second, 1);
    await pass(stage, channel, 5 * SHORT_MS);
    await channel.call('queue.declare', { queue: second, passive: true });
    await settle(channel, second);
    await letter(channel, end);
  }),

  scenario('retries by rejection, with the count of each', async (stage) => {
    const channel = await stage.channel();
    const [retry, work] = [await channel.exchange(stage.name('retry'), 'fanout'), stage.name('work')];
    const again = await channel.exchange(stage.name('again'), 'fanout');
    const wait = stage.name('wait');
    await channel.queue(work, table({ 'x-dead-letter-exchange': retry }));
    await channel.queue(wait, table({ 'x-dead-letter-exchange': again, 'x-message-ttl': SHORT_MS }));
    await channel.bind(retry, wait);
    await channel.bind(again, work);
    channel.publish(again, 'the.key', 'a', { properties: { headers: table({ mine: 'x' }), deliveryMode: 2 } });
    for (let round = 0; round < 2; round++) await settle(channel, work);
    await letter(channel, work);
  }),

  scenario('requeued first, then too old', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead, { 'x-message-ttl': 3_000 })));
    await channel.fill(queue, ['a']);
    await settle(channel, queue, true);
    await letter(channel, dead);
  }),

  scenario('too old while it was out, dead when it comes back', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead, { 'x-message-ttl': LIFE_MS })));
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    await pass(stage, channel, LIFE_MS + 300);
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await channel.call('basic.recover', { requeue: true });
    await letter(channel, dead);
  }),

  scenario('a life of 0: dead at once when nobody consumes, or whoever does is full', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const other = await channel.queue(stage.name('other'));
    const queue = await channel.queue(stage.name(), table(to(dead, { 'x-message-ttl': 0 })));
    await channel.fill(queue, ['nobody']);
    await letter(channel, dead);
    await channel.quietly('basic.qos', { prefetchCount: 1, global: true });
    await channel.quietly('basic.consume', { queue: other, consumerTag: 'busy' });
    await channel.fill(other, ['work']);
    await channel.deliveries(1);
    await channel.quietly('basic.consume', { queue, consumerTag: 'full' });
    await channel.fill(queue, ['somebody who is full']);
    await letter(channel, dead);
  }),

  scenario('pushed out from queue to queue', async (stage) => {
    const channel = await stage.channel();
    const end = await channel.queue(stage.name('end'));
    const second = await channel.queue(stage.name('second'), table(to(end, { 'x-max-length': 1 })));
    const first = await channel.queue(stage.name('first'), table(to(second, { 'x-max-length': 1 })));
    await channel.fill(first, ['a', 'b', 'c']);
    await letter(channel, end);
    await channel.bodies(second);
    await channel.bodies(first);
  }),

  scenario('to a full queue that refuses: gone', async (stage) => {
    const channel = await stage.channel();
    const full = await channel.queue(stage.name('full'), table({ 'x-max-length': 1, 'x-overflow': 'reject-publish' }));
    const queue = await channel.queue(stage.name(), table(to(full)));
    await channel.fill(full, ['first']);
    await channel.fill(queue, ['dead']);
    await settle(channel, queue);
    await pass(stage, channel, SHORT_MS);
    await channel.bodies(full);
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('to a full queue that refuses and has dead letters of its own', async (stage) => {
    const channel = await stage.channel();
    const end = await channel.queue(stage.name('end'));
    const limit = { 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' };
    const full = await channel.queue(stage.name('full'), table(to(end, limit)));
    const queue = await channel.queue(stage.name(), table(to(full)));
    await channel.fill(full, ['first']);
    await channel.fill(queue, ['dead']);
    await settle(channel, queue);
    await letter(channel, end);
  }),

  scenario('requeued to a queue that is full meanwhile', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead, { 'x-max-length': 1 })));
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.get', { queue });
    await channel.fill(queue, ['b']);
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await letter(channel, dead);
    await channel.bodies(queue);
  }),

  scenario('a circle of expiries with a rejection before: goes round once more, then ends', async (stage) => {
    const channel = await stage.channel();
    const [one, two] = [stage.name('one'), stage.name('two')];
    await channel.queue(one, table(to(two)));
    await channel.queue(two, table(to(one, { 'x-message-ttl': SHORT_MS })));
    await channel.fill(one, [['a', { expiration: String(SHORT_MS) }]]);
    // Expired in one, expired in two: back in one it is a circle, and gone.
    await pass(stage, channel, 500);
    await channel.call('queue.declare', { queue: one, passive: true });
    await channel.fill(one, ['b']);
    await settle(channel, one);
    await letter(channel, one);
  }),

  scenario('a circle of pushing out ends', async (stage) => {
    const channel = await stage.channel();
    const [one, two] = [stage.name('one'), stage.name('two')];
    await channel.queue(one, table(to(two, { 'x-max-length': 1 })));
    await channel.queue(two, table(to(one, { 'x-max-length': 1 })));
    await channel.fill(one, ['a', 'b', 'c', 'd']);
    await pass(stage, channel, 200);
    for (const queue of [one, two]) await channel.until(queue, 1);
    await channel.call('queue.declare', { queue: one, passive: true });
    await channel.call('queue.declare', { queue: two, passive: true });
  }),

  scenario('to the exchange that it came from, with a key of its own', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'topic');
    const args = { 'x-dead-letter-exchange': exchange, 'x-dead-letter-routing-key': 'failed.job' };
    const queue = await channel.queue(stage.name(), table(args));
    const failed = await channel.queue(stage.name('failed'));
    const all = await channel.queue(stage.name('all'));
    await channel.bind(exchange, queue, 'new.*');
    await channel.bind(exchange, failed, 'failed.#');
    await channel.bind(exchange, all, '#');
    channel.publish(exchange, 'new.job', 'a');
    await settle(channel, queue);
    await letter(channel, failed);
    await channel.until(all, 2);
    await channel.bodies(all);
  }),

  scenario('by a headers exchange: the headers of the message count', async (stage) => {
    const channel = await stage.channel();
    const dlx = await channel.exchange(stage.name('dlx'), 'headers');
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    const [red, rest] = [await channel.queue(stage.name('red')), await channel.queue(stage.name('rest'))];
    await channel.bind(dlx, red, '', table({ colour: 'red' }));
    await channel.bind(dlx, rest, '', table({ 'x-match': 'any', colour: 'blue', size: 1 }));
    await channel.fill(queue, [
      ['red', { headers: table({ colour: 'red' }) }],
      ['blue', { headers: table({ colour: 'blue' }) }],
    ]);
    for (const tag of [1n, 2n]) {
      await channel.quietly('basic.get', { queue });
      channel.send('basic.reject', { deliveryTag: tag });
    }
    await letter(channel, red);
    await letter(channel, rest);
  }),

  scenario('a consumer of dead letters sees where they came from', async (stage) => {
    const channel = await stage.channel();
    const dlx = await channel.exchange(stage.name('dlx'), 'direct');
    const dead = await channel.queue(stage.name('dead'));
    await channel.bind(dlx, dead, 'k');
    const args = { 'x-dead-letter-exchange': dlx, 'x-dead-letter-routing-key': 'k' };
    const queue = await channel.queue(stage.name(), table(args));
    await channel.quietly('basic.consume', { queue: dead, consumerTag: 'undertaker', noAck: true });
    await channel.fill(queue, ['a', 'b']);
    for (let n = 0; n < 2; n++) await channel.quietly('basic.get', { queue });
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true });
    await channel.deliveries(2);
  }),

  scenario('expired in a queue with priorities', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(
      stage.name(),
      table(to(dead, { 'x-message-ttl': SHORT_MS, 'x-max-priority': 5 })),
    );
    await channel.fill(queue, [['a', { priority: 3 }]]);
    await letter(channel, dead);
  }),

  scenario('pushed out of a queue with priorities: its head', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead, { 'x-max-length': 1, 'x-max-priority': 5 })));
    await channel.fill(queue, [
      ['low', { priority: 1 }],
      ['high', { priority: 5 }],
    ]);
    await letter(channel, dead);
    await channel.bodies(queue);
  }),

  scenario('pushed out, with CC', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead, { 'x-max-length': 1 })));
    const cc: FieldValue = { type: 'A', value: [fieldValue('one'), fieldValue('two')] };
    await channel.fill(queue, [['a', { headers: new Map([['CC', cc]]) }], 'b']);
    await letter(channel, dead);
  }),

  scenario('rejected in a transaction: dead with the commit', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead)));
    await channel.fill(queue, ['a']);
    await channel.quietly('tx.select');
    await channel.quietly('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n });
    await channel.sync();
    await other.call('queue.declare', { queue: dead, passive: true });
    await channel.call('tx.commit');
    await letter(other, dead);
  }),

  scenario('a purge of the queue on the way keeps what has gone on', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const queue = await channel.queue(stage.name(), table(to(dead)));
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n });
    await channel.until(dead, 1);
    await channel.call('queue.purge', { queue });
    await letter(channel, dead);
  }),

  scenario('an alternate exchange gets dead letters without a queue', async (stage) => {
    const channel = await stage.channel();
    const alternate = await channel.exchange(stage.name('alternate'), 'fanout');
    const dlx = await channel.exchange(stage.name('dlx'), 'topic', table({ 'alternate-exchange': alternate }));
    const [routed, rest] = [await channel.queue(stage.name('routed')), await channel.queue(stage.name('rest'))];
    await channel.bind(dlx, routed, 'known.#');
    await channel.bind(alternate, rest);
    const queue = await channel.queue(stage.name(), table({ 'x-dead-letter-exchange': dlx }));
    await channel.fill(queue, ['a']);
    await settle(channel, queue);
    await letter(channel, rest);
    await channel.call('queue.declare', { queue: routed, passive: true });
  }),

  scenario('a queue that dead-letters to two, of which one sends back', async (stage) => {
    const channel = await stage.channel();
    const dlx = await channel.exchange(stage.name('dlx'), 'fanout');
    const [work, keep, wait] = [stage.name('work'), await channel.queue(stage.name('keep')), stage.name('wait')];
    await channel.queue(work, table({ 'x-dead-letter-exchange': dlx }));
    await channel.queue(wait, table(to(work, { 'x-message-ttl': SHORT_MS })));
    await channel.bind(dlx, keep);
    await channel.bind(dlx, wait);
    await channel.fill(work, ['a']);
    await settle(channel, work);
    await letter(channel, keep);
    await settle(channel, work);
    await letter(channel, keep);
    await letter(channel, work);
  }),
];

export const scenarios = stories.map((story) => ({ ...story, differs: story.differs ?? LAST_DEATH }));
