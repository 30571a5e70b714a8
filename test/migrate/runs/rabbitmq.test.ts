/**
 * From a live RabbitMQ, Debian's, with its management plugin; `.ci/run` installs it, and where there is none these tests say
 * so and do not run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { rabbitmqVersion, startRabbitmq } from '../../../bench/support/rabbitmq.mjs';
import { table } from '../../../src/amqp/table.js';
import { Broker, isReferee } from '../../support/broker.js';
import { cleanUp, directory, open } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { between, freePort, newPlace, type Ports, startAt } from '../support/brokers.js';
import { expectMoved, messagesFor, publishAll, type Sent, takeAll } from '../support/messages.js';
import { Migrator, runMigrate } from '../support/migrator.js';

const SEED = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31));
const COUNT = 400;
const QUEUES: Readonly<Record<string, Parameters<typeof table>[0]>> = {
  classic: {},
  quorum: { 'x-queue-type': 'quorum' },
  lazy: { 'x-queue-mode': 'lazy' },
};
const version = rabbitmqVersion();

cleanUp();

describe.skipIf(isReferee || version === null)(
  `a migration from RabbitMQ ${version} (seed ${SEED})`,
  { timeout: 240_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'leveret-rabbitmq-'));
    let server: Awaited<ReturnType<typeof startRabbitmq>>;
    let source: Broker;
    let from: Ports;

    beforeAll(async () => {
      const http = await freePort();
      const settings = `management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = ${http}\nloopback_users = none\n`;
      server = await startRabbitmq(folder, settings, ['rabbitmq_management']);
      from = { amqp: server.port, http };
      const exit = Promise.resolve({ code: null, stdout: '', stderr: '', log: '', told: '' });
      source = new Broker(`amqp://guest:guest@127.0.0.1:${server.port}`, null, exit);
    }, 240_000);

    afterAll(async () => {
      await server?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    let channel: RawChannel;
    beforeEach(async () => {
      channel = await open(source);
    });

    /** Full queues at the source; all that is declared of them is anew. */
    async function fill(): Promise<Map<string, Sent[]>> {
      await channel.call('exchange.declare', { exchange: 'orders', type: 'topic', durable: true });
      const sent = new Map<string, Sent[]>();
      for (const [index, [queue, args]] of Object.entries(QUEUES).entries()) {
        await channel.call('queue.declare', { queue, durable: true, arguments: table(args) });
        await channel.call('queue.purge', { queue });
        await channel.call('queue.bind', { queue, exchange: 'orders', routingKey: `${queue}.#` });
        const messages = messagesFor(`${queue}.new`, COUNT, SEED + index, { size: 200 }).map(asRabbitmqKeepsIt);
        await publishAll(await channel.client.openChannel(), messages);
        sent.set(queue, messages);
      }
      return sent;
    }

    async function expectAllMoved(sent: Map<string, Sent[]>, target: Broker): Promise<number> {
      const there = await open(target);
      let twice = 0;
      for (const [queue, messages] of sent) {
        twice += expectMoved(messages, await takeAll(there, queue), queue === 'quorum');
      }
      return twice;
    }

    test('moves messages as they are, by consumers and by gets, and says what it leaves', async () => {
      const sent = await fill();
      await channel.call('queue.declare', { queue: 'passing', autoDelete: true });
      await channel.call('queue.declare', {
        queue: 'stream',
        durable: true,
        arguments: table({ 'x-queue-type': 'stream' }),
      });
      const passing = messagesFor('passing', 50, SEED, { size: 10 }).map((one) => ({
        ...asRabbitmqKeepsIt(one),
        exchange: '',
      }));
      await publishAll(await channel.client.openChannel(), passing);
      sent.set('passing', passing);
      const to = await newPlace();
      const target = await startAt(to);
      const flags = [...between(from, to.ports), '--state', join(directory(), 'state')];
      const trial = await runMigrate(...flags, '--dry-run');
      expect(trial).toMatchObject({ code: 0, error: '' });
      expect(trial.out).toContain(`queue 'classic' in vhost '/': ${COUNT} messages`);
      expect(trial.out).toContain("queue 'stream' in vhost '/': left at the source: a stream");
      expect((await channel.counts('classic')).ready).toBe(COUNT);
      const ended = await runMigrate(...flags);
      expect(ended).toMatchObject({ code: 2, error: '' });
      expect(await expectAllMoved(sent, target)).toBe(0);
      // It would be gone, had anybody consumed from it.
      expect(await channel.counts('passing')).toEqual({ ready: 0, consumers: 0 });
      await channel.call('queue.delete', { queue: 'stream' });
      await channel.call('queue.delete', { queue: 'passing' });
    });

    test('that is killed again and again loses nothing, and says what may be there twice', async () => {
      const sent = await fill();
      const to = await newPlace();
      const target = await startAt(to);
      const flags = [...between(from, to.ports), '--state', join(directory(), 'state'), '--json', '--interval', '0.02'];
      for (let round = 1; round <= 3; round++) {
        const migrator = new Migrator([...flags, '--prefetch', '50', '--parallel', '2']);
        await migrator.moved(round * 60);
        migrator.signal('SIGKILL');
        await migrator.ended();
      }
      expect(await runMigrate(...flags)).toMatchObject({ code: 0 });
      await expectAllMoved(sent, target);
    });

    test('goes on when the source closes its connections, and when the target is killed', async () => {
      const sent = await fill();
      const to = await newPlace();
      const target = await startAt(to);
      const flags = [...between(from, to.ports), '--state', join(directory(), 'state'), '--json', '--interval', '0.02'];
      const migrator = new Migrator([...flags, '--prefetch', '50']);
      await migrator.moved(50);
      await closeConnections(from);
      await migrator.moved(200);
      await target.stop('SIGKILL');
      const again = await startAt(to);
      expect(await migrator.ended()).toMatchObject({ code: 0 });
      await expectAllMoved(sent, again);
    });

    test('waits for room where the target refuses messages, and says why it leaves them', async () => {
      await channel.call('queue.declare', {
        queue: 'small',
        durable: true,
        arguments: table({ 'x-max-length': 10, 'x-overflow': 'reject-publish' }),
      });
      const sent = messagesFor('small', 10, SEED, { size: 5 }).map((one) => ({
        ...asRabbitmqKeepsIt(one),
        exchange: '',
      }));
      await publishAll(await channel.client.openChannel(), sent);
      const to = await newPlace();
      const target = await startAt(to);
      const there = await open(target);
      const flags = [...between(from, to.ports), '--state', join(directory(), 'state'), '--queue', 'small'];
      expect(await runMigrate(...flags)).toMatchObject({ code: 0 });
      await publishAll(await channel.client.openChannel(), sent);
      const full = await runMigrate(...flags);
      expect(full.code).toBe(2);
      expect(full.out).toContain('left at the source: the target refuses messages: its queue is full');
      expect((await channel.counts('small')).ready).toBe(10);
      expectMoved(sent, await takeAll(there, 'small'));
      expect(await runMigrate(...flags)).toMatchObject({ code: 0 });
      expectMoved(sent, await takeAll(there, 'small'));
      await channel.call('queue.delete', { queue: 'small' });
    });
  },
);

/** Values that RabbitMQ's parser does not know close the connection: they are not sent. */
function asRabbitmqKeepsIt(sent: Sent): Sent {
  const { headers: _, ...others } = sent.properties;
  const headers = table({
    number: sent.body.length,
    text: sent.routingKey,
    flag: true,
    list: [1, 'two', null],
    inner: { a: 1.5 },
  });
  return { ...sent, properties: { ...others, headers } };
}

async function closeConnections({ http }: Ports): Promise<void> {
  const at = `http://127.0.0.1:${http}/api/connections`;
  const headers = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` };
  const listed = (await (await fetch(at, { headers })).json()) as {
    readonly name: string;
    readonly client_properties?: { readonly product?: string };
  }[];
  for (const { name, client_properties: client } of listed)
    if (client?.product === 'leveret migrate')
      await fetch(`${at}/${encodeURIComponent(name)}`, { method: 'DELETE', headers });
}
