/** Publishing: refusals, returns, properties as they arrive, sizes. */

import type { Properties } from '../../../src/amqp/properties.js';
import { table } from '../../../src/amqp/table.js';
import { scenario } from '../scenario.js';

const PROPERTIES: Readonly<Record<string, Properties>> = {
  none: {},
  'all of them': {
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    headers: table({ h: 1 }),
    deliveryMode: 2,
    priority: 5,
    correlationId: 'c',
    replyTo: 'r',
    expiration: '60000',
    messageId: 'm',
    timestamp: 1_700_000_000n,
    type: 't',
    userId: 'guest',
    appId: 'a',
    clusterId: 'cluster',
  },
  'an empty headers table': { headers: table({}) },
  'empty text': { contentType: '', correlationId: '', messageId: '' },
  'odd numbers': { deliveryMode: 1, priority: 255, timestamp: 2n ** 63n },
  'headers of every type': {
    headers: new Map([
      ['bool', { type: 't', value: true }],
      ['byte', { type: 'b', value: -1 }],
      ['unsigned byte', { type: 'B', value: 255 }],
      ['short', { type: 's', value: -2 }],
      ['unsigned short', { type: 'u', value: 65535 }],
      ['int', { type: 'I', value: -3 }],
      ['unsigned int', { type: 'i', value: 4294967295 }],
      ['long', { type: 'l', value: -4n }],
      ['float', { type: 'f', value: 0.5 }],
      ['double', { type: 'd', value: 0.25 }],
      ['decimal', { type: 'D', value: { scale: 2, unscaled: 314 } }],
      ['text', { type: 'S', value: 'text' }],
      ['octets', { type: 'x', value: Uint8Array.of(1, 2) }],
      ['timestamp', { type: 'T', value: 1n }],
      [
        'array',
        {
          type: 'A',
          value: [
            { type: 'S', value: 'x' },
            { type: 'A', value: [] },
          ],
        },
      ],
      ['table', { type: 'F', value: table({ nested: { deep: 1 } }) }],
      ['nothing', { type: 'V', value: null }],
    ]),
  },
};

export const scenarios = [
  ...Object.entries(PROPERTIES).map(([label, properties]) =>
    scenario(`properties: ${label}`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.quietly('basic.consume', { queue, consumerTag: 't' });
      channel.publish('', queue, 'message', { properties });
      await channel.deliveries(1);
      channel.publish('', stage.name('nowhere'), 'returned', { properties, mandatory: true });
      await channel.outcomes(1);
    }),
  ),

  scenario('no such exchange', async (stage) => {
    const channel = await stage.channel();
    channel.publish(stage.name('missing'), 'k', 'message');
    await channel.failure();
  }),

  scenario('no such exchange: what comes after is not routed', async (stage) => {
    const channel = await stage.channel();
    const other = await stage.channelOn(channel.raw.client, 'other');
    const queue = await channel.queue(stage.name());
    channel.publish('', queue, 'before');
    channel.publish(stage.name('missing'), 'k', 'message');
    channel.publish('', queue, 'after');
    await channel.failure();
    await other.until(queue, 1);
    await other.bodies(queue);
  }),

  scenario('immediate', async (stage) => {
    const channel = await stage.channel();
    channel.publish('', stage.name(), 'message', { immediate: true });
    await channel.failure();
  }),

  scenario('immediate, to an exchange that is missing', async (stage) => {
    const channel = await stage.channel();
    channel.publish(stage.name('missing'), 'k', 'message', { immediate: true });
    await channel.failure();
  }),

  scenario('mandatory: routed', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('confirm.select');
    channel.publish('', queue, 'message', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('mandatory: routed nowhere, without confirms', async (stage) => {
    const channel = await stage.channel();
    channel.publish('', stage.name('nowhere'), 'message', { mandatory: true });
    channel.publish('amq.direct', stage.name('no-key'), '', { mandatory: true });
    channel.publish('amq.topic', stage.name('no-pattern'), 'x'.repeat(200_000), { mandatory: true });
    await channel.outcomes(3);
  }),

  scenario('mandatory: returns come before their confirms', async (stage) => {
    const channel = await stage.channel();
    await channel.quietly('confirm.select');
    channel.publish('', stage.name('nowhere'), 'first', { mandatory: true });
    await channel.outcomes(2);
    channel.publish('', stage.name('nowhere'), 'second', { mandatory: true });
    await channel.outcomes(2);
  }),

  scenario('not mandatory: routed nowhere, dropped', async (stage) => {
    const channel = await stage.channel();
    channel.publish('', stage.name('nowhere'), 'message');
    await channel.sync();
  }),

  scenario('a message without a body', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['']);
    await channel.call('basic.get', { queue, noAck: true });
  }),

  ...[131_063, 131_064, 131_065, 262_128, 1_000_000].map((size) =>
    scenario(`a body of ${size} octets`, async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.fill(queue, ['x'.repeat(size)]);
      await channel.call('basic.get', { queue, noAck: true });
    }),
  ),

  scenario('to the default exchange: the key is the name of a queue', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue, consumerTag: 't', noAck: true });
    channel.publish('', queue, 'message');
    await channel.deliveries(1);
    channel.publish('', `${queue}\n`, 'keys keep their line breaks', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('a name of an exchange with line breaks', async (stage) => {
    const channel = await stage.channel();
    const exchange = await channel.exchange(stage.name('x'), 'fanout');
    channel.publish(`${exchange}\n`, 'k', 'message', { mandatory: true });
    await channel.outcomeOrFailure();
  }),

  scenario('a routing key of 255 octets', async (stage) => {
    const channel = await stage.channel();
    channel.publish('amq.direct', 'k'.repeat(255), 'message', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('to amq.rabbitmq.trace', async (stage) => {
    const channel = await stage.channel();
    channel.publish('amq.rabbitmq.trace', 'k', 'message');
    await channel.failure();
  }),

  scenario('to a queue that is deleted, then declared again', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.fill(queue, ['a']);
    await channel.quietly('queue.delete', { queue });
    await channel.fill(queue, ['b']);
    await channel.queue(queue);
    await channel.fill(queue, ['c']);
    await channel.bodies(queue);
  }),
];
