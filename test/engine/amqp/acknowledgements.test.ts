/** What becomes of a message that was delivered: settled, requeued, recovered, dropped. */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { ack, frame, nack, reject } from '../support/frames.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

describe.each(ENGINES)('%s', (kind) => {
  test('a message is published, delivered and acknowledged', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a');
    bench.serve();
    expect(consumer.received()).toEqual([
      { kind: 'delivery', channel: 1, tag: 1, redelivered: false, body: text('a') },
    ]);
    expect(engine.unackedCount(channel)).toBe(1);
    expect(consumer.feed(ack(1, 1))).toBe(Stop.END);
    expect(consumer.stops).toEqual([]);
    expect([engine.unackedCount(channel), engine.readyCount(queue)]).toEqual([0, 0]);
  });

  test('an acknowledgement of several settles the tag and all before it, and none after', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a', 'b', 'c', 'd');
    bench.serve();
    consumer.feed(Buffer.concat([ack(1, 2), ack(1, 3, true)]));
    expect(engine.unackedCount(channel)).toBe(1);
    consumer.feed(ack(1, 4));
    expect(consumer.stops).toEqual([]);
    expect(engine.unackedCount(channel)).toBe(0);
  });

  test('messages acknowledged out of order are each settled once', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, ...Array.from({ length: 1_200 }, (_, i) => `${i}`));
    bench.serve();
    const tags = Array.from({ length: 1_200 }, (_, i) => ((i * 7) % 1_200) + 1);
    consumer.feed(Buffer.concat(tags.map((tag) => ack(1, tag))));
    expect(consumer.stops).toEqual([]);
    expect(engine.unackedCount(channel)).toBe(0);
  });

  test('a rejected message is gone, or comes back as redelivered', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, 'dropped', 'kept');
    bench.serve();
    consumer.received();
    consumer.feed(Buffer.concat([reject(1, 1, false), reject(1, 2, true)]));
    bench.serve();
    expect(consumer.received()).toMatchObject([{ tag: 3, redelivered: true, body: text('kept') }]);
  });

  test('many messages requeued in any order come in the order in which they were published', async () => {
    const { bench, publisher, consumer } = await scenario(kind);
    const bodies = Array.from({ length: 1_100 }, (_, i) => `${i}`);
    const consumed = consumer.consume(1, 'q');
    publishTexts(publisher, ...bodies);
    bench.serve();
    expect(consumer.bodies()).toEqual(bodies);
    bench.engine().cancelConsumer(consumed);
    const tags = bodies.map((_, i) => ((i * 13) % bodies.length) + 1);
    consumer.feed(Buffer.concat(tags.map((tag) => nack(1, tag, false, true))));
    consumer.consume(1, 'q');
    bench.serve();
    expect(consumer.bodies()).toEqual(bodies);
  });

  test('without acknowledgements nothing is outstanding, and no prefetch binds', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q', { noAck: true, prefetch: 1 });
    publishTexts(publisher, 'a', 'b', 'c');
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'b', 'c']);
    expect(engine.unackedCount(channel)).toBe(0);
    consumer.feed(ack(1, 1));
    expect(consumer.stops).toEqual([Stop.FRAME]);
  });

  test('a get takes the first message and says how many are left', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    publishTexts(publisher, 'a', 'b');
    expect(engine.get(channel, queue, false)).toBe(true);
    expect(engine.get(channel, queue, true)).toBe(true);
    expect(engine.get(channel, queue, false)).toBe(false);
    bench.serve();
    expect(consumer.received()).toEqual([
      { kind: 'got', channel: 1, tag: 1, redelivered: false, remaining: 1, body: text('a') },
      { kind: 'got', channel: 1, tag: 2, redelivered: false, remaining: 0, body: text('b') },
    ]);
    expect(engine.unackedCount(channel)).toBe(1);
  });

  test('a message that was got does not count against a prefetch', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    publishTexts(publisher, 'a', 'b');
    engine.get(channel, queue, false);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve();
    expect(consumer.received()).toMatchObject([{ kind: 'got' }, { kind: 'delivery', body: text('b') }]);
  });

  test('recover gives everything outstanding back, of consumers and of gets', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    publishTexts(publisher, 'a', 'b', 'c');
    engine.get(channel, queue, false);
    consumer.consume(1, 'q');
    bench.serve();
    consumer.received();
    engine.recover(channel);
    bench.serve();
    expect(consumer.received()).toMatchObject([
      { tag: 4, redelivered: true, body: text('a') },
      { tag: 5, redelivered: true, body: text('b') },
      { tag: 6, redelivered: true, body: text('c') },
    ]);
  });

  test('a purge drops what is ready and leaves what is outstanding', async () => {
    const { bench, publisher, consumer, engine, queue } = await scenario(kind);
    consumer.consume(1, 'q', { prefetch: 1 });
    publishTexts(publisher, 'held', 'x', 'y', 'z');
    bench.serve();
    consumer.received();
    expect(engine.purge(queue)).toBe(3);
    expect(engine.purge(queue)).toBe(0);
    consumer.feed(nack(1, 1, false, true));
    bench.serve();
    expect(consumer.received()).toMatchObject([{ redelivered: true, body: text('held') }]);
  });

  test.each(['channel', 'connection'])('a %s that closes requeues what it held', async (closed) => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q', { prefetch: 2 });
    publishTexts(publisher, 'a', 'b', 'c');
    bench.serve();
    if (closed === 'channel') engine.closeChannel(channel);
    else consumer.close();
    const heir = bench.client();
    heir.consume(1, 'q');
    bench.serve();
    expect(heir.received()).toMatchObject([
      { redelivered: true, body: text('a') },
      { redelivered: true, body: text('b') },
      { redelivered: false, body: text('c') },
    ]);
  });

  test('a cancelled consumer gets nothing more, and may settle what it has', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await scenario(kind);
    const reference = consumer.consume(1, 'q', { prefetch: 1 });
    publishTexts(publisher, 'a', 'b');
    bench.serve();
    engine.cancelConsumer(reference);
    consumer.feed(ack(1, 1));
    bench.serve();
    expect(consumer.stops).toEqual([]);
    expect(consumer.bodies()).toEqual(['a']);
    expect([engine.unackedCount(channel), engine.readyCount(queue)]).toEqual([0, 1]);
  });

  test('a settlement with octets too many, or too few, is left to the host and settles nothing', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario(kind);
    consumer.consume(1, 'q');
    publishTexts(publisher, 'a');
    bench.serve();
    for (const whole of [ack(1, 1), nack(1, 1, false, false), reject(1, 1, false)]) {
      const payload = whole.subarray(7, -1);
      consumer.feed(frame(1, 1, Buffer.concat([payload, Buffer.of(0)])));
      consumer.feed(frame(1, 1, payload.subarray(0, -1)));
    }
    expect(consumer.stops).toEqual(Array.from({ length: 6 }, () => Stop.FRAME));
    expect(engine.unackedCount(channel)).toBe(1);
  });
});
