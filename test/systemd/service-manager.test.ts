/** What the broker tells systemd, which is played by a socket as it has one (test/systemd/notify-socket.ts). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotifySocket } from './notify-socket.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const STUCK = new URL('../support/stuck-worker.mjs', import.meta.url).href;
const TRANSIENT = ['--host', '127.0.0.1', '--port', '0', '--http-port', '0', '--transient', '--workers', '2'];

interface Served {
  readonly pid: number;
  /** Where it serves, as its status says. */
  readonly url: string;
}

describe.runIf(process.platform === 'linux')('systemd', () => {
  let place: string;
  let socket: NotifySocket;
  let broker: ChildProcess | null;

  beforeEach(async () => {
    place = mkdtempSync(join(tmpdir(), 'leveret-systemd-'));
    broker = null;
    socket = await NotifySocket.bind(join(place, 'notify'));
  });
  afterEach(() => {
    broker?.kill('SIGKILL');
    socket.close();
    rmSync(place, { recursive: true, force: true });
  });

  function start(environment: Record<string, string>, node: readonly string[] = [], flags = TRANSIENT): ChildProcess {
    const env = { ...process.env, NOTIFY_SOCKET: socket.address, ...environment };
    broker = spawn(process.execPath, [...node, MAIN, ...flags], { env, cwd: place, stdio: 'ignore' });
    return broker;
  }

  async function ready(): Promise<Served> {
    const { pid, text } = await socket.until(/^READY=1$/m);
    return { pid, url: /^STATUS=serves on (\S+)$/m.exec(text)?.[1] ?? '' };
  }

  test('hears that it serves when clients can come, from the process that it started, and when it stops', async () => {
    const process = start({});
    const exited = once(process, 'exit');
    const served = await ready();
    expect(served.pid).toBe(process.pid);
    const closed = once(await connect(served.url), 'close');
    process.kill('SIGTERM');
    await socket.until(/^STOPPING=1$/m);
    expect(String((await closed)[0])).toContain('CONNECTION_FORCED');
    expect((await exited)[0]).toBe(0);
  });

  test('is known by an abstract name, too', async () => {
    socket.close();
    socket = await NotifySocket.bind(`@leveret-${process.pid}`);
    start({});
    expect((await ready()).url).toMatch(/^amqp:/);
  });

  test('hears that it reloads, with the time of it, and that it is done', async () => {
    start({});
    await ready();
    broker?.kill('SIGHUP');
    const { text } = await socket.until(/^RELOADING=1$/m);
    expect(text).toMatch(/^MONOTONIC_USEC=\d+$/m);
    await socket.until(/^READY=1$/m);
  });

  test('hears of a start that goes on, and waits longer for it', async () => {
    start({}, [], [...TRANSIENT.filter((flag) => flag !== '--transient'), '--data', join(place, 'data')]);
    await ready();
    const extensions = socket.heard.filter(({ text }) => /^EXTEND_TIMEOUT_USEC=\d+$/m.test(text));
    expect(extensions.every(({ text }) => /^STATUS=.+$/m.test(text))).toBe(true);
    expect(socket.heard.findIndex(({ text }) => /^READY=1$/m.test(text))).toBe(socket.heard.length - 1);
  });

  test('gets signs of life where it asks for them, and no more once a worker does not answer', async () => {
    start({ WATCHDOG_USEC: '400000' }, ['--import', STUCK]);
    const { url } = await ready();
    for (let i = 0; i < 3; i++) await socket.until(/^WATCHDOG=1$/m);
    const connection = await connect(url);
    connection.on('error', () => {});
    const channel = await connection.createChannel();
    channel.publish('', 'nowhere', Buffer.from('never come back'));
    const { text } = await socket.until(/^STATUS=worker \d/m);
    expect(text).toMatch(/^STATUS=worker \d was handling what came in for connection \d+ .*gives no sign of life$/);
    // It ends itself before long; systemd hears nothing good of it until then.
    const before = socket.heard.length;
    await socket.until(/^STOPPING=1$/m);
    expect(socket.heard.slice(before).some(({ text: told }) => told.includes('WATCHDOG=1'))).toBe(false);
    if (broker?.exitCode === null) await once(broker, 'exit');
    expect(broker?.exitCode).toBe(70);
  });

  test('gets no signs of life that are for another process', async () => {
    start({ WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' });
    await ready();
    broker?.kill('SIGTERM');
    await socket.until(/^STOPPING=1$/m);
    expect(socket.heard.some(({ text }) => text.includes('WATCHDOG'))).toBe(false);
  });

  test('that cannot be told stops nobody', async () => {
    socket.close();
    const served = spawn(process.execPath, [MAIN, ...TRANSIENT], {
      env: { ...process.env, NOTIFY_SOCKET: join(place, 'nobody') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    broker = served;
    let told = '';
    const warned = new Promise<void>((resolve) => {
      for (const stream of [served.stdout, served.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          told += text;
          if (/listening on/.test(told) && /the service manager hears nothing: sendto/.test(told)) resolve();
        });
      }
    });
    await warned;
  });
});
