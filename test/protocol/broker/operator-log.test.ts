/**
 * What the operator's log tells of clients, in the words that people search RabbitMQ's log for: each once, none for a
 * message, nothing that a client could do harm by.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { PROTOCOL_HEADER } from '../../../src/amqp/frames.js';
import { type Broker, isReferee, startBroker, useBroker } from '../../support/broker.js';
import { brokerEnvironment } from '../../support/broker-environment.mjs';
import { RawClient } from '../../support/raw-client.js';

const isStream = process.env.LEVERET_TRANSPORT === 'stream';

/** Lines of one client, known by its port, without what differs from run to run. */
function linesOf(broker: Broker, port: number | undefined): string[] {
  return broker.entries
    .filter(({ peer }) => String(peer).endsWith(`:${port}`))
    .map(({ level, area, msg }) => {
      const text = msg
        .replaceAll(`127.0.0.1:${port} -> 127.0.0.1:${broker.port}`, 'ENDS')
        .replaceAll(/<0\.\d+\.0>/g, 'ID');
      return `${level} ${area}: ${text}`;
    });
}

const ACCEPTED = 'info connection: accepting AMQP connection ID (ENDS)';
const IN = "info connection: connection ID (ENDS): user 'guest' authenticated and granted access to vhost '/'";
const WHO = "vhost: '/', user: 'guest'";

