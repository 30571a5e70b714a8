/** What ends a channel without a socket, and what the program hears of it. */
import { describe, expect, test } from 'vitest';
import type { Channel } from '../../src/index.js';
import { startEmbedded } from '../support/embedded.js';
import { useNames } from '../support/names.js';
import { consumeInto, ownQueue, textOf, useChannels } from './support/channels.js';

const { broker, open } = useChannels();
const name = useNames(() => broker().broker);

test('a wrong option is refused by its name, and what would do is said', async () => {
  const wrong = (options: object) => open(options);
  await expect(wrong({ vhosts: '/' })).rejects.toThrow(
    "there is no option 'vhosts'; there are vhost, user, name, mode",
  );
  await expect(wrong({ mode: 'tx' })).rejects.toThrow("mode must be one of confirm, transactions, not 'tx'");
  await expect(wrong({ user: 7 })).rejects.toThrow('user must be a text that is not empty, not 7');
});

/** How a channel has ended. */
function endOf(channel: Channel): Promise<unknown> {
  return channel.closed.then(
    () => 'closed',
    (error: unknown) => error,
  );
}

describe('an error', () => {
  test('closes its channel, with code, class and method, and rejects all that waits', async () => {
    const channel = await open();
    const queue = name();
    const [missing, waiting] = [channel.declareQueue(queue, { passive: true }), channel.declareQueue('')];
    const error = {
      name: 'ChannelError',
      message: `NOT_FOUND - no queue '${queue}' in vhost '/'`,
      code: 404,
      classId: 50,
      methodId: 10,
      method: 'queue.declare',
    };
    await expect(missing).rejects.toMatchObject(error);
    await expect(waiting).rejects.toMatchObject(error);
    expect(await endOf(channel)).toMatchObject(error);
    await expect(channel.publish('', queue, '')).rejects.toMatchObject(error);
    expect(() => channel.send('', queue, '')).toThrow('NOT_FOUND');
    expect(() => channel.ack({ deliveryTag: 1 })).toThrow('NOT_FOUND');
  });

  test('on one channel leaves others alone', async () => {
    const [channel, other] = [await open(), await open()];
    const queue = await ownQueue(other);
    channel.ack({ deliveryTag: 7 });
    expect(await endOf(channel)).toMatchObject({ code: 406, message: 'PRECONDITION_FAILED - unknown delivery tag 7' });
    await other.publish('', queue, 'fine');
    expect(textOf(await other.get(queue))).toBe('fine');
  });

  test('that ends the connection is told as well', async () => {
    const channel = await open();
    const queue = await ownQueue(channel);
    await channel.consume(queue, () => {}, { consumerTag: 'same' });
    const error = { code: 530, method: 'basic.consume' };
    await expect(channel.consume(queue, () => {}, { consumerTag: 'same' })).rejects.toMatchObject(error);
    expect(await endOf(channel)).toMatchObject(error);
  });
});

describe('who opens a channel', () => {
  test('hears that there is no such vhost', async () => {
    await expect(open({ vhost: 'none' })).rejects.toMatchObject({ name: 'ChannelError', code: 530 });
  });

  test('hears that there is no such user', async () => {
    await expect(open({ user: 'nobody' })).rejects.toMatchObject({ name: 'ChannelError', code: 403 });
  });

  test('has the rights of the user whose name it gives, without a password', async () => {
    const { administration } = broker().embedded;
    await administration.users.add('reader', 'secret');
    await expect(open({ user: 'reader' })).rejects.toMatchObject({ code: 530 });
    await administration.users.setPermissions({
      user: 'reader',
      vhost: '/',
      configure: '^amq\\.gen',
      write: '',
      read: '.*',
    });
    const channel = await open({ user: 'reader', name: 'reads' });
    const queue = await ownQueue(channel);
    await expect(channel.publish('', queue, '')).rejects.toMatchObject({ code: 403, method: 'basic.publish' });
    await administration.users.delete('reader');
  });
});

describe('a channel', () => {
  test('closes behind all that was said on it', async () => {
    const [channel, other] = [await open(), await open()];
    const queue = await ownQueue(other);
    for (let i = 0; i < 1000; i++) channel.send('', queue, 'x');
    const waiting = channel.publish('', queue, 'last');
    const closed = channel.close();
    await expect(waiting).rejects.toMatchObject({ name: 'ChannelClosedError' });
    await closed;
    expect(await endOf(channel)).toBe('closed');
    expect(await other.purgeQueue(queue)).toBe(1001);
    await channel.close();
    await expect(channel.get(queue)).rejects.toMatchObject({ name: 'ChannelClosedError' });
  });

  test('ends with its broker, which says so', async () => {
    const { embedded } = await startEmbedded();
    const channel = await embedded.channel();
    const inbox = await consumeInto(channel, await ownQueue(channel));
    await embedded.stop();
    expect(await endOf(channel)).toMatchObject({ name: 'ChannelError', code: 320 });
    expect(inbox.waiting).toEqual([]);
    await expect(embedded.channel()).rejects.toMatchObject({ name: 'BrokerClosedError' });
  });
});
