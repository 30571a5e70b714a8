/**
 * A client whose method waits until the disk takes something again: it is heard meanwhile when it gives up, its
 * heartbeats count, and whoever does not give up gets the answer in the end.
 */
import { describe, expect, test } from 'vitest';
import { HEARTBEAT_FRAME } from '../../../src/amqp/frames.js';
import { type Broker, isReferee } from '../../support/broker.js';
import { limitFiles } from '../../support/file-limit.js';
import { afterwards, cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';

const CLOSE = { replyCode: 200, replyText: '' };

describe.runIf(!isReferee && process.platform === 'linux')('a client that waits for room on the disk', () => {
  cleanUp();

  interface Stage {
    readonly data: string;
    readonly broker: Broker;
    readonly channel: RawChannel;
  }

  /** A broker with a queue that has a message, on a disk that takes nothing more. */
  async function onFullDisk(): Promise<Stage> {
    const data = directory();
    const broker = await start(data);
    const channel = await open(broker);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    channel.publish('', 'kept', 'safe', { properties: PERSISTENT });
    await confirmed(channel, 1);
    limitFiles(broker.pid, 0);
    return { data, broker, channel };
  }

  /** A channel whose commit waits. */
  async function committing({ broker }: Stage, channel: RawChannel): Promise<void> {
    await channel.call('tx.select');
    channel.publish('', 'kept', 'committed', { properties: PERSISTENT });
    channel.send('tx.commit');
    await broker.told(/the log of writer [12] cannot be written/);
  }

  /** One whose purge waits. */
  async function purging({ broker }: Stage, channel: RawChannel): Promise<void> {
    channel.send('queue.purge', { queue: 'kept' });
    await broker.told(/the log of writer 0 cannot be written/);
  }

  const WAITING = [
    ['tx.commit', committing],
    ['queue.purge', purging],
  ] as const;

  test.each(WAITING)('for %s may close the connection', async (_, wait) => {
    const stage = await onFullDisk();
    const channel = await open(stage.broker);
    await wait(stage, channel);
    await channel.client.close();
  });

  test.each(WAITING)('for %s may close the channel, and goes on with another', async (_, wait) => {
    const stage = await onFullDisk();
    const channel = await open(stage.broker);
    await channel.consume((await channel.call('queue.declare', { exclusive: true })).queue);
    await wait(stage, channel);
    await channel.call('channel.close', CLOSE);
    const other = await channel.client.openChannel();
    const { queue } = await other.call('queue.declare', { exclusive: true });
    expect(await other.counts(queue)).toEqual({ ready: 0, consumers: 0 });
    expect(await other.get(queue)).toBeNull();
    await channel.client.close();
  });

  test.each(WAITING)('for %s may close another channel, and gets its answer when there is room', async (name, wait) => {
    const stage = await onFullDisk();
    const channel = await open(stage.broker);
    const other = await channel.client.openChannel();
    await other.consume((await other.call('queue.declare', { exclusive: true })).queue);
    await wait(stage, channel);
    await other.call('channel.close', CLOSE);
    expect(channel.replies.waiting).toEqual([]);
    limitFiles(stage.broker.pid, null);
    await channel.expect(`${name}-ok`);
    await stage.broker.stop('SIGKILL');
    const again = await open(await start(stage.data));
    expect((await drain(again, 'kept')).map(([body]) => body)).toEqual(
      name === 'tx.commit' ? ['safe', 'committed'] : [],
    );
  });

  test('for a commit keeps its connection as long as its heartbeats come', async () => {
    const stage = await onFullDisk();
    const client = await RawClient.open(stage.broker, { tune: { heartbeat: 1 } });
    const channel = await client.openChannel();
    const beating = setInterval(() => client.write(HEARTBEAT_FRAME), 300);
    afterwards(() => clearInterval(beating));
    await committing(stage, channel);
    // More of them than it may miss.
    for (let i = 0; i < 5; i++) await client.heartbeats.next('the heartbeat of the broker');
    limitFiles(stage.broker.pid, null);
    await channel.expect('tx.commit-ok');
  });
});
