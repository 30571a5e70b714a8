import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee, runToExit } from '../../support/broker.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../../support/kept-data.js';

describe.runIf(!isReferee)('a broker with a data directory', () => {
  cleanUp();

  test('has its persistent messages back after an orderly end, each redelivered or not as it was', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (const body of ['a', 'b', 'c', 'd']) channel.publish('', 'kept', body, { properties: PERSISTENT });
    channel.publish('', 'kept', 'transient');
    await confirmed(channel, 5);
    const a = await channel.get('kept');
    await channel.get('kept');
    channel.send('basic.ack', { deliveryTag: a?.deliveryTag ?? 0n });
    await channel.sync();
    expect(await first.stop()).toMatchObject({ code: 0, stderr: '', told: '' });

    const again = await open(await start(data));
    expect(await drain(again, 'kept')).toEqual([
      ['b', true],
      ['c', false],
      ['d', false],
    ]);
  });

  test('has everything that it confirmed after a kill, and nothing that was acknowledged', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    const count = 2_000;
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (let i = 0; i < count; i++) channel.publish('', 'kept', `${i}`, { properties: PERSISTENT });
    await confirmed(channel, count);
    for (let i = 0; i < 10; i++) {
      const got = await channel.get('kept');
      channel.send('basic.ack', { deliveryTag: got?.deliveryTag ?? 0n });
    }
    // Confirmed behind the acknowledgements, so that they are on disk.
    channel.publish('', 'kept', 'last', { properties: PERSISTENT });
    await confirmed(channel, count + 1);
    await first.stop('SIGKILL');

    const again = await open(await start(data));
    const expected = [...Array.from({ length: count - 10 }, (_, i) => `${i + 10}`), 'last'];
    expect(await drain(again, 'kept')).toEqual(expected.map((body) => [body, true]));
  });

  test('answers a commit when what it holds is on disk', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    for (const queue of ['kept', 'taken']) await channel.call('queue.declare', { queue, durable: true });
    await channel.call('tx.select');
    for (let i = 0; i < 300; i++) channel.publish('', 'kept', `${i}`, { properties: PERSISTENT });
    channel.publish('', 'taken', 'one', { properties: PERSISTENT });
    await channel.call('tx.commit');
    channel.publish('', 'kept', 'last', { properties: PERSISTENT });
    channel.send('basic.ack', { deliveryTag: (await channel.get('taken'))?.deliveryTag ?? 0n });
    await channel.call('tx.commit');
    await first.stop('SIGKILL');
    const again = await open(await start(data));
    expect(await drain(again, 'kept')).toHaveLength(301);
    expect(await drain(again, 'taken')).toEqual([]);
  });

  // The twin has no priorities whose messages are elsewhere yet, and refuses to start.
  test('has messages of all priorities back, in their order', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'p', durable: true, arguments: table({ 'x-max-priority': 5 }) });
    await channel.call('confirm.select');
    for (const priority of [0, 5, 2]) {
      channel.publish('', 'p', `${priority}`, { properties: { ...PERSISTENT, priority } });
    }
    await confirmed(channel, 3);
    await first.stop();
    const again = await open(await start(data));
    await again.call('confirm.select');
    again.publish('', 'p', '3', { properties: { ...PERSISTENT, priority: 3 } });
    await confirmed(again, 1);
    expect((await drain(again, 'p')).map(([body]) => body)).toEqual(['5', '3', '2', '0']);
  });

  test('has exchanges and bindings back, and forgets what was purged and deleted', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await channel.call('exchange.declare', { exchange: 'x', type: 'topic', durable: true });
    await channel.call('queue.declare', { queue: 'p', durable: true });
    await channel.call('queue.bind', { queue: 'p', exchange: 'x', routingKey: 'a.*' });
    for (const queue of ['purged', 'deleted']) await channel.call('queue.declare', { queue, durable: true });
    await channel.call('confirm.select');
    for (const queue of ['purged', 'deleted']) channel.publish('', queue, 'gone', { properties: PERSISTENT });
    channel.publish('x', 'a.b', 'one', { properties: PERSISTENT });
    await confirmed(channel, 3);
    await channel.call('queue.purge', { queue: 'purged' });
    await channel.call('queue.delete', { queue: 'deleted' });
    await first.stop();
    const second = await start(data);
    const again = await open(second);
    expect(await drain(again, 'purged')).toEqual([]);
    await again.call('queue.declare', { queue: 'deleted', durable: true });
    expect(await drain(again, 'deleted')).toEqual([]);
    await again.call('confirm.select');
    again.publish('x', 'a.c', 'two', { properties: PERSISTENT });
    await confirmed(again, 1);
    expect((await drain(again, 'p')).map(([body]) => body)).toEqual(['one', 'two']);
  });

  test('purges what it has not read yet after a restart, for good', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (let i = 0; i < 20_000; i++) channel.publish('', 'kept', `${i}`, { properties: PERSISTENT });
    await confirmed(channel, 20_000);
    await first.stop();
    const second = await start(data);
    const purging = await open(second);
    expect(await purging.call('queue.purge', { queue: 'kept' })).toMatchObject({ messageCount: 20_000 });
    await second.stop('SIGKILL');
    const again = await open(await start(data));
    expect(await again.counts('kept')).toMatchObject({ ready: 0 });
  });

  test('gives recovered messages out after the purge of another queue was recorded', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    const queues = ['a', 'b', 'c', 'purged'];
    for (const queue of queues) await channel.call('queue.declare', { queue, durable: true });
    await channel.call('confirm.select');
    for (const queue of queues) channel.publish('', queue, 'one', { properties: PERSISTENT });
    await confirmed(channel, queues.length);
    await first.stop();
    const again = await open(await start(data));
    await again.call('confirm.select');
    for (const [before, queue] of ['a', 'b', 'c'].entries()) {
      again.publish('', 'purged', 'two', { properties: PERSISTENT });
      await confirmed(again, before + 1);
      await again.call('queue.purge', { queue: 'purged' });
      // Its answer comes from the disk: the purge is recorded meanwhile.
      await again.call('queue.declare', { queue: `beside ${queue}`, durable: true });
      expect(await drain(again, queue)).toEqual([['one', false]]);
    }
  });

  test.each(['os', 'none'])('keeps messages through an orderly end with --durability %s', async (durability) => {
    const data = directory();
    const flags = ['--durability', durability];
    const first = await start(data, { flags });
    const channel = await open(first);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (let i = 0; i < 100; i++) channel.publish('', 'kept', `${i}`, { properties: PERSISTENT });
    await confirmed(channel, 100);
    expect(await first.stop()).toMatchObject({ code: 0 });
    const again = await open(await start(data, { flags }));
    expect(await drain(again, 'kept')).toHaveLength(100);
  });

  test('does not share it with another broker', async () => {
    const data = directory();
    await start(data);
    const exit = await runToExit(['--port', '0', '--data', data]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^leveret: data directory .* is used by another broker \(process \d+\)\n$/);
  });

  test('blocks publishers while less space is free on the disk than it is to keep, and serves consumers', async () => {
    const broker = await start(directory(), { flags: ['--disk-free-limit', '1000000G'] });
    const publisher = await open(broker);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    publisher.publish('', 'kept', 'held back', { properties: PERSISTENT });
    expect(await publisher.client.expect('connection.blocked')).toMatchObject({ reason: 'low on disk' });
    const consumer = await open(broker);
    expect(await consumer.counts('kept')).toMatchObject({ ready: 0 });
    const exit = await broker.stop();
    expect(exit?.told).toContain('disk resource limit alarm');
  });
});
