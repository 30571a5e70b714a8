/**
 * Bytes that no honest client sends. Each ends in an error or a closed socket for whoever sent them, and in nothing for
 * anybody else.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeContent, encodeFrame, encodeMethod, FrameType, PROTOCOL_HEADER } from '../../src/amqp/frames.js';
import { encodeHeader } from '../../src/amqp/properties.js';
import { isReferee, useBroker } from '../support/broker.js';
import { build } from '../support/methods.js';
import { useNames } from '../support/names.js';
import type { RawClient } from '../support/raw-client.js';
import { useRawConnections } from '../support/raw-connections.js';
import { useNeighbour } from './support/neighbour.js';

const broker = useBroker();
const name = useNames(broker);
const { dial, connect, openChannel } = useRawConnections(broker);
const neighbour = useNeighbour(broker);

/** Says nothing more, and waits for the broker to be done with this client. */
async function leave(client: RawClient): Promise<void> {
  client.socket.end();
  await client.ended();
}

describe('before the handshake', () => {
  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a TLS hello', Buffer.from('16030100c8010000c40303', 'hex')],
    ['zeros', Buffer.alloc(100_000)],
    ['the header twice', Buffer.concat([Buffer.from('AMQPAMQP'), PROTOCOL_HEADER])],
  ])('%s gets the socket closed', async (_, bytes) => {
    const client = await dial();
    client.write(bytes);
    await client.ended();
    await neighbour.isServed();
  });

  test('floods of random octets get their sockets closed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 8, maxLength: 2_000 }), async (bytes) => {
        const client = await dial();
        client.write(bytes);
        await leave(client);
      }),
      { numRuns: 50 },
    );
    await neighbour.isServed();
  });

  test('a start-ok of nonsense is refused', async () => {
    const client = await dial();
    client.write(PROTOCOL_HEADER);
    await client.expect('connection.start');
    client.frame(FrameType.METHOD, 0, Buffer.concat([Buffer.from([0, 10, 0, 11]), Buffer.alloc(100, 0xff)]));
    await client.ended();
    await neighbour.isServed();
  });

  test('many sockets on which nothing is ever said harm nobody', async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => dial()));
    await neighbour.isServed();
    for (const client of silent) client.cut();
    await Promise.all(silent.map((client) => client.ended()));
    await neighbour.isServed();
  });
});

