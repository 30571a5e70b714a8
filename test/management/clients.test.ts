/** What operators see of clients: each test has connections of its own, and looks at those. */
import { connect as connectSocket } from 'node:net';
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/waiting.js';
import { type HttpApi, useHttpApi } from './support/http-client.js';

const api = useHttpApi();
const open: ChannelModel[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close().catch(() => {})));
});

/** A listing may be a moment old. */
function eventually<T>(check: () => Promise<T>): Promise<T> {
  return vi.waitFor(check, PATIENCE);
}

type Json = Readonly<Record<string, unknown>>;

async function client(name: string, user = 'guest', password = 'guest', vhost = '%2F'): Promise<ChannelModel> {
  const url = `amqp://${user}:${password}@127.0.0.1:${api().broker.port}/${vhost}`;
  const connection = await connect(url, { clientProperties: { connection_name: name, version: '1.2' } });
  connection.on('error', () => {});
  open.push(connection);
  return connection;
}

async function list(path: string, as: HttpApi = api()): Promise<readonly Json[]> {
  const { status, json } = await as.get(path);
  expect(status, path).toBe(200);
  return json as readonly Json[];
}

/** What the list of connections says of the one that its client gave this name, once it `holds`. */
async function connectionCalled(name: string, holds: (found: Json) => void = () => {}): Promise<Json> {
  return eventually(async () => {
    const found = (await list('/connections')).find((one) => one.user_provided_name === name);
    if (found === undefined) throw new Error(`there is no connection called ${name}`);
    holds(found);
    return found;
  });
}

/** As programs send it that write UTF-8: octets, which a header is made of. */
function utf8InHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function pathOf({ name }: Json): string {
  return `/connections/${encodeURIComponent(String(name))}`;
}

async function addUser(name: string, tags: readonly string[], vhost = '/'): Promise<HttpApi> {
  const { administration } = api().broker;
  await administration.users.add(name, 'secret', tags);
  await administration.users.setPermissions({ user: name, vhost, configure: '.*', write: '.*', read: '.*' });
  return api().as({ user: name, password: 'secret' });
}

describe('a connection', () => {
  it('is listed with its ends, its user, what was negotiated, and what its client says of itself', async () => {
    const before = Date.now();
    await (await client('described')).createChannel();
    const { port } = api().broker;
    await connectionCalled('described', (found) => {
      expect(found).toMatchObject({
        name: `127.0.0.1:${String(found.peer_port)} -> 127.0.0.1:${port}`,
        type: 'network',
        protocol: 'AMQP 0-9-1',
        state: 'running',
        user: 'guest',
        vhost: '/',
        host: '127.0.0.1',
        port,
        peer_host: '127.0.0.1',
        client_properties: {
          connection_name: 'described',
          version: '1.2',
          product: 'amqplib',
          capabilities: { publisher_confirms: true },
        },
        auth_mechanism: 'PLAIN',
        timeout: 60,
        frame_max: 131_072,
        channel_max: 2047,
        channels: 1,
        ssl: false,
        ssl_protocol: null,
        peer_cert_subject: null,
        recv_oct_details: { rate: 0 },
      });
      expect(Number(found.connected_at)).toBeGreaterThanOrEqual(before);
      expect(Number(found.connected_at)).toBeLessThanOrEqual(Date.now());
      for (const count of ['recv_oct', 'send_oct', 'recv_cnt', 'send_cnt']) expect(found[count]).toBeGreaterThan(0);
    });
  });

  it('is found by its name, and gone when it is closed', async () => {
    const connection = await client('by-name');
    const path = pathOf(await connectionCalled('by-name'));
    expect((await api().get(path)).json).toMatchObject({ user_provided_name: 'by-name', ssl_cipher: '' });
    await connection.close();
    const gone = { status: 404, json: { error: 'Object Not Found', reason: 'Not Found' } };
    await eventually(async () => expect(await api().get(path)).toMatchObject(gone));
    expect(await api().get(`${path}/channels`)).toMatchObject(gone);
    expect(await api().delete(path)).toMatchObject(gone);
  });

  it('is seen before its client has logged in', async () => {
    const socket = connectSocket(api().broker.port, '127.0.0.1');
    socket.write('AMQP\0\0\x09\x01');
    const local = await new Promise((resolve) => socket.once('data', () => resolve(socket.localPort)));
    await eventually(async () => {
      const found = (await list('/connections')).find((one) => one.peer_port === local);
      expect(found).toMatchObject({ state: 'starting', user: '', vhost: '', channels: 0, client_properties: {} });
    });
    socket.destroy();
  });

  it('is closed with the reason that is given', async () => {
    const connection = await client('unwanted');
    const told = new Promise<Error>((resolve) => connection.once('close', resolve));
    const path = pathOf(await connectionCalled('unwanted'));
    expect((await api().delete(path, { 'x-reason': utf8InHeader('zu laut: süß') })).status).toBe(204);
    expect((await told).message).toContain('320 (CONNECTION-FORCED) with message "CONNECTION_FORCED - zu laut: süß"');
    await eventually(async () => expect((await api().get(path)).status).toBe(404));
  });

  it('is closed with all others of its user', async () => {
    await addUser('leaver', []);
    const leavers = await Promise.all(['one', 'two', 'three'].map((name) => client(name, 'leaver', 'secret')));
    const told = leavers.map((one) => new Promise<Error>((resolve) => one.once('close', resolve)));
    const stays = await client('stays');
    const one = { name: expect.any(String), vhost: '/', user: 'leaver', node: expect.any(String) };
    await eventually(async () => expect(await list('/connections/username/leaver')).toEqual([one, one, one]));
    expect((await api().delete('/connections/username/leaver')).status).toBe(204);
    for (const error of await Promise.all(told)) expect(error.message).toContain('Closed via management plugin');
    await eventually(async () => expect(await list('/connections/username/leaver')).toEqual([]));
    await stays.createChannel();
  });

  it('that nobody has is no error to close for a user', async () => {
    expect((await api().delete('/connections/username/nobody')).status).toBe(204);
    expect(await list('/connections/username/nobody')).toEqual([]);
  });
});

