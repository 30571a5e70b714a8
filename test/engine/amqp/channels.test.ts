/** Channels by number: a client may take any, and as many as are open is what they cost. */
import { describe, expect, test } from 'vitest';
import { Limit } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';

/** Numbers of which many are alike in their lower bits, and the highest and the lowest. */
const SCATTERED = [1, 65_535, ...Array.from({ length: 30 }, (_, i) => 7 + i * 2_048), 2_047, 2_048, 128, 4_096];

describe.each(ENGINES)('%s', (kind) => {
  test('each channel is found by its number, whatever others there are', async () => {
    const bench = await Bench.open(kind);
    const queue = bench.queue('q');
    const client = bench.client();
    for (const number of SCATTERED) client.open(number);
    let count = 0;
    for (const [i, number] of SCATTERED.entries()) {
      client.feed(publish(number, 'q', Buffer.from('x')));
      expect(bench.engine().readyCount(queue)).toBe(++count);
      // Every other one goes, from the midst of those that are alike.
      if (i % 2 === 0) bench.engine().freeChannel(client.channels.get(number) ?? 0);
    }
    for (const [i, number] of SCATTERED.entries()) {
      client.feed(publish(number, 'q', Buffer.from('y')));
      if (i % 2 === 1) count += 1;
      expect(bench.engine().readyCount(queue)).toBe(count);
    }
  });

  test('numbers that are far apart cost no more than others, and nothing when their channels are closed', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    const client = bench.client();
    const before = engine.memoryUsed();
    const costOf = (numbers: readonly number[]): number => {
      for (const number of numbers) expect(client.open(number)).not.toBe(0);
      const cost = engine.memoryUsed() - before;
      for (const number of numbers) engine.freeChannel(client.channels.get(number) ?? 0);
      return cost;
    };
    const inARow = costOf(Array.from({ length: Limit.CHANNEL_MAX }, (_, i) => i + 1));
    const apart = costOf(Array.from({ length: Limit.CHANNEL_MAX }, (_, i) => 1 + i * 32));
    expect(apart).toBeLessThanOrEqual(inARow);
    for (let number = 1; number < 65_536; number += 101) costOf([number]);
    expect(engine.memoryUsed()).toBe(before);
  });

  test('a connection that goes takes all its channels along', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    const before = engine.memoryUsed();
    const client = bench.client();
    for (const number of SCATTERED) client.consume(number, 'q');
    bench.serve();
    const queue = engine.memoryUsed();
    client.close();
    bench.serve();
    expect(engine.memoryUsed()).toBeLessThan(queue);
    engine.retireQueue(bench.queue('q'));
    engine.freeQueue(bench.queue('q'));
    expect(engine.memoryUsed()).toBe(before);
  });
});
