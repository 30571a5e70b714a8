/** From one Leveret to another, whatever is killed meanwhile. Both keep what they have on disk. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee } from '../../support/broker.js';
import { cleanUp, directory, open } from '../../support/kept-data.js';
import { between, newPlace, startAt } from '../support/brokers.js';
import { expectMoved, messagesFor, publishAll, type Sent, takeAll } from '../support/messages.js';
import { Migrator, runMigrate } from '../support/migrator.js';

const SEED = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31));
const COUNT = 600;
const QUEUES = {
  plain: {},
  quorum: { 'x-queue-type': 'quorum', 'x-delivery-limit': 100 },
  short: { 'x-max-length': 100_000, 'x-overflow': 'reject-publish' },
};

cleanUp();

/** A source with full queues, and a target with nothing. */
async function scene(count = COUNT) {
  const [from, to] = [await newPlace(), await newPlace()];
  const [source, target] = [await startAt(from), await startAt(to)];
  const channel = await open(source);
  await channel.call('exchange.declare', { exchange: 'orders', type: 'topic', durable: true });
  const sent = new Map<string, Sent[]>();
  for (const [index, [queue, args]] of Object.entries(QUEUES).entries()) {
    await channel.call('queue.declare', { queue, durable: true, arguments: table(args) });
    await channel.call('queue.bind', { queue, exchange: 'orders', routingKey: `${queue}.#` });
    sent.set(queue, messagesFor(`${queue}.new`, count, SEED + index, { size: 300 }));
  }
  for (const messages of sent.values()) await publishAll(await channel.client.openChannel(), messages);
  const state = join(directory(), 'state');
  const flags = [...between(from.ports, to.ports), '--state', state, '--json', '--interval', '0.02'];
  return { from, to, source, target, channel, sent, flags };
}

/** Everything is at the target once; returns how many are there twice, and say so. */
async function expectAllMoved(
  { sent, flags: _ }: { sent: Map<string, Sent[]>; flags: string[] },
  target: Awaited<ReturnType<typeof startAt>>,
) {
  const channel = await open(target);
  let twice = 0;
  for (const [queue, messages] of sent) twice += expectMoved(messages, await takeAll(channel, queue));
  return twice;
}

describe.skipIf(isReferee)(`a migration from Leveret to Leveret (seed ${SEED})`, { timeout: 180_000 }, () => {
  test('moves what is declared and every message as it is, and leaves the source’s queues', async () => {
    const { source, target, sent, flags, channel } = await scene();
    const ended = await runMigrate(...flags);
    expect(ended).toMatchObject({ code: 0, error: '' });
    expect(await expectAllMoved({ sent, flags }, target)).toBe(0);
    expect(await channel.counts('plain')).toEqual({ ready: 0, consumers: 0 });
    const there = await open(target);
    await there.call('exchange.declare', { exchange: 'orders', type: 'topic', passive: true });
    there.publish('orders', 'quorum.later', 'x');
    expect(await there.get('quorum', true)).toMatchObject({ exchange: 'orders', routingKey: 'quorum.later' });
    expect(source.alive).toBe(true);
    expect(ended.out.trim().split('\n').at(-1)).toContain(`"event":"result","moved":${3 * COUNT}`);
  });

  test('that is killed again and again loses nothing and doubles nothing', async () => {
    const { target, sent, flags } = await scene();
    let kills = 0;
    for (let round = 1; round <= 4; round++) {
      const migrator = new Migrator([...flags, '--prefetch', '40', '--parallel', '2']);
      await migrator.moved(round * 60);
      if (migrator.isRunning) kills += 1;
      migrator.signal('SIGKILL');
      await migrator.ended();
    }
    expect(kills).toBeGreaterThan(0);
    expect(await runMigrate(...flags)).toMatchObject({ code: 0 });
    expect(await expectAllMoved({ sent, flags }, target)).toBe(0);
  });

  test('goes on when the target is killed and comes back', async () => {
    const { to, target, sent, flags } = await scene();
    const migrator = new Migrator([...flags, '--prefetch', '40']);
    await migrator.moved(100);
    await target.stop('SIGKILL');
    const again = await startAt(to);
    expect(await migrator.ended()).toMatchObject({ code: 0 });
    await expectAllMoved({ sent, flags }, again);
  });

  test('goes on when the source is killed and comes back', async () => {
    const { from, source, target, sent, flags } = await scene();
    const migrator = new Migrator([...flags, '--prefetch', '40']);
    await migrator.moved(100);
    await source.stop('SIGKILL');
    await startAt(from);
    expect(await migrator.ended()).toMatchObject({ code: 0 });
    await expectAllMoved({ sent, flags }, target);
  });

  test('that is interrupted ends in order, and goes on later', async () => {
    const { target, sent, flags } = await scene();
    const migrator = new Migrator([...flags, '--prefetch', '20', '--parallel', '1']);
    await migrator.moved(50);
    migrator.signal('SIGINT');
    expect(await migrator.ended()).toMatchObject({ signal: null });
    expect(await runMigrate(...flags)).toMatchObject({ code: 0 });
    expect(await expectAllMoved({ sent, flags }, target)).toBe(0);
  });

  test('follows what is still published, until it is stopped', async () => {
    const { target, channel, sent, flags } = await scene(50);
    const migrator = new Migrator([...flags, '--follow']);
    await migrator.moved(150);
    const more = messagesFor('plain.late', 30, SEED + 9, { size: 10 }).map((one, index) => ({
      ...one,
      body: `${50 + index}:late`,
    }));
    await publishAll(await channel.client.openChannel(), more);
    await migrator.moved(180);
    migrator.signal('SIGINT');
    expect(await migrator.ended()).toMatchObject({ code: 0 });
    sent.set('plain', [...(sent.get('plain') ?? []), ...more]);
    expect(await expectAllMoved({ sent, flags }, target)).toBe(0);
  });
});
