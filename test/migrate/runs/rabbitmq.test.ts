/**
 * From a live RabbitMQ, Debian's, with its management plugin; `.ci/run` installs it, and where there is none these tests say
 * so and do not run.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../../bench/support/ports.mjs';
import { rabbitmqVersion, startRabbitmq } from '../../../bench/support/rabbitmq.mjs';
import { table } from '../../../src/amqp/table.js';
import { Broker, isReferee } from '../../support/broker.js';
import { useCertificates } from '../../support/certificates.js';
import { cleanUp, directory, open } from '../../support/kept-data.js';
import type { RawChannel } from '../../support/raw-channel.js';
import { RawClient } from '../../support/raw-client.js';
import { between, newPlace, type Ports, startAt } from '../support/brokers.js';
import { expectMoved, messagesFor, publishAll, type Sent, takeAll } from '../support/messages.js';
import { Migrator, runMigrate } from '../support/migrator.js';

const SEED = Number(process.env.LEVERET_SEED ?? Math.floor(Math.random() * 2 ** 31));
const COUNT = 400;
const QUEUES: Readonly<Record<string, Parameters<typeof table>[0]>> = {
  classic: {},
  quorum: { 'x-queue-type': 'quorum' },
  lazy: { 'x-queue-mode': 'lazy' },
};
/** Who signs for both brokers, and what they show. */
const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority: authority.certificate, shown: workshop.signed('broker', authority) };
});
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
    let byTls: Ports;
    /** Starts it, or has it come back. */
    let startServer: () => Promise<void>;

    beforeAll(async () => {
      const http = await freePort();
      byTls = { amqp: await freePort(), http: await freePort() };
      const settings = settingsFor(http, byTls, certificates());
      startServer = async () => {
        server = await startRabbitmq(folder, settings, ['rabbitmq_management'], from?.amqp);
      };
      await startServer();
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

    test('goes on when the source is killed and comes back, and says what may be there twice', async () => {
      const sent = await fill();
      const to = await newPlace();
      const target = await startAt(to);
      const flags = [...between(from, to.ports), '--state', join(directory(), 'state'), '--json', '--interval', '0.02'];
      const migrator = new Migrator([...flags, '--prefetch', '50', '--parallel', '2', '--patience', '200']);
      await migrator.moved(100);
      expect(migrator.isRunning).toBe(true);
      await server.kill();
      await startServer();
      expect(await migrator.ended()).toMatchObject({ code: 0 });
      await expectAllMoved(sent, target);
    });

    test('moves all virtual hosts with their users by TLS, between brokers that an authority signs for', async () => {
      const { authority, shown } = certificates();
      const api = new Api(from.http);
      await api.put('/api/vhosts/shop', {});
      await api.put('/api/permissions/shop/guest', { configure: '.*', write: '.*', read: '.*' });
      await api.put('/api/users/ann', { password: 'secret', tags: '' });
      await api.put('/api/permissions/shop/ann', { configure: '', write: '', read: '^till$' });
      await api.put('/api/queues/shop/till', { durable: true });
      const sent = await fill();
      const shop = await (await RawClient.open(source, { virtualHost: 'shop' })).openChannel();
      const sales = messagesFor('till', COUNT, SEED, { size: 20 }).map((one) => ({
        ...asRabbitmqKeepsIt(one),
        exchange: '',
      }));
      await publishAll(shop, sales);
      const to = await newPlace();
      const there: Ports = { amqp: await freePort(), http: await freePort() };
      const identity = ['--tls-cert', shown.certificate, '--tls-key', shown.key];
      const ports = ['--tls-port', `${there.amqp}`, '--https-port', `${there.http}`];
      const target = await startAt(to, [...identity, ...ports]);
      const flags = [...between(byTls, there, { tls: true }), '--state', join(directory(), 'state'), '--vhosts'];

      const unknown = await runMigrate(...flags);
      expect(unknown.code).toBe(1);
      expect(unknown.error).toContain('its certificate is not trusted; --tls-ca names whose are');
      expect((await channel.counts('classic')).ready).toBe(COUNT);

      expect(await runMigrate(...flags, '--tls-ca', authority)).toMatchObject({ code: 0, error: '' });
      expect(await expectAllMoved(sent, target)).toBe(0);
      const ann = await RawClient.open(target, { virtualHost: 'shop', response: Buffer.from('\0ann\0secret') });
      expect(expectMoved(sales, await takeAll(await ann.openChannel(), 'till'))).toBe(0);
      await api.delete('/api/vhosts/shop');
      await api.delete('/api/users/ann');
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

/** Of its plain listeners, the API's and by TLS. */
function settingsFor(http: number, byTls: Ports, { authority, shown }: ReturnType<typeof certificates>): string {
  const files = [`cacertfile = ${authority}`, `certfile = ${shown.certificate}`, `keyfile = ${shown.key}`];
  return [
    'loopback_users = none',
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${http}`,
    'management.ssl.ip = 127.0.0.1',
    `management.ssl.port = ${byTls.http}`,
    ...files.map((line) => `management.ssl.${line}`),
    `listeners.ssl.default = 127.0.0.1:${byTls.amqp}`,
    'ssl_options.verify = verify_none',
    ...files.map((line) => `ssl_options.${line}`),
    '',
  ].join('\n');
}

async function closeConnections({ http }: Ports): Promise<void> {
  const api = new Api(http);
  const listed = (await api.get('/api/connections')) as {
    readonly name: string;
    readonly client_properties?: { readonly product?: string };
  }[];
  for (const { name, client_properties: client } of listed)
    if (client?.product === 'leveret migrate') await api.delete(`/api/connections/${encodeURIComponent(name)}`);
}

/** The management API of a broker on this machine, as guest. */
class Api {
  readonly #url: string;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}`;
  }

  async get(path: string): Promise<unknown> {
    return (await this.#done('GET', path)).json();
  }

  async put(path: string, body: unknown): Promise<void> {
    await this.#done('PUT', path, JSON.stringify(body));
  }

  async delete(path: string): Promise<void> {
    await this.#done('DELETE', path);
  }

  async #done(method: string, path: string, body: string | null = null): Promise<Response> {
    const headers = {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    };
    const answer = await fetch(`${this.#url}${path}`, { method, headers, body });
    expect(answer.ok, `${method} ${path} gives ${answer.status}`).toBe(true);
    return answer;
  }
}
