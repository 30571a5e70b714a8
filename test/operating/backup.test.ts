/** What docs/backup.md tells operators to do, done: a copy of the data directory, and definitions from one to another. */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { mainPath } from '../support/broker.js';
import { brokerEnvironment } from '../support/broker-environment.mjs';
import { cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../support/kept-data.js';

cleanUp();

const page = readFileSync(new URL('../../docs/backup.md', import.meta.url), 'utf8');
/** Runs the command; rejects where it ends with another exit code than 0. */
const run = (args: readonly string[]) =>
  promisify(execFile)(process.execPath, [mainPath, ...args], { env: brokerEnvironment(), timeout: 60_000 });
const socketIn = (folder: string): string => join(folder, 'ctl.sock');

async function filled(data: string) {
  const broker = await start(data, {
    flags: ['--ctl-socket', socketIn(data)],
    workers: 1,
    memory: '256M',
    patience: 60_000,
  });
  const channel = await open(broker);
  await channel.call('confirm.select');
  await channel.call('queue.declare', { queue: 'kept', durable: true });
  for (let index = 0; index < 100; index++) channel.publish('', 'kept', `${index}`, { properties: PERSISTENT });
  await confirmed(channel, 100);
  return { broker, channel };
}

describe('a backup', { timeout: 180_000 }, () => {
  test('of the data directory of a broker that has ended brings all messages back', async () => {
    expect(page).toContain('cp -a /var/lib/leveret');
    const data = directory();
    const { broker, channel } = await filled(data);
    await channel.client.close();
    await broker.stop();
    const copy = join(directory(), 'restored');
    cpSync(data, copy, { recursive: true, preserveTimestamps: true });
    expect(page).toContain('leveret log DIR --check');
    await run(['log', copy, '--check']);
    const restored = await start(copy, {
      flags: ['--ctl-socket', socketIn(copy)],
      workers: 1,
      memory: '256M',
      patience: 60_000,
    });
    const kept = await drain(await open(restored), 'kept');
    expect(kept.map(([body]) => body)).toEqual(Array.from({ length: 100 }, (_, index) => `${index}`));
  });

  test('of definitions makes the same queues and users elsewhere, while the broker runs', async () => {
    for (const command of ['export_definitions', 'import_definitions'])
      expect(page).toContain(`leveret ctl ${command}`);
    const [from, to] = [directory(), directory()];
    await filled(from);
    const ctl = (folder: string, ...args: string[]) =>
      run(['ctl', '--socket', socketIn(folder), '--timeout', '60', ...args]);
    await ctl(from, 'add_user', 'ann', 'secret');
    const file = join(directory(), 'definitions.json');
    await ctl(from, 'export_definitions', file);
    const other = await start(to, {
      flags: ['--ctl-socket', socketIn(to)],
      workers: 1,
      memory: '256M',
      patience: 60_000,
    });
    await ctl(to, 'import_definitions', file);
    const channel = await open(other);
    expect(await channel.counts('kept')).toMatchObject({ ready: 0 });
    expect((await ctl(to, 'list_users')).stdout).toContain('ann');
  });
});
