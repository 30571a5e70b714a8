/** How long a broker that leads may serve: told by its hold, which here only the test moves. */
import { describe, expect, test } from 'vitest';
import { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { SharedHold } from '../../../dist/cluster/replicator/shared-hold.js';
import { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import { machineClock } from '../../../dist/platform/machine-clock.js';
import { randomFrom } from '../../store/support/simulated.js';
import { isReferee } from '../../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, PERSISTENT } from '../../support/kept-data.js';
import { RawClient } from '../../support/raw-client.js';
import { PATIENCE_MS, within } from '../../support/waiting.js';
import { follow, serve } from '../support/broker-node.js';

const FAR = 1e9;

test('a hold goes by the time of who looks', () => {
  const times = { pauseAfter: 1200, closeAfter: 10_000 };
  const hold = new SharedHold();
  const worker = new SharedHold(hold.shared);
  expect(worker.at(0.5)).toBe('close');
  hold.renew(50_000, times);
  expect([51_200, 51_201, 60_000, 60_001].map((now) => worker.at(now))).toEqual(['serve', 'pause', 'pause', 'close']);
  hold.renew(51_000.9, times);
  expect([52_200, 52_201].map((now) => worker.at(now))).toEqual(['serve', 'pause']);
  hold.handOver();
  hold.renew(60_000, times);
  expect([60_000, 70_000, 70_001].map((now) => worker.at(now))).toEqual(['pause', 'pause', 'close']);
  hold.end();
  hold.renew(60_000, times);
  expect(worker.at(60_000)).toBe('close');
});

describe.skipIf(isReferee)('a broker that leads, by its hold', () => {
  cleanUp();

  test.each(['wasm', 'js'] as const)(
    '%s: delivers nothing while it is paused, goes on, and closes clients',
    { timeout: 3 * PATIENCE_MS },
    async (engine) => {
      const stream = new MemoryStream({ clock: machineClock, random: randomFrom(1) });
      const path = directory();
      const node = await follow('a', path, stream, new MemoryPresences(machineClock, 1));
      await within(PATIENCE_MS, 'a leader', node.leads);
      const hold = new SharedHold();
      const serves = (): void => hold.renew(machineClock.elapsed(), { pauseAfter: FAR, closeAfter: FAR });
      serves();
      const { running, broker } = await serve(path, 2, engine, { ...node, hold });
      afterwards(() => running.close());
      const client = await RawClient.open(broker);
      const consuming = await client.openChannel();
      for (const queue of ['consumed', 'got']) await consuming.call('queue.declare', { queue, durable: true });
      await consuming.consume('consumed', { noAck: true });
      const publishing = await (await RawClient.open(broker)).openChannel();
      await publishing.call('confirm.select');
      const publish = (body: string): void => {
        for (const queue of ['consumed', 'got']) publishing.publish('', queue, body, { properties: PERSISTENT });
      };
      publish('before');
      await confirmed(publishing, 2);
      expect((await consuming.deliver(1)).map(({ body }) => body.toString())).toEqual(['before']);
      expect((await consuming.get('got', true))?.body.toString()).toBe('before');

      hold.renew(machineClock.elapsed(), { pauseAfter: -FAR, closeAfter: FAR });
      await running.paused();
      publish('meanwhile');
      await confirmed(publishing, 4);
      const came: string[] = [];
      // A get that waits keeps its connection waiting.
      const getting = await (await RawClient.open(broker)).openChannel();
      const got = getting.get('got', true).then((message) => came.push(`got ${message?.body}`));
      const delivered = consuming.deliver(1).then(([message]) => came.push(`delivered ${message?.body}`));
      // Each is a turn of the worker.
      for (let turn = 0; turn < 20; turn++) await publishing.call('basic.qos', { prefetchCount: 1, global: true });
      const other = await client.openChannel();
      for (let turn = 0; turn < 20; turn++) await other.call('basic.qos', { prefetchCount: 1, global: true });
      expect(came).toEqual([]);

      serves();
      await Promise.all([got, delivered]);
      expect(came.sort()).toEqual(['delivered meanwhile', 'got meanwhile']);

      hold.end();
      const { replyCode, replyText } = await client.failure();
      expect(replyCode).toBe(320);
      expect(replyText).toContain('this node leads its cluster no more, or cannot reach it');
    },
  );
});