describe('a channel', () => {
  it('is listed with its limits, its mode and what it has outstanding', async () => {
    const connection = await client('channels');
    const channel = await connection.createChannel();
    await channel.prefetch(3);
    await channel.prefetch(5, true);
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.consume(queue, () => {}, { consumerTag: 'first' });
    await channel.consume(queue, () => {}, { consumerTag: 'second', noAck: true });
    await channel.cancel('second');
    for (let i = 0; i < 4; i++) channel.sendToQueue(queue, Buffer.from('x'));
    const name = String((await connectionCalled('channels')).name);
    await eventually(async () => {
      const [found] = await list(`${pathOf({ name })}/channels`);
      expect(found).toEqual({
        name: `${name} (1)`,
        number: 1,
        node: expect.any(String),
        connection_details: { name, peer_host: '127.0.0.1', peer_port: expect.any(Number) },
        state: 'running',
        user: 'guest',
        user_who_performed_action: 'guest',
        vhost: '/',
        prefetch_count: 3,
        global_prefetch_count: 5,
        consumer_count: 1,
        messages_unacknowledged: 3,
        messages_unconfirmed: 0,
        messages_uncommitted: 0,
        acks_uncommitted: 0,
        confirm: false,
        transactional: false,
        pending_raft_commands: 0,
        message_stats: expect.objectContaining({ publish: 4, deliver: 3 }),
        idle_since: expect.any(String),
      });
    });
    const one = await api().get(`/channels/${encodeURIComponent(`${name} (1)`)}`);
    expect(one.json).toMatchObject({ number: 1, consumer_details: [{ consumer_tag: 'first' }] });
    expect((await api().get(`/channels/${encodeURIComponent(`${name} (2)`)}`)).status).toBe(404);
    expect((await api().get('/channels/nonsense')).status).toBe(404);
  });

  it('that confirms says so, and that all is confirmed', async () => {
    const connection = await client('confirming');
    const channel: ConfirmChannel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    for (let i = 0; i < 10; i++) channel.sendToQueue(queue, Buffer.from('x'));
    await channel.waitForConfirms();
    const { name } = await connectionCalled('confirming');
    await eventually(async () =>
      expect(await list(`${pathOf({ name })}/channels`)).toMatchObject([
        { confirm: true, messages_unconfirmed: 0, message_stats: { publish: 10, confirm: 10 } },
      ]),
    );
  });

  it('is listed in its vhost, and in no other', async () => {
    await api().broker.administration.createVhost('apart');
    await addUser('inmate', ['management'], 'apart');
    await (await client('inmate', 'inmate', 'secret', 'apart')).createChannel();
    await eventually(async () => expect(await list('/vhosts/apart/channels')).toMatchObject([{ user: 'inmate' }]));
    await eventually(async () =>
      expect(await list('/vhosts/apart/connections')).toMatchObject([{ user: 'inmate', vhost: 'apart' }]),
    );
    const elsewhere = await list('/vhosts/%2F/channels');
    expect(elsewhere.filter(({ user }) => user === 'inmate')).toEqual([]);
    expect((await api().get('/vhosts/nowhere/channels')).status).toBe(404);
  });
});

