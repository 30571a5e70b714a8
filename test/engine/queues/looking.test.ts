/** What operators see of queues and consumers: how old what waits is, who holds what since when, what a consumer does. */
import { describe, expect, test } from 'vitest';
import { ConsumerState } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { AT_HEAD, ImageShelf } from '../support/image-shelf.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

/** Times that are told exactly: those of deliveries are told to 32 ms. */
const START = 1_700_000_000_000;
const later = (seconds: number): number => START + seconds * 1024;

describe.each(ENGINES)('%s: the front of a queue', (kind) => {
  test('an empty queue has none', async () => {
    const { bench, queue } = await scenario(kind);
    expect(bench.coordinator.frontOf(queue, false)).toBeNull();
  });

  test('is as old as the message that comes next, whoever looks, and has its timestamp', async () => {
    const { bench, publisher, engine, channel, queue } = await scenario(kind);
    bench.setTime(later(0));
    publisher.feed(publish(1, 'q', text('a'), { properties: properties({ priority: 3, timestamp: 1234567 }) }));
    bench.setTime(later(5));
    publishTexts(publisher, 'b');
    for (const one of [engine, bench.coordinator])
      expect(one.frontOf(queue, false)).toEqual({ arrival: later(0), timestamp: 1234567 });
    engine.get(channel, queue, true);
    expect(engine.frontOf(queue, false)).toEqual({ arrival: later(5), timestamp: null });
    engine.get(channel, queue, true);
    expect(engine.frontOf(queue, false)).toBeNull();
  });

  test('is that of a message which was given back', async () => {
    const { bench, publisher, engine, channel, queue, consumer } = await scenario(kind);
    bench.setTime(later(0));
    publishTexts(publisher, 'a');
    bench.setTime(later(1));
    publishTexts(publisher, 'b');
    engine.get(channel, queue, false);
    expect(engine.frontOf(queue, false)?.arrival).toBe(later(1));
    consumer.feed(nack(1, 1, false, true));
    expect(engine.frontOf(queue, false)?.arrival).toBe(later(0));
  });

  test('in a queue with priorities, is as old as the oldest that is next in its priority', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind, 32, { maxPriority: 9 });
    bench.setTime(later(0));
    publisher.feed(publish(1, 'q', text('low'), { properties: properties({ priority: 1, timestamp: 1 }) }));
    bench.setTime(later(9));
    publisher.feed(publish(1, 'q', text('high'), { properties: properties({ priority: 9, timestamp: 2 }) }));
    expect(engine.frontOf(queue, false)).toEqual({ arrival: later(0), timestamp: 2 });
  });

  test('stays as old when what is behind it, or it itself, has left memory', async () => {
    const { bench, publisher, engine, channel, queue } = await scenario(kind);
    const { coordinator } = bench;
    const shelf = new ImageShelf(coordinator);
    bench.setTime(later(0));
    publishTexts(publisher, 'first');
    bench.setTime(later(1));
    publishTexts(publisher, ...Array.from({ length: 3 * coordinator.slotsPerBlock }, (_, i) => `${i}`));
    expect(shelf.out(queue, AT_HEAD)).toBe(true);
    expect(engine.frontOf(queue, false)?.arrival).toBe(later(0));
    engine.get(channel, queue, true);
    expect(engine.frontOf(queue, false)).toEqual({ arrival: later(1), timestamp: null });
    expect(shelf.in(queue)).toBe(true);
    expect(engine.frontOf(queue, false)?.arrival).toBe(later(1));
  });

  test('of a queue that was spilled from the first is not known before it was in memory, and asked back', async () => {
    const { bench, engine, queue } = await scenario(kind);
    const { coordinator } = bench;
    coordinator.setSpilled(queue, 10, 100);
    expect(engine.frontOf(queue, false)).toEqual({ arrival: null, timestamp: null });
    expect(coordinator.nextPageInRequest()).toBe(0);
    expect(engine.frontOf(queue, true)?.arrival).toBeNull();
    expect(coordinator.nextPageInRequest()).toBe(queue);
  });
});

