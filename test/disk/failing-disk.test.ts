/**
 * A broker whose disk reports errors: who publishes is held back and told, who consumes is served, and not one confirm
 * speaks of what may not be there. The disk is one that fails on demand and forgets what a failed sync covered
 * (test/support/failing-disk.mjs). Disks are the host's affair: these stories are told on one engine.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Broker, isReferee } from '../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';
import type { RawChannel } from '../support/raw-channel.js';

type Trouble = 'write' | 'sync' | 'stall' | 'read';
const ALARM =
  /disk resource limit alarm set on this node, publishers are blocked: the log of writer [12] cannot be written \(EIO/;

describe.runIf(!isReferee)('a broker whose disk fails', () => {
  cleanUp();

  /** A disk that does as it is told, and what a broker needs to be on it. */
  function failingDisk() {
    const control = directory();
    const module = new URL('../support/failing-disk.mjs', import.meta.url);
    module.searchParams.set('control', control);
    return {
      options: { node: ['--import', module.href] },
      fail: (trouble: Trouble) => writeFileSync(join(control, trouble), ''),
      work: (trouble: Trouble) => rmSync(join(control, trouble)),
    };
  }

  /** A broker on such a disk, with a queue that a publisher with confirms has put a message in. */
  async function onFailingDisk() {
    const data = directory();
    const { options, fail, work } = failingDisk();
    const broker = await start(data, options);
    const publisher = await open(broker);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await publisher.call('confirm.select');
    publisher.publish('', 'kept', 'safe', { properties: PERSISTENT });
    await confirmed(publisher, 1);
    return { data, broker, publisher, fail, work };
  }

  const publish = (publisher: RawChannel, body: string): void =>
    publisher.publish('', 'kept', body, { properties: PERSISTENT });

  /** Publishes more until the broker says that it takes nothing. */
  async function blocked(broker: Broker, publisher: RawChannel): Promise<void> {
    await broker.told(ALARM);
    publish(publisher, 'held back');
    expect(await publisher.client.expect('connection.blocked')).toMatchObject({ reason: 'low on disk' });
  }

  test.each([
    'write',
    'sync',
  ] as const)('at a %s confirms nothing until it is there, and serves consumers', async (call) => {
    const { data, broker, publisher, fail, work } = await onFailingDisk();
    fail(call);
    for (const body of ['a', 'b']) publish(publisher, body);
    await blocked(broker, publisher);
    const consumer = await open(broker);
    await consumer.consume('kept');
    const [safe, ...others] = await consumer.deliver(3);
    expect([safe, ...others].map((message) => message?.body.toString())).toEqual(['safe', 'a', 'b']);
    consumer.send('basic.ack', { deliveryTag: safe?.deliveryTag ?? 0n });
    await consumer.sync();
    expect(publisher.confirms.waiting).toEqual([]);

    work(call);
    await publisher.client.expect('connection.unblocked');
    await broker.told(/disk resource limit alarm cleared on this node: publishers go on/);
    publish(publisher, 'after');
    await confirmed(publisher, 5);
    const exit = await broker.stop('SIGKILL');
    // However often it was tried meanwhile.
    const lines = (exit?.told ?? '').trimEnd().split('\n');
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.at(-1)).toBe('disk resource limit alarm cleared on this node: publishers go on');
    const again = await open(await start(data));
    expect((await drain(again, 'kept')).map(([body]) => body)).toEqual(['a', 'b', 'held back', 'after']);
  });

  const BODY = 64 * 1024;
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

  /** Publishes numbered messages of 64 KiB, all confirmed. */
  async function fill(publisher: RawChannel, count: number): Promise<void> {
    await publisher.call('confirm.select');
    for (const number of numbers(count)) publish(publisher, `${number}:`.padEnd(BODY));
    await confirmed(publisher, count);
  }

  /** Takes numbered messages. */
  async function taken(consumer: RawChannel, count: number): Promise<number[]> {
    const messages = await consumer.deliver(count);
    return messages.map(({ body }) => Number.parseInt(body.toString('latin1', 0, 10), 10));
  }

  test('at a read gives what it has, after a restart, and the rest as soon as it can be read', async () => {
    const data = directory();
    const count = 600;
    const before = await start(data);
    const publisher = await open(before);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await fill(publisher, count);
    await before.stop();
    const { options, fail, work } = failingDisk();
    const broker = await start(data, { ...options, memory: '64M' });
    const consumer = await open(broker);
    fail('read');
    await consumer.consume('kept', { noAck: true });
    await broker.told(/EIO: i\/o error, read/);
    expect(consumer.deliveries.waiting.length).toBeLessThan(count);
    const other = await open(broker);
    const { queue } = await other.call('queue.declare', { exclusive: true });
    other.publish('', queue, 'as ever');
    await other.sync();
    expect((await other.get(queue, true))?.body.toString()).toBe('as ever');
    work('read');
    expect(await taken(consumer, count)).toEqual(numbers(count));
  });

  test('at a read hears who closes its channel while it waits for a message, and gives it to the next', async () => {
    const data = directory();
    const count = 600;
    const before = await start(data);
    const publisher = await open(before);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await fill(publisher, count);
    await before.stop();
    const { options, fail, work } = failingDisk();
    const broker = await start(data, { ...options, memory: '64M' });
    const { client } = await open(broker);
    fail('read');
    let got = 0;
    // What is in memory is given out, and then the channel closed; at last it is closed without.
    for (let isAnswered = true; isAnswered; ) {
      const channel = await client.openChannel();
      channel.send('basic.get', { queue: 'kept', noAck: true });
      channel.send('channel.close', { replyCode: 200, replyText: '' });
      const reply = await channel.replies.next('an answer');
      isAnswered = reply.name === 'basic.get-ok';
      if (isAnswered) {
        got += 1;
        await channel.expect('channel.close-ok');
      } else expect(reply.name).toBe('channel.close-ok');
    }
    expect(got).toBeLessThan(count);
    work('read');
    const other = await open(broker);
    await other.consume('kept', { noAck: true });
    expect(await taken(other, count - got)).toEqual(numbers(count).slice(got));
  });

  test('at a read of what did not fit into memory gives it as soon as it can be read', async () => {
    const count = 1_500;
    const { options, fail, work } = failingDisk();
    const broker = await start(directory(), { ...options, memory: '64M' });
    const publisher = await open(broker);
    const { queue } = await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await fill(publisher, count);
    fail('read');
    const consumer = await open(broker);
    await consumer.consume(queue, { noAck: true });
    await broker.told(/EIO: i\/o error, read/);
    expect(consumer.deliveries.waiting.length).toBeLessThan(count);
    work('read');
    expect(await taken(consumer, count)).toEqual(numbers(count));
  });

  test('answers no commit before its messages are there', async () => {
    const { data, broker, publisher, fail, work } = await onFailingDisk();
    const committer = await publisher.client.openChannel();
    await committer.call('tx.select');
    fail('sync');
    committer.publish('', 'kept', 'committed', { properties: PERSISTENT });
    committer.send('tx.commit');
    await broker.told(ALARM);
    expect(await (await open(broker)).counts('kept')).toMatchObject({ ready: 2 });
    expect(committer.replies.waiting).toEqual([]);
    work('sync');
    await committer.expect('tx.commit-ok');
    await broker.stop('SIGKILL');
    const again = await open(await start(data));
    expect((await drain(again, 'kept')).map(([body]) => body)).toEqual(['safe', 'committed']);
  });

  test('ends when it is asked to, and has all that it confirmed', async () => {
    const { data, broker, publisher, fail } = await onFailingDisk();
    fail('sync');
    publish(publisher, 'doubtful');
    await blocked(broker, publisher);
    const exit = await broker.stop();
    expect(exit?.code).toBe(0);
    expect(exit?.told).toContain('not all of the log could be written');
    expect(publisher.confirms.waiting).toEqual([]);
    const again = await open(await start(data));
    expect((await drain(again, 'kept'))[0]).toEqual(['safe', true]);
  });

  test('for ever ends at once when it is asked twice to, and has all that it confirmed', async () => {
    const { data, broker, publisher, fail } = await onFailingDisk();
    fail('stall');
    // Too much for a worker to wait for it itself: it goes on meanwhile.
    publish(publisher, 'on its way'.padEnd(64 * 1024));
    broker.signal('SIGTERM');
    expect(await publisher.client.failure()).toMatchObject({ replyCode: 320 });
    broker.signal('SIGINT');
    expect(await broker.ended()).toMatchObject({ code: 1, stderr: '' });
    expect(publisher.confirms.waiting).toEqual([]);
    const again = await open(await start(data));
    expect((await drain(again, 'kept'))[0]).toEqual(['safe', true]);
  });
});
