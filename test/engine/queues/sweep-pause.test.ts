/**
 * How soon a worker must sweep again: seldom where nothing can be due soon, and at once when something comes that may
 * be.
 */
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../support/bench.js';
import { properties, publish } from '../support/frames.js';
import { featuredScenario, publishTexts, text } from '../support/scenario.js';

const SOON = 10;
const RARELY = 250;

function publishWithExpiration(publisher: { feed(bytes: Uint8Array): unknown }, expiration: string): void {
  publisher.feed(publish(1, 'q', text('mortal'), { properties: properties({ expiration }) }));
}

describe.each(ENGINES)('%s', (kind) => {
  test('a queue is looked at a hundred times during its time to live, and not more often than need be', async () => {
    for (const [ttl, pause] of [
      [500, SOON],
      [5_000, 50],
      [600_000, RARELY],
    ] as const) {
      const { engine } = await featuredScenario(kind, { ttl });
      expect(engine.sweepPause()).toBe(SOON);
      engine.sweep();
      expect(engine.sweepPause()).toBe(pause);
    }
  });

  test('of many queues the shortest life counts', async () => {
    const { bench, engine } = await featuredScenario(kind, { ttl: 600_000 });
    engine.sweep();
    bench.queue('short');
    bench.setFeatures('short', { ttl: 1_000 });
    expect(engine.sweepPause()).toBe(SOON);
    engine.sweep();
    expect(engine.sweepPause()).toBe(SOON);
  });

  test('a shorter life that is set later counts at once', async () => {
    const { bench, engine } = await featuredScenario(kind, { ttl: 600_000 });
    engine.sweep();
    bench.setFeatures('q', { ttl: 1_000 });
    expect(engine.sweepPause()).toBe(SOON);
  });

  test('a message with a time of its own is looked after from when it comes until it has gone', async () => {
    const { bench, publisher, consumer, engine } = await featuredScenario(kind, { ttl: 600_000 });
    engine.sweep();
    publishTexts(publisher, 'a');
    expect(engine.sweepPause()).toBe(RARELY);
    publishWithExpiration(publisher, '20');
    expect(engine.sweepPause()).toBe(SOON);
    engine.sweep();
    expect(engine.sweepPause()).toBe(SOON);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve();
    engine.sweep();
    expect(engine.sweepPause()).toBe(RARELY);
    publishWithExpiration(publisher, '20');
    expect(engine.readyCount(bench.queue('q'))).toBe(1);
    expect(engine.sweepPause()).toBe(SOON);
  });
});
