/** A scan does no more than it may, and what is left goes on in order. */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { ack, nack, publish } from '../support/frames.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

const QUEUES = 100;

/** A key that leads to many queues. */
async function fanout(kind: (typeof ENGINES)[number]) {
  const bench = await Bench.open(kind);
  const names = Array.from({ length: QUEUES }, (_, i) => `q${i}`);
  for (const name of names) bench.queue(name);
  bench.routes.set('all', names);
  const publisher = bench.client();
  publisher.open(1);
  return { bench, engine: bench.engine(), publisher, last: bench.queue('q99') };
}

const numbered = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => publish(1, 'all', text(`${i}`))));

describe.each(ENGINES)('%s', (kind) => {
  test('a scan stops behind the message that is too much, and says what it has done', async () => {
    const { engine, publisher, last } = await fanout(kind);
    publisher.feed(numbered(1));
    const one = numbered(1).length;
    const bytes = numbered(10);
    engine.bytes.set(bytes, engine.readOffset);
    const before = engine.work;
    expect(engine.ingest(publisher.core, engine.readOffset, bytes.length, 4 * QUEUES)).toBe(Stop.WORK);
    expect([engine.consumed, engine.work - before, engine.readyCount(last)]).toEqual([4 * one, 4 * QUEUES, 5]);
    expect(engine.ingest(publisher.core, engine.readOffset + 4 * one, 6 * one)).toBe(Stop.END);
    expect([engine.consumed, engine.readyCount(last)]).toEqual([6 * one, 11]);
  });

  test('each scan takes one message at least, in whatever pieces messages come', async () => {
    const { bench, publisher } = await fanout(kind);
    publisher.work = 1;
    let scans = 0;
    publisher.onWork = () => {
      scans += 1;
    };
    publisher.feed(numbered(50), 7);
    expect(scans).toBe(50);
    const consumer = bench.client();
    consumer.consume(1, 'q99', { noAck: true });
    bench.serve();
    expect(consumer.received().map((one) => one.kind === 'delivery' && one.body.toString())).toEqual(
      Array.from({ length: 50 }, (_, i) => `${i}`),
    );
  });

  test('a message to queues that look at each by itself is worth more', async () => {
    const { bench, engine, publisher } = await fanout(kind);
    publisher.feed(numbered(1));
    const plain = engine.work;
    publisher.feed(numbered(1));
    const perPlain = engine.work - plain;
    bench.setFeatures('q0', { maxPriority: 3 });
    publisher.feed(numbered(1));
    const ruled = engine.work;
    publisher.feed(numbered(1));
    expect(engine.work - ruled).toBeGreaterThan(perPlain);
  });

  test('an acknowledgement of many is done in parts, the oldest first, and what follows it comes after', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, ...Array.from({ length: 3_000 }, (_, i) => `${i}`));
    bench.serve();
    consumer.received();
    const left: number[] = [];
    consumer.work = 1_000;
    consumer.onWork = () => left.push(engine.unackedCount(channel));
    consumer.feed(Buffer.concat([ack(1, 2_900, true), nack(1, 2_901, false, true)]));
    expect(consumer.stops).toEqual([]);
    expect(left.length).toBeGreaterThan(1);
    expect(left).toEqual([...left].sort((a, b) => b - a));
    expect(left[0]).toBeLessThanOrEqual(2_000);
    expect(engine.unackedCount(channel)).toBe(99);
    bench.serve();
    expect(consumer.received()).toMatchObject([{ body: text('2900'), redelivered: true }]);
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('an acknowledgement of all takes what was delivered before it, and not what is delivered amid it', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, ...Array.from({ length: 2_000 }, (_, i) => `${i}`));
    bench.serve();
    consumer.received();
    consumer.work = 800;
    consumer.onWork = () => {
      publishTexts(publisher, 'late');
      bench.serve();
    };
    consumer.feed(ack(1, 0, true));
    const late = consumer.received().length;
    expect(late).toBeGreaterThan(0);
    expect(engine.unackedCount(channel)).toBe(late);
  });

  test('a channel that is closed amid an acknowledgement requeue all that is left', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, ...Array.from({ length: 2_000 }, (_, i) => `${i}`));
    bench.serve();
    let settled = 0;
    consumer.work = 1;
    consumer.onWork = () => {
      publishTexts(publisher, 'late');
      bench.serve();
      settled = 2_001 - engine.unackedCount(channel);
      engine.closeChannel(channel);
    };
    consumer.feed(ack(1, 0, true));
    expect(settled).toBeGreaterThan(0);
    expect(engine.readyCount(queue)).toBe(2_001 - settled);
  });
});
