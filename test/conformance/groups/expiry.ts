/** Time to live of messages and queues. */
import type { Properties } from '../../../src/amqp/properties.js';
import { type PlainObject, table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { rewording, scenario } from '../scenario.js';

const SHORT_MS = 40;
/** Long enough for a few methods on a busy machine. */
const LEASE_MS = 800;
const LONG_MS = 3_600_000;

const short: Properties = { expiration: String(SHORT_MS) };
const long: Properties = { expiration: String(LONG_MS) };

/** Queue and message: which messages are gone soon. */
const BOTH: Readonly<Record<string, readonly [number | null, Properties, number]>> = {
  'queue short, message none': [SHORT_MS, {}, 0],
  'queue short, message long': [SHORT_MS, long, 0],
  'queue long, message short': [LONG_MS, short, 0],
  'queue none, message short': [null, short, 0],
  'queue long, message long': [LONG_MS, long, 1],
  'queue 0, message none': [0, {}, 0],
  'queue none, message 0': [null, { expiration: '0' }, 0],
  'queue long, message 0': [LONG_MS, { expiration: '0' }, 0],
};

/** Queue and message: those whose time is over when they come. */
const ZERO: Readonly<Record<string, readonly [PlainObject, Properties]>> = {
  'a ttl of 0': [{ 'x-message-ttl': 0 }, {}],
  'an expiration of 0': [{}, { expiration: '0' }],
  'a ttl of 0 and priorities': [{ 'x-message-ttl': 0, 'x-max-priority': 3 }, { priority: 2 }],
};

const GIVEN_BACK: Readonly<Record<string, (channel: RecordedChannel) => Promise<void> | void>> = {
  reject: (channel) => {
    for (const deliveryTag of [1n, 2n, 3n]) channel.send('basic.reject', { deliveryTag, requeue: true });
  },
  nack: (channel) => channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true }),
  recover: async (channel) => {
    await channel.quietly('basic.recover', { requeue: true });
  },
  'closing the channel': (channel) => channel.close(),
};

