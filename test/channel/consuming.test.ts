/** What a program consumes without a socket comes, and goes back, as it does for a client by a socket. */
import { describe, expect, test } from 'vitest';
import { useNames } from '../support/names.js';
import { deferred, PATIENCE_MS, within } from '../support/waiting.js';
import { consumeInto, ownQueue, textOf, useChannels } from './support/channels.js';

const { broker, open } = useChannels();
const name = useNames(() => broker().broker);

async function queueOf(channel: Awaited<ReturnType<typeof open>>, bodies: readonly string[]): Promise<string> {
  const queue = await ownQueue(channel);
  await Promise.all(bodies.map((body) => channel.publish('', queue, body)));
  return queue;
}

describe('a consumer', () => {
  test('gets all messages in order, those that come later too', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b']);
    const inbox = await consumeInto(channel, queue);
    await channel.publish('', queue, 'c');
    const messages = await inbox.take(3, 'the messages');
    expect(messages.map(textOf)).toEqual(['a', 'b', 'c']);
    expect(messages.map(({ deliveryTag }) => deliveryTag)).toEqual([1, 2, 3]);
    expect(messages.every(({ redelivered, messageCount }) => !redelivered && messageCount === null)).toBe(true);
  });

  test('has no more unacknowledged messages than its prefetch', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b', 'c']);
    const inbox = await consumeInto(channel, queue, { prefetch: 1 });
    const first = await inbox.next('the first message');
    // Whatever was delivered before the answer would be there.
    await channel.declareQueue(queue, { passive: true });
    expect(inbox.waiting).toHaveLength(0);
    channel.ack(first);
    expect(textOf(await inbox.next('the second message'))).toBe('b');
  });

  test('gets messages back that it does not acknowledge, marked, in their place', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b', 'c']);
    const inbox = await consumeInto(channel, queue, { prefetch: 1 });
    channel.nack(await inbox.next('the first message'));
    const again = await inbox.next('the first message again');
    expect([textOf(again), again.redelivered]).toEqual(['a', true]);
    channel.reject(again, { requeue: false });
    const next = await inbox.next('the second message');
    expect([textOf(next), next.redelivered]).toEqual(['b', false]);
  });

  test('acknowledges all messages up to one', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b', 'c']);
    const inbox = await consumeInto(channel, queue);
    const [, second] = await inbox.take(3, 'the messages');
    if (second === undefined) throw new Error('there are three');
    channel.ack(second, { multiple: true });
    await channel.recover();
    expect(textOf(await inbox.next('the third message again'))).toBe('c');
  });

  test('leaves what it has not acknowledged to others when its channel is closed', async () => {
    const channel = await open();
    const queue = name();
    await channel.declareQueue(queue);
    await channel.publish('', queue, 'left');
    await (await consumeInto(channel, queue)).next('the message');
    await channel.close();
    const message = await (await open()).get(queue);
    expect([textOf(message), message?.redelivered]).toEqual(['left', true]);
  });

  test('ends when it is cancelled', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a']);
    const got: string[] = [];
    const consumerTag = await channel.consume(queue, ({ body }) => got.push(body.toString()), { noAck: true });
    await channel.cancel(consumerTag);
    await channel.publish('', queue, 'b');
    expect(textOf(await channel.get(queue))).toBe('b');
    expect(got).toEqual(['a']);
  });

  test('is told when its queue is deleted', async () => {
    const channel = await open();
    const queue = name();
    await channel.declareQueue(queue);
    const cancelled = deferred<string>();
    channel.on('cancelled', cancelled.resolve);
    const consumerTag = await channel.consume(queue, () => {});
    await (await open()).deleteQueue(queue);
    expect(await within(PATIENCE_MS, 'the end of the consumer', cancelled.promise)).toBe(consumerTag);
  });

  test('that throws is the affair of its program, and the next message comes all the same', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b']);
    const thrown = deferred<unknown>();
    const second = deferred<void>();
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', thrown.resolve);
    try {
      await channel.consume(queue, ({ body }) => {
        if (body.toString() === 'a') throw new Error('mine');
        second.resolve();
      });
      expect(await within(PATIENCE_MS, 'the exception', thrown.promise)).toMatchObject({ message: 'mine' });
      await within(PATIENCE_MS, 'the second message', second.promise);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });
});

describe('a loop over messages', () => {
  test('takes them one by one, and ends its consumer with itself', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b', 'c', 'd']);
    const got: string[] = [];
    for await (const message of channel.messages(queue, { prefetch: 2 })) {
      channel.ack(message);
      if (got.push(message.body.toString()) === 3) break;
    }
    expect(got).toEqual(['a', 'b', 'c']);
    expect(await channel.declareQueue(queue, { passive: true })).toMatchObject({ messageCount: 1, consumerCount: 0 });
  });

  test('can publish with confirms meanwhile', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['0']);
    let last = 0;
    for await (const message of channel.messages(queue, { noAck: true })) {
      last = Number(message.body);
      if (last === 100) break;
      await channel.publish('', queue, `${last + 1}`);
    }
    expect(last).toBe(100);
    expect(await channel.get(queue)).toBeNull();
  });

  test('ends with an error when the queue is deleted', async () => {
    const channel = await open();
    const queue = name();
    await channel.declareQueue(queue);
    const messages = channel.messages(queue);
    const next = messages.next();
    const other = await open();
    await other.publish('', queue, 'first');
    expect((await next).value).toMatchObject({ deliveryTag: 1 });
    const ended = expect(messages.next()).rejects.toMatchObject({ name: 'ConsumerCancelledError' });
    await other.deleteQueue(queue);
    await ended;
  });

  test('ends with the channel', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a']);
    const messages = channel.messages(queue);
    await messages.next();
    const ended = messages.next();
    await channel.close();
    expect(await ended).toEqual({ done: true, value: undefined });
  });
});

describe('a message that is asked for', () => {
  test('comes with how many are left', async () => {
    const channel = await open();
    const queue = await queueOf(channel, ['a', 'b']);
    const first = await channel.get(queue);
    expect([textOf(first), first?.messageCount, first?.consumerTag]).toEqual(['a', 1, '']);
    const [second, none] = await Promise.all([channel.get(queue), channel.get(queue)]);
    expect([textOf(second), none]).toEqual(['b', null]);
  });
});
