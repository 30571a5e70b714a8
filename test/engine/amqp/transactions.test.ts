/**
 * Channels whose publishes and settlements the host keeps until it commits, and what the host can do with deliveries
 * itself.
 */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { ack, nack, publish, reject } from '../support/frames.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

describe.each(ENGINES)('%s', (kind) => {
  test('messages of a transactional channel stay with the host until it publishes them, or lets them go', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind);
    const channel = publisher.channels.get(1) ?? 0;
    engine.setTransactional(channel);
    const kept: number[] = [];
    const before = engine.memoryUsed();
    for (const body of ['a', 'b', 'c']) {
      const bytes = publish(1, 'q', text(body));
      engine.bytes.set(bytes, engine.readOffset);
      let stop = engine.ingest(publisher.core, engine.readOffset, bytes.length);
      if (stop === Stop.ROUTE) {
        engine.installRoute(publisher.core, [queue], 0, 0);
        stop = engine.ingest(publisher.core, engine.readOffset, bytes.length);
      }
      expect(stop).toBe(Stop.MESSAGE);
      kept.push(engine.stopMessage);
    }
    expect(engine.readyCount(queue)).toBe(0);
    const [a = 0, b = 0, c = 0] = kept;
    expect(engine.publish(channel, c, [queue])).toBe(true);
    expect(engine.publish(channel, a, [queue])).toBe(true);
    engine.releaseMessage(b);
    const heir = bench.client();
    heir.consume(1, 'q', { noAck: true });
    bench.serve();
    expect(heir.bodies()).toEqual(['c', 'a']);
    expect(engine.memoryUsed()).toBeLessThanOrEqual(before + (1 << 20) + 8192);
  });

  test('the life of a message that the host has kept begins when the host publishes it', async () => {
    const { bench, publisher, channel, engine, queue } = await scenario(kind, 32, { ttl: 100 });
    bench.setTime(1_000_000);
    const transactional = publisher.channels.get(1) ?? 0;
    engine.setTransactional(transactional);
    const bytes = publish(1, 'q', text('a'));
    engine.bytes.set(bytes, engine.readOffset);
    engine.ingest(publisher.core, engine.readOffset, bytes.length);
    engine.installRoute(publisher.core, [queue], 0, 0);
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.MESSAGE);
    const kept = engine.stopMessage;
    bench.setTime(1_000_500);
    expect(engine.publish(transactional, kept, [queue])).toBe(true);
    bench.setTime(1_000_599);
    expect(engine.get(channel, queue, false)).toBe(true);
  });

  test('settlements on a transactional channel are left to the host, who carries them out', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a', 'b', 'c', 'd');
    bench.serve();
    engine.setTransactional(channel);
    consumer.feed(Buffer.concat([ack(1, 1), nack(1, 2, true, true), reject(1, 3, true)]));
    expect(consumer.stops).toEqual([Stop.FRAME, Stop.FRAME, Stop.FRAME]);
    expect(engine.unackedCount(channel)).toBe(4);
    expect([1, 4, 5].map((tag) => engine.isUnacked(channel, tag))).toEqual([true, true, false]);
    expect(engine.settle(channel, 2, true, null)).toBe(true);
    expect(engine.settle(channel, 2, false, null)).toBe(false);
    expect(engine.settle(channel, 3, false, true)).toBe(true);
    expect([engine.unackedCount(channel), engine.readyCount(queue)]).toEqual([1, 1]);
    expect(engine.settle(channel, 0, true, false)).toBe(true);
    expect(engine.unackedCount(channel)).toBe(0);
    expect(engine.lastTag(channel)).toBe(4);
  });

  test('it is known when the message of a delivery came, for as long as that is unacknowledged', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    bench.setTime(1_000_000);
    publishTexts(publisher, 'a', 'b');
    bench.setTime(2_000_000);
    consumer.consume(1, 'q');
    publishTexts(publisher, 'c');
    bench.serve();
    expect(engine.get(channel, queue, false)).toBe(false);
    const arrivals = (): number[] => [1, 2, 3, 4].map((tag) => engine.deliveryArrival(channel, tag));
    expect(arrivals()).toEqual([1_000_000, 1_000_000, 2_000_000, 0]);
    consumer.feed(ack(1, 2));
    expect(arrivals()).toEqual([1_000_000, 0, 2_000_000, 0]);
  });

  test('a settlement by the host gives credit', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q', { prefetch: 1 });
    publishTexts(publisher, 'a', 'b');
    bench.serve();
    engine.settle(channel, 1, false, null);
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'b']);
  });

  test('a consumer’s oldest delivery is known, and all it holds can be requeued for it', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    bench.queue('other');
    const first = consumer.consume(1, 'q', { prefetch: 3 });
    const second = consumer.consume(1, 'other', { prefetch: 1 });
    publishTexts(publisher, 'a', 'b', 'c');
    bench.serve();
    publisher.feed(publish(1, 'other', text('x')));
    bench.serve();
    expect([engine.oldestUnacked(first), engine.oldestUnacked(second)]).toEqual([1, 4]);
    consumer.feed(ack(1, 1));
    expect(engine.oldestUnacked(first)).toBe(2);
    engine.requeueDeliveries(first);
    expect(engine.oldestUnacked(first)).toBe(0);
    expect([engine.unackedCount(channel), engine.readyCount(queue)]).toEqual([1, 2]);
    consumer.received();
    bench.serve();
    expect(consumer.received()).toMatchObject([
      { redelivered: true, body: text('b') },
      { redelivered: true, body: text('c') },
    ]);
    engine.cancelConsumer(second);
    expect(engine.oldestUnacked(second)).toBe(0);
  });

  test('a message that was kept outlives its publish', async () => {
    const { publisher, engine, queue } = await scenario(kind);
    const channel = publisher.channels.get(1) ?? 0;
    engine.setTransactional(channel);
    const bytes = publish(1, 'q', text('a'));
    engine.bytes.set(bytes, engine.readOffset);
    engine.ingest(publisher.core, engine.readOffset, bytes.length);
    engine.installRoute(publisher.core, [queue], 0, 0);
    engine.ingest(publisher.core, engine.readOffset, bytes.length);
    const message = engine.stopMessage;
    engine.keepMessage(message);
    engine.publish(channel, message, [queue]);
    engine.purge(queue);
    expect(Buffer.from(engine.messageBody(message)).toString()).toBe('a');
    engine.releaseMessage(message);
  });
});