export const scenarios = [
  ...Object.entries(BOTH).map(([label, [ttl, properties, left]]) =>
    scenario(`messages: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table(ttl === null ? {} : { 'x-message-ttl': ttl }));
      await channel.fill(queue, [['a', properties]]);
      await channel.until(queue, left);
      await channel.bodies(queue);
    }),
  ),

  scenario('messages: a ttl of 0 reaches a consumer that waits', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-message-ttl': 0 }));
    await channel.quietly('basic.consume', { queue, consumerTag: 't', noAck: true });
    channel.publish('', queue, 'a');
    channel.publish('', queue, 'b');
    await channel.deliveries(2);
  }),

  scenario('messages: an expiration of 0 reaches a consumer that waits', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'a', { properties: { expiration: '0' } });
    await channel.deliveries(1);
  }),

  ...Object.entries(ZERO).map(([label, [args, properties]]) =>
    scenario(`messages: a get never finds one with ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table(args));
      for (let i = 0; i < 20; i++) {
        channel.publish('', queue, 'a', { properties });
        await channel.call('basic.get', { queue, noAck: true });
      }
    }),
  ),

  ...Object.entries(GIVEN_BACK).flatMap(([how, requeue]) =>
    Object.entries(ZERO).map(([label, [args, properties]]) =>
      scenario(`messages: requeued by ${how} with ${label}, they are delivered once`, async (stage) => {
        const channel = await stage.channel({ label: 'consumer' });
        const other = await stage.channel({ label: 'other' });
        const dead = await other.queue(stage.name('dead'));
        const mortal = { ...args, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
        const queue = await other.queue(stage.name(), table(mortal));
        await channel.quietly('basic.consume', { queue, consumerTag: 't' });
        for (const body of ['a', 'b', 'c']) other.publish('', queue, body, { properties });
        await channel.deliveries(3);
        await requeue(channel);
        await other.until(dead, 3);
        await other.bodies(dead);
        await other.until(queue, 0);
      }),
    ),
  ),

  scenario('messages: a ttl of 0 is not for the credit to come', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-message-ttl': 0 }));
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'a');
    channel.publish('', queue, 'b');
    await channel.deliveries(1);
    await channel.until(queue, 0);
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.publish('', queue, 'c');
    await channel.deliveries(1);
  }),

  scenario('messages: a ttl of 0 is not for the consumer to come', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.publish('', queue, 'a', { properties: { expiration: '0' } });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'b', { properties: { expiration: '0' } });
    await channel.deliveries(1);
  }),

  scenario(
    'messages: one that lives on holds back those behind it',
    async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      const other = await channel.queue(stage.name('other'));
      await channel.fill(queue, [['long', long], ['short', short], 'none']);
      await channel.fill(other, [['as long', short]]);
      await channel.until(other, 0);
      await channel.call('queue.declare', { queue, passive: true });
      await channel.call('basic.get', { queue, noAck: true });
      await channel.call('basic.get', { queue, noAck: true });
    },
    rewording('what comes to the front is looked at by the next get', 'messageCount=1 <long>', 'messageCount=2 <long>'),
  ),

  scenario('messages: only the first of the queue go', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, [['a', short], ['b', short], 'c', ['d', short]]);
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario('messages: delivered ones do not expire, requeued they do', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-message-ttl': LEASE_MS }));
    const other = await channel.queue(stage.name('other'), table({ 'x-message-ttl': LEASE_MS + 100 }));
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue });
    await channel.fill(other, ['b']);
    await channel.until(other, 0);
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 0);
    await channel.call('basic.get', { queue });
  }),

  scenario('messages: the expiration stays in the properties', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, [['a', long]]);
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('messages: expired ones are not counted as deleted', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-message-ttl': SHORT_MS }));
    await channel.fill(queue, ['a', 'b']);
    await channel.until(queue, 0);
    await channel.call('queue.delete', { queue, ifEmpty: true });
  }),

  scenario('messages: a consumer that comes late gets those that are left', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, [['a', short], 'b']);
    await channel.until(queue, 1);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
  }),

  scenario('messages: the confirm comes, however short they live', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-message-ttl': 0 }));
    await channel.quietly('confirm.select');
    channel.publish('', queue, 'a', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('queues: gone when unused', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-expires': LEASE_MS }));
    await channel.fill(queue, ['a']);
    await channel.untilExpired(queue);
  }),

  scenario('queues: a consumer keeps them', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-expires': LEASE_MS }));
    const other = await channel.queue(stage.name('other'), table({ 'x-expires': 2 * LEASE_MS }));
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.untilExpired(other);
    await channel.call('queue.declare', { queue, passive: true });
    await channel.call('basic.cancel', { consumerTag: 't' });
    await channel.untilExpired(queue);
  }),

  scenario('queues: declaring again keeps them', async (stage) => {
    const channel = await stage.channel();
    const args = table({ 'x-expires': LEASE_MS });
    const queue = await channel.queue(stage.name(), args);
    const clock = await channel.queue(stage.name('clock'), table({ 'x-expires': 2 * LEASE_MS }));
    await channel.untilExpired(clock, async () => {
      await channel.queue(queue, args);
    });
    await channel.call('queue.declare', { queue, passive: true });
    await channel.untilExpired(queue);
  }),

  scenario('queues: getting keeps them', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-expires': LEASE_MS }));
    const clock = await channel.queue(stage.name('clock'), table({ 'x-expires': 2 * LEASE_MS }));
    await channel.untilExpired(clock, async () => {
      await channel.quietly('basic.get', { queue });
    });
    await channel.call('queue.declare', { queue, passive: true });
    await channel.untilExpired(queue);
  }),

  scenario('queues: gone with their bindings', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    const queue = await channel.queue(stage.name(), table({ 'x-expires': LEASE_MS }));
    await channel.bind(exchange, queue);
    await channel.untilExpired(queue);
    channel.publish(exchange, '', 'a', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('queues: messages of one that expired are not dead letters', async (stage) => {
    const channel = await stage.channel();
    const dead = await channel.queue(stage.name('dead'));
    const args = { 'x-expires': LEASE_MS, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead };
    const queue = await channel.queue(stage.name(), table(args));
    await channel.fill(queue, ['a']);
    await channel.untilExpired(queue);
    await channel.bodies(dead);
  }),
];