describe('a consumer', () => {
  it('is listed with its queue, its channel and its arguments', async () => {
    const connection = await client('consuming');
    const channel = await connection.createChannel();
    await channel.prefetch(7);
    await channel.assertQueue('consumed', { autoDelete: true });
    await channel.consume('consumed', () => {}, {
      consumerTag: 'c-1',
      exclusive: true,
      arguments: { 'x-consumer-timeout': 60_000, note: 'mine' },
    });
    const { name } = await connectionCalled('consuming');
    await eventually(async () => {
      const found = (await list('/consumers/%2F')).find(({ consumer_tag: tag }) => tag === 'c-1');
      expect(found).toEqual({
        consumer_tag: 'c-1',
        queue: { name: 'consumed', vhost: '/' },
        channel_details: {
          connection_name: name,
          name: `${String(name)} (1)`,
          number: 1,
          node: expect.any(String),
          peer_host: '127.0.0.1',
          peer_port: expect.any(Number),
          user: 'guest',
        },
        ack_required: true,
        active: true,
        activity_status: 'up',
        exclusive: true,
        prefetch_count: 7,
        arguments: { 'x-consumer-timeout': 60_000, note: 'mine' },
        consumer_timeout: 60_000,
      });
    });
  });

  it('of a queue with a single active one is that one, or waits', async () => {
    const channel = await (await client('standing by')).createChannel();
    await channel.assertQueue('single', { autoDelete: true, arguments: { 'x-single-active-consumer': true } });
    await channel.consume('single', () => {}, { consumerTag: 'sac-1' });
    await channel.consume('single', () => {}, { consumerTag: 'sac-2', noAck: true });
    const activities = async (): Promise<unknown> => {
      const ours = (await list('/consumers')).filter((one) => String(one.consumer_tag).startsWith('sac-'));
      return Object.fromEntries(ours.map((one) => [one.consumer_tag, [one.active, one.activity_status]]));
    };
    await eventually(async () =>
      expect(await activities()).toEqual({ 'sac-1': [true, 'single_active'], 'sac-2': [false, 'waiting'] }),
    );
    await channel.cancel('sac-1');
    await eventually(async () => expect(await activities()).toEqual({ 'sac-2': [true, 'single_active'] }));
  });

  it('of direct replies is none', async () => {
    const channel = await (await client('asking')).createChannel();
    await channel.consume('amq.rabbitmq.reply-to', () => {}, { noAck: true });
    const { name } = await connectionCalled('asking');
    await eventually(async () =>
      expect(await list(`${pathOf({ name })}/channels`)).toMatchObject([{ consumer_count: 0 }]),
    );
  });
});

describe('whoever looks', () => {
  it('sees and closes the own connections alone, a monitor sees all, and administrators close all', async () => {
    const own = await addUser('own', ['management']);
    const monitor = await addUser('monitor', ['monitoring']);
    const channel = await (await client('of own', 'own', 'secret')).createChannel();
    await channel.assertQueue('of own', { autoDelete: true });
    await channel.consume('of own', () => {}, { consumerTag: 'of own' });
    await (await client('of guest')).createChannel();
    const guests = pathOf(await connectionCalled('of guest'));
    const owns = pathOf(await connectionCalled('of own'));
    const notYours = { status: 401, json: { error: 'not_authorised', reason: 'User not authorised to access object' } };
    await eventually(async () => expect(await list('/connections', own)).toMatchObject([{ user: 'own' }]));
    await eventually(async () => expect(await list('/channels', own)).toMatchObject([{ user: 'own' }]));
    await eventually(async () => expect(await list('/consumers', own)).toMatchObject([{ consumer_tag: 'of own' }]));
    for (const path of [guests, `${guests}/channels`, '/connections/username/guest'])
      expect(await own.get(path), path).toMatchObject(notYours);
    expect((await list('/connections', monitor)).map(({ user }) => user)).toContain('guest');
    expect((await monitor.get(guests)).status).toBe(200);
    expect(await monitor.delete(guests)).toMatchObject(notYours);
    expect(await own.delete('/connections/username/guest')).toMatchObject(notYours);
    expect((await own.delete(owns)).status).toBe(204);
    expect((await api().delete(guests)).status).toBe(204);
  });
});
