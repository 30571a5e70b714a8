/**
 * A worker that never comes back from what it does, by a defect that is planted (test/support/stuck-worker.mjs): the
 * broker says so and ends, rather than live on half dead.
 */
import { describe, expect, test } from 'vitest';
import { type Broker, isReferee, startBroker } from '../../support/broker.js';
import { RawClient } from '../../support/raw-client.js';

/** Longer than a broker takes to notice, and to end. */
const PATIENCE = 25_000;

describe.runIf(!isReferee)('a broker with a worker that is stuck', () => {
  async function withStuckWorker(story: (broker: Broker, other: RawClient) => Promise<void>): Promise<void> {
    const plant = new URL('../../support/stuck-worker.mjs', import.meta.url).href;
    const broker = await startBroker({ workers: 2, node: ['--import', plant] });
    try {
      const other = await RawClient.open(broker);
      const victim = await RawClient.open(broker, { name: 'orders' });
      const channel = await victim.openChannel();
      channel.publish('', 'nowhere', 'never come back');
      await broker.told(/stuck on purpose/);
      await story(broker, other);
    } finally {
      await broker.stop('SIGKILL');
    }
  }

  test('says what the worker was doing, and ends', () =>
    withStuckWorker(async (broker, other) => {
      // The other worker serves until then.
      const { queue } = await (await other.openChannel()).call('queue.declare', { exclusive: true });
      expect(queue).not.toBe('');
      const silent = await RawClient.dial(broker);
      const exit = await broker.ended(PATIENCE);
      expect(exit.code).toBe(70);
      expect(exit.told).toMatch(
        /^a defect ended the broker: worker 1 was handling what came in for connection 2 of user 'guest' in vhost '\/', 'orders', and has made no progress for 10 s\n$/,
      );
      await silent.ended();
      await other.ended();
    }));

  test('ends when it is asked to, and says why that was no orderly end', () =>
    withStuckWorker(async (broker) => {
      broker.signal('SIGTERM');
      const exit = await broker.ended(PATIENCE);
      expect(exit.code).toBe(70);
      expect(exit.told).toMatch(
        /^a defect ended the broker: worker 1 was handling what came in for connection 2 of user 'guest' in vhost '\/', 'orders', and did not end when it was asked to\n$/,
      );
    }));
});
