/** Messages that die: handed to the host one after the other, published anew by it, settled. */
import { describe, expect, test } from 'vitest';
import { DeadLetterReason, Overflow } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { headerOf, nack, properties, publish, reject } from '../support/frames.js';
import { featuredScenario, publishTexts, text } from '../support/scenario.js';

const KEY = Buffer.concat([Buffer.of(3), text('dlx'), Buffer.of(4), text('dead')]);

describe.each(ENGINES)('%s', (kind) => {
  test('what a client rejects or nacks without requeue dies, in order; what it acknowledges does not', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a', 'b', 'c', 'd', 'e');
    bench.serve();
    consumer.feed(Buffer.concat([reject(1, 1, false), nack(1, 4, true, false)]));
    engine.settle(consumer.channels.get(1) ?? 0, 5, false, null);
    expect(bench.dead()).toEqual(
      ['a', 'b', 'c', 'd'].map((body) => ({ body, queue: 'q', reason: DeadLetterReason.REJECTED })),
    );
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('a message that was got dies by a reject, too', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    publishTexts(publisher, 'a');
    engine.get(channel, queue, false);
    consumer.feed(reject(1, 1, false));
    expect(bench.dead()).toEqual([{ body: 'a', queue: 'q', reason: DeadLetterReason.REJECTED }]);
  });

  test('the oldest of the dead is the same until it is settled, and a worker does not sleep over it', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    publishTexts(publisher, 'a', 'b');
    engine.get(channel, queue, false);
    engine.get(channel, queue, false);
    bench.serve();
    consumer.feed(nack(1, 0, true, false));
    const first = engine.nextDead();
    expect(engine.nextDead()).toBe(first);
    expect(engine.sleep()).toBe(false);
    engine.settleDead();
    expect(Buffer.from(engine.messageBody(engine.nextDead())).toString()).toBe('b');
    engine.settleDead();
    expect(engine.nextDead()).toBe(0);
    expect(engine.sleep()).toBe(true);
    engine.wake();
  });

  test('a dead message is published anew: its body as it was, under another key and header, at a time of its own', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      ttl: 100,
      deadLetters: true,
    });
    const grave = bench.setFeatures('dead', { ttl: 100 });
    const other = bench.queue('other');
    publishTexts(publisher, 'the body');
    bench.setTime(1_000_200);
    engine.get(channel, queue, false);
    const dead = engine.nextDead();
    const header = headerOf(8, properties({ expiration: '50', replyTo: 'me' }));
    expect(engine.republish(dead, KEY, header, [grave, other])).toEqual([]);
    engine.settleDead();
    bench.setTime(1_000_249);
    consumer.consume(1, 'dead', { noAck: true });
    bench.serve();
    expect(consumer.stream().includes(Buffer.concat([KEY, Buffer.of(0xce, 2, 0, 1)]))).toBe(true);
    bench.setTime(1_000_300);
    bench.sweep();
    expect([engine.readyCount(grave), engine.readyCount(other)]).toEqual([0, 0]);
  });

  test('what the host keeps counts towards the limits of its queue until it is settled', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      maxLength: 2,
      maxBytes: 10,
      overflow: Overflow.REJECT_PUBLISH,
      deadLetters: true,
    });
    engine.setConfirm(publisher.channels.get(1) ?? 0);
    publishTexts(publisher, 'dead', 'next');
    engine.get(channel, queue, false);
    bench.serve();
    consumer.feed(reject(1, 1, false));
    const dead = engine.nextDead();
    const kept = engine.keepDead();
    expect(kept).not.toBe(0);
    expect([engine.nextDead(), engine.readyCount(queue), engine.sleep()]).toEqual([0, 1, true]);
    engine.wake();
    publishTexts(publisher, 'more');
    expect(Buffer.from(engine.messageBody(dead)).toString()).toBe('dead');
    engine.settleDeadKept(kept);
    publishTexts(publisher, 'seven..', 'last');
    bench.serve();
    const answers = publisher.received().map((one) => one.kind);
    expect(answers).toEqual(['confirm', 'refusal', 'refusal', 'confirm']);
    expect(engine.readyCount(queue)).toBe(2);
  });

  test('a queue that is deleted goes when what the host kept of it is settled', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    publishTexts(publisher, 'a');
    engine.get(channel, queue, false);
    bench.serve();
    consumer.feed(reject(1, 1, false));
    const kept = engine.keepDead();
    engine.retireQueue(queue);
    engine.freeQueue(queue);
    const before = engine.memoryUsed();
    engine.settleDeadKept(kept);
    expect(engine.memoryUsed()).toBeLessThan(before);
  });

  test('what was refused is not kept: no queue has it', async () => {
    const { publisher, engine } = await featuredScenario(kind, {
      maxLength: 0,
      overflow: Overflow.REJECT_PUBLISH_DLX,
      deadLetters: true,
    });
    publishTexts(publisher, 'a');
    expect(engine.keepDead()).toBe(0);
    expect(engine.nextDead()).not.toBe(0);
    engine.settleDead();
  });

  test.each([
    0, 1, 131_064, 131_065, 400_000,
  ])('a body of %i octets is the same after it was published anew', async (size) => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    const grave = bench.queue('dead');
    const body = Buffer.from(Array.from({ length: size }, (_, i) => i * 7));
    publisher.feed(publish(1, 'q', body, { frameBody: 10_000 }));
    engine.get(channel, queue, false);
    bench.serve();
    consumer.stream();
    consumer.feed(reject(1, 1, false));
    expect(engine.republish(engine.nextDead(), KEY, headerOf(size, properties({ priority: 3 })), [grave])).toEqual([]);
    engine.settleDead();
    consumer.consume(1, 'dead');
    bench.serve();
    const [delivery] = consumer.received();
    expect(delivery?.kind === 'delivery' && delivery.body.equals(body)).toBe(true);
  });

  test('what dies in a queue that is deleted before it was settled is dropped, and all is free again', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    const before = engine.memoryUsed();
    publishTexts(publisher, 'a', 'b', 'c');
    engine.get(channel, queue, false);
    bench.serve();
    consumer.feed(reject(1, 1, false));
    expect(bench.coordinator.retireQueue(queue)).toBe(2);
    bench.coordinator.freeQueue(queue);
    expect(engine.nextDead()).toBe(0);
    expect(engine.memoryUsed()).toBeLessThanOrEqual(before + (1 << 20));
  });

  test('what is purged does not die', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, { deadLetters: true });
    publishTexts(publisher, 'a', 'b');
    expect(engine.purge(queue)).toBe(2);
    expect(bench.dead()).toEqual([]);
  });

  test('a message that is requeued more often than its queue allows dies', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      deadLetters: true,
      deliveryLimit: 2,
    });
    publishTexts(publisher, 'a');
    consumer.consume(1, 'q');
    for (let tag = 1; tag <= 3; tag++) {
      bench.serve();
      expect(consumer.received()).toMatchObject([{ tag, redelivered: tag > 1 }]);
      if (tag === 2) engine.recover(channel);
      else consumer.feed(nack(1, tag, false, true));
    }
    bench.serve();
    expect(consumer.received()).toEqual([]);
    expect(bench.dead()).toEqual([{ body: 'a', queue: 'q', reason: DeadLetterReason.DELIVERY_LIMIT }]);
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('a delivery limit of 0 lets nothing come back, and without dead letters it is dropped', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, { deliveryLimit: 0 });
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a', 'b');
    bench.serve();
    consumer.received();
    consumer.close();
    expect([engine.readyCount(queue), engine.nextDead()]).toEqual([0, 0]);
  });

  test('deliveries after the first say how often the message was requeued, whatever headers it has', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      deliveryCount: true,
    });
    const count = Buffer.concat([Buffer.of(16), text('x-delivery-count'), text('l'), Buffer.alloc(7)]);
    const own = Buffer.concat([Buffer.of(1), text('a'), text('t'), Buffer.of(1)]);
    publisher.feed(publish(1, 'q', text('plain')));
    publisher.feed(publish(1, 'q', text('headers'), { properties: properties({ headers: own, priority: 4 }) }));
    publisher.feed(publish(1, 'q', Buffer.alloc(300_000, 'x')));
    for (let i = 0; i < 3; i++) {
      engine.get(channel, queue, false);
      bench.serve();
    }
    expect(consumer.stream().includes(count)).toBe(false);
    engine.recover(channel);
    consumer.consume(1, 'q');
    bench.serve();
    const stream = consumer.stream();
    const table = Buffer.concat([count, Buffer.of(1)]);
    expect(stream.includes(Buffer.concat([Buffer.of(0x30, 0, 0, 0, 0, 26), table, Buffer.of(1, 0xce)]))).toBe(true);
    expect(stream.includes(Buffer.concat([Buffer.of(0x28, 0, 0, 0, 0, 30), table, own, Buffer.of(4, 0xce)]))).toBe(
      true,
    );
    expect(stream.toString('latin1').split('x-delivery-count')).toHaveLength(4);
    engine.recover(channel);
    bench.serve();
    expect(consumer.stream().includes(Buffer.concat([count, Buffer.of(2)]))).toBe(true);
  });
});
