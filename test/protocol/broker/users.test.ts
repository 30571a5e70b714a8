/** Users and their rights as clients come to feel them, while administrators change them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee } from '../../support/broker.js';
import { startEmbedded, useEmbedded } from '../../support/embedded.js';
import { cleanUp, directory } from '../../support/kept-data.js';
import { closing } from '../../support/methods.js';
import { RawClient } from '../../support/raw-client.js';
import { useRawConnections } from '../../support/raw-connections.js';
import { eventually } from '../../support/waiting.js';

cleanUp();
const embedded = useEmbedded();
const { connect, openChannel, dial } = useRawConnections(() => embedded().broker);

const users = () => embedded().embedded.administration.users;
const login = (user: string, password = 'secret') => ({ response: Buffer.from(`\0${user}\0${password}`) });
/** A client that does not understand basic.cancel from the broker. */
const SILENT = { capabilities: { consumer_cancel_notify: false } };
const ALL = { configure: '.*', write: '.*', read: '.*' };
const permit = async (rights: Partial<typeof ALL>) => {
  await users().setPermissions({ user: 'ann', vhost: '/', ...ALL, ...rights });
};
const LOGIN_REFUSED = 'Login was refused using authentication mechanism PLAIN. For details see the broker logfile.';
const denied = (what: string) => `access to ${what} in vhost '/' refused for user 'ann'`;

beforeEach(async () => {
  await users().delete('ann');
  await users().add('ann', 'secret');
  await permit({});
});

describe.skipIf(isReferee)('a user', () => {
  test('comes in with the password that is set, and no other', async () => {
    await (await connect(login('ann'))).close();
    await users().changePassword('ann', 'new');
    const late = await dial();
    await expect(late.startUp(login('ann'))).rejects.toThrow();
    expect(await late.failure()).toMatchObject({ replyCode: 403, replyText: `ACCESS_REFUSED - ${LOGIN_REFUSED}` });
    await (await connect(login('ann', 'new'))).close();
  });

  test('enters vhosts for which there are permissions', async () => {
    await users().clearPermissions('ann', '/');
    const client = await dial();
    client.tune({ ...(await client.startUp(login('ann'))), heartbeat: 0 });
    client.send('connection.open', { virtualHost: '/' });
    expect(await client.failure()).toEqual(
      closing(530, "access to vhost '/' refused for user 'ann'", 'connection.open'),
    );
  });

  test('that is deleted loses the connections, and no others', async () => {
    const other = await openChannel();
    const client = await connect(login('ann'));
    const channel = await client.openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await users().delete('ann');
    expect(await client.failure()).toEqual(closing(320, "user 'ann' is deleted"));
    await other.call('queue.declare', { exclusive: true });
    // It goes with the connection, behind the word that this one is closed.
    const refused = async () => {
      const asking = await openChannel();
      asking.send('queue.declare', { queue, passive: true });
      return (await asking.failure()).replyCode;
    };
    await eventually('its queue to go', refused, (code) => code === 404);
  });

  test('may set a user-id of others as long as the tag says so', async () => {
    const channel = await openChannel(login('ann'));
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.call('confirm.select');
    channel.publish('', queue, 'own', { properties: { userId: 'ann' } });
    expect((await channel.confirms.next('the first confirm')).name).toBe('basic.ack');
    await users().setTags('ann', ['impersonator']);
    channel.publish('', queue, 'of another', { properties: { userId: 'bob' } });
    expect((await channel.confirms.next('the second confirm')).name).toBe('basic.ack');
    await users().setTags('ann', []);
    channel.publish('', queue, 'no more', { properties: { userId: 'bob' } });
    const text = "user_id property set to 'bob' but authenticated user was 'ann'";
    expect(await channel.failure()).toEqual(closing(406, text, 'basic.publish'));
  });
});

