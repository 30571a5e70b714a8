/** What an engine records for its log: which messages, which places, what is done; and when publishers hear of it. */
import { describe, expect, test } from 'vitest';
import { type Engine, type EngineKind, type LogBatch, Stop } from '../../../src/engine/engine.js';
import { messageId } from '../../../src/log/record-format.js';
import { Bench, type Client, ENGINES } from '../support/bench.js';
import { ack, nack, properties, publish, type Received } from '../support/frames.js';
import { factsOf, placesOf, type Recorded, written } from '../support/log.js';
import { text } from '../support/scenario.js';

const QUEUE = 256;
const OTHER = 512;

const persistent = (given: object = {}): Buffer => properties({ persistent: true, ...given });

function publishAll(publisher: Client, key: string, ...bodies: readonly string[]): void {
  publisher.feed(Buffer.concat(bodies.map((body) => publish(1, key, text(body), { properties: persistent() }))));
}

/** A queue `q` that the log knows, a plain one `p`, a publisher that wants confirms, and a consumer's channel 1. */
async function loggedScenario(kind: EngineKind, options: { workers?: number; mebibytes?: number } = {}) {
  const bench = await Bench.open(kind, options);
  bench.setTime(5_000);
  bench.startLog();
  const queue = bench.loggedQueue('q', QUEUE);
  bench.loggedQueue('other', OTHER, 1_000);
  bench.queue('p');
  const engine = bench.engine();
  const publisher = bench.client();
  engine.setConfirm(publisher.open(1));
  const consumer = bench.client();
  const channel = consumer.open(1);
  return { bench, engine, queue, publisher, consumer, channel };
}

/** The batch that gathers, which must hold something. */
function take(engine: Engine): LogBatch {
  const batch = engine.takeBatch();
  if (batch === null) throw new Error('nothing was recorded');
  return batch;
}

/** Takes a batch, reads it and reports it as done. */
function flush(engine: Engine) {
  const batch = take(engine);
  const { messages, facts } = written(engine, batch);
  engine.batchDone(batch);
  return { messages, taken: placesOf(facts.taken), done: placesOf(facts.done) };
}

const bodies = (messages: readonly Recorded[]): string[] => messages.map((one) => one.body.toString());

/** What a publisher was told, in short. */
function answers(received: readonly Received[]): string[] {
  return received.flatMap((one) => {
    if (one.kind !== 'confirm' && one.kind !== 'refusal') return [];
    return [`${one.kind} ${one.tag}${one.multiple ? ' and those before' : ''}`];
  });
}

