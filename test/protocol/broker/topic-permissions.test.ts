/** Rights by routing key as clients come to feel them, while administrators change them. */
import { beforeEach, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import type { TopicPermissions } from '../../../src/index.js';
import { startEmbedded, useEmbedded } from '../../support/embedded.js';
import { cleanUp, directory } from '../../support/kept-data.js';
import { closing } from '../../support/methods.js';
import { RawClient } from '../../support/raw-client.js';
import { useRawConnections } from '../../support/raw-connections.js';

cleanUp();
const embedded = useEmbedded();
const { openChannel } = useRawConnections(() => embedded().broker);

const users = () => embedded().embedded.administration.users;
const ANN = { response: Buffer.from('\0ann\0secret') };
const ALL = { user: 'ann', vhost: '/', configure: '.*', write: '.*', read: '.*' };
const set = (rights: Partial<TopicPermissions>) =>
  users().setTopicPermissions({ user: 'ann', vhost: '/', exchange: 'amq.topic', write: '.*', read: '.*', ...rights });
const denied = (key: string, during: 'basic.publish' | 'queue.bind') =>
  closing(403, `access to topic '${key}' in exchange 'amq.topic' in vhost '/' refused for user 'ann'`, during);

beforeEach(async () => {
  await users().delete('ann');
  await users().add('ann', 'secret');
  await users().setPermissions(ALL);
});

test('a publisher may use the keys that match, whatever others have used before', async () => {
  await set({ write: '^{username}\\.' });
  const guest = await openChannel();
  const { queue } = await guest.call('queue.declare', { exclusive: true });
  await guest.call('queue.bind', { queue, exchange: 'amq.topic', routingKey: '#' });
  for (const key of ['ann.x', 'bob.x']) guest.publish('amq.topic', key, key);
  // More connections than workers, so that each of them has seen the guest's routes.
  for (let n = 0; n < 3; n++) {
    const channel = await openChannel(ANN);
    await channel.call('confirm.select');
    for (const body of ['1', '2']) channel.publish('amq.topic', 'ann.x', body);
    for (let tag = 0; tag < 2; ) {
      const { deliveryTag, multiple } = await channel.confirms.next('a confirm');
      tag = multiple ? Number(deliveryTag) : tag + 1;
    }
    channel.publish('amq.topic', 'bob.x', 'forbidden');
    expect(await channel.failure()).toEqual(denied('bob.x', 'basic.publish'));
  }
  expect((await guest.counts(queue)).ready).toBe(8);
});

test('a change counts at the next message, and the next binding', async () => {
  await set({ write: '^a', read: '^a' });
  const channel = await openChannel(ANN);
  const { queue } = await channel.call('queue.declare', { exclusive: true });
  await channel.call('queue.bind', { queue, exchange: 'amq.topic', routingKey: 'a' });
  await channel.call('confirm.select');
  channel.publish('amq.topic', 'a', '1');
  await channel.confirms.next('the first confirm');
  await set({ write: '^b' });
  channel.publish('amq.topic', 'a', '2');
  expect(await channel.failure()).toEqual(denied('a', 'basic.publish'));
  await users().clearTopicPermissions('ann', '/');
  const again = await openChannel(ANN);
  await again.call('confirm.select');
  again.publish('amq.topic', 'a', '3');
  await again.confirms.next('the second confirm');
  await set({ read: '' });
  again.send('queue.bind', { queue: '', exchange: 'amq.topic', routingKey: 'a' });
  expect((await again.failure()).replyCode).toBe(404);
  const last = await openChannel(ANN);
  await last.call('queue.declare', { exclusive: true });
  last.send('queue.bind', { exchange: 'amq.topic', routingKey: 'a' });
  expect(await last.failure()).toEqual(denied('a', 'queue.bind'));
});

test.each(['CC', 'BCC'])('a copy by %s needs the right to its key, too', async (header) => {
  await set({ write: '^a' });
  const channel = await openChannel(ANN);
  const copies = (...keys: string[]) => ({ properties: { headers: table({ [header]: keys }) } });
  await channel.call('confirm.select');
  channel.publish('amq.topic', 'a', '1', copies('ab', 'ac'));
  await channel.confirms.next('the confirm');
  channel.publish('amq.topic', 'a', '2', copies('ab', 'forbidden'));
  expect(await channel.failure()).toEqual(denied('forbidden', 'basic.publish'));
});

test('topic permissions outlast the broker, and those that were cleared or went with others do not', async () => {
  const data = directory();
  const first = await startEmbedded(data);
  const own = first.embedded.administration.users;
  await first.embedded.administration.createVhost('v');
  for (const user of ['ann', 'bob']) {
    await own.add(user, 'secret');
    await own.setPermissions({ ...ALL, user });
    for (const [vhost, exchange] of [
      ['/', 'amq.topic'],
      ['/', 'cleared'],
      ['v', 'amq.topic'],
    ] as const)
      await own.setTopicPermissions({ user, vhost, exchange, write: '^{username}$', read: '' });
  }
  await own.delete('bob');
  await own.clearTopicPermissions('ann', '/', 'cleared');
  await first.embedded.administration.deleteVhost('v');
  await first.embedded.administration.saved();
  await first.embedded.stop();
  const second = await startEmbedded(data);
  try {
    const kept = { user: 'ann', vhost: '/', exchange: 'amq.topic', write: '^{username}$', read: '' };
    const again = second.embedded.administration;
    expect(await again.users.topicPermissionsOf('ann')).toEqual([kept]);
    await again.users.add('bob', 'secret');
    await again.createVhost('v');
    expect(await again.users.topicPermissionsIn('v')).toEqual([]);
    expect(await again.users.topicPermissionsOf('bob')).toEqual([]);
    const client = await RawClient.open(second.broker, ANN);
    const channel = await client.openChannel();
    channel.publish('amq.topic', 'bob', '');
    expect(await channel.failure()).toEqual(denied('bob', 'basic.publish'));
    await client.close();
  } finally {
    await second.embedded.stop();
  }
});
