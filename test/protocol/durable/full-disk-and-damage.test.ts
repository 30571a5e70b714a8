/**
 * A broker whose disk fails it, or was tampered with: publishers are told, nothing that was confirmed is lost, and what
 * is wrong is said in words.
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { isReferee, runToExit } from '../../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, drain, open, PERSISTENT, start } from '../../support/kept-data.js';

/** Whether file systems may be mounted here. */
const canMount = ((): boolean => {
  const at = mkdtempSync(join(tmpdir(), 'leveret-mount-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'leveret-test', at]).status === 0;
  if (mounted) spawnSync('umount', [at]);
  rmSync(at, { recursive: true });
  return mounted;
})();

describe.runIf(!isReferee)('a broker whose disk', () => {
  cleanUp();

  function mount(options: string): string {
    const path = directory();
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'leveret-test', path]).status).toBe(0);
    afterwards(() => spawnSync('umount', ['-l', path]));
    return path;
  }

  /** A directory in which a broker has left some messages, a batch each. */
  async function filled(count: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<string> {
    const data = directory();
    const broker = await start(data);
    const channel = await open(broker);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    for (let i = 1; i <= count; i++) {
      channel.publish('', 'kept', `message ${i}`, { properties: PERSISTENT });
      await confirmed(channel, i);
    }
    await broker.stop(signal);
    return data;
  }

  function fileWith(data: string, text: string): { path: string; at: number } {
    for (const name of readdirSync(join(data, 'log'))) {
      const path = join(data, 'log', name);
      const at = readFileSync(path).indexOf(text);
      if (at >= 0) return { path, at };
    }
    throw new Error(`no log file holds '${text}'`);
  }

  test.runIf(canMount)('is full holds publishers back, and has all that it confirmed after a kill', async () => {
    const data = mount('size=16m');
    const ballast = join(data, 'ballast');
    const broker = await start(data, { workers: 1, flags: ['--disk-free-limit', '0K'] });
    const publisher = await open(broker);
    const consumer = await open(broker);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await publisher.call('confirm.select');
    writeFileSync(ballast, Buffer.alloc(8 << 20));
    let count = 0;
    const body = (i: number): string => `${i} `.padEnd(64 * 1024, 'x');
    const publishNext = (): void => publisher.publish('', 'kept', body(count++), { properties: PERSISTENT });
    for (let i = 0; i < 200; i++) publishNext();
    // Who has nothing more to say is not told: it goes on publishing until it is.
    const publishing = setInterval(publishNext, 20);
    afterwards(() => clearInterval(publishing));
    expect(await publisher.client.expect('connection.blocked')).toMatchObject({ reason: 'low on disk' });
    clearInterval(publishing);
    expect((await consumer.get('kept'))?.body.toString()).toBe(body(0));
    rmSync(ballast);
    await publisher.client.expect('connection.unblocked');
    // Space for what is left, since acknowledged messages leave whole files only.
    spawnSync('mount', ['-o', 'remount,size=64m', data]);
    await confirmed(publisher, count);
    const exit = await broker.stop('SIGKILL');
    expect(exit?.told).toMatch(
      /disk resource limit alarm set on this node, publishers are blocked: no space is left for the log of writer 1/,
    );
    expect(exit?.told).toContain('disk resource limit alarm cleared on this node: publishers go on');
    const again = await open(await start(data, { flags: ['--disk-free-limit', '0K'] }));
    expect((await drain(again, 'kept')).map(([text]) => text)).toEqual(
      Array.from({ length: count }, (_, i) => body(i)),
    );
  });

  test.runIf(canMount)('is full ends when it is asked to', async () => {
    const data = mount('size=16m');
    const broker = await start(data, { workers: 1, flags: ['--disk-free-limit', '0K'] });
    const channel = await open(broker);
    await channel.call('queue.declare', { queue: 'kept', durable: true });
    await channel.call('confirm.select');
    channel.publish('', 'kept', 'safe', { properties: PERSISTENT });
    await confirmed(channel, 1);
    spawnSync('dd', ['if=/dev/zero', `of=${join(data, 'ballast')}`, 'bs=4096']);
    const publishNext = (): void => channel.publish('', 'kept', Buffer.alloc(64 * 1024), { properties: PERSISTENT });
    for (let i = 0; i < 50; i++) publishNext();
    await broker.told(/disk resource limit alarm set on this node, publishers are blocked/);
    // Who has nothing more to say is not told.
    publishNext();
    await channel.client.expect('connection.blocked');
    const exit = await broker.stop();
    expect(exit).toMatchObject({ code: 0 });
    expect(exit?.told).toContain('not all of the log could be written');
    rmSync(join(data, 'ballast'));
    const again = await open(await start(data, { flags: ['--disk-free-limit', '0K'] }));
    expect((await drain(again, 'kept'))[0]).toEqual(['safe', true]);
  });

  test.runIf(canMount)('has too little room holds publishers back until there is more', async () => {
    const data = mount('size=32m');
    const ballast = join(data, 'ballast');
    const broker = await start(data, { flags: ['--disk-free-limit', '16M'] });
    const publisher = await open(broker);
    await publisher.call('queue.declare', { queue: 'kept', durable: true });
    await publisher.call('confirm.select');
    publisher.publish('', 'kept', 'before', { properties: PERSISTENT });
    await confirmed(publisher, 1);
    writeFileSync(ballast, Buffer.alloc(20 << 20));
    await broker.told(
      /disk resource limit alarm set on this node, publishers are blocked: \d+ MiB are free on the disk, of 16 that are asked for/,
    );
    publisher.publish('', 'kept', 'held back', { properties: PERSISTENT });
    expect(await publisher.client.expect('connection.blocked')).toMatchObject({ reason: 'low on disk' });
    const consumer = await open(broker);
    expect((await consumer.get('kept', true))?.body.toString()).toBe('before');
    expect(await consumer.get('kept')).toBeNull();
    rmSync(ballast);
    await publisher.client.expect('connection.unblocked');
    await broker.told(/disk resource limit alarm cleared on this node: publishers go on/);
    await confirmed(publisher, 2);
    expect((await consumer.get('kept', true))?.body.toString()).toBe('held back');
  });

  test.runIf(canMount)('cannot be written is told in one line at the start', async () => {
    const data = mount('size=1m,ro');
    const exit = await runToExit(['--port', '0', '--data', join(data, 'here')]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^leveret: data directory [^\n]+ cannot be used \(EROFS[^\n]+\n$/);
  });

  test('has a file where the directory should be says so, and blames no port', async () => {
    const path = join(directory(), 'file');
    writeFileSync(path, '');
    const exit = await runToExit(['--port', '0', '--data', path]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^leveret: data directory [^\n]+ cannot be used [^\n]+\n$/);
  });

  test('holds data of a newer version is left alone', async () => {
    const data = directory();
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'format.json'), '{"format":99}\n');
    const exit = await runToExit(['--port', '0', '--data', data]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toMatch(/^leveret: [^\n]*newer version of Leveret \(format 99[^\n]*\n$/);
  });

  test('changed octets loses what they were, says where, and has everything else', async () => {
    const data = await filled(20);
    const { path, at } = fileWith(data, 'message 7');
    const fd = openSync(path, 'r+');
    writeSync(fd, Buffer.from([0xff]), 0, 1, at + 3);
    closeSync(fd);
    const broker = await start(data);
    const left = (await drain(await open(broker), 'kept')).map(([body]) => body);
    expect(left).toEqual(
      Array.from({ length: 20 }, (_, i) => `message ${i + 1}`).filter((body) => body !== 'message 7'),
    );
    const exit = await broker.stop();
    expect(exit?.told).toMatch(/damage in log file \S+ at \d+, \d+ octets; what lay there is kept in \S+\.quarantine/);
    expect(readdirSync(join(data, 'log')).some((name) => name.endsWith('.quarantine'))).toBe(true);
  });

  test('holds everything that it did is unharmed by a start that fails', async () => {
    const data = await filled(5);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    afterwards(() => server.close());
    const taken = await runToExit(['--port', String((server.address() as AddressInfo).port), '--data', data]);
    expect(taken).toMatchObject({ code: 1 });
    expect(taken.stderr).toContain('is taken by another program');
    const again = await open(await start(data));
    expect(await drain(again, 'kept')).toEqual(Array.from({ length: 5 }, (_, i) => [`message ${i + 1}`, false]));
  });

  test('kept a message longer than its time lets it die after the start, though nobody asks for it', async () => {
    const data = directory();
    const first = await start(data);
    const channel = await open(first);
    const dead = table({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' });
    await channel.call('queue.declare', { queue: 'dead', durable: true });
    await channel.call('queue.declare', { queue: 'retry', durable: true, arguments: dead });
    await channel.call('confirm.select');
    channel.publish('', 'retry', 'short', { properties: { ...PERSISTENT, expiration: '300' } });
    channel.publish('', 'retry', 'long', { properties: { ...PERSISTENT, expiration: '600000' } });
    await confirmed(channel, 2);
    await first.stop('SIGKILL');
    const again = await open(await start(data));
    await again.consume('dead', { noAck: true });
    expect((await again.deliveries.next('the dead letter')).body.toString()).toBe('short');
    expect((await drain(again, 'retry')).map(([body]) => body)).toEqual(['long']);
  });
});
