/**
 * Several consumers that share what one may take: the credit of their channel, the room of their connection's output.
 */
import { describe, expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, publish } from '../support/frames.js';

/** Puts messages into queues, each with its queue's name for a body. */
function fill(bench: Bench, queues: readonly string[], count: number, size = 1): void {
  const publisher = bench.client();
  publisher.open(1);
  for (const queue of queues) {
    bench.queue(queue);
    const message = publish(1, queue, Buffer.alloc(size, queue));
    for (let i = 0; i < count; i++) publisher.feed(message);
  }
}

/**
 * Lets a client acknowledge each message it gets, or the last of several, until it has had so many; counts them by
 * queue.
 */
function consumeAll(bench: Bench, client: Client, count: number, multiple: boolean): Map<string, number> {
  const counts = new Map<string, number>();
  for (let had = 0; had < count; ) {
    bench.serve();
    const arrived = client.received().flatMap((one) => (one.kind === 'delivery' ? [one] : []));
    expect(arrived.length).toBeGreaterThan(0);
    for (const { body } of arrived) {
      const queue = body.toString('latin1', 0, 1);
      counts.set(queue, (counts.get(queue) ?? 0) + 1);
    }
    had += arrived.length;
    const last = arrived.at(-1)?.tag ?? 0;
    if (multiple) client.feed(ack(1, last, true));
    else for (const { tag } of arrived) client.feed(ack(1, tag));
  }
  return counts;
}

describe.each(ENGINES)('%s: a channel with a limit of its own', (kind) => {
  test.each([1, 2, 4, 10])('lets its consumers of three queues take turns: limit %i', async (limit) => {
    for (const multiple of [false, true]) {
      const bench = await Bench.open(kind);
      fill(bench, ['a', 'b', 'c'], 500);
      const client = bench.client();
      bench.engine().setChannelPrefetch(client.open(1), limit);
      for (const queue of ['a', 'b', 'c']) client.consume(1, queue);
      const counts = consumeAll(bench, client, 900, multiple);
      for (const queue of ['a', 'b', 'c']) expect(counts.get(queue) ?? 0).toBeGreaterThan(250);
    }
  });

  test('lets two consumers of one queue take turns', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    fill(bench, ['q'], 100);
    const client = bench.client();
    engine.setChannelPrefetch(client.open(1), 1);
    const consumers = [client.consume(1, 'q'), client.consume(1, 'q')];
    const counts = [0, 0];
    for (let i = 0; i < 100; i++) {
      bench.serve();
      const [delivery] = client.received();
      const tag = delivery?.kind === 'delivery' ? delivery.tag : 0;
      const who = consumers.findIndex((consumer) => engine.oldestUnacked(consumer) === tag);
      counts[who] = (counts[who] ?? 0) + 1;
      client.feed(ack(1, tag));
    }
    expect(counts).toEqual([50, 50]);
  });

  test('lets who has a smaller limit, too, have its share, and others what that cannot take', async () => {
    const bench = await Bench.open(kind);
    fill(bench, ['a', 'b'], 500);
    const client = bench.client();
    bench.engine().setChannelPrefetch(client.open(1), 4);
    client.consume(1, 'a', { prefetch: 1 });
    client.consume(1, 'b');
    const counts = consumeAll(bench, client, 600, false);
    expect(counts.get('a')).toBeGreaterThanOrEqual(120);
    expect(counts.get('b')).toBeGreaterThanOrEqual(300);
  });

  test('gives the next credit to who comes back with messages before those who have had theirs', async () => {
    const bench = await Bench.open(kind);
    fill(bench, ['a', 'b'], 100);
    bench.queue('c');
    const client = bench.client();
    bench.engine().setChannelPrefetch(client.open(1), 1);
    for (const queue of ['a', 'b', 'c']) client.consume(1, queue);
    expect(consumeAll(bench, client, 20, false)).toEqual(
      new Map([
        ['a', 10],
        ['b', 10],
      ]),
    );
    fill(bench, ['c'], 1);
    expect(consumeAll(bench, client, 3, false).get('c')).toBe(1);
  });

  test('leaves no credit unused when the one whose turn it is finds nothing, or is gone', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    fill(bench, ['a', 'b'], 40);
    const client = bench.client();
    engine.setChannelPrefetch(client.open(1), 2);
    client.consume(1, 'a');
    const leaving = client.consume(1, 'b');
    consumeAll(bench, client, 10, false);
    engine.purge(bench.queue('b'));
    consumeAll(bench, client, 10, false);
    engine.cancelConsumer(leaving);
    const left = engine.readyCount(bench.queue('a'));
    expect(consumeAll(bench, client, left, false).get('a')).toBe(left);
  });
});

describe.each(ENGINES)('%s: a connection whose client reads slowly', (kind) => {
  /** Bodies by queue of what the client reads, a box at a time. */
  function readBoxes(bench: Bench, client: Client, boxes: number): Map<string, number> {
    const engine = bench.engine();
    const counts = new Map<string, number>();
    for (let box = 0; box < boxes; ) {
      engine.serve();
      const id = engine.nextOutput();
      if (id < 0) continue;
      client.take();
      box += 1;
      for (const one of client.received()) {
        const queue = 'body' in one ? one.body.toString('latin1', 0, 1) : '';
        counts.set(queue, (counts.get(queue) ?? 0) + 1);
      }
    }
    return counts;
  }

  test.each([100, 1_000, 4_000, 60_000])('brings its consumers equal shares: messages of %i octets', async (size) => {
    const bench = await Bench.open(kind, { mebibytes: 64 });
    fill(bench, ['a', 'b', 'c'], Math.ceil(8_000_000 / size), size);
    const client = bench.client();
    for (const [i, queue] of ['a', 'b', 'c'].entries()) client.consume(i + 1, queue, { noAck: true });
    const counts = readBoxes(bench, client, 24);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    for (const queue of ['a', 'b', 'c']) expect(counts.get(queue) ?? 0).toBeGreaterThan(total / 4);
  });

  test('brings everybody something, though one has messages that fill the output alone', async () => {
    const bench = await Bench.open(kind, { mebibytes: 64 });
    fill(bench, ['a'], 20, 1_200_000);
    fill(bench, ['b', 'c'], 3_000, 1_000);
    const client = bench.client();
    for (const queue of ['a', 'b', 'c']) client.consume(1, queue, { noAck: true });
    const engine = bench.engine();
    const before = ['a', 'b', 'c'].map((queue) => engine.readyCount(bench.queue(queue)));
    for (let box = 0; box < 20; ) {
      engine.serve();
      if (engine.nextOutput() < 0) continue;
      client.take();
      box += 1;
    }
    for (const [i, queue] of ['a', 'b', 'c'].entries()) {
      expect(engine.readyCount(bench.queue(queue)), queue).toBeLessThan(before[i] ?? 0);
    }
  });
});
