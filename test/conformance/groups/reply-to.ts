/** Direct reply-to: the pseudo-queue amq.rabbitmq.reply-to. */
import { table } from '../../../src/amqp/table.js';
import { type Difference, rewording, scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

const REPLY_TO = 'amq.rabbitmq.reply-to';

/** A requester with a request on its way to a responder, which has received it. */
async function request(stage: Stage) {
  const requester = await stage.channel({ label: 'requester' });
  const responder = await stage.channel({ label: 'responder' });
  const queue = await responder.queue(stage.name('requests'));
  await responder.quietly('basic.consume', { queue, consumerTag: 'server', noAck: true });
  await requester.call('basic.consume', { queue: REPLY_TO, consumerTag: 'client', noAck: true });
  requester.publish('', queue, 'question', { properties: { replyTo: REPLY_TO, correlationId: '1' } });
  const [received] = await responder.deliveries(1);
  return { requester, responder, replyTo: received?.properties.replyTo ?? '' };
}

/** RabbitMQ gives all replies one tag. */
const OWN_TAGS: Difference = {
  why: 'each delivery has a tag of its own',
  transcript: (rabbit) =>
    rabbit.map((line, at) => (at < 2 ? line : line.replace('deliveryTag=1', `deliveryTag=${at - 1}`))),
};

const ROUTED: Difference = {
  why: 'a reply that is delivered is not returned as well',
  transcript: (rabbit) => [...rabbit.slice(0, 3), 'responder: basic.ack 1', ...rabbit.slice(4, 5)],
};

export const scenarios = [
  scenario('a request and its reply', async (stage) => {
    const { requester, responder, replyTo } = await request(stage);
    responder.publish('', replyTo, 'answer', { properties: { correlationId: '1' } });
    await requester.deliveries(1);
  }),

  scenario(
    'several replies',
    async (stage) => {
      const { requester, responder, replyTo } = await request(stage);
      for (const body of ['a', 'b', 'c']) responder.publish('', replyTo, body);
      await requester.deliveries(3);
    },
    OWN_TAGS,
  ),

  scenario(
    'a reply is confirmed, and routed',
    async (stage) => {
      const { requester, responder, replyTo } = await request(stage);
      await responder.call('confirm.select');
      responder.publish('', replyTo, 'answer', { mandatory: true });
      await responder.outcomes(1);
      await requester.deliveries(1);
    },
    ROUTED,
  ),

  scenario('the reply queue can be looked at', async (stage) => {
    const { responder, replyTo } = await request(stage);
    await responder.call('queue.declare', { queue: replyTo, passive: true });
    await responder.call('queue.declare', { queue: replyTo });
  }),

  scenario('the reply queue is gone when its consumer is', async (stage) => {
    const { requester, responder, replyTo } = await request(stage);
    await requester.call('basic.cancel', { consumerTag: 'client' });
    responder.publish('', replyTo, 'answer', { mandatory: true });
    await responder.outcomes(1);
    await responder.call('queue.declare', { queue: replyTo, passive: true });
  }),

  scenario('the reply queue is gone when its channel is closed', async (stage) => {
    const { requester, responder, replyTo } = await request(stage);
    await requester.close();
    responder.publish('', replyTo, 'answer', { mandatory: true });
    await responder.outcomes(1);
  }),

  scenario('consuming with acknowledgements', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 't' });
  }),

  scenario('consuming twice on one channel', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
    await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 'u', noAck: true });
  }),

  scenario('consuming again after a cancel', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
    await channel.call('basic.cancel', { consumerTag: 't' });
    await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 'u', noAck: true });
  }),

  scenario('consuming with a generated tag', async (stage) => {
    const channel = await stage.channel();
    await channel.call('basic.consume', { queue: REPLY_TO, noAck: true });
  }),

  scenario('consuming on two channels of a connection', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    await one.call('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
    await two.call('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
  }),

  scenario('a request without a consumer', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    channel.publish('', queue, 'question', { properties: { replyTo: REPLY_TO } });
    await channel.failure();
  }),

  scenario(
    'a request to a queue that is not there',
    async (stage) => {
      const channel = await stage.channel();
      await channel.quietly('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
      channel.publish('', stage.name('nowhere'), 'question', { mandatory: true, properties: { replyTo: REPLY_TO } });
      await channel.outcomes(1);
    },
    rewording('a message is returned as it was published', `${REPLY_TO}.*`, REPLY_TO),
  ),

  scenario('declaring the pseudo-queue', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.declare', { queue: REPLY_TO });
    await channel.call('queue.declare', { queue: REPLY_TO, passive: true });
  }),

  scenario('declaring the pseudo-queue beside a consumer', async (stage) => {
    const channel = await stage.channel();
    await channel.quietly('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
    await channel.call('queue.declare', { queue: REPLY_TO, passive: true });
  }),

  scenario(
    'declaring a reply queue that nobody has',
    async (stage) => {
      const channel = await stage.channel();
      await channel.call('queue.declare', { queue: `${REPLY_TO}.g1h2AA5yZXBseUAxNzQ0NzM0AAAL.nobody` });
    },
    {
      why: 'a name that nobody has given out is not there',
      transcript: [`channel.close 404 in queue.declare: NOT_FOUND - no queue '${REPLY_TO}.*' in vhost '/'`],
    },
  ),

  ...(['queue.purge', 'queue.delete', 'basic.get'] as const).map((method) =>
    scenario(`${method} of the pseudo-queue`, async (stage) => {
      const channel = await stage.channel();
      await channel.call(method, { queue: REPLY_TO });
    }),
  ),

  scenario('queue.bind of the pseudo-queue', async (stage) => {
    const channel = await stage.channel();
    await channel.call('queue.bind', { queue: REPLY_TO, exchange: 'amq.direct', routingKey: 'k' });
  }),

  scenario('publishing to the pseudo-queue itself', async (stage) => {
    const channel = await stage.channel();
    await channel.quietly('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
    channel.publish('', REPLY_TO, 'to whom?', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('a reply to somebody who never was', async (stage) => {
    const channel = await stage.channel();
    channel.publish('', `${REPLY_TO}.nobody`, 'answer', { mandatory: true });
    await channel.outcomes(1);
  }),

  scenario('two requesters: each gets its own reply', async (stage) => {
    const one = await stage.channel({ label: 'one' });
    const two = await stage.channelOn(one.raw.client, 'two');
    const server = await stage.channel({ label: 'server' });
    const queue = await server.queue(stage.name('requests'));
    await server.quietly('basic.consume', { queue, consumerTag: 'server', noAck: true });
    for (const channel of [one, two]) {
      await channel.quietly('basic.consume', { queue: REPLY_TO, consumerTag: 'client', noAck: true });
      channel.publish('', queue, 'question', { properties: { replyTo: REPLY_TO } });
      const [asked] = await server.skipDeliveries(1);
      server.publish('', asked?.properties.replyTo ?? '', 'answer', { properties: { type: 't' } });
      await channel.deliveries(1);
    }
  }),

  scenario('a reply keeps its properties and a large body', async (stage) => {
    const { requester, responder, replyTo } = await request(stage);
    const properties = {
      contentType: 'text/plain',
      headers: table({ h: [1, 'a'] }),
      correlationId: '1',
      deliveryMode: 2,
    };
    responder.publish('', replyTo, 'x'.repeat(300_000), { properties });
    await requester.deliveries(1);
  }),

  scenario('a reply cannot be acknowledged', async (stage) => {
    const { requester, responder, replyTo } = await request(stage);
    responder.publish('', replyTo, 'answer');
    await requester.deliveries(1);
    requester.send('basic.ack', { deliveryTag: 1n });
    await requester.failure();
  }),

  scenario('a reply by another exchange goes nowhere', async (stage) => {
    const { responder, replyTo } = await request(stage);
    responder.publish('amq.direct', replyTo, 'answer', { mandatory: true });
    await responder.outcomes(1);
  }),

  scenario('a reply-to with another name is left as it is', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    for (const replyTo of ['amq.rabbitmq.reply', 'elsewhere', '']) {
      channel.publish('', queue, 'question', { properties: { replyTo } });
      await channel.until(queue, 1);
      await channel.call('basic.get', { queue, noAck: true });
    }
  }),

  scenario('the consumer of replies has a tag like any other', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.call('basic.consume', { queue, consumerTag: 't' });
    await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
  }),

  scenario(
    'a tag of the consumer of replies that is used again',
    async (stage) => {
      const channel = await stage.channel();
      const queue = await channel.queue(stage.name());
      await channel.call('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
      await channel.call('basic.consume', { queue, consumerTag: 't' });
    },
    {
      why: 'two consumers of a channel never have one tag',
      transcript: ([ok = '']) => [
        ok,
        "connection.close 530 in basic.consume: NOT_ALLOWED - attempt to reuse consumer tag 't'",
      ],
    },
  ),

  scenario('cancelled without an answer: requests are refused', async (stage) => {
    const channel = await stage.channel();
    const queue = await channel.queue(stage.name());
    await channel.quietly('basic.consume', { queue: REPLY_TO, consumerTag: 't', noAck: true });
    channel.send('basic.cancel', { consumerTag: 't', nowait: true });
    channel.publish('', queue, 'question', { properties: { replyTo: REPLY_TO } });
    await channel.failure();
  }),

  scenario('a request to a missing exchange: that is found first', async (stage) => {
    const channel = await stage.channel();
    channel.publish(stage.name('missing'), 'k', 'question', { properties: { replyTo: REPLY_TO } });
    await channel.failure();
  }),

  scenario('a wrong expiration is found after a missing consumer', async (stage) => {
    const channel = await stage.channel();
    channel.publish('', stage.name(), 'question', { properties: { replyTo: REPLY_TO, expiration: 'soon' } });
    await channel.failure();
  }),

  scenario('the reply queue is there for nobody to bind', async (stage) => {
    const { responder, replyTo } = await request(stage);
    await responder.call('queue.bind', { queue: replyTo, exchange: 'amq.direct', routingKey: 'k' });
  }),
];
