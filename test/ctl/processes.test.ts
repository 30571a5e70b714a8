import { spawn } from 'node:child_process';
import { chmodSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startBroker } from '../support/broker.js';
import { typeTo } from './support.js';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'leveret-ctl-'));
  // Others may look into it: what keeps them out is the socket alone.
  chmodSync(directory, 0o755);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('a broker that was killed leaves a socket that keeps none from starting, and lets nobody else in', async () => {
  const path = join(directory, 'ctl.sock');
  const start = () => startBroker({ data: join(directory, 'data'), flags: ['--ctl-socket', path] });
  const killed = await start();
  expect((await typeTo(path, ['-q', 'ping'])).code).toBe(0);
  await killed.stop('SIGKILL');
  expect(lstatSync(path).isSocket()).toBe(true);
  expect(await typeTo(path, ['-q', 'ping'])).toMatchObject({
    code: 69,
    error: expect.stringContaining('no broker runs that would answer') as string,
  });
  // As open as it can be: it is not the one that the next broker answers at.
  chmodSync(path, 0o777);

  const next = await start();
  try {
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
    expect((await typeTo(path, ['-q', 'ping'])).code).toBe(0);
    // Only the superuser can become somebody else to try it.
    if (process.getuid?.() === 0) expect(await connectAs(NOBODY, path)).toBe('EACCES');
  } finally {
    await next.stop();
  }
  expect(() => lstatSync(path)).toThrow('ENOENT');
});

it("'shutdown' waits until the process is gone", async () => {
  const path = join(directory, 'ctl.sock');
  const broker = await startBroker({ flags: ['--ctl-socket', path] });
  expect(await typeTo(path, ['shutdown', '--timeout', '30'])).toMatchObject({
    code: 0,
    out: expect.stringContaining(`running at PID ${broker.pid} successfully shut down`) as string,
  });
  expect(() => process.kill(broker.pid, 0)).toThrow('ESRCH');
  expect((await broker.ended()).code).toBe(0);
});

it("'report' tells all, and no secrets", async () => {
  const path = join(directory, 'ctl.sock');
  const broker = await startBroker({ flags: ['--ctl-socket', path] });
  try {
    await typeTo(path, ['-q', 'add_user', 'reported', 'unspeakable']);
    const { code, out } = await typeTo(path, ['report']);
    expect(code).toBe(0);
    for (const part of ['Runtime', 'Disk Nodes', 'Listing connections', 'Listing exchanges for vhost /', 'amq.topic']) {
      expect(out).toContain(part);
    }
    expect(out).not.toContain('unspeakable');
  } finally {
    await broker.stop();
  }
});

const NOBODY = 65_534;

/** What another user of the machine is told who tries to connect. */
async function connectAs(uid: number, path: string): Promise<string> {
  const program = `require('node:net').connect(${JSON.stringify(path)}, () => { console.log('connected'); process.exit(); })
    .on('error', ({ code }) => console.log(code));`;
  const child = spawn(process.execPath, ['-e', program], { uid, stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
  return (await text(child.stdout)).trim();
}
