/**
 * A broker with several listeners: the command opens each of them, its clients come in by any, and what a Unix-domain
 * socket leaves is removed at the end.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqp from 'amqplib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Broker, isReferee, runToExit, startBroker } from '../../support/broker.js';
import { RawClient } from '../../support/raw-client.js';
import { deferred } from '../../support/waiting.js';

describe.runIf(!isReferee)('a broker with several listeners', () => {
  let directory: string;
  let path: string;
  let broker: Broker;

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'leveret-socket-'));
    path = join(directory, 'leveret.sock');
    broker = await startBroker({ flags: ['--listen', 'tcp://127.0.0.1:0', '--listen', `unix://${path}`] });
  });
  afterEach(async () => {
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The same broker for clients on its Unix-domain socket. */
  const local = (): Broker => new Broker(`unix://${path}`, null, deferred<never>().promise);

  test('says of each where it listens, and removes the socket file at the end', async () => {
    expect(existsSync(path)).toBe(true);
    const exit = await broker.stop();
    expect(exit).toMatchObject({ code: 0, stderr: '', told: '' });
    expect(exit?.log).toMatch(/^listening on amqp:\/\/127\.0\.0\.1:\d+\nlistening on unix:\/\//m);
    expect(exit?.log).toContain(`listening on unix://${path}\n`);
    expect(existsSync(path)).toBe(false);
  });

  test('takes a message by one of them and gives it out by another, to the guest by either', async () => {
    const publisher = await (await RawClient.open(local())).openChannel();
    const consumer = await (await RawClient.open(broker)).openChannel();
    const { queue } = await consumer.call('queue.declare', { exclusive: true });
    await consumer.consume(queue, { noAck: true });
    const body = Buffer.alloc(1_000_000, 'long ');
    for (let i = 0; i < 10; i++) publisher.publish('', queue, body);
    for (const delivery of await consumer.deliver(10)) expect(delivery.body.equals(body)).toBe(true);
    await publisher.client.close();
    await consumer.client.close();
  });

  test('tells clients of each when it ends', async () => {
    const clients = await Promise.all([RawClient.open(local()), RawClient.open(broker)]);
    const failures = clients.map((client) => client.failure());
    await broker.stop();
    for (const failure of failures) expect((await failure).replyCode).toBe(320);
  });

  test('ends the socket of a client that is silent, as of any other', async () => {
    const silent = await RawClient.dial(local());
    await broker.stop();
    await silent.ended();
  });

  test('serves amqplib over its Unix-domain socket', async () => {
    const connection = await amqp.connect('amqp://guest:guest@localhost', { path });
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.sendToQueue(queue, Buffer.from('by path'));
    await channel.waitForConfirms();
    const message = await channel.get(queue, { noAck: true });
    expect(message === false ? null : message.content.toString()).toBe('by path');
    await connection.close();
  });

  test('does not start beside another on the same socket, and says why in one line', async () => {
    const exit = await runToExit(['--transient', '--listen', 'tcp://127.0.0.1:0', '--listen', `unix://${path}`]);
    expect(exit).toMatchObject({ code: 1, stdout: '' });
    expect(exit.stderr).toBe(`leveret: cannot listen on unix://${path}: another program listens there\n`);
    await (await RawClient.open(local())).close();
  });

  test('starts where one that was killed has left its socket file', async () => {
    await broker.stop('SIGKILL');
    expect(existsSync(path)).toBe(true);
    broker = await startBroker({ flags: ['--listen', 'tcp://127.0.0.1:0', '--listen', `unix://${path}`] });
    await (await RawClient.open(local())).close();
  });
});