describe.runIf(!isReferee && !isStream)('the log', () => {
  const broker = useBroker({ flags: ['--host', '127.0.0.1'] });

  test('tells that a client came, who it is and that it went, and nothing of its messages', async () => {
    const client = await RawClient.open(broker(), { name: 'orders' });
    const port = client.socket.localPort;
    const channel = await client.openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    for (let number = 0; number < 1_000; number++) channel.publish('', String(queue), `message ${number}`);
    await client.ping();
    await client.close();
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    expect(linesOf(broker(), port)).toEqual([
      ACCEPTED,
      'info connection: connection ID (ENDS) has a client-provided name: orders',
      "info connection: connection ID (ENDS - orders): user 'guest' authenticated and granted access to vhost '/'",
      `info connection: closing AMQP connection ID (ENDS - orders, ${WHO})`,
    ]);
  });

  test('tells that a client has gone without a word', async () => {
    const client = await RawClient.open(broker());
    const port = client.socket.localPort;
    client.socket.destroy();
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    expect(linesOf(broker(), port)).toEqual([
      ACCEPTED,
      IN,
      `warning connection: closing AMQP connection ID (ENDS, ${WHO}): client unexpectedly closed TCP connection`,
    ]);
  });

  test('tells what a client did wrong on a channel, and what it was refused', async () => {
    const client = await RawClient.open(broker());
    const port = client.socket.localPort;
    const first = await client.openChannel(1);
    await expect(first.call('queue.declare', { queue: 'nowhere', passive: true })).rejects.toThrow();
    const second = await client.openChannel(2);
    await expect(second.call('queue.declare', { queue: 'amq.mine' })).rejects.toThrow();
    await client.close();
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    expect(linesOf(broker(), port).slice(2, 4)).toEqual([
      `error channel: Channel error on connection ID (ENDS, ${WHO}), channel 1: operation queue.declare caused a ` +
        "channel exception not_found: no queue 'nowhere' in vhost '/'",
      `error access: Channel error on connection ID (ENDS, ${WHO}), channel 2: operation queue.declare caused a ` +
        "channel exception access_refused: queue name 'amq.mine' contains reserved prefix 'amq.*'",
    ]);
  });

  test('tells what ended a connection, and to which vhost nobody could come', async () => {
    const client = await RawClient.open(broker());
    const port = client.socket.localPort;
    client.frame(1, 0, Uint8Array.of(0, 60, 0, 99));
    await client.failure();
    client.socket.destroy();
    const lost = await RawClient.dial(broker());
    const otherPort = lost.socket.localPort;
    const tune = await lost.startUp();
    lost.tune({ ...tune, heartbeat: 0 });
    lost.send('connection.open', { virtualHost: 'nowhere' });
    await lost.failure();
    lost.socket.destroy();
    await broker().told(new RegExp(`closing AMQP connection .*:${otherPort} -> `));
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    const [, , error = '', closing] = linesOf(broker(), port);
    expect(error).toMatch(
      /^error connection: Error on AMQP connection ID \(ENDS, vhost: '\/', user: 'guest', state: running\), channel 0: operation \S+ caused a connection exception \w+: "/,
    );
    expect(closing).toBe(`info connection: closing AMQP connection ID (ENDS, ${WHO})`);
    expect(linesOf(broker(), otherPort)[1]).toMatch(
      /^error \w+: Error on AMQP connection ID \(ENDS, user: 'guest', state: opening\): vhost nowhere not found/,
    );
  });

  test('tells of a login that failed, once, with its reason and without the password', async () => {
    const client = await RawClient.dial(broker());
    const port = client.socket.localPort;
    await expect(client.startUp({ response: Buffer.from('\0mallory\0sesame-47') })).rejects.toThrow();
    client.socket.destroy();
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    const refused = broker().entries.filter(({ msg }) => msg.includes('mallory'));
    expect(refused).toMatchObject([{ area: 'login' }]);
    expect(broker().entries.some((entry) => JSON.stringify(entry).includes('sesame-47'))).toBe(false);
    expect(linesOf(broker(), port)).toEqual([ACCEPTED, 'info connection: closing AMQP connection ID (ENDS)']);
  });

  test('says nothing of who only looks whether somebody listens', async () => {
    const told = (): number => broker().entries.filter(({ area }) => area === 'connection').length;
    const before = told();
    for (let times = 0; times < 20; times++) {
      await new Promise<void>((resolve) => {
        const socket = connect(broker().port, '127.0.0.1', () => socket.end());
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
    const client = await RawClient.open(broker());
    const port = client.socket.localPort;
    await client.close();
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    expect(told() - before).toBe(3);
  });

  test('shows names that would harm a terminal as they are written', async () => {
    const name = `\u001b[2J\u001b]0;mine\u0007\r\nforged line\u202e\u009b31m${'x'.repeat(5_000)}`;
    const client = await RawClient.open(broker(), { name });
    const port = client.socket.localPort;
    await client.close();
    await broker().told(new RegExp(`closing AMQP connection .*:${port} -> `));
    const told = broker().entries.filter(({ peer }) => String(peer).endsWith(`:${port}`));
    expect(told[1]?.msg).toContain('\\x1b[2J\\x1b]0;mine\\x07\\r\\nforged line\\u{202e}\\x9b31m');
    for (const entry of told) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(Object.values(entry).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
      expect(entry.msg.length).toBeLessThan(1_000);
    }
  });
});

describe.runIf(!isReferee && !isStream)('the level of an area', () => {
  test('is heeded', async () => {
    const broker = await startBroker({ flags: ['--log-level', 'connection=warning,channel=none'] });
    try {
      const client = await RawClient.open(broker);
      const channel = await client.openChannel();
      await expect(channel.call('queue.declare', { queue: 'nowhere', passive: true })).rejects.toThrow();
      client.socket.destroy();
      await broker.told(/client unexpectedly closed/);
    } finally {
      const exit = await broker.stop();
      expect(exit?.log).not.toContain('accepting AMQP connection');
      expect(exit?.log).not.toContain('Channel error');
    }
  });

  test('of a flood of clients that do wrong keeps the log small, and what is left out is counted', async () => {
    const broker = await startBroker({ workers: 1 });
    try {
      const client = await RawClient.open(broker);
      for (let times = 0; times < 300; times++) {
        const channel = await client.openChannel(1);
        await expect(channel.call('queue.declare', { queue: 'nowhere', passive: true })).rejects.toThrow();
      }
    } finally {
      const exit = await broker.stop();
      expect(exit?.log.match(/Channel error/g)?.length).toBeLessThan(260);
    }
  });
});

const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

describe.runIf(!isReferee && !isStream && hasScript)('on a terminal', () => {
  test('the log is text', async () => {
    const main = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
    const command = `exec ${process.execPath} ${main} --port 0 --transient --http-port 0 --workers 1 --memory 256M`;
    const terminal = spawn('script', ['-qfc', command, '/dev/null'], { env: brokerEnvironment(), stdio: 'pipe' });
    const ended = once(terminal, 'close');
    let text = '';
    let isAsked = false;
    terminal.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      // Ctrl-C.
      if (isAsked || !text.includes('listening on')) return;
      isAsked = true;
      terminal.stdin.write('\x03');
    });
    await ended;
    expect(text).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[info\] listener: listening on amqp:/m);
    expect(text).not.toContain('{"level"');
  });
});

test.runIf(!isReferee && !isStream)('every line is an object where nobody reads at a terminal', async () => {
  const broker = await startBroker();
  const client = await RawClient.dial(broker);
  client.write(PROTOCOL_HEADER);
  await client.expect('connection.start');
  client.socket.destroy();
  await broker.told(/client unexpectedly closed/);
  const exit = await broker.stop();
  const lines = (exit?.stdout ?? '').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const entry = JSON.parse(line) as Record<string, unknown>;
    expect(entry).toMatchObject({ level: expect.any(String), area: expect.any(String), msg: expect.any(String) });
    expect(new Date(String(entry.time)).getTime()).toBeGreaterThan(1.7e12);
  }
});
