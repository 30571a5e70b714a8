/** Waits for queues, what was published, and what was left unacknowledged. */
import amqp, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestBroker } from '../../src/testing/index.js';
import { Inbox } from '../support/waiting.js';
import { startTestBroker } from './support.js';

let broker: TestBroker;
let connection: ChannelModel;
let channel: ConfirmChannel;
let names = 0;
const uniqueName = (): string => `queue-${names++}`;

beforeAll(async () => {
  broker = await startTestBroker({ workers: 2 });
});
afterAll(() => broker.stop());
beforeEach(async () => {
  connection = await amqp.connect(broker.url, { clientProperties: { connection_name: 'shop' } });
  channel = await connection.createConfirmChannel();
});
afterEach(() => connection.close());

describe('a wait for a queue', () => {
  test('is over when it has the messages, the consumers, and when all is acknowledged', async () => {
    const name = uniqueName();
    const queue = broker.queue(name);
    const hasOne = queue.hasMessages(1);
    await channel.assertQueue(name);
    channel.sendToQueue(name, Buffer.from('x'));
    await hasOne;
    const arrived = new Inbox<amqp.Message>();
    const hasConsumer = queue.hasConsumers(1);
    const isDrained = queue.drained();
    await channel.consume(name, (message) => message !== null && arrived.push(message));
    await hasConsumer;
    expect(await queue.state()).toEqual({ ready: 0, unacknowledged: 1, consumers: 1 });
    channel.ack(await arrived.next('the message'));
    await isDrained;
  });

  test('fails when its time is over, and says what was there instead', async () => {
    const name = uniqueName();
    await channel.assertQueue(name);
    channel.sendToQueue(name, Buffer.from('x'));
    await channel.waitForConfirms();
    await expect(broker.queue(name).hasMessages(2, 50)).rejects.toThrow(
      `waited 50 ms for queue '${name}' to have 2 ready messages; there were 1 ready, 0 unacknowledged and 0 consumers`,
    );
    await expect(broker.queue(name).drained(50)).rejects.toThrow('to be drained; there were 1 ready');
    await expect(broker.queue('other').hasConsumers(1, 50)).rejects.toThrow(
      /^waited 50 ms for queue 'other' to have 1 consumer; there is no such queue, but .*'queue-/,
    );
  });

  test('hears of whatever changes the queue: a purge, a get, a consumer that goes with its connection', async () => {
    const name = uniqueName();
    const queue = broker.queue(name);
    await channel.assertQueue(name);
    for (let i = 0; i < 3; i++) channel.sendToQueue(name, Buffer.from(`${i}`));
    await queue.hasMessages(3);
    const hasTwo = queue.hasMessages(2);
    await channel.get(name, { noAck: true });
    await hasTwo;
    const isDrained = queue.drained();
    await channel.purgeQueue(name);
    await isDrained;
    const other = await amqp.connect(broker.url);
    await (await other.createChannel()).consume(name, () => {});
    await queue.hasConsumers(1);
    const hasNone = queue.hasConsumers(0);
    await other.close();
    await hasNone;
  });
});

describe('what is published', () => {
  test('to an exchange is told with key, properties and body, wherever it goes, all that was confirmed', async () => {
    const name = uniqueName();
    const exchange = await broker.exchange(name);
    await channel.assertExchange(name, 'topic');
    const options = {
      headers: { kind: 'fruit', list: [1, { deep: true }] },
      messageId: 'm1',
      timestamp: 1_700_000_000,
    };
    channel.publish(name, 'apple.red', Buffer.from('first'), options);
    channel.publish(name, 'pear', Buffer.from('second'), { persistent: true });
    channel.publish('', 'elsewhere', Buffer.from('not here'));
    await channel.waitForConfirms();
    const published = await exchange.published();
    expect(published.map(({ routingKey, content }) => [routingKey, content.toString()])).toEqual([
      ['apple.red', 'first'],
      ['pear', 'second'],
    ]);
    expect(published[0]).toMatchObject({ exchange: name, user: 'guest', properties: options, mandatory: false });
    expect(published[1]?.properties).toMatchObject({ deliveryMode: 2 });
    exchange.clear();
    expect(await exchange.published()).toEqual([]);
  });

  test('is waited for, and when it does not come it is told what came', async () => {
    const exchange = await broker.exchange('amq.direct');
    const two = exchange.hasPublished(2);
    for (const key of ['a', 'b']) channel.publish('amq.direct', key, Buffer.alloc(0));
    expect((await two).map(({ routingKey }) => routingKey)).toEqual(['a', 'b']);
    await expect(exchange.hasPublished(3, 50)).rejects.toThrow(
      "waited 50 ms for 3 messages to exchange 'amq.direct'; there were 2, with the keys 'a', 'b'",
    );
  });

  test('goes its way as before, when it is listened to in the midst of it', async () => {
    const name = uniqueName();
    await channel.assertQueue(name);
    const sent = 2000;
    const [exchange] = await Promise.all([
      broker.exchange(''),
      (async () => {
        for (let i = 0; i < sent; i++) {
          channel.sendToQueue(name, Buffer.from(`${i}`));
          if (i % 100 === 0) await channel.waitForConfirms();
        }
        await channel.waitForConfirms();
      })(),
    ]);
    await broker.queue(name).hasMessages(sent);
    const heard = (await exchange.published()).map(({ content }) => Number(content.toString()));
    const first = heard[0] ?? sent;
    expect(heard).toEqual(Array.from({ length: sent - first }, (_, index) => first + index));
  });
});

describe('deliveries that are not acknowledged', () => {
  test('are told with queue, consumer, connection and number, once', async () => {
    const name = uniqueName();
    await channel.assertQueue(name);
    const arrived = new Inbox<amqp.Message | null>();
    await channel.consume(name, (message) => arrived.push(message), { consumerTag: 'till' });
    for (let i = 0; i < 2; i++) channel.sendToQueue(name, Buffer.from('x'));
    const [first] = await arrived.take(2, 'both');
    await expect(broker.allAcknowledged(null, 50)).rejects.toThrow(
      'messages were left unacknowledged:\n' +
        `- 2 messages from queue '${name}' of vhost '/', held by consumer 'till' of connection 'shop'`,
    );
    await broker.allAcknowledged(null, 50);
    if (first) channel.ack(first, true);
    await channel.waitForConfirms();
  });

  test('by get are told, too; those that are on their way are waited for', async () => {
    const name = uniqueName();
    await channel.assertQueue(name);
    channel.sendToQueue(name, Buffer.from('x'));
    await channel.waitForConfirms();
    const got = await channel.get(name);
    await expect(broker.allAcknowledged('/', 50)).rejects.toThrow('held by basic.get or a cancelled consumer');
    await broker.allAcknowledged('another', 50);
    if (got !== false) channel.nack(got);
    await broker.allAcknowledged();
  });
});
