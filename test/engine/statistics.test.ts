/** What participants count: for themselves and for queues, as truly as whoever reads can wish. */
import { describe, expect, test } from 'vitest';
import {
  Counter,
  DeadLetterReason,
  deathCounter,
  type Engine,
  Fate,
  Overflow,
  type Queue,
  QueueCounter,
  unacked,
} from '../../src/engine/engine.js';
import { Counters } from '../../src/engine/js/memory/counters.js';
import { Participant, participantAt } from '../../src/engine/js/memory/layout.js';
import { initJsCore, Memory } from '../../src/engine/js/memory/memory.js';
import { word } from '../../src/engine/js/memory/views.js';
import { Bench, ENGINES } from './support/bench.js';
import { ack, nack, publish } from './support/frames.js';
import { text } from './support/scenario.js';

const CELL = 512;
const NOTHING = { enqueued: 0, delivered: 0, acknowledged: 0 };

function countsOf(engine: Engine, queue: Queue) {
  return {
    enqueued: engine.countedAt(queue, Counter.ENQUEUED),
    delivered: engine.countedAt(queue, Counter.DELIVERED),
    acknowledged: engine.countedAt(queue, Counter.ACKNOWLEDGED),
  };
}

const all = Object.entries(QueueCounter);

describe.each(ENGINES)('%s', (kind) => {
  test('what comes, goes out and is acknowledged is counted for its queue and for all', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    bench.routes.set('both', ['one', 'two']);
    const [one, two] = [bench.queue('one'), bench.queue('two')];
    const client = bench.client();
    client.open(1);
    const sent = Buffer.concat([
      publish(1, 'one', text('a')),
      publish(1, 'both', text('b')),
      publish(1, 'nowhere', text('c')),
    ]);
    client.feed(sent);
    expect(countsOf(engine, one)).toEqual({ ...NOTHING, enqueued: 2 });
    expect(countsOf(engine, two)).toEqual({ ...NOTHING, enqueued: 1 });
    expect(engine.counted(Counter.RECEIVED)).toBe(3);
    expect(engine.counted(Counter.OCTETS_IN)).toBe(sent.length);

    // Both of the first queue; one goes back, comes again, and is rejected in the end.
    client.consume(1, 'one');
    bench.serve();
    const settlements = Buffer.concat([ack(1, 1), nack(1, 2, false, true)]);
    client.feed(settlements);
    bench.serve();
    client.feed(nack(1, 3, false, false));
    expect(countsOf(engine, one)).toEqual({ enqueued: 2, delivered: 3, acknowledged: 1 });

    const channel = client.channels.get(1) ?? 0;
    expect(engine.get(channel, two, true)).toBe(true);
    expect(engine.get(channel, two, true)).toBe(false);
    bench.serve();
    expect(countsOf(engine, two)).toEqual({ ...NOTHING, enqueued: 1, delivered: 1 });
    expect(engine.counted(Counter.ENQUEUED)).toBe(3);
    expect(engine.counted(Counter.DELIVERED)).toBe(4);
    expect(engine.counted(Counter.ACKNOWLEDGED)).toBe(1);
    expect(engine.counted(Counter.OCTETS_OUT)).toBe(client.stream().length);
  });

  test('how messages are taken and what becomes of them is counted, and what is unacknowledged follows from it', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    const queue = bench.queue('q');
    bench.setFeatures('q', { maxLength: 4 });
    const client = bench.client();
    const channel = client.open(1);
    engine.setConfirm(channel);
    const bodies = ['1', '22', '333', '4444', '55555'];
    client.feed(
      Buffer.concat([...bodies.map((body) => publish(1, 'q', text(body))), publish(1, 'nowhere', text('6'))]),
    );
    engine.get(channel, queue, true);
    engine.get(channel, queue, false);
    client.consume(1, 'q');
    bench.serve();
    expect(engine.get(channel, queue, false)).toBe(false);
    engine.countAt(queue, Counter.GOT_EMPTY, 1);
    expect(unacked(engine, queue)).toBe(3);
    // Of those it was given by tags 2 to 4: back to the queue and given again, done with, and rejected.
    client.feed(nack(1, 3, false, true));
    bench.serve();
    client.feed(Buffer.concat([ack(1, 2), nack(1, 4, false, false)]));
    expect(unacked(engine, queue)).toBe(1);

    expect(Object.fromEntries(all.map(([name, counter]) => [name, engine.countedAt(queue, counter)]))).toEqual({
      ENQUEUED: 5,
      OCTETS_ENQUEUED: 15,
      DELIVERED: 5,
      ACKNOWLEDGED: 1,
      DELIVERED_NO_ACK: 0,
      GOT: 1,
      GOT_NO_ACK: 1,
      GOT_EMPTY: 1,
      REDELIVERED: 1,
      REQUEUED: 1,
      DIED_REJECTED: 1,
      DIED_EXPIRED: 0,
      DIED_MAXLEN: 1,
      DIED_DELIVERY_LIMIT: 0,
    });
    expect(engine.counted(Counter.CONFIRMED)).toBe(6);
    expect(engine.counted(Counter.DROPPED)).toBe(1);
    const dropped = () =>
      Object.values(DeadLetterReason).map((reason) => engine.counted(deathCounter(Fate.DROPPED, reason)));
    expect(dropped()).toEqual([1, 0, 1, 0]);
    // One that is refused is not the queue's.
    bench.queue('full');
    bench.setFeatures('full', { maxLength: 0, overflow: Overflow.REJECT_PUBLISH_DLX });
    client.feed(publish(1, 'full', text('9')));
    expect(dropped()).toEqual([1, 0, 2, 0]);
    expect(engine.counted(Counter.DIED_MAXLEN)).toBe(1);

    engine.count(Counter.CHANNELS_OPENED, 2);
    expect(engine.counted(Counter.CHANNELS_OPENED)).toBe(2);
    client.consume(1, 'q', { noAck: true });
    client.feed(publish(1, 'q', text('7')));
    bench.serve();
    client.feed(publish(1, 'q', text('8')));
    bench.serve();
    expect(engine.countedAt(queue, Counter.DELIVERED_NO_ACK) + unacked(engine, queue)).toBe(3);
  });

  test('a queue counts from nothing, whatever one counted that was there before', async () => {
    const bench = await Bench.open(kind);
    const engine = bench.engine();
    const gone = bench.queue('gone');
    const client = bench.client();
    client.open(1);
    for (let i = 0; i < 3; i++) client.feed(publish(1, 'gone', text('-')));
    const consumer = client.consume(1, 'gone');
    bench.serve();
    client.feed(ack(1, 1));
    engine.cancelConsumer(consumer);
    bench.coordinator.retireQueue(gone);
    bench.coordinator.freeQueue(gone);
    bench.queues.delete('gone');

    // It is held by what is unacknowledged.
    const before = bench.queue('before');
    client.feed(ack(1, 2));
    expect(countsOf(engine, before)).toEqual(NOTHING);
    client.feed(ack(1, 3));
    expect(engine.counted(Counter.ACKNOWLEDGED)).toBe(3);

    const later = ['a', 'b', 'c'].map((name) => bench.queue(name));
    expect(later).toContain(gone);
    for (const queue of later) expect(countsOf(engine, queue)).toEqual(NOTHING);
    for (const name of ['a', 'b', 'c']) client.feed(publish(1, name, text('-')));
    for (const queue of later) expect(countsOf(engine, queue)).toEqual({ ...NOTHING, enqueued: 1 });
  });

  test('a queue costs something only when it is used: so much for each three workers, until it is gone', async () => {
    const workers = 7;
    const bench = await Bench.open(kind, { workers, mebibytes: 64 });
    const { coordinator } = bench;
    const others = Array.from({ length: workers }, (_, worker) => {
      const channel = bench.client(worker).open(1);
      return (queue: Queue): void => {
        expect(bench.engine(worker).get(channel, queue, true)).toBe(true);
        bench.serve(worker);
      };
    });
    const publisher = bench.client();
    publisher.open(1);
    const empty = coordinator.memoryUsed();
    const queue = bench.queue('q');
    const made = coordinator.memoryUsed();
    expect(countsOf(coordinator, queue)).toEqual(NOTHING);
    expect(coordinator.memoryUsed()).toBe(made);

    for (let i = 0; i < 2 * workers; i++) publisher.feed(publish(1, 'q', text('-')));
    const published = coordinator.memoryUsed();
    const costs = others.map((get) => {
      get(queue);
      return (coordinator.memoryUsed() - published) / CELL;
    });
    expect(costs).toEqual([0, 0, 0, 1, 1, 1, 2]);
    for (const get of others) get(queue);
    expect((coordinator.memoryUsed() - published) / CELL).toBe(2);
    expect(countsOf(coordinator, queue)).toEqual({ ...NOTHING, enqueued: 2 * workers, delivered: 2 * workers });

    coordinator.retireQueue(queue);
    coordinator.freeQueue(queue);
    // But for the segment that is open for messages.
    expect((coordinator.memoryUsed() - empty) % 2 ** 20).toBe(0);
  });
});

test('a number of the twin never falls in the midst of a carry', () => {
  const buffer = new SharedArrayBuffer(32 * 2 ** 20);
  initJsCore(buffer, 1);
  const memory = new Memory({ kind: 'js', buffer, workers: 1 });
  const counters = new Counters(memory, 0);
  const before = 2 ** 32 - 3;
  counters.count(Counter.OCTETS_IN, before);
  expect(counters.sum(Counter.OCTETS_IN)).toBe(before);

  // What its writer stores, one after the other, as a reader may find it.
  const low = word(participantAt(0), Participant.COUNTERS + 2 * Counter.OCTETS_IN);
  const sums = [
    [low + 1, 1],
    [low, 7],
    [low + 1, 2],
  ].map(([at = 0, value = 0]) => {
    Atomics.store(memory.u32, at, value);
    return counters.sum(Counter.OCTETS_IN);
  });
  expect(sums).toEqual([2 ** 32, 2 ** 32, 2 ** 32 + 7]);
  counters.count(Counter.OCTETS_IN, 2 ** 32 - 7);
  counters.count(Counter.OCTETS_IN, 5);
  expect(counters.sum(Counter.OCTETS_IN)).toBe(2 ** 33 + 5);
});