describe('on an open connection', () => {
  test('a conversation with some octets changed is answered, refused or ended', async () => {
    // Of another kind than the other names: with an octet changed it must be none of them.
    const queue = name('changed');
    const conversation = Buffer.concat([
      encodeMethod(1, build('channel.open')),
      encodeMethod(1, build('queue.declare', { queue, autoDelete: true })),
      encodeMethod(1, build('confirm.select')),
      encodeMethod(1, build('basic.publish', { routingKey: queue, mandatory: true })),
      encodeContent(
        1,
        { messageId: 'm', headers: new Map([['h', { type: 'S', value: 'v' }]]) },
        Buffer.from('body'),
        4096,
      ),
      encodeMethod(1, build('basic.consume', { queue, consumerTag: 'c' })),
      encodeMethod(1, build('basic.ack', { deliveryTag: 1n })),
      encodeMethod(1, build('basic.get', { queue })),
      encodeMethod(1, build('basic.cancel', { consumerTag: 'c' })),
      encodeMethod(1, build('channel.close')),
    ]);
    const change = fc.record({ at: fc.nat(conversation.length - 1), octet: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        const client = await connect();
        const bytes = Buffer.from(conversation);
        for (const { at, octet } of changes) bytes[at] = octet;
        client.write(bytes);
        await leave(client);
        expect(broker().alive).toBe(true);
      }),
      { numRuns: 150 },
    );
    await neighbour.isServed();
  });

  test('a conversation that breaks off anywhere leaves nothing behind', async () => {
    const queue = name();
    const conversation = Buffer.concat([
      encodeMethod(1, build('channel.open')),
      encodeMethod(1, build('basic.publish', { routingKey: queue })),
      encodeContent(1, { messageId: 'm' }, Buffer.from('body'), 4096),
    ]);
    const watcher = await openChannel();
    await watcher.call('queue.declare', { queue });
    for (let length = 0; length < conversation.length; length += 3) {
      const client = await connect();
      client.write(conversation.subarray(0, length));
      await leave(client);
    }
    expect((await watcher.counts(queue)).ready).toBe(0);
    await neighbour.isServed();
  });

  test('a frame that claims to be of 4 GiB is 501 as soon as its head is there', async () => {
    const client = await connect();
    await client.openChannel();
    client.write(Buffer.from([1, 0, 1, 0xff, 0xff, 0xff, 0xff, 0]));
    expect(await client.failure()).toMatchObject({ replyCode: 501 });
    await neighbour.isServed();
  });

  test('a table nested beyond all sense is refused', async () => {
    const channel = await openChannel();
    let table: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 15_000; depth++) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(table.length);
      table = Buffer.concat([Buffer.from([1, 0x61, 0x46]), length, table]);
      if (table.length > 100_000) break;
    }
    const length = Buffer.alloc(4);
    length.writeUInt32BE(table.length);
    const declare = Buffer.concat([Buffer.from([0, 50, 0, 10, 0, 0, 1, 0x71, 0]), length, table]);
    channel.client.frame(FrameType.METHOD, 1, declare);
    // RabbitMQ has no bound on the nesting, and declares the queue; nobody is harmed by either answer.
    if (isReferee) expect(await channel.expect('queue.declare-ok')).toMatchObject({ queue: 'q' });
    else expect((await channel.client.failure()).replyCode).toBeGreaterThanOrEqual(501);
    await neighbour.isServed();
  });

  test('lengths that lie inside a method are refused', async () => {
    const lies = [
      [0, 50, 0, 10, 0, 0, 255, 0x71], // a queue name of 255 octets that has one
      [0, 50, 0, 10, 0, 0, 1, 0x71, 0, 0xff, 0xff, 0xff, 0xff], // a table of 4 GiB that has none
      [0, 50, 0, 10, 0, 0, 1, 0x71, 0, 0, 0, 0, 3, 200, 0, 0], // a field name that leaves its table
      [0, 60, 0, 40, 0, 0, 255], // a publish whose exchange is cut off
      [0, 60, 0, 40, 0, 0, 0, 9, 0x6b], // a publish whose routing key is cut off
      [0, 60, 0, 80, 0, 0, 0], // an ack whose tag is cut off
      [0, 60], // half a method id
      [], // no method id
    ];
    for (const lie of lies) {
      const channel = await openChannel();
      channel.client.frame(FrameType.METHOD, 1, Uint8Array.from(lie));
      await channel.client.ended();
    }
    await neighbour.isServed();
  });

  // RabbitMQ 3 waits for more where this and the next client lie.
  test.runIf(!isReferee)('a header whose properties do not fit is refused', async () => {
    const headers = [
      Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), // no flags
      Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff]), // half of the flags
      Buffer.from([0, 60]), // nothing but the class
      Buffer.alloc(0),
    ];
    for (const header of headers) {
      const channel = await openChannel();
      channel.client.write(encodeMethod(1, build('basic.publish', { routingKey: 'x' })));
      channel.client.frame(FrameType.HEADER, 1, header);
      await channel.client.ended();
    }
    await neighbour.isServed();
  });

  test.runIf(!isReferee)('a body of 2^63 octets is refused when it is announced', async () => {
    const channel = await openChannel();
    channel.client.write(encodeMethod(1, build('basic.publish', { routingKey: 'x' })));
    const header = Buffer.from(encodeHeader({ bodySize: 0, properties: {} }));
    header.writeBigUInt64BE(2n ** 63n, 4);
    channel.client.frame(FrameType.HEADER, 1, header);
    const reasons = [channel.failure(), channel.client.failure()];
    const { replyCode } = await Promise.any(reasons);
    expect([406, 501]).toContain(replyCode);
    await neighbour.isServed();
  });

  test('frames on channels that were never opened are refused one connection at a time', async () => {
    for (const number of [2, 2047, 2048, 65_535]) {
      const client = await connect();
      client.channel(number).publish('', 'x', 'x');
      expect([504, 530]).toContain((await client.failure()).replyCode);
    }
    await neighbour.isServed();
  });

  test('after its connection was refused a client is not listened to', async () => {
    const channel = await openChannel();
    const queue = name();
    await channel.call('queue.declare', { queue });
    channel.client.write(
      Buffer.concat([
        encodeFrame(FrameType.HEADER, 1, encodeHeader({ bodySize: 0, properties: {} })),
        encodeMethod(1, build('basic.publish', { routingKey: queue })),
        encodeContent(1, {}, Buffer.from('too late'), 4096),
        encodeMethod(1, build('queue.delete', { queue })),
      ]),
    );
    expect(await channel.client.failure()).toMatchObject({ replyCode: 505 });
    expect(await (await openChannel()).counts(queue)).toMatchObject({ ready: 0 });
  });
});