describe.each(ENGINES)('%s: what a channel holds', (kind) => {
  test('is told by consumer, with the time of the oldest delivery that is not acknowledged', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    bench.setTime(later(0));
    publishTexts(publisher, 'a');
    const id = consumer.consume(1, 'q');
    bench.serve();
    bench.setTime(later(7));
    publishTexts(publisher, 'b', 'c');
    bench.serve();
    expect(engine.heldBy(channel)).toEqual([{ consumer: id, queue, count: 3, since: later(0) }]);
    expect(engine.lastDelivery(id)).toBe(later(7));
    expect(engine.lastAcknowledgement(id)).toBeNull();
    bench.setTime(later(8));
    consumer.feed(ack(1, 1));
    expect(engine.heldBy(channel)).toEqual([{ consumer: id, queue, count: 2, since: later(7) }]);
    expect(engine.lastAcknowledgement(id)).toBe(later(8));
    bench.setTime(later(9));
    consumer.feed(ack(1, 3, true));
    expect(engine.heldBy(channel)).toEqual([]);
    expect(engine.lastAcknowledgement(id)).toBe(later(9));
  });

  test('counts a rejection as no acknowledgement', async () => {
    const { bench, publisher, consumer, engine } = await scenario(kind);
    bench.setTime(later(0));
    publishTexts(publisher, 'a');
    const id = consumer.consume(1, 'q');
    bench.serve();
    consumer.feed(nack(1, 1, false, false));
    expect(engine.lastAcknowledgement(id)).toBeNull();
  });

  test('is told by queue of what was got, and of consumers that were cancelled', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    const other = bench.queue('other');
    bench.setTime(later(0));
    publishTexts(publisher, 'a', 'b', 'c');
    publisher.feed(publish(1, 'other', text('d')));
    engine.get(channel, queue, false);
    bench.setTime(later(1));
    engine.get(channel, other, false);
    engine.get(channel, queue, false);
    bench.serve();
    bench.setTime(later(2));
    const id = consumer.consume(1, 'q');
    bench.serve();
    engine.cancelConsumer(id);
    const held = [...engine.heldBy(channel)].sort((one, two) => one.since - two.since || one.count - two.count);
    expect(held).toEqual([
      { consumer: 0, queue, count: 2, since: later(0) },
      { consumer: 0, queue: other, count: 1, since: later(1) },
      { consumer: 0, queue, count: 1, since: later(2) },
    ]);
  });

  test('is right after random deliveries and settlements, looked at in any moment', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    let seed = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000);
    process.stdout.write(`seed ${seed}\n`);
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * below);
    };
    const ids = [consumer.consume(1, 'q'), consumer.consume(1, 'q')];
    const model = new Map<number, number>();
    let tag = 0;
    for (let step = 0; step < 400; step++) {
      bench.setTime(later(step));
      const count = random(4);
      publishTexts(publisher, ...Array.from({ length: count }, () => 'x'));
      bench.serve();
      for (let i = 0; i < count; i++) model.set(++tag, later(step));
      const tags = [...model.keys()];
      const settled = tags[random(tags.length)];
      if (settled !== undefined && random(3) > 0) {
        const multiple = random(20) === 0;
        consumer.feed(ack(1, settled, multiple));
        for (const one of tags) if (one === settled || (multiple && one < settled)) model.delete(one);
      }
      const held = engine.heldBy(channel);
      expect(held.reduce((sum, one) => sum + one.count, 0)).toBe(model.size);
      expect(Math.min(...held.map(({ since }) => since))).toBe(Math.min(...model.values()));
      expect(held.every((one) => one.queue === queue && ids.includes(one.consumer))).toBe(true);
    }
  });
});

describe.each(ENGINES)('%s: a consumer', (kind) => {
  test('waits for messages, lacks credit, or has a client that does not read', async () => {
    const bench = await Bench.open(kind);
    bench.queue('q');
    const publisher = bench.client();
    publisher.open(1);
    const client = bench.client();
    const engine = bench.engine();
    const id = client.consume(1, 'q', { prefetch: 1 });
    bench.serve();
    expect(engine.consumerState(id)).toBe(ConsumerState.WAITING);
    publishTexts(publisher, 'a', 'b');
    bench.serve();
    expect(engine.consumerState(id)).toBe(ConsumerState.NO_CREDIT);
    client.feed(ack(1, 1));
    client.feed(ack(1, 1));

    const slow = bench.client();
    const other = slow.consume(1, 'big', { noAck: true });
    bench.serve();
    for (let i = 0; i < 20; i++) publisher.feed(publish(1, 'big', Buffer.alloc(100_000)));
    // Nobody takes the output.
    while (engine.serve()) if (engine.consumerState(other) === ConsumerState.NO_OUTPUT) break;
    expect(engine.consumerState(other)).toBe(ConsumerState.NO_OUTPUT);
  });
});
