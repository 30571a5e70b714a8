/**
 * A broker whose disk takes nothing more, and after a while does again: what cannot be promised is refused or waits,
 * the broker lives, and nothing that it answered is undone. Disks are the host's affair: these stories are told on one
 * engine.
 */
import { describe, expect, test } from 'vitest';
import { isReferee } from '../support/broker.js';
import { limitFiles, whileFilesAreLimited } from '../support/file-limit.js';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';

describe.runIf(!isReferee && process.platform === 'linux')('a broker whose disk takes nothing more', () => {
  cleanUp();

  test('refuses durable declarations, lives, and takes them again when there is room', async () => {
    const data = directory();
    const broker = await start(data);
    const before = await open(broker);
    await before.call('queue.declare', { queue: 'kept', durable: true });
    limitFiles(broker.pid, 0);
    for (const queue of ['first', 'second', 'first']) {
      const refused = await open(broker);
      refused.send('queue.declare', { queue, durable: true });
      expect(await refused.client.failure()).toMatchObject({ replyCode: 541 });
    }
    const ahead = await open(broker);
    for (let i = 0; i < 50; i++) ahead.send('queue.declare', { queue: `ahead${i}`, durable: true });
    expect(await ahead.client.failure()).toMatchObject({ replyCode: 541 });
    expect(ahead.log).not.toContain('queue.declare-ok');
    const deleting = await open(broker);
    deleting.send('queue.delete', { queue: 'kept' });
    expect(await deleting.client.failure()).toMatchObject({ replyCode: 541 });
    await broker.told(/definitions cannot be written: .*File too large/);
    const other = await open(broker);
    const { queue } = await other.call('queue.declare', { exclusive: true });
    other.publish('', queue, 'as ever');
    await other.sync();
    expect((await other.get(queue, true))?.body.toString()).toBe('as ever');

    limitFiles(broker.pid, null);
    await other.call('queue.declare', { queue: 'first', durable: true });
    await broker.stop('SIGKILL');
    const again = await open(await start(data));
    await again.call('queue.declare', { queue: 'first', passive: true });
  });

  test('lets a client go whose purge waits for room', async () => {
    const broker = await start(directory());
    const channel = await open(broker);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    channel.publish('', 'kept', 'safe', { properties: PERSISTENT });
    await confirmed(channel, 1);
    limitFiles(broker.pid, 0);
    channel.send('queue.purge', { queue: 'kept' });
    await broker.told(/the log of writer 0 cannot be written/);
    await channel.client.close();

    limitFiles(broker.pid, null);
    const other = await open(broker);
    expect(await other.call('queue.purge', { queue: 'kept' })).toMatchObject({ messageCount: 0 });
  });

  test('starts, and gives out what it has', async () => {
    const data = directory();
    const before = await start(data);
    const publisher = await open(before);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await publisher.call('confirm.select');
    publisher.publish('', 'kept', 'safe', { properties: PERSISTENT });
    await confirmed(publisher, 1);
    await before.stop();
    const broker = await whileFilesAreLimited(0, () => start(data));
    expect(await drain(await open(broker), 'kept')).toEqual([['safe', false]]);
  });
});
