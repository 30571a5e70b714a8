/**
 * How a broker ends: its clients are told, and the process ends well.
 */
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { type Broker, isReferee, startBroker } from '../../support/broker.js';
import { closing } from '../../support/methods.js';
import { RawClient } from '../../support/raw-client.js';

describe.runIf(!isReferee)('a broker that is asked to end', () => {
  async function withBroker(story: (broker: Broker) => Promise<void>): Promise<void> {
    const broker = await startBroker({ workers: 2 });
    try {
      await story(broker);
    } finally {
      await broker.stop('SIGKILL');
    }
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('tells every client by 320 at %s, and exits with 0', (signal) =>
    withBroker(async (broker) => {
      const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.open(broker)));
      for (const client of clients) await client.openChannel();
      const failures = clients.map((client) => client.failure());
      const exit = await broker.stop(signal);
      for (const failure of failures) {
        expect(await failure).toEqual(closing(320, "broker forced connection closure with reason 'shutdown'"));
      }
      expect(exit).toMatchObject({ code: 0, stderr: '', told: '' });
    }));

  test('is not kept from it by a client that does not answer', () =>
    withBroker(async (broker) => {
      const deaf = await RawClient.open(broker);
      deaf.socket.pause();
      const silent = await RawClient.dial(broker);
      expect(await broker.stop()).toMatchObject({ code: 0 });
      deaf.socket.destroy();
      silent.socket.destroy();
    }));

  test('ends in the middle of traffic', () =>
    withBroker(async (broker) => {
      const client = await RawClient.open(broker);
      const channel = await client.openChannel();
      const { queue } = await channel.call('queue.declare', { exclusive: true });
      await channel.consume(queue, { noAck: true });
      for (let i = 0; i < 1_000; i++) channel.publish('', queue, Buffer.alloc(10_000));
      await channel.deliver(100);
      expect(await broker.stop()).toMatchObject({ code: 0 });
      await client.ended();
    }));

  test('ends when nobody is connected, and gives the port free', () =>
    withBroker(async (broker) => {
      expect(await broker.stop()).toMatchObject({ code: 0 });
      const refused = new Promise<string>((resolve) => {
        connect(broker.port, broker.host).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
      });
      expect(await refused).toBe('ECONNREFUSED');
    }));
});
