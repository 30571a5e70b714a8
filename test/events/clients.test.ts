/** amqplib, unmodified, reads events and follows a traced vhost. */
import { type ConsumeMessage, connect } from 'amqplib';
import { expect, it } from 'vitest';
import { useEmbedded } from '../support/embedded.js';
import { deferred, PATIENCE_MS, within } from '../support/waiting.js';

const started = useEmbedded();

it('shows amqplib what happens, and what passes', async () => {
  const { broker, embedded } = started();
  await embedded.administration.describeVhost('/', { tracing: true });
  const reader = await connect(broker.url);
  const channel = await reader.createChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'amq.rabbitmq.event', 'queue.*');
  await channel.bindQueue(queue, 'amq.rabbitmq.trace', '#');
  const seen: string[] = [];
  const all = deferred<void>();
  const take = (message: ConsumeMessage | null): void => {
    if (message === null) return;
    const { fields, properties, content } = message;
    const { name, durable, routed_queues: queues } = properties.headers ?? {};
    // What is delivered to this consumer is copied for it, too.
    if (fields.routingKey === `deliver.${queue}`) return;
    seen.push(JSON.stringify([fields.routingKey, name ?? queues, durable, content.toString()]));
    if (fields.routingKey === 'queue.deleted') all.resolve();
  };
  await channel.consume(queue, take, { noAck: true });
  const client = await connect(broker.url);
  const work = await client.createConfirmChannel();
  await work.assertQueue('of the client', { durable: true });
  work.sendToQueue('of the client', Buffer.from('work'));
  await work.waitForConfirms();
  await work.get('of the client', { noAck: true });
  await work.deleteQueue('of the client');
  await within(PATIENCE_MS, 'the end of the queue', all.promise, () => seen.join());
  expect(seen.sort()).toEqual([
    '["deliver.of the client",null,null,"work"]',
    '["publish.",["of the client"],null,"work"]',
    '["queue.created","of the client",true,""]',
    '["queue.deleted","of the client",null,""]',
  ]);
  await client.close();
  await reader.close();
});
