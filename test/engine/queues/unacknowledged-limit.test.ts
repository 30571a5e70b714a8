/**
 * A channel that may hold so many unacknowledged deliveries: its consumers wait when it does, whoever holds them, and
 * go on when it holds fewer.
 */
import { describe, expect, test } from 'vitest';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, publish } from '../support/frames.js';

const QUEUES = ['a', 'b', 'c'];

async function filled(kind: (typeof ENGINES)[number], count: number) {
  const bench = await Bench.open(kind);
  const publisher = bench.client();
  publisher.open(1);
  for (const queue of QUEUES) {
    bench.queue(queue);
    for (let i = 0; i < count; i++) publisher.feed(publish(1, queue, Buffer.from(queue)));
  }
  return { bench, engine: bench.engine(), client: bench.client() };
}

/** The tags that have come, after all turns that were due. */
function arrived(bench: Bench, client: Client): number[] {
  bench.serve();
  return client.received().flatMap((one) => (one.kind === 'delivery' ? [one.tag] : []));
}

describe.each(ENGINES)('%s: a channel that is full', (kind) => {
  test.each([1, 2, 7, 510, 1_000])('gets as many as it acknowledges: %i', async (limit) => {
    const { bench, engine, client } = await filled(kind, 2_000);
    engine.setUnackedMax(client.open(1), limit);
    client.consume(1, 'a');
    const first = arrived(bench, client);
    expect(first).toHaveLength(limit);
    expect(arrived(bench, client)).toEqual([]);
    client.feed(ack(1, first[0] ?? 0));
    const [next] = arrived(bench, client);
    expect(next).toBe(limit + 1);
    client.feed(ack(1, next ?? 0, true));
    expect(arrived(bench, client)).toHaveLength(Math.min(limit, 2_000 - limit - 1));
  });

  test('lets its consumers take turns', async () => {
    const { bench, engine, client } = await filled(kind, 300);
    engine.setUnackedMax(client.open(1), 1);
    const consumers = QUEUES.map((queue) => client.consume(1, queue));
    const counts = [0, 0, 0];
    for (let i = 0; i < 300; i++) {
      const [tag = 0, ...others] = arrived(bench, client);
      expect(others).toEqual([]);
      const who = consumers.findIndex((consumer) => engine.oldestUnacked(consumer) === tag);
      counts[who] = (counts[who] ?? 0) + 1;
      client.feed(ack(1, tag));
    }
    expect(counts).toEqual([100, 100, 100]);
  });

  test('counts what was got one by one, and leaves consumers alone that acknowledge nothing', async () => {
    const { bench, engine, client } = await filled(kind, 10);
    const channel = client.open(1);
    engine.setUnackedMax(channel, 2);
    const queue = bench.queue('a');
    for (let i = 0; i < 2; i++) {
      engine.get(channel, queue, false);
      bench.serve();
    }
    client.received();
    client.consume(1, 'b');
    expect(arrived(bench, client)).toEqual([]);
    client.feed(ack(1, 1));
    expect(arrived(bench, client)).toEqual([3]);
    client.consume(1, 'c', { noAck: true });
    expect(arrived(bench, client)).toHaveLength(10);
  });

  test('goes on at once when it may hold more, and not before it holds less when it may hold less', async () => {
    const { bench, engine, client } = await filled(kind, 20);
    const channel = client.open(1);
    engine.setUnackedMax(channel, 5);
    client.consume(1, 'a');
    expect(arrived(bench, client)).toHaveLength(5);
    engine.setUnackedMax(channel, 8);
    expect(arrived(bench, client)).toEqual([6, 7, 8]);
    engine.setUnackedMax(channel, 3);
    client.feed(ack(1, 5, true));
    expect(arrived(bench, client)).toEqual([]);
    client.feed(ack(1, 6));
    expect(arrived(bench, client)).toEqual([9]);
  });

  test('has its consumers heed their own prefetch, too', async () => {
    const { bench, engine, client } = await filled(kind, 20);
    engine.setUnackedMax(client.open(1), 5);
    for (const queue of QUEUES) client.consume(1, queue, { prefetch: 2 });
    const first = arrived(bench, client);
    expect(first).toHaveLength(5);
    for (let at = 1, highest = 5; at <= 40; at++) {
      client.feed(ack(1, at));
      const more = arrived(bench, client);
      expect(more).toHaveLength(1);
      expect(more[0]).toBe(++highest);
    }
  });

  test('gives what it holds back when it ends, and others get it', async () => {
    const { bench, engine, client } = await filled(kind, 20);
    const channel = client.open(1);
    engine.setUnackedMax(channel, 5);
    client.consume(1, 'a');
    arrived(bench, client);
    engine.closeChannel(channel);
    const other = bench.client();
    other.open(1);
    other.consume(1, 'a');
    expect(arrived(bench, other)).toHaveLength(20);
  });
});

describe.each(ENGINES)('%s: any order of acknowledgements', (kind) => {
  test('never lets a channel hold more than it may, and brings everything in the end', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = numbers(seed);
    const { bench, engine, client } = await filled(kind, 400);
    const channel = client.open(1);
    let limit = 1 + random(20);
    engine.setUnackedMax(channel, limit);
    for (const queue of QUEUES) client.consume(1, queue, { prefetch: random(2) * (1 + random(30)) });
    const held: number[] = [];
    let had = 0;
    for (let step = 0; had < 1_200; step++) {
      const before = held.length;
      const more = arrived(bench, client);
      held.push(...more);
      had += more.length;
      const context = `seed ${seed}, step ${step}`;
      expect(held.length, context).toBeLessThanOrEqual(Math.max(limit, before));
      expect(engine.unackedCount(channel), context).toBe(held.length);
      if (random(10) === 0) {
        limit = 1 + random(20);
        engine.setUnackedMax(channel, limit);
      } else if (held.length > 0) {
        const [tag = 0] = held.splice(random(held.length), 1);
        client.feed(ack(1, tag));
      }
      expect(step, context).toBeLessThan(10_000);
    }
  });
});

/** Whole numbers below a bound, the same for the same seed. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
