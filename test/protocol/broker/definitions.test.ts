/**
 * A broker that is told by a file of definitions who and what there is: at its start, by SIGHUP, and by a program that
 * embeds it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Broker, isReferee, runToExit, startBroker } from '../../support/broker.js';
import { startEmbedded } from '../../support/embedded.js';
import { afterwards, cleanUp, directory } from '../../support/kept-data.js';
import { RawClient } from '../../support/raw-client.js';

cleanUp();

const FILE = fileURLToPath(new URL('../../broker/definitions-file/fixtures/rabbitmq-3.10.json', import.meta.url));
const ANN = { response: Buffer.from('\0ann\0carrot'), virtualHost: 'hares' };
const DEFINITIONS = {
  users: [{ name: 'ann', password: 'carrot', tags: [] }],
  vhosts: [{ name: 'hares' }],
  permissions: [{ user: 'ann', vhost: 'hares', configure: '.*', write: '.*', read: '.*' }],
  queues: [{ name: 'burrow', vhost: 'hares', durable: true, auto_delete: false, arguments: {} }],
};

function written(definitions: object, path = join(directory(), 'definitions.json')): string {
  writeFileSync(path, JSON.stringify(definitions));
  return path;
}

async function started(flags: readonly string[], data?: string): Promise<Broker> {
  const broker = await startBroker({ flags, ...(data === undefined ? {} : { data }) });
  afterwards(() => broker.stop());
  return broker;
}

async function hasQueue(broker: Broker, queue: string): Promise<boolean> {
  const client = await RawClient.open(broker, ANN);
  try {
    const channel = await client.openChannel();
    await channel.call('queue.declare', { queue, passive: true });
    return true;
  } catch {
    return false;
  } finally {
    client.cut();
  }
}

async function guestIsRefused(broker: Broker): Promise<void> {
  const guest = await RawClient.dial(broker);
  await expect(guest.startUp()).rejects.toThrow();
  expect(await guest.failure()).toMatchObject({ replyCode: 403 });
}

describe.skipIf(isReferee)('a broker with a file of definitions', () => {
  test('has at its first start who and what the file says, and nobody else', async () => {
    const broker = await started(['--load-definitions', written(DEFINITIONS)]);
    expect(await hasQueue(broker, 'burrow')).toBe(true);
    await guestIsRefused(broker);
    expect((await broker.stop())?.log).toMatch(
      /is imported: 1 vhost, 1 user, 0 exchanges, 0 policies, 1 queue, 0 bindings$/m,
    );
  });

  test('lets those in whose passwords RabbitMQ has hashed, whatever the hash', async () => {
    const broker = await started(['--load-definitions', FILE]);
    for (const [name, password, virtualHost] of [
      ['defs-sha', 'p1', 'defs/a'],
      ['guest', 'guest', 'defs-b'],
    ] as const) {
      const client = await RawClient.open(broker, { response: Buffer.from(`\0${name}\0${password}`), virtualHost });
      await client.close();
    }
    const { embedded } = await startEmbedded(undefined, { loadDefinitions: FILE, log: () => {} });
    afterwards(() => embedded.stop());
    const texts = (await embedded.administration.definitions.export()) ?? '';
    const hashes = (text: string) => [...text.matchAll(/"password_hash": "([^"]*)"/g)].map(([, hash]) => hash).sort();
    expect(hashes(texts)).toEqual(hashes(readFileSync(FILE, 'utf8')));
  });

  test('keeps what was imported, and imports at the next start what the file says then', async () => {
    const data = directory();
    const path = written(DEFINITIONS);
    await (await started(['--load-definitions', path], data)).stop();
    const again = await started([], data);
    expect(await hasQueue(again, 'burrow')).toBe(true);
    await again.stop();
    written({ queues: [{ name: 'other', vhost: 'hares', durable: true }] }, path);
    const last = await started(['--load-definitions', path], data);
    expect(await hasQueue(last, 'burrow')).toBe(true);
    expect(await hasQueue(last, 'other')).toBe(true);
    await guestIsRefused(last);
  });

  test('does not start with a file that is wrong, says where, and has changed nothing', async () => {
    const data = directory();
    await (await started(['--load-definitions', written(DEFINITIONS)], data)).stop();
    const wrong = written({
      queues: [
        { name: 'other', vhost: 'hares' },
        { name: 'lost', vhost: 'hars' },
      ],
    });
    const exit = await runToExit(['--data', data, '--port', '0', '--load-definitions', wrong]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toBe(
      `leveret: definitions file ${wrong}: queues[1].vhost must be a vhost that is there, or in this file: 'hars' is not\n`,
    );
    expect(await hasQueue(await started([], data), 'other')).toBe(false);
  });

  test.skipIf(process.platform === 'win32')('imports it again by SIGHUP', async () => {
    const path = written(DEFINITIONS);
    const broker = await started(['--load-definitions', path]);
    written({ queues: [{ name: 'other', vhost: 'hars' }] }, path);
    broker.signal('SIGHUP');
    expect(await broker.told(/not reloaded/)).toContain(`definitions file ${path}: queues[0].vhost must be a vhost`);
    written({ queues: [{ name: 'other', vhost: 'hares' }] }, path);
    broker.signal('SIGHUP');
    await broker.told(/^reloaded: no setting has changed/);
    expect(await hasQueue(broker, 'other')).toBe(true);
  });
});