describe.skipIf(isReferee)('rights', () => {
  test('that are taken away stop a publisher in the middle, at the next message', async () => {
    const channel = await openChannel(login('ann'));
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    await channel.call('queue.bind', { queue, exchange: 'amq.fanout' });
    await channel.call('confirm.select');
    channel.publish('amq.fanout', '', '1');
    expect((await channel.confirms.next('the confirm')).name).toBe('basic.ack');
    await permit({ write: '^amq\\.direct$' });
    channel.publish('amq.fanout', '', '2');
    expect(await channel.failure()).toEqual(closing(403, denied("exchange 'amq.fanout'"), 'basic.publish'));
  });

  test('are looked at for each user: a route that one has used is not open to another', async () => {
    await permit({ write: '^nothing$' });
    const guest = await openChannel();
    const { queue } = await guest.call('queue.declare', { exclusive: true });
    await guest.call('confirm.select');
    for (const body of ['1', '2']) guest.publish('', queue, body);
    await guest.confirms.next('a confirm');
    // More connections than workers, so that each of them has seen the guest's route.
    for (let n = 0; n < 3; n++) {
      const channel = await openChannel(login('ann'));
      channel.publish('', queue, 'forbidden');
      expect(await channel.failure()).toEqual(closing(403, denied("exchange 'amq.default'"), 'basic.publish'));
    }
    guest.publish('', queue, '3');
    expect((await guest.counts(queue)).ready).toBe(3);
  });

  test('that are given count on connections that are open', async () => {
    await permit({ read: '' });
    const client = await connect(login('ann'));
    const channel = await client.openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    channel.send('basic.get', { queue });
    expect(await channel.failure()).toEqual(closing(403, denied(`queue '${queue}'`), 'basic.get'));
    const consumer = await client.openChannel();
    consumer.send('basic.consume', { queue });
    expect(await consumer.failure()).toEqual(closing(403, denied(`queue '${queue}'`), 'basic.consume'));
    await permit({});
    expect(await (await client.openChannel()).get(queue)).toBeNull();
  });

  test('that are taken away end consumers at once, on every worker, and what they hold can be settled', async () => {
    const guest = await openChannel();
    const { queue } = await guest.call('queue.declare', { queue: 'read by ann' });
    const { queue: other } = await guest.call('queue.declare', { queue: 'still read by ann' });
    // More connections than workers.
    const clients = [];
    for (let n = 0; n < 4; n++) {
      const channel = await openChannel({ ...login('ann'), ...(n === 3 && SILENT) });
      await channel.call('basic.qos', { prefetchCount: 1 });
      await channel.consume(queue, { consumerTag: 't' });
      await channel.consume(other, { consumerTag: 'stays' });
      guest.publish('', queue, `${n}`);
      clients.push({ channel, delivery: (await channel.deliver(1))[0] });
    }
    await permit({ read: '^still ' });
    for (const { channel } of clients.slice(0, 3)) expect(await channel.cancels.next('a cancel')).toBe('t');
    for (const { channel, delivery } of clients) {
      channel.send('basic.ack', { deliveryTag: delivery?.deliveryTag ?? 0n });
      await channel.sync();
    }
    guest.publish('', queue, 'nobody reads it');
    expect(await guest.counts(queue)).toEqual({ ready: 1, consumers: 0 });
    expect((await guest.counts(other)).consumers).toBe(4);
    for (const { channel } of clients) expect(channel.deliveries.waiting).toEqual([]);
    await permit({});
    const [first] = clients;
    await first?.channel.consume(queue, { consumerTag: 't' });
    expect((await first?.channel.deliver(1))?.[0]?.body.toString()).toBe('nobody reads it');
    for (const name of [queue, other]) await guest.call('queue.delete', { queue: name });
  });

  test('that one active consumer loses go to the next', async () => {
    const guest = await openChannel();
    const queue = 'one at a time';
    await guest.call('queue.declare', { queue, arguments: table({ 'x-single-active-consumer': true }) });
    const active = await openChannel(login('ann'));
    await active.consume(queue);
    await guest.consume(queue, { noAck: true });
    await permit({ read: '' });
    await active.cancels.next('a cancel');
    guest.publish('', queue, 'm');
    await guest.deliver(1);
    await guest.call('queue.delete', { queue });
  });

  test('are had by users whose passwords others have hashed, or scrypt has, also after a restart', async () => {
    const data = directory();
    const first = await startEmbedded(data, { passwordHashing: 'scrypt' });
    const own = first.embedded.administration.users;
    // What is asked at once is done in its order, though scrypt takes its time.
    const [added, , known] = await Promise.all([own.add('ann', 'secret'), own.setTags('ann', ['x']), own.list()]);
    expect([added, known.at(-1)]).toEqual([null, { name: 'ann', tags: ['x'] }]);
    await own.addHashed('bob', 'aC8w+kNOIKdEK2Z8TspETiexmKY=', 'rabbit_password_hashing_md5');
    for (const user of ['ann', 'bob']) await own.setPermissions({ user, vhost: '/', ...ALL });
    const comeIn = async ({ broker }: typeof first) => {
      for (const right of [login('ann'), login('bob', 'passörd'), login('ann')])
        await (await RawClient.open(broker, right)).close();
      for (const wrong of [login('ann', 'passörd'), login('bob'), login('nobody')]) {
        const client = await RawClient.dial(broker);
        await expect(client.startUp(wrong)).rejects.toThrow();
        expect(await client.failure()).toMatchObject({
          replyCode: 403,
          replyText: `ACCESS_REFUSED - ${LOGIN_REFUSED}`,
        });
      }
    };
    await comeIn(first);
    await first.embedded.administration.saved();
    await first.embedded.stop();
    const second = await startEmbedded(data);
    try {
      await comeIn(second);
    } finally {
      await second.embedded.stop();
    }
  });

  test('outlast the broker, and so does the absence of the guest', async () => {
    const data = directory();
    const first = await startEmbedded(data);
    await first.embedded.administration.users.add('ann', 'secret', ['monitoring']);
    await first.embedded.administration.users.setPermissions({ user: 'ann', vhost: '/', ...ALL, write: '' });
    await first.embedded.administration.users.delete('guest');
    await first.embedded.administration.saved();
    await first.embedded.stop();
    const second = await startEmbedded(data);
    try {
      const again = second.embedded.administration.users;
      expect(await again.list()).toEqual([{ name: 'ann', tags: ['monitoring'] }]);
      expect([await again.authenticate('ann', 'secret'), await again.authenticate('ann', '')]).toEqual([true, false]);
      const client = await RawClient.open(second.broker, login('ann'));
      const channel = await client.openChannel();
      channel.publish('', 'q', '');
      expect(await channel.failure()).toEqual(closing(403, denied("exchange 'amq.default'"), 'basic.publish'));
      await client.close();
      const guest = await RawClient.dial(second.broker);
      await expect(guest.startUp()).rejects.toThrow();
      expect(await guest.failure()).toMatchObject({ replyCode: 403 });
    } finally {
      await second.embedded.stop();
    }
  });
});
