/**
 * The life of a message as three unmodified client libraries see it: published on one connection, consumed on another,
 * so that with two workers it usually crosses from one to the other.
 */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useBroker } from '../support/broker.js';
import { useNames } from '../support/names.js';
import { eventually } from '../support/waiting.js';
import type { ClientChannel, Properties } from './support/client.js';
import { clients } from './support/clients.js';
import { collect, texts, useConnections } from './support/connections.js';

const broker = useBroker({ workers: 2 });
const name = useNames(broker);

describe.each(clients)('$name', (client) => {
  const connect = useConnections(client, broker);

  /** A queue with its publisher and its consumer on connections of their own. */
  async function scenario(): Promise<{ publisher: ClientChannel; consumer: ClientChannel; queue: string }> {
    const publisher = await (await connect()).openConfirmChannel();
    const consumer = await (await connect()).openChannel();
    const { queue } = await publisher.declareQueue(name('queue'));
    return { publisher, consumer, queue };
  }

  async function publishAll(channel: ClientChannel, queue: string, bodies: readonly string[]): Promise<void> {
    await Promise.all(bodies.map((body) => channel.publish('', queue, Buffer.from(body))));
  }

  test('messages reach the consumer once and in the order of publishing', async () => {
    const { publisher, consumer, queue } = await scenario();
    const bodies = Array.from({ length: 500 }, (_, index) => `message ${index}`);
    const inbox = await collect(consumer, queue);
    await publishAll(publisher, queue, bodies);
    const deliveries = await inbox.take(500, 'deliveries');
    expect(texts(deliveries)).toEqual(bodies);
    deliveries.at(-1)?.ack(true);
    await inbox.cancel();
    expect(await publisher.declareQueue(queue, { passive: true })).toMatchObject({ messageCount: 0, consumerCount: 0 });
  });

  test('messages that wait in a queue reach a consumer who comes later', async () => {
    const { publisher, consumer, queue } = await scenario();
    await publishAll(publisher, queue, ['a', 'b', 'c']);
    expect(await publisher.declareQueue(queue, { passive: true })).toMatchObject({ messageCount: 3 });
    const inbox = await collect(consumer, queue, { noAck: true });
    expect(texts(await inbox.take(3, 'deliveries'))).toEqual(['a', 'b', 'c']);
  });

  test('a nacked message comes again, marked as redelivered', async () => {
    const { publisher, consumer, queue } = await scenario();
    await publishAll(publisher, queue, ['again']);
    const inbox = await collect(consumer, queue);
    const first = await inbox.next('the first delivery');
    expect(first.redelivered).toBe(false);
    first.nack();
    const second = await inbox.next('the second delivery');
    expect(second.redelivered).toBe(true);
    expect(second.body.toString()).toBe('again');
    second.ack();
  });

  test('a rejected message is gone when it is not to be requeued', async () => {
    const { publisher, consumer, queue } = await scenario();
    await publishAll(publisher, queue, ['bad', 'good']);
    const inbox = await collect(consumer, queue);
    const [bad, good] = await inbox.take(2, 'deliveries');
    bad?.reject({ requeue: false });
    good?.nack({ requeue: true });
    const again = await inbox.next('the requeued message');
    expect(again.body.toString()).toBe('good');
    again.ack();
  });

  test('several messages are nacked with one frame and come again in order', async () => {
    const { publisher, consumer, queue } = await scenario();
    await publishAll(publisher, queue, ['a', 'b', 'c']);
    const inbox = await collect(consumer, queue);
    const deliveries = await inbox.take(3, 'deliveries');
    deliveries.at(-1)?.nack({ multiple: true });
    const again = await inbox.take(3, 'deliveries');
    expect(texts(again)).toEqual(['a', 'b', 'c']);
    expect(again.map((delivery) => delivery.redelivered)).toEqual([true, true, true]);
  });

  test('get takes one message at a time and says how many remain', async () => {
    const { publisher, consumer, queue } = await scenario();
    expect(await consumer.get(queue)).toBeNull();
    await publishAll(publisher, queue, ['a', 'b']);
    const a = await consumer.get(queue);
    expect(a).toMatchObject({ exchange: '', routingKey: queue, redelivered: false, messageCount: 1 });
    expect(a?.body.toString()).toBe('a');
    a?.ack();
    const b = await consumer.get(queue, { noAck: true });
    expect(b).toMatchObject({ messageCount: 0 });
    expect(await consumer.get(queue)).toBeNull();
  });

  test('a mandatory message that no queue takes comes back to its publisher, and is confirmed', async () => {
    const { publisher } = await scenario();
    const nowhere = name('nowhere');
    await publisher.publish('', nowhere, Buffer.from('back'), { mandatory: true, messageId: 'm1' });
    const returned = await publisher.returned.next('the returned message');
    expect(returned).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: nowhere });
    expect(returned.body.toString()).toBe('back');
    expect(returned.properties.messageId).toBe('m1');
  });

  test('a mandatory message that a queue takes does not come back', async () => {
    const { publisher, queue } = await scenario();
    await publisher.publish('', queue, Buffer.from('stays'), { mandatory: true });
    await publisher.publish('', name('nowhere'), Buffer.from('back'), { mandatory: true });
    expect((await publisher.returned.next('the returned message')).body.toString()).toBe('back');
    expect(publisher.returned.waiting).toEqual([]);
  });

  test('prefetch holds back what is beyond it until something is acknowledged', async () => {
    const { publisher, consumer, queue } = await scenario();
    await publishAll(publisher, queue, ['a', 'b', 'c']);
    await consumer.prefetch(2);
    const inbox = await collect(consumer, queue);
    const [a] = await inbox.take(2, 'deliveries');
    expect(await publisher.declareQueue(queue, { passive: true })).toMatchObject({ messageCount: 1 });
    expect(inbox.waiting).toEqual([]);
    a?.ack();
    expect((await inbox.next('the third delivery')).body.toString()).toBe('c');
  });

  test('a cancelled consumer gets nothing more, and what it holds stays with it', async () => {
    const { publisher, consumer, queue } = await scenario();
    const inbox = await collect(consumer, queue);
    await publishAll(publisher, queue, ['held']);
    const held = await inbox.next('the first delivery');
    await inbox.cancel();
    await publishAll(publisher, queue, ['waits']);
    expect(await publisher.declareQueue(queue, { passive: true })).toMatchObject({ messageCount: 1, consumerCount: 0 });
    expect(inbox.waiting).toEqual([]);
    held.ack();
    expect((await consumer.get(queue, { noAck: true }))?.body.toString()).toBe('waits');
  });

  test('a consumer is told when its queue is deleted', async () => {
    const { publisher, consumer, queue } = await scenario();
    const { tag } = await collect(consumer, queue);
    await publisher.deleteQueue(queue);
    expect(await consumer.cancelled.next('the cancel notification')).toBe(tag);
  });

  test('what a closed connection held is there for others', async () => {
    const { publisher, queue } = await scenario();
    const leaving = await client.connect(broker().url);
    const inbox = await collect(await leaving.openChannel(), queue);
    await publishAll(publisher, queue, ['a', 'b']);
    await inbox.take(2, 'deliveries');
    await leaving.close();
    await eventually(
      'both messages to wait again',
      async () => (await publisher.declareQueue(queue, { passive: true })).messageCount,
      (count) => count === 2,
    );
    const a = await publisher.get(queue, { noAck: true });
    expect(a?.redelivered).toBe(true);
    expect(a?.body.toString()).toBe('a');
  });

  test('properties and headers of every type arrive as they were sent', async () => {
    const { publisher, consumer, queue } = await scenario();
    const properties: Properties = {
      contentType: 'application/octet-stream',
      contentEncoding: 'none',
      headers: {
        text: 'grüße',
        empty: '',
        flag: true,
        small: 7,
        negative: -70_000,
        large: 2 ** 40,
        real: 3.25,
        list: [1, 'two', false, [3]],
        table: { inner: { leaf: 'x' } },
      },
      deliveryMode: 2,
      priority: 5,
      correlationId: 'correlation',
      replyTo: 'reply',
      expiration: '60000',
      messageId: 'message',
      timestamp: 1_700_000_000,
      type: 'kind',
      userId: 'guest',
      appId: 'application',
    };
    await publisher.publish('', queue, Buffer.from('x'), properties);
    const got = await (await collect(consumer, queue, { noAck: true })).next('the message');
    expect(got.properties).toEqual(properties);
  });

  test.each([0, 1, 4096, 131_064, 131_065, 1 << 20])('a body of %i bytes arrives whole', async (size) => {
    const { publisher, consumer, queue } = await scenario();
    const body = randomBytes(size);
    const inbox = await collect(consumer, queue, { noAck: true });
    await publisher.publish('', queue, body);
    expect(digest((await inbox.next('the message')).body)).toBe(digest(body));
  });

  test('a body of 20 MiB arrives whole, and what follows it too', async () => {
    const { publisher, consumer, queue } = await scenario();
    const body = randomBytes(20 << 20);
    const inbox = await collect(consumer, queue, { noAck: true });
    await Promise.all([publisher.publish('', queue, body), publisher.publish('', queue, Buffer.from('next'))]);
    expect(digest((await inbox.next('the large message', 20_000)).body)).toBe(digest(body));
    expect((await inbox.next('the next message')).body.toString()).toBe('next');
  });
});

function digest(body: Buffer): string {
  return `${body.length} ${createHash('sha1').update(body).digest('hex')}`;
}
