import { once } from 'node:events';
import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/ctl/commands.js';
import { health } from '../../src/cli/healthcheck.js';
import { startEmbedded } from '../support/embedded.js';
import { typeTo, useCtlBroker } from './support.js';

const broker = useCtlBroker();
const type = (...args: string[]) => typeTo(broker().socket, args);
const json = async (...args: string[]): Promise<unknown> => {
  const said = await type(...args, '--formatter', 'json');
  expect(said).toMatchObject({ code: 0, error: '' });
  return JSON.parse(said.out) as unknown;
};

describe("'leveret ctl'", () => {
  it('tells what the broker is', async () => {
    expect(await json('status')).toMatchObject({ pid: process.pid, alarms: [], totals: { virtual_host_count: 1 } });
    expect((await type('-q', 'status')).out).toContain(`OS PID: ${process.pid}\n`);
  });

  it('tells what the broker goes by, but for secrets', async () => {
    const { out } = await type('-q', 'environment');
    expect(JSON.parse(out)).toMatchObject({ workers: 2, data: null, beginning: { user: 'guest', password: '…' } });
  });

  it('says from which level on the log tells, and what levels there are', async () => {
    expect((await type('set_log_level', 'debug')).out).toBe('Setting log level to "debug" ...\n');
    expect(await type('-q', 'set_log_level', 'connection', 'error')).toEqual({ code: 0, out: '', error: '' });
    expect(await type('-q', 'set_log_level', 'loud')).toEqual({
      code: 69,
      out: '',
      error: 'Error:\nlevel loud is not supported. Try one of debug, info, warning, error, none\n',
    });
  });

  it('exports definitions to a file of its own, and imports them', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'leveret-definitions-'));
    try {
      const file = join(directory, 'all.json');
      await type('add_vhost', 'exported');
      expect((await type('-q', 'export_definitions', file)).code).toBe(0);
      expect(lstatSync(file).mode & 0o777).toBe(0o600);
      await type('delete_vhost', 'exported');
      expect((await type('-q', 'import_definitions', file)).code).toBe(0);
      expect(await json('list_vhosts')).toContainEqual({ name: 'exported' });
      const exported = readFileSync(file, 'utf8');
      expect((await typeTo(broker().socket, ['-q', 'import_definitions'], exported)).code).toBe(0);
      expect((await typeTo(broker().socket, ['-q', 'import_definitions'], '{nope')).code).toBe(65);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('tells what an import would change, and changes nothing', async () => {
    await type('add_vhost', 'compared');
    const compare = (file: unknown) =>
      typeTo(broker().socket, ['-q', 'import_definitions', '--dry-run'], JSON.stringify(file));
    const vhosts = [{ name: 'compared', description: 'new' }, { name: 'not-there' }];
    expect(await compare({ vhosts })).toEqual({
      code: 0,
      out:
        'changed vhosts: compared: description from "" to "new"\n' +
        'added vhosts: not-there\n' +
        'vhosts: 1 added, 1 changed\n',
      error: '',
    });
    expect(await json('list_vhosts')).not.toContainEqual({ name: 'not-there' });
    const wrong = await compare({ vhosts: [{ name: 7 }], queues: [{ name: 'q', vhost: 'nowhere' }] });
    expect(wrong.code).toBe(65);
    expect(wrong.error).toContain('vhosts[0].name must be a text, not 7\n');
    expect(wrong.error).toContain("queues[0].vhost must be a vhost that is there, or in this file: 'nowhere' is not");
  });

  it('sets, lists and clears parameters of the broker', async () => {
    expect((await type('-q', 'set_global_parameter', 'own', '{"a":1}')).code).toBe(0);
    expect(await json('list_global_parameters')).toContainEqual({ name: 'own', value: '{"a":1}' });
    expect((await type('-q', 'clear_global_parameter', 'own')).code).toBe(0);
    expect(await type('-q', 'clear_global_parameter', 'own')).toMatchObject({
      code: 69,
      error: "Error:\nParameter does not exist: no global parameter 'own'\n",
    });
  });

  it('knows each command once, and helps with it', async () => {
    const names = COMMANDS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect((await type('help', name)).out).toContain(`leveret ctl ${name}`);
    expect((await type('completion', 'tcsh')).code).toBe(64);
  });

  it('waits for a broker that is not there yet, and ends one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'leveret-stop-'));
    try {
      const path = join(directory, 'ctl.sock');
      const waiting = typeTo(path, ['await_startup', '--timeout', '20']);
      const { embedded } = await startEmbedded(undefined, {
        management: { port: 0, socket: { path, isNeeded: true } },
      });
      expect((await waiting).code).toBe(0);
      const port = String(embedded.management?.port);
      expect(await health(['--port', port], {})).toEqual({ isServing: true, line: 'the broker serves' });
      expect(await health(['--socket', path], {})).toMatchObject({ isServing: true });
      expect((await typeTo(path, ['-q', 'stop'])).code).toBe(0);
      await embedded.closed;
      expect(await health([], { LEVERET_CTL_SOCKET: path })).toMatchObject({ isServing: false });
      expect((await typeTo(path, ['-q', 'await_startup', '--timeout', '0.1'])).code).toBe(75);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('says of a broker that does not answer how long it was asked', async () => {
    // It listens, and says nothing.
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const line = 'the broker does not serve: no answer within 0.05 s';
    expect(await health(['--port', `${port}`, '--timeout', '0.05'], {})).toEqual({ isServing: false, line });
    const wrong = await health(['--config', 'leveret.toml'], {});
    expect(wrong.line).toContain('healthcheck takes --port, --host, --socket, --data, --timeout, each with a value: ');
    silent.close();
  });
});
