/**
 * What a client is told because of a request of its own, and where that stands: before the answer, behind it, or
 * nowhere.
 */

import { table } from '../../../src/amqp/table.js';
import type { Arrival } from '../../support/raw-channel.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

type Channels = Readonly<Record<string, RecordedChannel>>;

/** Two channels of one connection, and one of another. */
async function channels(
  stage: Stage,
): Promise<{ own: RecordedChannel; beside: RecordedChannel; other: RecordedChannel }> {
  const own = await stage.channel({ label: 'own' });
  return {
    own,
    beside: await stage.channelOn(own.raw.client, 'beside'),
    other: await stage.channel({ label: 'other' }),
  };
}

/** Lets something be asked for, and tells what then came on these channels of one connection, in order. */
async function tell(asking: RecordedChannel, watched: Channels, ask: () => void): Promise<void> {
  const seen: string[] = [];
  for (const [label, { raw }] of Object.entries(watched)) {
    const before = raw.watch;
    raw.watch = (arrival: Arrival) => {
      const tag = arrival.name === 'basic.cancel' ? ` ${arrival.consumerTag}` : '';
      if (arrival.name !== 'channel.flow-ok') seen.push(`${label} ${arrival.name}${tag}`);
      before(arrival);
    };
  }
  ask();
  await asking.answer();
  for (const channel of Object.values(watched)) await channel.sync();
  asking.note(`in order: ${seen.join(', ')}`);
}

async function consume(channel: RecordedChannel, queue: string, ...tags: readonly string[]): Promise<void> {
  for (const consumerTag of tags) await channel.quietly('basic.consume', { queue, consumerTag, noAck: true });
}

const KINDS = {
  'a queue': {},
  'a queue with priorities': { 'x-max-priority': 3 },
  'a queue with a single active consumer': { 'x-single-active-consumer': true },
} as const;

export const scenarios = [
  ...Object.entries(KINDS).map(([kind, args]) =>
    scenario(`${kind} is deleted by its consumer's channel`, async (stage) => {
      const { own } = await channels(stage);
      const queue = await own.queue(stage.name(), table(args));
      await consume(own, queue, 'a');
      await tell(own, { own }, () => own.send('queue.delete', { queue }));
      await own.cancelled();
    }),
  ),

  scenario('a queue is deleted beside its consumer', async (stage) => {
    const { own, beside } = await channels(stage);
    const queue = await own.queue(stage.name());
    await consume(beside, queue, 'b');
    await tell(own, { own, beside }, () => own.send('queue.delete', { queue }));
    await beside.cancelled();
  }),

  scenario('a queue is deleted that two channels consume from', async (stage) => {
    const { own, beside } = await channels(stage);
    const queue = await own.queue(stage.name());
    await consume(beside, queue, 'b');
    await consume(own, queue, 'a');
    await tell(own, { own, beside }, () => own.send('queue.delete', { queue }));
    await own.cancelled();
    await beside.cancelled();
  }),

  scenario('a queue is deleted by another connection', async (stage) => {
    const { own, other } = await channels(stage);
    const queue = await own.queue(stage.name());
    await consume(own, queue, 'a');
    await tell(other, { other }, () => other.send('queue.delete', { queue }));
    await own.cancelled();
  }),

  scenario('a queue is deleted by its only consumer, if unused', async (stage) => {
    const { own } = await channels(stage);
    const queue = await own.queue(stage.name());
    await consume(own, queue, 'a');
    await own.call('queue.delete', { queue, ifUnused: true });
  }),

  scenario('a queue is deleted without an answer', async (stage) => {
    const { own } = await channels(stage);
    const queue = await own.queue(stage.name());
    await consume(own, queue, 'a');
    own.send('queue.delete', { queue, nowait: true });
    await own.cancelled();
  }),

  scenario('a queue is deleted with messages on their way', async (stage) => {
    const { own } = await channels(stage);
    const queue = await own.queue(stage.name());
    await consume(own, queue, 'a');
    own.publish('', queue, 'x');
    await own.call('queue.delete', { queue });
    await own.deliveries(1);
    await own.cancelled();
  }),

  scenario('an exclusive queue is deleted by its connection', async (stage) => {
    const { own, beside } = await channels(stage);
    const queue = await own.queue(stage.name(), table({}), { exclusive: true });
    await consume(own, queue, 'a');
    await consume(beside, queue, 'b');
    await tell(own, { own, beside }, () => own.send('queue.delete', { queue }));
    await own.cancelled();
    await beside.cancelled();
  }),

  scenario('an auto-delete queue goes with its last consumer', async (stage) => {
    const { own, beside } = await channels(stage);
    const queue = await own.queue(stage.name(), table({}), { autoDelete: true });
    await consume(own, queue, 'a');
    await tell(own, { own, beside }, () => own.send('basic.cancel', { consumerTag: 'a' }));
  }),

  scenario("an auto-delete queue goes with its last consumer's channel", async (stage) => {
    const { own, beside } = await channels(stage);
    const queue = await beside.queue(stage.name(), table({}), { autoDelete: true });
    await consume(own, queue, 'a');
    await own.close();
    await beside.call('queue.declare', { queue, passive: true });
  }),

  scenario('an auto-delete exchange goes with the queue that was bound to it', async (stage) => {
    const { own } = await channels(stage);
    const exchange = stage.name('x');
    await own.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const queue = await own.queue(stage.name());
    await own.bind(exchange, queue, 'k');
    await consume(own, queue, 'a');
    await tell(own, { own }, () => own.send('queue.delete', { queue }));
    await own.cancelled();
    await own.call('exchange.declare', { exchange, type: 'direct', passive: true });
  }),

  scenario('an auto-delete exchange goes with its last binding', async (stage) => {
    const { own } = await channels(stage);
    const exchange = stage.name('x');
    await own.quietly('exchange.declare', { exchange, type: 'direct', autoDelete: true });
    const queue = await own.queue(stage.name());
    await own.bind(exchange, queue, 'k');
    await consume(own, queue, 'a');
    await tell(own, { own }, () => own.send('queue.unbind', { queue, exchange, routingKey: 'k' }));
  }),

  scenario('an exchange is deleted that a consumed queue is bound to', async (stage) => {
    const { own } = await channels(stage);
    const exchange = await own.exchange(stage.name('x'), 'fanout');
    const queue = await own.queue(stage.name());
    await own.bind(exchange, queue);
    await consume(own, queue, 'a');
    await tell(own, { own }, () => own.send('exchange.delete', { exchange }));
  }),
];
