/**
 * A broker whose disk reports errors: who publishes is held back and told, who consumes is served, and not one confirm speaks of what may not be
 * there. The disk is one that fails on demand and forgets what a failed sync covered (test/support/failing-disk.mjs). Disks are the host's affair:
 * these stories are told on one engine.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Broker, isReferee } from '../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';
import type { RawChannel } from '../support/raw-channel.js';

type Trouble = 'write' | 'sync' | 'stall';
const ALARM = /disk alarm, publishers are blocked: the log of lane [12] cannot be written \(EIO/;

describe.runIf(!isReferee)('a broker whose disk fails', () => {
  cleanUp();

  /** A broker on such a disk, with a queue that a publisher with confirms has put a message in. */
  async function onFailingDisk() {
    const data = directory();
    const control = directory();
    const module = new URL('../support/failing-disk.mjs', import.meta.url);
    module.searchParams.set('control', control);
    const broker = await start(data, { node: ['--import', module.href] });
    const publisher = await open(broker);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await publisher.call('confirm.select');
    publisher.publish('', 'kept', 'safe', { properties: PERSISTENT });
    await confirmed(publisher, 1);
    return {
      data,
      broker,
      publisher,
      fail: (trouble: Trouble) => writeFileSync(join(control, trouble), ''),
      work: (trouble: Trouble) => rmSync(join(control, trouble)),
    };
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
    await broker.told(/disk alarm is over: publishers go on/);
    publish(publisher, 'after');
    await confirmed(publisher, 5);
    const exit = await broker.stop('SIGKILL');
    // However often it was tried meanwhile.
    const lines = (exit?.stderr ?? '').trimEnd().split('\n');
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.at(-1)).toBe('leveret: disk alarm is over: publishers go on');
    const again = await open(await start(data));
    expect((await drain(again, 'kept')).map(([body]) => body)).toEqual(['a', 'b', 'held back', 'after']);
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
    expect(exit?.stderr).toContain('not all of the log could be written');
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
