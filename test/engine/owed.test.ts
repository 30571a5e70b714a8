/** Whether consumers are about to take what is ready in a queue: they have it before a method that comes later. */
import { describe, expect, test } from 'vitest';
import { Bench, ENGINES } from './support/bench.js';
import { ack, publish } from './support/frames.js';
import { ImageShelf } from './support/image-shelf.js';

const MESSAGE = publish(1, 'q', Buffer.from('x'));

async function scenario(kind: 'wasm' | 'js') {
  const bench = await Bench.open(kind, { workers: 2 });
  const queue = bench.queue('q');
  const publisher = bench.client(0);
  publisher.open(1);
  const isOwed = (): boolean => {
    const answers = [0, 1].map((worker) => bench.engine(worker).isOwed(queue));
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
    expect(bench.coordinator.absentCount(queue)).toBeGreaterThan(0);
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
});
