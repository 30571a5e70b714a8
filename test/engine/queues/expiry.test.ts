/**
 * Messages with a time to live, their own or their queue's: when they are delivered, when they die, and who notices.
 */
import { describe, expect, test } from 'vitest';
import { DeadLetterReason } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { featuredScenario, publishTexts, scenario, text } from '../support/scenario.js';

const START = 1_000_000;
const expiring = (body: string, expiration: string) =>
  publish(1, 'q', text(body), { properties: properties({ expiration }) });

describe.each(ENGINES)('%s', (kind) => {
  test('a message is delivered until its queue’s time to live is over, and dies after', async () => {
    const { bench, publisher, channel, consumer, engine, queue } = await featuredScenario(kind, {
      ttl: 100,
      deadLetters: true,
    });
    publishTexts(publisher, 'in time', 'late');
    bench.setTime(START + 99);
    expect(engine.get(channel, queue, true)).toBe(true);
    bench.setTime(START + 100);
    expect(engine.get(channel, queue, true)).toBe(false);
    bench.serve();
    expect(consumer.bodies()).toEqual(['in time']);
    expect(bench.dead()).toEqual([{ body: 'late', queue: 'q', reason: DeadLetterReason.EXPIRED }]);
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('without dead letters an expired message is dropped', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, { ttl: 100 });
    const before = engine.memoryUsed();
    publishTexts(publisher, 'a', 'b');
    bench.setTime(START + 106);
    bench.sweep();
    expect([engine.readyCount(queue), engine.nextDead()]).toEqual([0, 0]);
    // A segment for messages, a block of slots, and the queue's counters.
    expect(engine.memoryUsed()).toBeLessThanOrEqual(before + (1 << 20) + 4096 + 512);
  });

  test('of a message’s own time to live and its queue’s the smaller holds', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, { ttl: 100, deadLetters: true });
    publisher.feed(Buffer.concat([expiring('short', '50'), expiring('long', '1000')]));
    bench.setTime(START + 56);
    bench.sweep();
    expect(bench.dead().map((dead) => dead.body)).toEqual(['short']);
    bench.setTime(START + 106);
    bench.sweep();
    expect(bench.dead().map((dead) => dead.body)).toEqual(['long']);
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('a message expires by itself in a queue without features', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind);
    bench.setTime(START);
    expect(engine.expiringQueues()).toBe(0);
    publisher.feed(expiring('short', '50'));
    expect(engine.expiringQueues()).toBe(1);
    publishTexts(publisher, 'for ever');
    bench.setTime(START + 1_000);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(1);
  });

  test('a message that expires behind one that does not waits for it', async () => {
    const { bench, publisher, channel, consumer, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    publisher.feed(Buffer.concat([publish(1, 'q', text('first')), expiring('second', '10'), expiring('third', '500')]));
    bench.setTime(START + 400);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(3);
    engine.get(channel, queue, true);
    bench.sweep();
    expect(bench.dead().map((dead) => dead.body)).toEqual(['second']);
    engine.get(channel, queue, true);
    bench.serve();
    expect(consumer.bodies()).toEqual(['first', 'third']);
  });

  test('a message that is requeued keeps the time of its arrival', async () => {
    const { bench, publisher, channel, consumer, engine, queue } = await featuredScenario(kind, {
      ttl: 100,
      deadLetters: true,
    });
    publishTexts(publisher, 'a');
    engine.get(channel, queue, false);
    bench.setTime(START + 150);
    consumer.feed(nack(1, 1, false, true));
    expect(engine.get(channel, queue, false)).toBe(false);
    expect(bench.dead()).toEqual([{ body: 'a', queue: 'q', reason: DeadLetterReason.EXPIRED }]);
  });

  test('what is delivered does not expire', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { ttl: 100 });
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a');
    bench.serve();
    bench.setTime(START + 1_000);
    bench.sweep();
    expect([engine.unackedCount(channel), engine.readyCount(queue)]).toEqual([1, 0]);
    expect(engine.settle(channel, 1, false, null)).toBe(true);
  });

  test('a sweep leaves what has expired to consumers for as long as it is told to', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, { ttl: 100 });
    consumer.consume(1, 'q');
    bench.coordinator.setPaused(queue, true);
    publishTexts(publisher, 'a');
    bench.serve();
    bench.setTime(START + 100);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(1);
    engine.setSweepDelay(0);
    bench.setTime(START + 99);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(1);
    bench.setTime(START + 100);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('a time to live of 0 delivers to a consumer that waits, even one of another worker', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    bench.setTime(START);
    bench.setFeatures('q', { ttl: 0, deadLetters: true });
    const consumer = bench.client(1);
    consumer.consume(1, 'q');
    bench.serve(1);
    const publisher = bench.client(0);
    publisher.open(1);
    publishTexts(publisher, 'a');
    bench.setTime(START + 20);
    bench.serve(1);
    expect(consumer.bodies()).toEqual(['a']);
    expect([...bench.dead(0), ...bench.dead(1)]).toEqual([]);
  });

  test('a time to live of 0 is over at once where no consumer can take the message', async () => {
    const { bench, publisher, channel, engine, queue } = await featuredScenario(kind, { ttl: 0, deadLetters: true });
    publishTexts(publisher, 'a');
    expect(engine.get(channel, queue, true)).toBe(false);
    expect(bench.dead()).toEqual([{ body: 'a', queue: 'q', reason: DeadLetterReason.EXPIRED }]);
    publishTexts(publisher, 'b');
    bench.sweep();
    expect(bench.dead()).toEqual([{ body: 'b', queue: 'q', reason: DeadLetterReason.EXPIRED }]);
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('a consumer that comes within the same millisecond does not get what lives for 0 ms', async () => {
    const { bench, publisher, consumer } = await featuredScenario(kind, { ttl: 0, deadLetters: true });
    publishTexts(publisher, 'before');
    consumer.consume(1, 'q');
    publishTexts(publisher, 'after');
    bench.serve();
    expect(consumer.bodies()).toEqual(['after']);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['before']);
  });

  test('consumers that take turns get all that lives for 0 ms', async () => {
    const { bench, publisher, consumer, channel, engine } = await featuredScenario(kind, { ttl: 0, deadLetters: true });
    consumer.consume(1, 'q');
    consumer.consume(1, 'q');
    bench.serve();
    const sent = Array.from({ length: 20 }, (_, i) => `${i}`);
    publishTexts(publisher, ...sent);
    bench.serve();
    expect(consumer.bodies()).toEqual(sent);
    expect([engine.unackedCount(channel), bench.dead()]).toEqual([20, []]);
  });

  test('what lives for 0 ms and finds a consumer without credit is not for the time when it has some', async () => {
    const { bench, publisher, consumer } = await featuredScenario(kind, { ttl: 0, deadLetters: true });
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve();
    publishTexts(publisher, 'a', 'b');
    bench.serve();
    consumer.feed(ack(1, 1));
    publishTexts(publisher, 'c');
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'c']);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['b']);
  });

  test('one that comes in one read with the credit is for it: in RabbitMQ, too, an acknowledgement overtakes messages', async () => {
    const { bench, publisher, consumer } = await featuredScenario(kind, { ttl: 0, deadLetters: true });
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve();
    publishTexts(publisher, 'a');
    bench.serve();
    const [b, c, d] = ['b', 'c', 'd'].map((body) => publish(1, 'q', text(body)));
    consumer.feed(Buffer.concat([b, c, ack(1, 1), d].filter((frames) => frames !== undefined)));
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'b']);
    consumer.feed(ack(1, 2));
    bench.serve();
    expect(consumer.bodies()).toEqual([]);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['c', 'd']);
  });

  test.each([
    0, 5,
  ])('what is requeued has no more than its time to live of %i ms, though a consumer waits', async (ttl) => {
    const { bench, publisher, consumer } = await featuredScenario(kind, { ttl, deadLetters: true });
    consumer.consume(1, 'q');
    bench.serve();
    publishTexts(publisher, 'a');
    bench.serve();
    bench.setTime(START + ttl);
    consumer.feed(nack(1, 1, false, true));
    bench.serve();
    expect(consumer.bodies()).toEqual(['a']);
    expect(bench.dead()).toEqual([{ body: 'a', queue: 'q', reason: DeadLetterReason.EXPIRED }]);
  });

  test('what is requeued in a queue with priorities dies at its own priority', async () => {
    const { bench, publisher, consumer } = await featuredScenario(kind, { ttl: 0, maxPriority: 3, deadLetters: true });
    consumer.consume(1, 'q');
    bench.serve();
    publisher.feed(
      Buffer.concat(
        [0, 3].map((priority) => publish(1, 'q', text(`${priority}`), { properties: properties({ priority }) })),
      ),
    );
    bench.serve();
    consumer.feed(nack(1, 0, true, true));
    bench.serve();
    expect(consumer.bodies().sort()).toEqual(['0', '3']);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['3', '0']);
  });

  test('the sweep leaves what has expired to a consumer that is on its way, and no longer', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    bench.setTime(START);
    bench.setFeatures('q', { ttl: 0 });
    const [publisher, consumer] = [bench.client(0), bench.client(1)];
    publisher.open(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    publishTexts(publisher, 'a', 'b');
    bench.setTime(START + 20);
    for (const worker of [0, 1]) bench.sweep(worker);
    bench.serve(1);
    expect(consumer.bodies()).toEqual(['a']);
    for (const worker of [0, 1]) bench.sweep(worker);
    expect(bench.engine().readyCount(bench.queue('q'))).toBe(0);
  });

  test('the life of a message begins when it is whole, however long its body took to come', async () => {
    const { bench, publisher, channel, engine, queue } = await featuredScenario(kind, { ttl: 100 });
    const slow = publish(1, 'q', text('slow'));
    publisher.feed(slow.subarray(0, -3));
    bench.setTime(START + 500);
    publisher.feed(slow.subarray(-3));
    expect(engine.get(channel, queue, true)).toBe(true);
  });

  test('a sweep is bounded, and goes on where there is more', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, { ttl: 100 });
    publishTexts(publisher, ...Array.from({ length: 600 }, (_, i) => `${i}`));
    bench.setTime(START + 200);
    expect(engine.sweep()).toBe(true);
    expect(engine.readyCount(queue)).toBe(600 - 256);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(0);
    expect(engine.sweep()).toBe(false);
  });

  test('queues with a time to live are shared among the workers, until they are deleted', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    for (const name of ['a', 'b', 'c', 'd']) bench.setFeatures(name, { ttl: 100 });
    expect(bench.participants.map((engine) => engine.expiringQueues())).toEqual([2, 2]);
    for (const name of ['a', 'b', 'c', 'd']) bench.coordinator.retireQueue(bench.queue(name));
    expect(bench.participants.map((engine) => engine.expiringQueues())).toEqual([0, 0]);
    for (const name of ['a', 'b', 'c', 'd']) bench.coordinator.freeQueue(bench.queue(name));
  });

  test('a time to live that is set later holds for what is there', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind);
    bench.setTime(START);
    publishTexts(publisher, 'a');
    bench.setTime(START + 500);
    bench.setFeatures('q', { ttl: 100 });
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(0);
    bench.setFeatures('q', {});
    publishTexts(publisher, 'b');
    bench.setTime(START + 5_000);
    bench.sweep();
    expect(engine.readyCount(queue)).toBe(1);
  });

  test('a queue remembers when it was last asked for a message, found or not', async () => {
    const { bench, channel, engine, queue } = await scenario(kind);
    expect(engine.lastGet(queue)).toBe(0);
    bench.setTime(START);
    engine.get(channel, queue, true);
    expect(engine.lastGet(queue)).toBe(START);
  });
});
