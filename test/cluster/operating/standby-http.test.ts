/** The HTTP of a node that follows: what it answers, what it refuses, and that its addresses are free behind it. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../../bench/support/ports.mjs';
import { StandbyHttp } from '../../../dist/node/standby-http.js';
import { isReferee } from '../../support/broker.js';
import { ask, FakeMember, report, socketPath } from './managed.js';

const SILENT = (line: string): void => {
  throw new Error(line);
};

async function standby(port = 0) {
  const member = new FakeMember();
  member.report = report({ name: 'b', role: { kind: 'standby' }, leader: 'a' });
  const path = socketPath();
  const socket = { path, isNeeded: true };
  const address = { host: '127.0.0.1', port, tlsPort: null, page: true, socket, metrics: null };
  const http = await StandbyHttp.open(address, null, member, SILENT);
  onTestFinished(() => http.close());
  const base = `http://127.0.0.1:${http.bound.port}`;
  return { member, path, http, base };
}

describe.skipIf(isReferee)('the HTTP of a node that follows', () => {
  test('says that it lives and does not serve, and who does, to whoever asks', async () => {
    const { member, base } = await standby();
    const live = await fetch(`${base}/api/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await fetch(`${base}/api/health/ready`);
    const reason = 'Node b does not lead the cluster: node a leads it.';
    expect([ready.status, await ready.json()]).toEqual([503, { status: 'failed', reason, leader: 'a' }]);
    member.report = report({ name: 'b', role: { kind: 'candidate' }, leader: null });
    expect(await (await fetch(`${base}/api/health/ready`)).json()).toMatchObject({ leader: null });
  });

  test('tells its operator how the cluster is, and nobody by a password', async () => {
    const { path, base } = await standby();
    expect(await ask(path, 'GET', '/api/leveret/cluster')).toMatchObject({
      status: 200,
      json: { node: 'b', role: 'standby', leader: 'a' },
    });
    expect(await ask(path, 'GET', '/api/leveret/cluster', { login: 'guest:guest' })).toMatchObject({ status: 401 });
    const by = { authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}` };
    for (const headers of [{}, by]) {
      const { status } = await fetch(`${base}/api/leveret/cluster`, { headers });
      expect(status).toBe(401);
    }
  });

  test('answers all else with who leads, and changes nothing', async () => {
    const { member, path, base } = await standby();
    const refused = {
      error: 'unavailable',
      reason: 'Node b does not lead the cluster: node a leads it. Ask there.',
    };
    for (const url of ['/', '/api/overview', '/api/queues/%2F/q', '/metrics', '/nowhere']) {
      const answer = await fetch(`${base}${url}`);
      expect([answer.status, await answer.json()], url).toEqual([503, refused]);
    }
    const body = { durable: true };
    expect(await ask(path, 'PUT', '/api/queues/%2F/q', { body })).toMatchObject({ status: 503, json: refused });
    expect(await ask(path, 'POST', '/api/leveret/cluster/step-down')).toMatchObject({ status: 503, json: refused });
    expect(await ask(path, 'DELETE', '/api/leveret/cluster/members/c')).toMatchObject({ status: 503, json: refused });
    expect(member.asked).toEqual([]);
  });

  test('leaves its addresses to the broker that opens behind it', async () => {
    // Else somebody else might have it meanwhile.
    const port = await freePort();
    const { path, http, base } = await standby(port);
    // A client that stays connected.
    await (await fetch(`${base}/api/health/live`)).text();
    await http.close();
    expect(existsSync(path)).toBe(false);
    const next = createServer();
    await new Promise<void>((resolve, reject) => {
      next.on('error', reject);
      next.listen(port, '127.0.0.1', resolve);
    });
    next.close();
  });

  test('an address that is taken is named', async () => {
    const { http } = await standby();
    const address = {
      host: '127.0.0.1',
      port: http.bound.port,
      tlsPort: null,
      page: false,
      socket: null,
      metrics: null,
    };
    await expect(StandbyHttp.open(address, null, new FakeMember(), SILENT)).rejects.toThrow(`${http.bound.port}`);
  });
});
