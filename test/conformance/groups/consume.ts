/** Consuming: tags, flags, refusals, cancelling from both sides, the order of deliveries. */
import { type FieldValue, table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

const PRIORITIES: Readonly<Record<string, FieldValue>> = {
  int: { type: 'I', value: 5 },
  'a negative int': { type: 'I', value: -5 },
  long: { type: 'l', value: 5n },
  octet: { type: 'b', value: 5 },
  'a huge long': { type: 'l', value: 2n ** 60n },
  text: { type: 'S', value: '5' },
  double: { type: 'd', value: 5 },
  boolean: { type: 't', value: true },
  nothing: { type: 'V', value: null },
};

export const scenarios = [
  scenario('a tag of its own', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 'mine' });
    channel.publish('', queue, 'message');
    await channel.deliveries(1);
  }),

  scenario('an empty tag asks for a generated one', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue });
    channel.publish('', queue, 'message');
    await channel.deliveries(1);
  }),

  scenario('a tag that is in use', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't' });
    await channel.call('basic.consume', { queue, consumerTag: 't' });
  }),

  scenario('a tag that is in use, for another queue', async (stage) => {
    const channel = await stage.channel();
    const [one, two] = [await channel.queue(stage.name('one')), await channel.queue(stage.name('two'))];
    await channel.call('basic.consume', { queue: one, consumerTag: 't' });
    await channel.call('basic.consume', { queue: two, consumerTag: 't' });
  }),

  scenario('a tag that is in use on another channel', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name());
    await one.call('basic.consume', { queue, consumerTag: 't' });
    await two.call('basic.consume', { queue, consumerTag: 't' });
  }),

  scenario('a tag that was cancelled can be used again', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't' });
    await channel.call('basic.cancel', { consumerTag: 't' });
    await channel.call('basic.consume', { queue, consumerTag: 't' });
  }),

  scenario('a tag of 255 octets, not ASCII', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: '兔'.repeat(85) });
  }),

  scenario('no such queue', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.consume', { queue: stage.name('missing') });
  }),

  scenario('nowait', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.send('basic.consume', { queue, consumerTag: 't', nowait: true });
    channel.publish('', queue, 'message');
    await channel.deliveries(1);
  }),

  scenario('nowait: no such queue', async (stage) => {
    const channel = await stage.channel();
    channel.send('basic.consume', { queue: stage.name('missing'), consumerTag: 't', nowait: true });
    await channel.failure();
  }),

  scenario('no-local is not looked at', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't', noLocal: true });
    channel.publish('', queue, 'message');
    await channel.deliveries(1);
  }),

  scenario('no-ack: nothing is left when the channel goes', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.consume', { queue, consumerTag: 't', noAck: true });
    await channel.deliveries(2);
    await channel.close();
    await other.call('queue.declare', { queue, passive: true });
  }),

  scenario('no-ack: tags go on, but cannot be acknowledged', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.call('basic.consume', { queue, consumerTag: 't', noAck: true });
    await channel.deliveries(2);
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.failure();
  }),

  scenario('exclusive: others are refused', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = await one.queue(stage.name());
    await one.call('basic.consume', { queue, consumerTag: 't', exclusive: true });
    await two.call('basic.consume', { queue, consumerTag: 't' });
    await one.call('basic.consume', { queue, consumerTag: 'u' });
  }),

  scenario('exclusive: refused when there are others', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't' });
    await channel.call('basic.consume', { queue, consumerTag: 'u', exclusive: true });
  }),

  scenario('exclusive: free again when cancelled', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't', exclusive: true });
    await channel.call('basic.cancel', { consumerTag: 't' });
    await channel.call('basic.consume', { queue, consumerTag: 'u' });
  }),

  scenario('exclusive: others may get', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channel({ label: 'two' });
    const queue = await one.queue(stage.name());
    await one.call('basic.consume', { queue, consumerTag: 't', exclusive: true });
    await two.call('basic.get', { queue });
  }),

  ...Object.entries(PRIORITIES).map(([label, value]) =>
    scenario(`x-priority: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.call('basic.consume', { queue, consumerTag: 't', arguments: new Map([['x-priority', value]]) });
    }),
  ),

  scenario('unknown arguments', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't', arguments: table({ 'x-unknown': 'x' }) });
  }),

  scenario('cancel: an unknown tag', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.cancel', { consumerTag: 'nobody' });
  }),

  scenario('cancel: an empty tag', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.cancel', { consumerTag: '' });
  }),

  scenario('cancel: nowait', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.send('basic.cancel', { consumerTag: 't', nowait: true });
    await channel.call('queue.declare', { queue, passive: true });
  }),

  scenario('cancel: what is not acknowledged stays so', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    await channel.deliveries(2);
    await channel.call('basic.cancel', { consumerTag: 't' });
    await channel.call('queue.declare', { queue, passive: true });
    channel.send('basic.nack', { deliveryTag: 1n, requeue: true });
    channel.send('basic.ack', { deliveryTag: 2n });
    await channel.until(queue, 1);
    await channel.bodies(queue);
  }),

  scenario('cancel: a tag of another channel', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const queue = await one.queue(stage.name());
    await one.quietly('basic.consume', { queue, consumerTag: 't' });
    await two.call('basic.cancel', { consumerTag: 't' });
    await two.call('queue.declare', { queue, passive: true });
  }),

  scenario('cancelled by the broker: the queue is deleted', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.call('queue.delete', { queue });
    await channel.cancelled();
    await channel.call('basic.cancel', { consumerTag: 'one' });
  }),

  scenario('cancelled by the broker: a client that does not understand it is not told', async (stage) => {
    const channel = await stage.channel({ capabilities: { consumer_cancel_notify: false } });
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.call('queue.delete', { queue });
    await channel.sync();
  }),

  scenario('cancelled by the broker: tags of a deleted queue can be acknowledged', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b']);
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.deliveries(2);
    await channel.call('queue.delete', { queue });
    await channel.cancelled();
    channel.send('basic.ack', { deliveryTag: 1n });
    channel.send('basic.nack', { deliveryTag: 2n, requeue: true });
    await channel.sync();
    channel.send('basic.ack', { deliveryTag: 1n });
    await channel.failure();
  }),

  scenario('messages come in order, those that wait first', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a', 'b', 'c']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'd');
    await channel.deliveries(4);
  }),

  scenario('two consumers are served round-robin', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 'one' });
    await channel.quietly('basic.consume', { queue, consumerTag: 'two' });
    for (const body of ['a', 'b', 'c', 'd']) {
      channel.publish('', queue, body);
      await channel.deliveries(1);
    }
  }),

  scenario('gets and deliveries count with the same tags', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    const other = await channel.queue(stage.name('other'));
    await channel.fill(other, ['got']);
    await channel.quietly('basic.consume', { queue, consumerTag: 't' });
    channel.publish('', queue, 'a');
    await channel.deliveries(1);
    await channel.call('basic.get', { queue: other });
    channel.publish('', queue, 'b');
    await channel.deliveries(1);
  }),

  scenario('a name with line breaks', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue: `${queue}\n`, consumerTag: 't' });
  }),
];
