/** Queues are emptied a portion at a time, and a queue that is about to go gives nothing any more. */
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';
import { ImageShelf } from '../support/image-shelf.js';
import { featuredScenario, scenario, text } from '../support/scenario.js';

const COUNT = 10_000;
const MESSAGES = Buffer.concat(Array.from({ length: COUNT }, (_, i) => publish(1, 'q', text(`${i}`))));

describe.each(ENGINES)('%s', (kind) => {
  test.each([
    ['plain', {}],
    ['with priorities', { maxPriority: 3 }],
    ['that counts bytes', { maxBytes: 2 ** 30 }],
  ])('a purge of a queue %s takes as many as it is told, from the head', async (_name, features) => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, features);
    publisher.feed(MESSAGES);
    expect(engine.purge(queue, 700)).toBe(700);
    expect(engine.readyCount(queue)).toBe(COUNT - 700);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve();
    expect(consumer.bodies()[0]).toBe('700');
    expect(engine.purge(queue, 700)).toBe(0);
  });

  test('portions empty a queue whose messages are partly elsewhere', async () => {
    const { bench, publisher, queue } = await scenario(kind);
    const { coordinator } = bench;
    publisher.feed(MESSAGES);
    const shelf = new ImageShelf(coordinator);
    for (let i = 0; i < 8; i++) shelf.out(queue, 2);
    expect(coordinator.spilledCount(queue)).toBeGreaterThan(0);
    let left = COUNT;
    for (let count = coordinator.purge(queue, 300); count > 0; count = coordinator.purge(queue, 300)) left -= count;
    expect(left).toBe(0);
    expect([coordinator.readyCount(queue), coordinator.spilledCount(queue)]).toEqual([0, 0]);
  });

  test('a queue that is retired gives nothing any more, however much is left of it, and all memory comes back', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    const { coordinator } = bench;
    const idle = bench.client();
    idle.consume(1, 'q');
    bench.serve();
    const before = engine.memoryUsed();
    const held = consumer.consume(1, 'q', { prefetch: 1 });
    publisher.feed(MESSAGES);
    expect(coordinator.retireQueue(queue)).toBe(COUNT);
    expect(engine.get(channel, queue, true)).toBe(false);
    bench.serve();
    expect([consumer.bodies(), idle.bodies()]).toEqual([[], []]);
    publisher.feed(publish(1, 'q', text('too late')));
    engine.cancelConsumer(held);
    idle.close();
    while (coordinator.purge(queue, 300) > 0);
    coordinator.freeQueue(queue);
    bench.serve();
    expect(engine.memoryUsed()).toBeLessThan(before + 2 * 2 ** 20);
  });
});
