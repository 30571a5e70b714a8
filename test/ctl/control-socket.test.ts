import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbedded } from '../support/embedded.js';
import { typeTo, useCtlBroker } from './support.js';

const broker = useCtlBroker();

describe("the socket of 'leveret ctl'", () => {
  it("can be opened by the broker's user alone", () => {
    const stats = lstatSync(broker().socket);
    expect(stats.isSocket()).toBe(true);
    expect(stats.mode & 0o777).toBe(0o600);
  });

  it('lets whoever opens it do what an administrator does, without a password', async () => {
    expect(await asked(broker().socket, 'GET', '/api/whoami')).toEqual({
      status: 200,
      json: { name: 'rmq-cli', tags: ['administrator'] },
    });
    expect((await asked(broker().socket, 'PUT', '/api/queues/%2F/by-socket')).status).toBe(201);
    expect((await asked(broker().socket, 'DELETE', '/api/queues/%2F/by-socket/contents')).status).toBe(204);
    expect((await asked(broker().socket, 'DELETE', '/api/queues/%2F/by-socket')).status).toBe(204);
  });

  it('tells whether a password is right, when it is asked with one', async () => {
    const login = (of: string): Record<string, string> => ({ authorization: `Basic ${btoa(of)}` });
    expect((await asked(broker().socket, 'GET', '/api/whoami', login('guest:guest'))).json).toMatchObject({
      name: 'guest',
    });
    expect((await asked(broker().socket, 'GET', '/api/whoami', login('guest:wrong'))).status).toBe(401);
    expect((await asked(broker().socket, 'GET', '/api/whoami', { authorization: 'Bearer nonsense' })).status).toBe(401);
  });

  it('gives nobody rights in a vhost that the operator has made', async () => {
    await broker().embedded.administration.users.add('rmq-cli', 'secret', []);
    expect((await asked(broker().socket, 'PUT', '/api/vhosts/operated')).status).toBe(201);
    expect(await broker().embedded.administration.users.permissionsIn('operated')).toEqual([]);
  });
});

describe('a path for the socket', () => {
  let directory = '';
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'leveret-socket-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const start = (path: string, isNeeded: boolean) =>
    startEmbedded(undefined, { management: { port: null, socket: { path, isNeeded } } });

  it('is taken over from a broker that is gone, and left to one that runs', async () => {
    const path = join(directory, 'ctl.sock');
    const { embedded: first } = await start(path, true);
    await expect(start(path, true)).rejects.toThrow(`the control socket ${path}: another program listens there`);
    expect((await typeTo(path, ['ping'])).code).toBe(0);
    await first.stop();
    expect(() => lstatSync(path)).toThrow('ENOENT');
    const { embedded: next } = await start(path, true);
    expect((await typeTo(path, ['ping'])).code).toBe(0);
    await next.stop();
  });

  it('is free once a broker has ended, whatever that was busy with', async () => {
    const path = join(directory, 'ctl.sock');
    for (let round = 0; round < 6; round++) {
      const { embedded } = await start(path, true);
      await asked(path, 'GET', '/api/overview');
      // They are cut off.
      const busy = Array.from({ length: 20 }, () => asked(path, 'GET', '/api/definitions').catch(() => null));
      await embedded.stop();
      expect(() => lstatSync(path)).toThrow('ENOENT');
      await Promise.all(busy);
    }
  });

  it('is refused where something else lies, and that stays', async () => {
    const path = join(directory, 'notes');
    writeFileSync(path, 'mine');
    await expect(start(path, true)).rejects.toThrow('there is something else by this name, and it stays');
  });

  it('is refused when it is longer than a socket may have, or does not stop a broker that can do without', async () => {
    const path = join(directory, 'x'.repeat(120));
    await expect(start(path, true)).rejects.toThrow(/the path has \d+ octets, and a socket's may have 10\d/);
    const { embedded } = await start(path, false);
    expect(embedded.management).toMatchObject({ port: null, socket: null });
    expect(embedded.management?.socketTrouble).toMatch(/the path has \d+ octets/);
    await embedded.stop();
  });
});

describe("'leveret ctl' without a broker", () => {
  it('says where it has looked, and ends with 69', async () => {
    const path = join(tmpdir(), 'no-broker-has-this.sock');
    expect(await typeTo(path, ['-q', 'list_queues'])).toEqual({
      code: 69,
      out: '',
      error: `Error:\nno broker has its socket at ${path} (--socket or --data name another)\n`,
    });
  });
});

interface Asked {
  readonly status: number;
  readonly json: unknown;
}

function asked(socketPath: string, method: string, path: string, headers: Record<string, string> = {}): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, headers }, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode ?? 0, json: body === '' ? null : (JSON.parse(body) as unknown) });
      }, reject);
    });
    call.on('error', reject);
    call.end();
  });
}
