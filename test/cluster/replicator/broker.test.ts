/**
 * Brokers in this process that lead a cluster over a stream in memory: what one has confirmed, another one's directory
 * has when the first is gone, in order and as redelivered; what was acknowledged is not there.
 */
import { describe, expect, test } from 'vitest';
import { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import { machineClock } from '../../../dist/platform/machine-clock.js';
import { randomFrom } from '../../store/support/simulated.js';
import { isReferee } from '../../support/broker.js';
import { afterwards, cleanUp, confirmed, directory, drain, open, PERSISTENT } from '../../support/kept-data.js';
import { PATIENCE_MS, within } from '../../support/waiting.js';
import { follow, serve } from '../support/broker-node.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);

describe.skipIf(isReferee)('a broker that leads', () => {
  cleanUp();

  test.each([
    ['wasm', 1],
    ['wasm', 2],
    ['js', 1],
    ['js', 2],
  ] as const)(
    '%s, %i workers: another one has what it confirmed',
    { timeout: 3 * PATIENCE_MS },
    async (engine, workers) => {
      process.stdout.write(`a leader that goes, seed ${SEED}\n`);
      const random = randomFrom(SEED);
      const stream = new MemoryStream({ clock: machineClock, random });
      const presences = new MemoryPresences(machineClock, 1);
      const [here, there] = [directory(), directory()];
      const first = await follow('a', here, stream, presences);
      await within(PATIENCE_MS, 'the first leader', first.leads);
      const second = await follow('b', there, stream, presences);
      const leader = await serve(here, workers, engine, first);
      const channel = await open(leader.broker);
      await channel.call('queue.declare', { queue: 'q', durable: true });
      await channel.call('confirm.select');
      const count = 200;
      for (let at = 0; at < count; at++) channel.publish('', 'q', `${at}`, { properties: PERSISTENT });
      await confirmed(channel, count);
      const taken = Math.floor(random() * 50);
      for (let at = 0; at < taken; at++) expect((await channel.get('q', true))?.body.toString()).toBe(`${at}`);
      // What was acknowledged before is certain with this.
      channel.publish('', 'q', `${count}`, { properties: PERSISTENT });
      await confirmed(channel, count + 1);
      await first.node.stop(true);
      await within(PATIENCE_MS, 'the second leader', second.leads);
      await leader.running.fail();
      const next = await serve(there, workers, engine, second);
      afterwards(() => next.running.close());
      const left = await drain(await open(next.broker), 'q');
      const expected = Array.from({ length: count + 1 - taken }, (_, at) => [`${taken + at}`, true]);
      expect(left).toEqual(expected);
    },
  );
});
