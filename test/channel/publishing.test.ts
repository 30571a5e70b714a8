/** What a program publishes without a socket is what a client by a socket would have published. */
import { randomBytes } from 'node:crypto';
import amqp from 'amqplib';
import { describe, expect, test } from 'vitest';
import type { MessageProperties, ReturnedMessage } from '../../src/index.js';
import { useNames } from '../support/names.js';
import { consumeInto, ownQueue, textOf, useChannels } from './support/channels.js';

const { broker, open } = useChannels();
const name = useNames(() => broker().broker);

const PROPERTIES: MessageProperties = {
  contentType: 'text/plain',
  contentEncoding: 'identity',
  headers: {
    text: 'naïve',
    whole: 7,
    large: 2 ** 40,
    part: 0.5,
    yes: true,
    nothing: null,
    list: [1, 'two'],
    in: { a: 1 },
  },
  persistent: true,
  priority: 3,
  correlationId: 'ü',
  replyTo: 'back',
  expiration: '60000',
  messageId: 'm',
  timestamp: new Date(1_700_000_000_000),
  type: 't',
  userId: 'guest',
  appId: 'app',
};

describe('a message that is published', () => {
  test('is in its queue when it is confirmed', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    await channel.publish('', queue, 'hello');
    expect(await channel.declareQueue(queue, { passive: true })).toEqual({ queue, messageCount: 1, consumerCount: 0 });
  });

  test('comes as it was published, to the program and to a client by a socket', async () => {
    const channel = await open();
    const queue = name();
    await channel.declareQueue(queue);
    await channel.publish('', queue, 'body', PROPERTIES);
    await channel.publish('', queue, 'body', PROPERTIES);
    const own = await channel.get(queue, { noAck: true });
    expect([textOf(own), own?.exchange, own?.routingKey]).toEqual(['body', '', queue]);
    expect(own?.properties).toEqual(PROPERTIES);
    const client = await amqp.connect(broker().broker.url);
    const theirs = await (await client.createChannel()).get(queue, { noAck: true });
    await client.close();
    if (theirs === false) throw new Error('the queue is empty');
    expect(theirs.content.toString()).toBe('body');
    const { persistent: _, ...others } = PROPERTIES;
    expect(theirs.properties).toMatchObject({
      ...others,
      deliveryMode: 2,
      timestamp: 1_700_000_000,
      headers: { text: 'naïve', large: 2 ** 40, in: { a: 1 } },
    });
  });

  test('has no properties where none were given, whatever the one before had', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    await channel.publish('', queue, '', { persistent: true, messageId: '1' });
    await channel.publish('', queue, '', { persistent: true, messageId: '1' });
    await channel.publish('', queue, '', { persistent: true });
    await channel.publish('', queue, '');
    const inbox = await consumeInto(channel, queue, { noAck: true });
    const messages = await inbox.take(4, 'the messages');
    expect(messages.map(({ properties }) => properties)).toEqual([
      { persistent: true, messageId: '1' },
      { persistent: true, messageId: '1' },
      { persistent: true },
      {},
    ]);
  });

  test.each([0, 1, 65_000, 65_536, 131_064, 131_065, 1_000_000, 20_000_000])('may have %i octets', async (octets) => {
    const channel = await open();
    const queue = await ownQueue(channel);
    const body = randomBytes(octets);
    await channel.publish('', queue, body);
    const message = await channel.get(queue);
    expect(message?.body.equals(body)).toBe(true);
  });

  test('is copied: the program may use the octets again at once', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    const body = Buffer.from('first');
    const confirmed = channel.publish('', queue, body);
    body.write('other');
    await confirmed;
    expect(textOf(await channel.get(queue))).toBe('first');
  });

  test('keeps its place among thousands that nobody waits for', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    for (let i = 0; i < 20_000; i++) if (!channel.send('', queue, `${i} ${'x'.repeat(100)}`)) await channel.drained();
    await channel.confirmed();
    const inbox = await consumeInto(channel, queue, { noAck: true });
    const messages = await inbox.take(20_000, 'the messages');
    expect(messages.every(({ body }, index) => Number.parseInt(body.toString(), 10) === index)).toBe(true);
  });

  test('waits in the program, in its place, when more is published than the broker takes at once', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    let isHeld = false;
    // Ten times what the ring holds, with no pause.
    for (let i = 0; i < 300; i++) if (!channel.send('', queue, Buffer.alloc(10_000, i % 251))) isHeld = true;
    expect(isHeld).toBe(true);
    await channel.confirmed();
    const inbox = await consumeInto(channel, queue, { noAck: true });
    const messages = await inbox.take(300, 'the messages');
    expect(messages.map(({ body }) => body[9_999])).toEqual(Array.from({ length: 300 }, (_, i) => i % 251));
  });

  test('comes back before its confirm when it is mandatory and goes nowhere', async () => {
    const channel = await open();
    const returned: ReturnedMessage[] = [];
    channel.on('returned', (message) => returned.push(message));
    await channel.publish('', 'nowhere', 'lost', { mandatory: true, messageId: 'm' });
    expect(returned).toHaveLength(1);
    expect(returned[0]).toMatchObject({ replyCode: 312, replyText: 'NO_ROUTE', exchange: '', routingKey: 'nowhere' });
    expect([returned[0]?.body.toString(), returned[0]?.properties]).toEqual(['lost', { messageId: 'm' }]);
    await channel.publish('', 'nowhere', 'lost');
    expect(returned).toHaveLength(1);
  });

  test('is refused by a queue that is full and says so, alone', async () => {
    const channel = await open();
    const { queue } = await channel.declareQueue('', {
      exclusive: true,
      arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
    });
    const outcomes = await Promise.allSettled([1, 2, 3].map((body) => channel.publish('', queue, `${body}`)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(outcomes[1]).toMatchObject({ reason: { name: 'PublishRefusedError' } });
    await expect(channel.confirmed()).rejects.toThrow('basic.nack');
    await channel.get(queue, { noAck: true });
    channel.send('', queue, 'again');
    await channel.confirmed();
    expect(textOf(await channel.get(queue))).toBe('again');
  });

  test('is refused at once when a name is too long, and leaves nothing behind', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    await expect(channel.publish('', 'x'.repeat(256), 'body')).rejects.toThrow(RangeError);
    expect(() => channel.send('', queue, 'body', { priority: 256 })).toThrow(RangeError);
    await channel.publish('', queue, 'good');
    expect(textOf(await channel.get(queue))).toBe('good');
  });

  test('goes by exchanges and bindings', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    const [topics, all] = [name('exchange'), name('exchange')];
    await channel.declareExchange(topics, 'topic', { durable: false });
    await channel.declareExchange(all, 'fanout', { durable: false });
    await channel.bindExchange(topics, all);
    await channel.bindQueue(queue, topics, 'a.*');
    await channel.publish(all, 'a.b', 'bound');
    await channel.publish(all, 'b.b', 'not bound');
    await channel.unbindQueue(queue, topics, 'a.*');
    await channel.publish(topics, 'a.b', 'not bound any more');
    expect(textOf(await channel.get(queue))).toBe('bound');
    expect(await channel.get(queue)).toBeNull();
    await channel.unbindExchange(topics, all);
    await channel.deleteExchange(all, { ifUnused: true });
    await channel.publish('', queue, 'purged');
    expect(await channel.purgeQueue(queue)).toBe(1);
    expect(await channel.deleteQueue(queue)).toBe(0);
  });
});

describe('a transaction', () => {
  test('counts when it is committed, and not when it is rolled back', async () => {
    const channel = await open({ mode: 'transactions' });
    const queue = await ownQueue(channel);
    channel.send('', queue, 'dropped');
    await channel.rollback();
    channel.send('', queue, 'kept');
    expect(await channel.get(queue)).toBeNull();
    await channel.commit();
    expect(textOf(await channel.get(queue))).toBe('kept');
    await expect(channel.publish('', queue, 'confirmed?')).rejects.toThrow('commit()');
  });
});
