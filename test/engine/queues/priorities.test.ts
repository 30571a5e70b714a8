/** Messages with priorities, and consumers with priorities. */
import { describe, expect, test } from 'vitest';
import { DeadLetterReason, Overflow } from '../../../src/engine/engine.js';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { featuredScenario, publishTexts, scenario, text } from '../support/scenario.js';

/** A worker keeps two of them open for messages. */
const SEGMENT = 1 << 20;

function publishAt(publisher: Client, ...priorities: readonly [body: string, priority: number][]): void {
  const frames = priorities.map(([body, priority]) =>
    publish(1, 'q', text(body), { properties: properties({ priority }) }),
  );
  publisher.feed(Buffer.concat(frames));
}

describe.each(ENGINES)('%s', (kind) => {
  test('messages of a higher priority come first, those of one priority in order, none counts as 0', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, { maxPriority: 5 });
    publishTexts(publisher, 'none');
    publishAt(publisher, ['low', 0], ['three', 3], ['five', 5], ['more', 200], ['three again', 3]);
    expect(engine.readyCount(queue)).toBe(6);
    consumer.consume(1, 'q');
    bench.serve();
    expect(consumer.bodies()).toEqual(['five', 'more', 'three', 'three again', 'none', 'low']);
  });

  test('a message that is requeued goes to its place among those of its priority', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { maxPriority: 9 });
    publishAt(publisher, ['a', 2], ['b', 2], ['c', 1]);
    for (let i = 0; i < 3; i++) {
      engine.get(channel, queue, false);
      bench.serve();
    }
    consumer.received();
    publishAt(publisher, ['d', 2], ['e', 7]);
    consumer.feed(nack(1, 0, true, true));
    consumer.consume(1, 'q');
    bench.serve();
    expect(consumer.bodies()).toEqual(['e', 'a', 'b', 'd', 'c']);
  });

  test('all priorities are purged, and freed', async () => {
    const bench = await Bench.open(kind);
    const before = bench.coordinator.memoryUsed();
    bench.setFeatures('q', { maxPriority: 255 });
    const publisher = bench.client();
    publisher.open(1);
    publishAt(publisher, ...Array.from({ length: 300 }, (_, i): [string, number] => [`${i}`, i % 256]));
    expect(bench.coordinator.purge(bench.queue('q'))).toBe(300);
    publishAt(publisher, ['a', 17], ['b', 255]);
    expect(bench.coordinator.retireQueue(bench.queue('q'))).toBe(2);
    bench.coordinator.freeQueue(bench.queue('q'));
    publisher.close();
    expect(bench.coordinator.memoryUsed()).toBeLessThanOrEqual(before + 2 * SEGMENT);
  });

  test('each priority’s oldest message expires by itself', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, { maxPriority: 3, deadLetters: true });
    publisher.feed(publish(1, 'q', text('high'), { properties: properties({ priority: 3 }) }));
    publisher.feed(publish(1, 'q', text('low'), { properties: properties({ priority: 1, expiration: '10' }) }));
    bench.setTime(1_000_100);
    bench.sweep();
    expect(bench.dead()).toEqual([{ body: 'low', queue: 'q', reason: DeadLetterReason.EXPIRED }]);
    expect(engine.readyCount(queue)).toBe(1);
  });

  test('of a queue that is too long the highest and oldest dies', async () => {
    const { bench, publisher } = await featuredScenario(kind, { maxPriority: 3, maxLength: 2, deadLetters: true });
    publishAt(publisher, ['low', 0], ['high', 3], ['last', 1]);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['high']);
  });

  test('a queue with priorities refuses what it has no room for', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, {
      maxPriority: 3,
      maxLength: 1,
      overflow: Overflow.REJECT_PUBLISH,
    });
    engine.setConfirm(publisher.channels.get(1) ?? 0);
    publishAt(publisher, ['low', 0], ['high', 3]);
    bench.serve();
    expect(publisher.received()).toMatchObject([
      { kind: 'confirm', tag: 1 },
      { kind: 'refusal', tag: 2 },
    ]);
    expect(engine.readyCount(queue)).toBe(1);
  });

  test('a consumer of a lower priority gets messages only while those of a higher one lack credit', async () => {
    const { bench, publisher } = await scenario(kind);
    const low = bench.client();
    const high = bench.client();
    low.consume(1, 'q', { prefetch: 10 });
    high.consume(1, 'q', { prefetch: 2, priority: 5 });
    bench.serve();
    publishTexts(publisher, 'a');
    bench.serve();
    publishTexts(publisher, 'b', 'c', 'd');
    bench.serve();
    expect([high.bodies(), low.bodies()]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    high.feed(ack(1, 1));
    publishTexts(publisher, 'e', 'f');
    bench.serve();
    expect([high.bodies(), low.bodies()]).toEqual([['e'], ['f']]);
  });

  test('a consumer of a negative priority stands behind those that have none', async () => {
    const { bench, publisher } = await scenario(kind);
    const behind = bench.client();
    const first = bench.client();
    first.consume(1, 'q', { prefetch: 1 });
    behind.consume(1, 'q', { priority: -1 });
    bench.serve();
    publishTexts(publisher, 'a', 'b');
    bench.serve();
    expect([first.bodies(), behind.bodies()]).toEqual([['a'], ['b']]);
    first.close();
    bench.serve();
    expect(behind.bodies()).toEqual(['a']);
  });

  test('consumers of one priority share what those of a higher one leave', async () => {
    const { bench, publisher } = await scenario(kind);
    const high = bench.client();
    const low = [bench.client(), bench.client()];
    high.consume(1, 'q', { prefetch: 1, priority: 1 });
    for (const one of low) one.consume(1, 'q', { prefetch: 100 });
    bench.serve();
    publishTexts(publisher, ...Array.from({ length: 41 }, (_, i) => `${i}`));
    bench.serve();
    expect(high.bodies()).toHaveLength(1);
    const counts = low.map((one) => one.bodies().length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(40);
    for (const count of counts) expect(count).toBeGreaterThan(10);
  });

  test('when a consumer of a higher priority goes, those of a lower one go on', async () => {
    const { bench, publisher, engine } = await scenario(kind);
    const low = bench.client();
    const high = bench.client();
    low.consume(1, 'q');
    const reference = high.consume(1, 'q', { priority: 3 });
    bench.serve();
    publishTexts(publisher, 'a');
    engine.cancelConsumer(reference);
    bench.serve();
    expect([high.bodies(), low.bodies()]).toEqual([[], ['a']]);
  });

  test('priorities of consumers hold across workers', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    bench.queue('q');
    const low = bench.client(0);
    const high = bench.client(1);
    low.consume(1, 'q');
    high.consume(1, 'q', { priority: 1, prefetch: 1 });
    bench.serve(0);
    bench.serve(1);
    const publisher = bench.client(0);
    publisher.open(1);
    publishTexts(publisher, 'a', 'b');
    bench.serve(0);
    expect(low.bodies()).toEqual([]);
    bench.serve(1);
    expect(high.bodies()).toEqual(['a']);
    bench.serve(0);
    expect(low.bodies()).toEqual(['b']);
  });
});
