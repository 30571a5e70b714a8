/** The numbers in answers: messages and consumers in declare-ok, purge-ok, delete-ok and get-ok, beside what is out. */
import { table } from '../../../src/amqp/table.js';
import type { RecordedChannel } from '../recorded-channel.js';
import { scenario } from '../scenario.js';

async function counts(channel: RecordedChannel, queue: string): Promise<void> {
  await channel.call('queue.declare', { queue, passive: true });
}

const BODIES = ['a', 'b', 'c', 'd', 'e'];

export const scenarios = [
  scenario('declare-ok: ready messages only, while others are out by get and by a consumer', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, BODIES);
    await channel.quietly('basic.get', { queue });
    await counts(channel, queue);
    await channel.quietly('basic.qos', { prefetchCount: 2 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(2);
    await counts(channel, queue);
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    await channel.until(queue, 3);
    await channel.call('queue.declare', { queue });
  }),

  scenario('declare-ok: consumers of all channels and connections', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const three = await stage.channel({ label: 'three' });
    const queue = await one.queue(stage.name());
    for (const channel of [one, two, three]) await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await one.quietly('basic.consume', { queue, consumerTag: 'u', noAck: true });
    await counts(one, queue);
    await two.close();
    await counts(one, queue);
    await three.raw.client.close();
    await counts(one, queue);
    await one.quietly('basic.cancel', { consumerTag: 't' });
    await counts(one, queue);
  }),

  scenario('declare-ok: consumers that stand by are counted', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-single-active-consumer': true }));
    for (const consumerTag of ['a', 'b', 'c']) await channel.quietly('basic.consume', { queue, consumerTag });
    await counts(channel, queue);
    await channel.quietly('basic.cancel', { consumerTag: 'a' });
    await counts(channel, queue);
  }),

  scenario('declare-ok: what was published and what was got', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    for (const body of BODIES) channel.publish('', queue, body);
    await channel.until(queue, BODIES.length);
    await channel.call('basic.get', { queue, noAck: true });
    await counts(channel, queue);
  }),

  scenario('purge-ok: what is out is not counted, and comes back afterwards', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, BODIES);
    await channel.quietly('basic.qos', { prefetchCount: 2 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(2);
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await channel.call('queue.purge', { queue });
    await counts(channel, queue);
    await channel.call('basic.recover', { requeue: true });
    await channel.bodies(queue);
    await channel.call('queue.purge', { queue });
  }),

  scenario('purge-ok: what was requeued is counted', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, BODIES);
    for (let n = 0; n < 3; n++) await channel.quietly('basic.get', { queue });
    channel.send('basic.nack', { deliveryTag: 2n, multiple: true, requeue: true });
    await channel.call('queue.purge', { queue });
  }),

  scenario('purge-ok: with a consumer that is full, which goes on with what comes', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.qos', { prefetchCount: 1 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(1);
    await channel.call('queue.purge', { queue });
    channel.publish('', queue, 'd');
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.deliveries(1);
  }),

  scenario('delete-ok: ready messages, not those that are out', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, BODIES);
    await channel.quietly('basic.qos', { prefetchCount: 2 });
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.skipDeliveries(2);
    await channel.call('queue.delete', { queue });
    await channel.cancelled();
  }),

  scenario('delete-ok: of all priorities', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, [['a', { priority: 5 }], ['b', { priority: 1 }], 'c']);
    await channel.quietly('basic.get', { queue });
    await channel.call('queue.delete', { queue, ifUnused: true });
  }),

  scenario('delete: if empty and if unused, of a queue that is both though a message is out', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.quietly('basic.get', { queue });
    await channel.call('queue.delete', { queue, ifEmpty: true, ifUnused: true });
    await counts(channel, queue);
  }),

  scenario('delete: if unused, when its only consumer was cancelled', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.quietly('basic.cancel', { consumerTag: 't' });
    await channel.call('queue.delete', { queue, ifUnused: true });
  }),

  scenario('delete: if unused, while another connection consumes', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = await one.queue(stage.name());
    await two.quietly('basic.consume', { queue, consumerTag: 't' });
    await one.call('queue.delete', { queue, ifUnused: true });
  }),

  scenario('get-ok: what is left, as messages come back and go', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
    channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
    channel.send('basic.nack', { deliveryTag: 0n, multiple: true, requeue: true });
    await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('get-empty: all messages are out', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.call('basic.get', { queue });
  }),

  scenario('get-ok: with priorities', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-priority': 5 }));
    await channel.fill(queue, [['low', { priority: 1 }], ['high', { priority: 5 }], 'none']);
    for (let n = 0; n < 4; n++) await channel.call('basic.get', { queue, noAck: true });
  }),

  scenario('get-ok: counts with the tags of the channel, those of auto-ack too', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.call('basic.get', { queue, noAck: true });
    await channel.call('basic.get', { queue });
    await channel.call('basic.get', { queue, noAck: true });
    channel.send('basic.ack', { deliveryTag: 3n, multiple: true });
    await channel.syncOrFailure();
  }),

  scenario('ack of several up to a tag that was auto-acknowledged', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.get', { queue });
    await channel.quietly('basic.get', { queue, noAck: true });
    await channel.quietly('basic.get', { queue });
    channel.send('basic.ack', { deliveryTag: 2n, multiple: true });
    await channel.syncOrFailure();
  }),
];
