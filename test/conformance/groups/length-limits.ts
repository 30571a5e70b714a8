/** Queues with a limited length: what goes or is refused when they are full. */
import { type FieldValue, fieldValue, type PlainObject, table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

const OVERFLOWS: Readonly<Record<string, PlainObject>> = {
  'by default': {},
  'drop-head': { 'x-overflow': 'drop-head' },
  'reject-publish': { 'x-overflow': 'reject-publish' },
  'reject-publish-dlx': { 'x-overflow': 'reject-publish-dlx' },
};

export const scenarios = [
  ...Object.entries(OVERFLOWS).flatMap(([label, overflow]) => [
    scenario(`three of five messages, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length': 3, ...overflow }));
      await channel.quietly('confirm.select');
      for (const body of ['a', 'b', 'c', 'd', 'e']) channel.publish('', queue, body);
      await channel.settled(5);
      await channel.bodies(queue);
    }),

    scenario(`five of seven octets, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length-bytes': 5, ...overflow }));
      await channel.quietly('confirm.select');
      for (const body of ['aa', 'bb', 'ccc']) channel.publish('', queue, body);
      await channel.settled(3);
      await channel.bodies(queue);
    }),

    scenario(`both limits, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const args = { 'x-max-length': 2, 'x-max-length-bytes': 100, ...overflow };
      const queue = await channel.queue(stage.name(), table(args));
      await channel.quietly('confirm.select');
      for (const body of ['a', 'b', 'c']) channel.publish('', queue, body);
      await channel.settled(3);
      await channel.bodies(queue);
    }),

    scenario(`a length of 0, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length': 0, ...overflow }));
      await channel.quietly('confirm.select');
      channel.publish('', queue, 'a');
      await channel.settled(1);
      await channel.bodies(queue);
    }),

    scenario(`a message larger than the limit, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length-bytes': 5, ...overflow }));
      await channel.quietly('confirm.select');
      channel.publish('', queue, 'a');
      channel.publish('', queue, 'much too long');
      await channel.settled(2);
      await channel.bodies(queue);
    }),

    scenario(`unacknowledged messages do not count, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length': 1, ...overflow }));
      await channel.fill(queue, ['a']);
      await channel.call('basic.get', { queue });
      await channel.quietly('confirm.select');
      channel.publish('', queue, 'b');
      channel.publish('', queue, 'c');
      await channel.settled(2);
      await channel.call('queue.declare', { queue, passive: true });
    }),

    scenario(`requeued to a full queue, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length': 1, ...overflow }));
      await channel.fill(queue, ['a']);
      await channel.call('basic.get', { queue });
      await channel.fill(queue, ['b']);
      channel.send('basic.reject', { deliveryTag: 1n, requeue: true });
      await channel.sync();
      await channel.until(queue, label.startsWith('reject') ? 2 : 1);
      await channel.bodies(queue);
    }),

    scenario(`a full queue and one that has room, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const exchange = await channel.exchange(stage.name('x'), 'fanout');
      const full = await channel.queue(stage.name('full'), table({ 'x-max-length': 1, ...overflow }));
      const roomy = await channel.queue(stage.name('roomy'));
      for (const queue of [full, roomy]) await channel.bind(exchange, queue);
      await channel.quietly('confirm.select');
      channel.publish(exchange, '', 'a');
      channel.publish(exchange, '', 'b');
      await channel.settled(2);
      await channel.bodies(full);
      await channel.bodies(roomy);
    }),

    scenario(`without confirms, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length': 1, ...overflow }));
      for (const body of ['a', 'b', 'c']) channel.publish('', queue, body, { mandatory: true });
      await channel.sync();
      await channel.call('queue.declare', { queue, passive: true });
      await channel.bodies(queue);
    }),

    scenario(`dead letters of a full queue, ${label}`, async (stage) => {
      const channel = await stage.channel();
      const dead = await channel.queue(stage.name('dead'));
      const args = { 'x-max-length': 2, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead, ...overflow };
      const queue = await channel.queue(stage.name(), table(args));
      await channel.quietly('confirm.select');
      for (const body of ['a', 'b', 'c', 'd']) channel.publish('', queue, body);
      await channel.settled(4);
      if (label !== 'reject-publish') await channel.until(dead, 2);
      await channel.bodies(queue);
      await channel.bodies(dead);
    }),
  ]),

  scenario('a consumer makes room: a hundred pass through a queue of one', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length': 1 }));
    await channel.quietly('basic.consume', { queue, consumerTag: 't', noAck: true });
    await channel.quietly('confirm.select');
    for (let n = 1; n <= 100; n++) {
      channel.publish('', queue, String(n));
      await channel.skipDeliveries(1);
    }
    await channel.settled(100);
  }),

  scenario('with priorities: the head goes', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length': 2, 'x-max-priority': 5 }));
    await channel.fill(queue, [
      ['low', { priority: 1 }],
      ['high', { priority: 5 }],
      ['middle', { priority: 3 }],
    ]);
    await channel.until(queue, 2);
    await channel.bodies(queue);
  }),

  scenario('a nacked message can be published again when there is room', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length': 1, 'x-overflow': 'reject-publish' }));
    await channel.quietly('confirm.select');
    channel.publish('', queue, 'a');
    await channel.outcomes(1);
    channel.publish('', queue, 'b');
    await channel.outcomes(1);
    await channel.bodies(queue);
    channel.publish('', queue, 'b again');
    await channel.outcomes(1);
    await channel.bodies(queue);
  }),

  ...(['confirms', 'a transaction'] as const).map((label) =>
    scenario(`messages that are rewritten are refused alike, with ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name(), table({ 'x-max-length': 0, 'x-overflow': 'reject-publish' }));
      const copied = await channel.queue(stage.name('copied'));
      await channel.quietly('basic.consume', { queue: 'amq.rabbitmq.reply-to', consumerTag: 'replies', noAck: true });
      await channel.quietly(label === 'confirms' ? 'confirm.select' : 'tx.select');
      channel.publish('', queue, 'a', { properties: { replyTo: 'amq.rabbitmq.reply-to' } });
      const keys: FieldValue = { type: 'A', value: [fieldValue(copied)] };
      channel.publish('', queue, 'b', { properties: { headers: new Map([['BCC', keys]]) } });
      if (label === 'confirms') await channel.settled(2);
      else await channel.call('tx.commit');
      const other = await stage.channelOn(channel.raw.client, 'other');
      await other.until(copied, 1);
      await other.bodies(copied);
    }),
  ),

  scenario('a returned message of a queue that is full is not returned', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name(), table({ 'x-max-length': 0, 'x-overflow': 'reject-publish' }));
    await channel.quietly('confirm.select');
    channel.publish('', queue, 'a', { mandatory: true });
    await channel.outcomes(1);
  }),
];
