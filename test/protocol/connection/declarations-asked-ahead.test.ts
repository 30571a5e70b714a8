/**
 * A client that sends durable declarations without waiting for answers: each answer in its order, and each a promise.
 */
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameType } from '../../../src/amqp/frames.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, directory, drain, open, PERSISTENT, start } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';

const DURABLE = { durable: true };

/** Resolves when the broker has answered so many methods of a channel. */
async function answers(channel: RawChannel, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await channel.replies.next(`answer ${i} of ${count}`);
}

describe.runIf(!isReferee)('declarations that are sent without waiting for answers', () => {
  cleanUp();

  test('are answered in their order, and what is published behind them finds them', async () => {
    const channel = await open(await start(directory()));
    const expected: string[] = [];
    const before = channel.log.length;
    channel.send('exchange.declare', { exchange: 'x', type: 'topic', ...DURABLE });
    expected.push('exchange.declare-ok');
    for (let i = 0; i < 300; i++) {
      channel.send('queue.declare', { queue: `q${i}`, ...DURABLE });
      // Left out: the queue that was declared last.
      channel.send('queue.bind', { exchange: 'x', routingKey: `key.${i}`, nowait: i % 3 === 0 });
      channel.publish('x', `key.${i}`, `${i}`, { mandatory: true });
      expected.push('queue.declare-ok', ...(i % 3 === 0 ? [] : ['queue.bind-ok']));
    }
    channel.send('queue.declare', { queue: 'q0', passive: true });
    expected.push('queue.declare-ok');
    await answers(channel, expected.length);
    expect(channel.log.slice(before)).toEqual(expected);
    for (const i of [0, 150, 299]) expect(await drain(channel, `q${i}`)).toEqual([[`${i}`, false]]);
  });

  test('of many channels are each answered on their own', async () => {
    const first = await open(await start(directory()));
    const channels = [first];
    for (let i = 0; i < 5; i++) channels.push(await first.client.openChannel());
    for (let i = 0; i < 100; i++) {
      for (const channel of channels) {
        channel.send('queue.declare', { queue: `${channel.number}.${i}`, ...DURABLE });
        if (i % 7 === 0) channel.send('exchange.declare', { exchange: `${channel.number}.${i}`, type: 'fanout' });
      }
    }
    for (const channel of channels) {
      for (let i = 0; i < 100; i++) {
        expect((await channel.expect('queue.declare-ok')).queue).toBe(`${channel.number}.${i}`);
        if (i % 7 === 0) await channel.expect('exchange.declare-ok');
      }
    }
  });

  test('end on their channel with the first that is refused; nothing behind it is done', async () => {
    const broker = await start(directory());
    const channel = await open(broker);
    const other = await channel.client.openChannel();
    channel.send('queue.declare', { queue: 'before', ...DURABLE });
    channel.send('queue.bind', { queue: 'before', exchange: 'nowhere' });
    channel.send('queue.declare', { queue: 'behind', ...DURABLE });
    channel.send('queue.bind', { queue: 'before', exchange: 'amq.fanout' });
    channel.publish('', 'before', 'lost');
    other.send('queue.declare', { queue: 'elsewhere', ...DURABLE });
    expect(await channel.failure()).toMatchObject({ replyCode: 404, classId: 50, methodId: 20 });
    await other.expect('queue.declare-ok');
    expect(channel.log.at(-2)).toBe('queue.declare-ok');
    const witness = await open(broker);
    witness.publish('amq.fanout', '', 'unbound', { mandatory: true });
    await witness.returns.next('the return');
    expect(await witness.counts('before')).toEqual({ ready: 0, consumers: 0 });
    witness.send('queue.declare', { queue: 'behind', passive: true });
    expect(await witness.failure()).toMatchObject({ replyCode: 404 });
  });

  test('are answered before the connection is closed for what is behind them', async () => {
    const broker = await start(directory());
    const cutShort = encodeFrame(FrameType.METHOD, 1, Buffer.of(0, 50, 0, 10, 1));
    const endless = encodeFrame(FrameType.METHOD, 1, Buffer.of(0, 50, 0, 10, 1)).fill(0, -1);
    for (const wrong of [cutShort, endless]) {
      const channel = await open(broker);
      for (let i = 0; i < 20; i++) channel.send('queue.declare', { queue: `q${i}`, ...DURABLE });
      channel.client.write(wrong);
      expect((await channel.client.failure()).replyCode).toBeGreaterThan(500);
      expect(channel.log.filter((name) => name === 'queue.declare-ok')).toHaveLength(20);
    }
  });

  test('are on disk when they are answered, with what was bound, whoever kills the broker', async () => {
    const data = directory();
    const broker = await start(data);
    const channel = await open(broker);
    let sent = 0;
    for (; sent < 400; sent++) {
      channel.send('exchange.declare', { exchange: `x${sent}`, type: 'fanout', ...DURABLE });
      channel.send('queue.declare', { queue: `q${sent}`, ...DURABLE });
      channel.send('queue.bind', { queue: `q${sent}`, exchange: `x${sent}` });
    }
    // In the midst of it: more is granted by then than is answered.
    await answers(channel, 450);
    const seen = channel.log.filter((name) => name === 'queue.bind-ok').length;
    await broker.stop('SIGKILL');
    const again = await open(await start(data));
    expect(seen).toBeGreaterThanOrEqual(150);
    for (let i = 0; i < seen; i++) again.publish(`x${i}`, '', `${i}`, { properties: PERSISTENT, mandatory: true });
    await again.sync();
    expect(again.returns.waiting).toEqual([]);
    for (const i of [0, seen - 1]) expect(await drain(again, `q${i}`)).toEqual([[`${i}`, false]]);
  });

  test('do nothing more when the client is gone, and the broker serves others', async () => {
    const broker = await start(directory());
    const channel = await open(broker);
    for (let i = 0; i < 2_000; i++) channel.send('queue.declare', { queue: `q${i}`, ...DURABLE });
    await answers(channel, 10);
    channel.client.cut();
    const other = await open(broker);
    await other.call('queue.declare', { queue: 'mine', ...DURABLE });
    await other.client.close();
    expect(await broker.stop()).toMatchObject({ code: 0 });
  });
});
