/**
 * From the protocol header to open-ok: what the broker announces, whom it lets in, and which limits it agrees to.
 */
import { describe, expect, test } from 'vitest';
import { PROTOCOL_HEADER } from '../../../src/amqp/frames.js';
import { encodeTable, table } from '../../../src/amqp/table.js';
import { isReferee, useBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { useNames } from '../../support/names.js';
import { useRawConnections } from '../../support/raw-connections.js';

const broker = useBroker();
const name = useNames(broker);
const { dial, connect } = useRawConnections(broker);

test('a client with PLAIN credentials gets in', async () => {
  const client = await connect({ mechanism: 'PLAIN', response: Buffer.from('\0guest\0guest') });
  await client.ping();
});

test('a client with AMQPLAIN credentials gets in', async () => {
  const withLength = encodeTable(table({ LOGIN: 'guest', PASSWORD: 'guest' }));
  const client = await connect({ mechanism: 'AMQPLAIN', response: withLength.subarray(4) });
  await client.ping();
});

test('the broker announces its mechanisms and capabilities', async () => {
  const client = await dial();
  client.write(PROTOCOL_HEADER);
  const start = await client.expect('connection.start');
  expect([start.versionMajor, start.versionMinor]).toEqual([0, 9]);
  expect(start.mechanisms.split(' ')).toEqual(expect.arrayContaining(['PLAIN', 'AMQPLAIN']));
  expect(start.locales).toBe('en_US');
  expect([...start.serverProperties.keys()]).toEqual(
    expect.arrayContaining(['product', 'version', 'platform', 'copyright', 'information', 'cluster_name']),
  );
  const capabilities = start.serverProperties.get('capabilities')?.value as ReadonlyMap<string, unknown>;
  for (const capability of [
    'publisher_confirms',
    'exchange_exchange_bindings',
    'basic.nack',
    'consumer_cancel_notify',
    'connection.blocked',
    'authentication_failure_close',
    'per_consumer_qos',
  ]) {
    expect([capability, capabilities.get(capability)]).toEqual([capability, { type: 't', value: true }]);
  }
});

test('the broker offers 2047 channels, frames of 128 KiB and a heartbeat of a minute', async () => {
  const client = await dial();
  expect(await client.startUp()).toMatchObject({ channelMax: 2047, frameMax: 131_072, heartbeat: 60 });
});

test.each([
  ['a password that is wrong', '\0guest\0wrong'],
  ['a user who does not exist', '\0nobody\0guest'],
])('%s is answered with 403 when the client understands it', async (_, response) => {
  const client = await dial();
  await expect(client.startUp({ response: Buffer.from(response) })).rejects.toThrow();
  expect(await client.failure()).toEqual(
    closing(403, 'Login was refused using authentication mechanism PLAIN. For details see the broker logfile.'),
  );
});

test('a failed login ends the socket without a word when the client does not know better', async () => {
  const client = await dial();
  const login = { response: Buffer.from('\0guest\0wrong'), capabilities: { authentication_failure_close: false } };
  await expect(client.startUp(login)).rejects.toThrow('the socket was closed');
  await client.ended();
});

test.each([
  ['another version', Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 8, 0])],
  ['another protocol', Buffer.from('HTTP/1.1')],
])('a header of %s is answered with the right one, and the socket closed', async (_, header) => {
  const client = await dial();
  client.write(header);
  await client.ended();
  expect([...client.greeting]).toEqual([...PROTOCOL_HEADER]);
});

test('a client may have the header of 0-9, which is the same protocol', async () => {
  const client = await dial();
  client.write(Buffer.from([0x41, 0x4d, 0x51, 0x50, 1, 1, 0, 9]));
  await client.expect('connection.start');
});

test('a header cut into octets is understood', async () => {
  const client = await dial();
  for (const octet of PROTOCOL_HEADER) {
    await new Promise<void>((sent) => client.socket.write(Uint8Array.of(octet), () => sent()));
  }
  await client.expect('connection.start');
});

test('a vhost that does not exist is refused with 530', async () => {
  const client = await dial();
  await client.startUp();
  client.tune({});
  client.send('connection.open', { virtualHost: 'elsewhere' });
  expect(await client.failure()).toEqual(closing(530, 'vhost elsewhere not found', 'connection.open'));
});

describe('limits', () => {
  test('a client may ask for frames of 4096 octets, and gets no larger ones', async () => {
    const client = await connect({ tune: { frameMax: 4096 } });
    const channel = await client.openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue, exclusive: true });
    const body = Buffer.alloc(20_000, 'x');
    channel.publish('', queue, body);
    const message = await channel.get(queue);
    expect(message?.body.equals(body)).toBe(true);
    expect(channel.longestFrame).toBe(4096);
  });

  test('a message goes from a client with large frames to one with small frames', async () => {
    const large = await (await connect()).openChannel();
    const small = await (await connect({ tune: { frameMax: 4096 } })).openChannel();
    const queue = name();
    await large.call('queue.declare', { queue });
    await small.consume(queue, { noAck: true });
    const body = Buffer.alloc(300_000, 'abcdefg');
    large.publish('', queue, body);
    large.publish('', queue, 'next');
    const [first, second] = await small.deliver(2);
    expect(first?.body.equals(body)).toBe(true);
    expect(second?.body.toString()).toBe('next');
    expect(small.longestFrame).toBe(4096);
  });

  test.runIf(!isReferee).each([
    [{ frameMax: 4095 }, 'negotiated frame_max = 4095 is lower than the minimum allowed value (4096)'],
    [{ frameMax: 131_073 }, 'negotiated frame_max = 131073 is higher than the maximum allowed value (131072)'],
    [{ channelMax: 2048 }, 'negotiated channel_max = 2048 is higher than the maximum allowed value (2047)'],
    [{ channelMax: 0 }, 'negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (2047)'],
  ])('tune-ok with %o is refused with 530', async (limits, text) => {
    const client = await dial();
    await client.startUp();
    client.tune(limits);
    expect(await client.failure()).toMatchObject({ replyCode: 530, replyText: `NOT_ALLOWED - ${text}` });
  });
});

describe.runIf(!isReferee)('what RabbitMQ leaves unsaid, the broker says', () => {
  test('an unknown mechanism is refused with 503', async () => {
    const client = await dial();
    await expect(client.startUp({ mechanism: 'GSSAPI' })).rejects.toThrow();
    expect(await client.failure()).toMatchObject({ replyCode: 503 });
  });

  test('a method before its time is refused with 504 or 503', async () => {
    const client = await dial();
    client.write(PROTOCOL_HEADER);
    await client.expect('connection.start');
    client.send('connection.open', { virtualHost: '/' });
    const { replyCode } = await client.failure();
    expect([503, 504]).toContain(replyCode);
  });
});

test('close is answered with close-ok, and the socket closed', async () => {
  const client = await connect();
  await client.openChannel();
  await client.close();
});

test('a secret can be updated', async () => {
  const client = await connect();
  client.send('connection.update-secret', { newSecret: Buffer.from('another'), reason: 'it is time' });
  await client.expect('connection.update-secret-ok');
  await client.ping();
});
