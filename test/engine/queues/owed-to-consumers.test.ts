/** Whether consumers are about to take what is ready in a queue: they have it before a method that comes later. */
import { describe, expect, test } from 'vitest';
import { Bench, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish } from '../support/frames.js';
import { ImageShelf } from '../support/image-shelf.js';

const MESSAGE = publish(1, 'q', Buffer.from('x'));

async function scenario(kind: 'wasm' | 'js') {
  const bench = await Bench.open(kind, { workers: 2 });
  const queue = bench.queue('q');
  const publisher = bench.client(0);
  publisher.open(1);
  const isOwed = (): boolean => {
    const answers = [0, 1].map((worker) => bench.engine(worker).isOwed(queue, null));
    expect(answers[0]).toBe(answers[1]);
    return answers[0] === true;
  };
  return { bench, queue, publisher, isOwed };
}

describe.each(ENGINES)('%s', (kind) => {
  test('nobody is owed anything of an empty queue, or where nobody consumes', async () => {
    const { bench, publisher, isOwed } = await scenario(kind);
    publisher.feed(MESSAGE);
    expect(isOwed()).toBe(false);
    bench.client(1).consume(1, 'q', { noAck: true });
    bench.serve(1);
    expect(isOwed()).toBe(false);
  });

  test.each([0, 1])('a consumer that waits is owed what comes, until its worker %i has served it', async (worker) => {
    const { bench, publisher, isOwed } = await scenario(kind);
    const consumer = bench.client(worker);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve(worker);
    publisher.feed(MESSAGE);
    expect(isOwed()).toBe(true);
    bench.serve(worker);
    expect(isOwed()).toBe(false);
    expect(consumer.bodies()).toEqual(['x']);
  });

  test('a consumer that has just come is owed what was there', async () => {
    const { bench, publisher, isOwed } = await scenario(kind);
    publisher.feed(MESSAGE);
    bench.client(1).consume(1, 'q', { noAck: true });
    expect(isOwed()).toBe(true);
    bench.serve(1);
    expect(isOwed()).toBe(false);
  });

  test('one without credit is owed nothing until it has some', async () => {
    const { bench, publisher, isOwed } = await scenario(kind);
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    publisher.feed(Buffer.concat([MESSAGE, MESSAGE]));
    expect(isOwed()).toBe(true);
    bench.serve(1);
    expect(isOwed()).toBe(false);
    consumer.feed(ack(1, 1));
    expect(isOwed()).toBe(true);
    bench.serve(1);
    expect(isOwed()).toBe(false);
  });

  test('one whose client does not read is owed nothing', async () => {
    const { bench, publisher, isOwed } = await scenario(kind);
    bench.client(1).consume(1, 'q', { noAck: true });
    for (let i = 0; i < 40; i++) publisher.feed(publish(1, 'q', Buffer.alloc(60_000)));
    expect(isOwed()).toBe(true);
    // The box is never written, so it stays full.
    while (bench.engine(1).serve());
    expect(isOwed()).toBe(false);
  });

  test('nobody is owed what is not in memory', async () => {
    const { bench, queue, publisher, isOwed } = await scenario(kind);
    for (let i = 0; i < 30; i++) publisher.feed(Buffer.concat(Array.from({ length: 200 }, () => MESSAGE)));
    const shelf = new ImageShelf(bench.coordinator);
    while (shelf.out(queue, 1, () => {}));
    expect(bench.coordinator.spilledCount(queue)).toBeGreaterThan(0);
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { noAck: true });
    bench.serve(1);
    expect(bench.engine().readyCount(queue)).toBeGreaterThan(0);
    expect(isOwed()).toBe(false);
  });

  test('what a consumer that goes was owed is owed to the next', async () => {
    const { bench, publisher, isOwed } = await scenario(kind);
    const first = bench.client(0).consume(1, 'q', { noAck: true });
    bench.serve(0);
    const second = bench.client(1);
    second.consume(1, 'q', { noAck: true });
    bench.serve(1);
    publisher.feed(MESSAGE);
    bench.engine(0).cancelConsumer(first);
    expect(isOwed()).toBe(true);
    bench.serve(0);
    bench.serve(1);
    expect(isOwed()).toBe(false);
    expect(second.bodies()).toEqual(['x']);
  });

  test('of what was there before only, though the queue is never empty', async () => {
    const { bench, queue, publisher, isOwed } = await scenario(kind);
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    publisher.feed(Buffer.concat([MESSAGE, MESSAGE]));
    const extent = bench.engine().extentOf(queue);
    publisher.feed(MESSAGE);
    for (const owed of [true, true, false]) {
      for (const worker of [0, 1]) expect(bench.engine(worker).isOwed(queue, extent)).toBe(owed);
      expect(isOwed()).toBe(true);
      bench.serve(1);
      consumer.feed(ack(1, 0, true));
    }
  });

  test('of what was requeued before only', async () => {
    const { bench, queue, publisher } = await scenario(kind);
    const holder = bench.client(0);
    const held = holder.consume(1, 'q');
    bench.serve(0);
    publisher.feed(Buffer.concat([MESSAGE, MESSAGE]));
    bench.serve(0);
    bench.engine(0).cancelConsumer(held);
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    holder.feed(nack(1, 2, false, true));
    const extent = bench.engine().extentOf(queue);
    holder.feed(nack(1, 1, false, true));
    expect(bench.engine().isOwed(queue, extent)).toBe(true);
    bench.serve(1);
    consumer.feed(ack(1, 1));
    expect(bench.engine().isOwed(queue, null)).toBe(true);
    expect(bench.engine().isOwed(queue, extent)).toBe(false);
  });

  test('of each priority what was there before', async () => {
    const { bench, queue, publisher } = await scenario(kind);
    bench.setFeatures('q', { maxPriority: 2 });
    const send = (priority: number): void => {
      publisher.feed(publish(1, 'q', Buffer.from('x'), { properties: properties({ priority }) }));
    };
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    const isOwed = (): boolean => bench.engine().isOwed(queue, extent);
    const takeOne = (): void => {
      bench.serve(1);
      consumer.feed(ack(1, 0, true));
    };
    send(1);
    send(0);
    const extent = bench.engine().extentOf(queue);
    send(2);
    send(1);
    takeOne();
    // The newer ones go first.
    expect(isOwed()).toBe(true);
    takeOne();
    expect(isOwed()).toBe(true);
    takeOne();
    expect(isOwed()).toBe(true);
    send(0);
    takeOne();
    expect(bench.engine().isOwed(queue, null)).toBe(true);
    expect(isOwed()).toBe(false);
  });

  test('positions wrap, and are compared all the same', async () => {
    const { bench, queue, publisher } = await scenario(kind);
    const consumer = bench.client(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    publisher.feed(MESSAGE);
    expect(bench.engine().isOwed(queue, Uint32Array.of(2 ** 32 - 5, 2 ** 32 - 5))).toBe(false);
    expect(bench.engine().isOwed(queue, Uint32Array.of(5, 0))).toBe(true);
  });
});