describe.each(ENGINES)('%s', (kind) => {
  test('a persistent message in a logged queue is recorded as it came, with its place', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    bench.setTime(6_000);
    publishAll(publisher, 'q', 'first', '', 'third');
    const batch = take(engine);
    expect([batch.number, engine.gatheringBatch, batch.messages]).toEqual([1, 2, 3]);
    const { messages, facts } = written(engine, batch);
    expect(bodies(messages)).toEqual(['first', '', 'third']);
    expect(messages.map((one) => [one.id, one.key, one.arrival])).toEqual(
      [1, 2, 3].map((number) => [messageId(1, number), '\0\x01q', 6_000]),
    );
    expect(messages[0]?.header.includes(persistent())).toBe(true);
    expect(facts.taken).toEqual(
      [0, 1, 2].map((position) => ({ queue: QUEUE, position, id: messageId(1, position + 1), time: 6_000 })),
    );
    expect(factsOf(engine.batchFacts(batch))).toEqual(facts);
    expect(engine.takeBatch()).toBeNull();
  });

  test('a batch can be made that of another file', async () => {
    const { engine, publisher } = await loggedScenario(kind);
    publishAll(publisher, 'q', 'written twice');
    const batch = take(engine);
    const first = written(engine, batch, { low: 1, high: 2 });
    expect(written(engine, batch, { low: 3, high: 4 })).toEqual(first);
  });

  test('transient messages, and messages in queues that the log does not know, are not recorded', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    publisher.feed(publish(1, 'q', text('transient')));
    publishAll(publisher, 'p', 'not logged');
    expect(engine.takeBatch()).toBeNull();
    bench.serve();
    expect(answers(publisher.received())).toEqual(['confirm 1', 'confirm 2']);
  });

  test('positions count every message, recorded or not, from where the queue begins', async () => {
    const { engine, publisher } = await loggedScenario(kind);
    publisher.feed(publish(1, 'other', text('transient')));
    publishAll(publisher, 'other', 'a');
    publisher.feed(publish(1, 'other', text('transient')));
    publishAll(publisher, 'other', 'b', 'c');
    expect(flush(engine)).toMatchObject({ taken: ['512:1001', '512:1003', '512:1004'] });
  });

  test('positions go on over many blocks', async () => {
    const { engine, publisher, queue, channel, bench } = await loggedScenario(kind);
    const count = 3 * engine.slotsPerBlock + 7;
    publishAll(publisher, 'q', ...Array.from({ length: count }, (_, i) => `${i}`));
    const { taken } = flush(engine);
    expect(taken).toEqual(Array.from({ length: count }, (_, i) => `${QUEUE}:${i}`));
    for (let i = 0; i < count; i++) {
      engine.get(channel, queue, true);
      bench.serve();
    }
    publishAll(publisher, 'q', 'later');
    const later = flush(engine);
    expect(later.taken).toEqual([`${QUEUE}:${count}`]);
    expect(later.done.length).toBe(count);
  });

  test('a message in several queues is written once', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    bench.routes.set('all', ['p', 'q', 'other']);
    publishAll(publisher, 'all', 'one', 'two');
    const { messages, taken } = flush(engine);
    expect(bodies(messages)).toEqual(['one', 'two']);
    expect(taken).toEqual(['256:0', '256:1', '512:1000', '512:1001']);
  });

  test('a long message is recorded whole', async () => {
    const { engine, publisher, bench, channel, queue } = await loggedScenario(kind);
    const body = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * 7) ^ (i >> 8)));
    publisher.feed(publish(1, 'q', body, { properties: persistent(), frameBody: 50_000 }), 30_011);
    publishAll(publisher, 'q', 'short');
    engine.get(channel, queue, true);
    bench.serve();
    const { messages } = flush(engine);
    expect(messages.map((one) => one.bodySize)).toEqual([400_000, 5]);
    expect(messages[0]?.body.equals(body)).toBe(true);
  });

  test('what is acknowledged, rejected, dropped or taken without acknowledgement is recorded as done, once', async () => {
    const { bench, engine, queue, publisher, consumer, channel } = await loggedScenario(kind);
    publishAll(publisher, 'q', 'a', 'b', 'c', 'd', 'e', 'f', 'g');
    flush(engine);
    for (let i = 0; i < 4; i++) {
      engine.get(channel, queue, false);
      bench.serve();
    }
    engine.get(channel, queue, true);
    bench.serve();
    expect(flush(engine).done).toEqual(['256:4']);
    consumer.feed(Buffer.concat([ack(1, 2), nack(1, 1, false, true), nack(1, 3, false, false)]));
    expect(flush(engine).done).toEqual(['256:1', '256:2']);
    expect(engine.purge(queue)).toBe(3);
    expect(flush(engine).done).toEqual(['256:0', '256:5', '256:6']);
    consumer.feed(ack(1, 4));
    expect(flush(engine).done).toEqual(['256:3']);
  });

  test('what expires, or is too much, is recorded as done', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    bench.setFeatures('q', { ttl: 50, maxLength: 3 });
    publishAll(publisher, 'q', 'a', 'b', 'c', 'd');
    expect(flush(engine)).toMatchObject({ taken: ['256:0', '256:1', '256:2', '256:3'], done: ['256:0'] });
    bench.setTime(6_000);
    bench.sweep();
    expect(flush(engine).done).toEqual(['256:1', '256:2', '256:3']);
  });

  test('of a queue that is deleted nothing is recorded as done', async () => {
    const { bench, engine, queue, publisher, consumer, channel } = await loggedScenario(kind);
    publishAll(publisher, 'q', 'claimed', 'ready');
    flush(engine);
    engine.get(channel, queue, false);
    bench.serve();
    expect(engine.retireQueue(queue)).toBe(1);
    consumer.feed(ack(1, 1));
    expect(engine.takeBatch()).toBeNull();
  });

  test('a dead message is recorded where it goes before it is done where it was', async () => {
    const { bench, engine, queue, publisher, consumer, channel } = await loggedScenario(kind);
    bench.setFeatures('q', { deadLetters: true });
    publishAll(publisher, 'q', 'dies');
    flush(engine);
    engine.get(channel, queue, false);
    bench.serve();
    consumer.feed(nack(1, 1, false, false));
    expect(engine.takeBatch()).toBeNull();
    const dead = engine.nextDead();
    engine.republish(dead, Buffer.from('\0\x05other'), engine.messageHeader(dead), [bench.queue('other')]);
    engine.settleDead();
    const { messages, taken, done } = flush(engine);
    expect(bodies(messages)).toEqual(['dies']);
    expect([messages[0]?.id, messages[0]?.key]).toEqual([messageId(1, 2), '\0\x05other']);
    expect({ taken, done }).toEqual({ taken: ['512:1000'], done: ['256:0'] });
  });

  test('each priority of a queue with priorities is a queue of its own', async () => {
    const { bench, engine, queue, publisher, channel } = await loggedScenario(kind);
    bench.setFeatures('q', { maxPriority: 4 });
    for (const priority of [0, 3, 9, 3]) {
      publisher.feed(publish(1, 'q', text(`${priority}`), { properties: persistent({ priority }) }));
    }
    expect(flush(engine).taken).toEqual(['256:0', '259:0', '259:1', '260:0']);
    engine.get(channel, queue, true);
    bench.serve();
    expect(flush(engine).done).toEqual(['260:0']);
  });

  test('a publish is confirmed once its batch is done, and those behind it wait', async () => {
    const { engine, publisher } = await loggedScenario(kind);
    const told = (): string[] => {
      publisher.bench.serve();
      return answers(publisher.received());
    };
    publisher.feed(publish(1, 'q', text('transient')));
    expect(told()).toEqual(['confirm 1']);
    publishAll(publisher, 'q', 'a', 'b');
    publisher.feed(publish(1, 'p', text('transient')));
    const first = take(engine);
    publishAll(publisher, 'q', 'c');
    publisher.feed(publish(1, 'p', text('transient')));
    const second = take(engine);
    expect(told()).toEqual([]);
    engine.batchDone(first);
    expect(told()).toEqual(['confirm 4 and those before']);
    engine.batchDone(second);
    expect(told()).toEqual(['confirm 6 and those before']);
    publisher.feed(publish(1, 'p', text('transient')));
    expect(told()).toEqual(['confirm 7']);
  });

  test('a refusal keeps its place among confirms that wait', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    bench.setFeatures('p', { maxLength: 0, overflow: 1 });
    publishAll(publisher, 'q', 'a');
    publishAll(publisher, 'p', 'refused');
    publisher.feed(publish(1, 'nowhere', text('transient')));
    bench.serve();
    expect(answers(publisher.received())).toEqual([]);
    engine.batchDone(take(engine));
    bench.serve();
    expect(answers(publisher.received())).toEqual(['confirm 1', 'refusal 2', 'confirm 3']);
  });

  test('a publish that the host routes is confirmed by its batch, too', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    bench.asked.add('q');
    publishAll(publisher, 'q', 'asked');
    bench.serve();
    expect(answers(publisher.received())).toEqual([]);
    expect(flush(engine).taken).toEqual(['256:0']);
    bench.serve();
    expect(answers(publisher.received())).toEqual(['confirm 1']);
  });

  test('a channel that is closed hears of nothing any more', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    const other = bench.client();
    engine.setConfirm(other.open(1));
    publishAll(publisher, 'q', 'a');
    publishAll(other, 'q', 'b');
    const batch = take(engine);
    publisher.close();
    engine.closeChannel(other.channels.get(1) ?? 0);
    engine.freeChannel(other.channels.get(1) ?? 0);
    engine.setConfirm(other.open(1));
    engine.batchDone(batch);
    bench.serve();
    expect(answers(other.received())).toEqual([]);
    publishAll(other, 'q', 'c');
    flush(engine);
    bench.serve();
    expect(answers(other.received())).toEqual(['confirm 1']);
  });

  test('a message that is gone before its batch is written is written all the same', async () => {
    const { bench, engine, queue, publisher, channel } = await loggedScenario(kind);
    const one = 'x'.repeat(1_000);
    publishAll(publisher, 'q', one);
    engine.get(channel, queue, true);
    bench.serve();
    const batch = take(engine);
    for (let i = 0; i < 5_000; i++) {
      publishAll(publisher, 'p', 'y'.repeat(1_000));
      engine.get(channel, bench.queue('p'), true);
      bench.serve();
    }
    expect(bodies(written(engine, batch).messages)).toEqual([one]);
  });

  test('what is done may be used anew: memory does not grow', async () => {
    const { bench, engine, queue, publisher, channel } = await loggedScenario(kind, { mebibytes: 16 });
    const round = (): number => {
      publishAll(publisher, 'q', ...Array.from({ length: 50 }, () => 'z'.repeat(1_000)));
      for (let i = 0; i < 50; i++) {
        engine.get(channel, queue, true);
        bench.serve();
      }
      flush(engine);
      bench.serve();
      return engine.memoryUsed();
    };
    for (let i = 0; i < 100; i++) round();
    const before = engine.memoryUsed();
    for (let i = 0; i < 400; i++) round();
    expect(engine.memoryUsed()).toBeLessThanOrEqual(before + 2 ** 20);
    expect(publisher.stops).toEqual([]);
  });

  test('without a log nothing waits and nothing is recorded', async () => {
    const bench = await Bench.open(kind);
    bench.loggedQueue('q', QUEUE);
    const publisher = bench.client();
    bench.engine().setConfirm(publisher.open(1));
    publishAll(publisher, 'q', 'a');
    bench.serve();
    expect(answers(publisher.received())).toEqual(['confirm 1']);
    expect(bench.engine().takeBatch()).toBeNull();
  });

  test('each worker numbers its messages and records what it does with those of others', async () => {
    const { bench, queue, publisher } = await loggedScenario(kind, { workers: 2 });
    const publisher2 = bench.client(1);
    publisher2.open(1);
    const consumer2 = bench.client(1);
    const channel2 = consumer2.open(1);
    publishAll(publisher, 'q', 'of the first');
    publishAll(publisher2, 'q', 'of the second');
    expect(bench.engine(1).get(channel2, queue, true)).toBe(true);
    const first = flush(bench.engine(0));
    const second = flush(bench.engine(1));
    expect(first.messages.map((one) => one.id)).toEqual([messageId(1, 1)]);
    expect(second.messages.map((one) => one.id)).toEqual([messageId(2, 1)]);
    expect([first.taken, first.done]).toEqual([['256:0'], []]);
    expect([second.taken, second.done]).toEqual([['256:1'], ['256:0']]);
  });

  test('what was delivered and came back is told by runs of positions', async () => {
    const { bench, engine, queue, publisher, consumer, channel } = await loggedScenario(kind);
    publishAll(publisher, 'q', ...Array.from({ length: 8 }, (_, i) => `${i}`));
    for (let i = 0; i < 6; i++) {
      engine.get(channel, queue, false);
      bench.serve();
    }
    for (const tag of [6, 2, 3, 5]) consumer.feed(nack(1, tag, false, true));
    expect(bench.coordinator.redeliveredRanges(queue)).toMatchObject([
      { from: 1, count: 2 },
      { from: 4, count: 2 },
    ]);
  });

  test('publishers that are blocked stop at a content header; consumers go on; then both do', async () => {
    const { bench, engine, publisher, consumer } = await loggedScenario(kind);
    publishAll(publisher, 'q', 'before');
    bench.coordinator.blockPublishers(true);
    const bytes = publish(1, 'q', text('blocked'), { properties: persistent() });
    const rest = publisher.offer(bytes);
    expect(publisher.stops).toEqual([Stop.MEMORY]);
    expect(rest.length).toBeLessThan(bytes.length);
    consumer.consume(1, 'q');
    bench.serve();
    expect(consumer.bodies()).toEqual(['before']);
    consumer.feed(ack(1, 1));
    expect(engine.sleep()).toBe(true);
    const rung = engine.doorbell();
    bench.coordinator.blockPublishers(false);
    await rung;
    engine.wake();
    expect(publisher.offer(rest).length).toBe(0);
    bench.serve();
    expect(consumer.bodies()).toEqual(['blocked']);
  });

  test('a worker that was told to wait does not sleep when publishers may go on by then', async () => {
    const { bench, engine, publisher } = await loggedScenario(kind);
    bench.coordinator.blockPublishers(true);
    publisher.offer(publish(1, 'q', text('blocked')));
    bench.coordinator.blockPublishers(false);
    expect(engine.sleep()).toBe(false);
  });
});
