/** Queues with a greatest length: which messages die, which are refused, and what the publisher is told. */
import { describe, expect, test } from 'vitest';
import { DeadLetterReason, Overflow } from '../../../src/engine/engine.js';
import { Bench, ENGINES } from '../support/bench.js';
import { nack, publish } from '../support/frames.js';
import { featuredScenario, publishTexts, text } from '../support/scenario.js';

describe.each(ENGINES)('%s', (kind) => {
  test('the oldest messages die of a queue that is too long', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      maxLength: 2,
      deadLetters: true,
    });
    publishTexts(publisher, 'a', 'b', 'c', 'd');
    expect(engine.readyCount(queue)).toBe(2);
    expect(bench.dead()).toEqual([
      { body: 'a', queue: 'q', reason: DeadLetterReason.MAXLEN },
      { body: 'b', queue: 'q', reason: DeadLetterReason.MAXLEN },
    ]);
    while (engine.get(channel, queue, true)) bench.serve();
    expect(consumer.bodies()).toEqual(['c', 'd']);
  });

  test('bytes of bodies are counted, as they come, go and come back', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      maxBytes: 10,
      deadLetters: true,
    });
    publishTexts(publisher, '1234', '5678');
    expect(engine.readyBytes(queue)).toBe(8);
    publishTexts(publisher, 'abc');
    expect(engine.readyBytes(queue)).toBe(7);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['1234']);
    engine.get(channel, queue, false);
    expect(engine.readyBytes(queue)).toBe(3);
    consumer.feed(nack(1, 1, false, true));
    expect(engine.readyBytes(queue)).toBe(7);
    engine.purge(queue);
    expect(engine.readyBytes(queue)).toBe(0);
  });

  test('bytes are counted from the moment when they are limited', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {});
    publishTexts(publisher, 'one', 'three');
    engine.get(channel, queue, false);
    consumer.feed(nack(1, 1, false, true));
    expect(engine.readyBytes(queue)).toBe(0);
    bench.setFeatures('q', { maxBytes: 100 });
    expect(engine.readyBytes(queue)).toBe(8);
  });

  test('a queue of length 0 still hands a message to a consumer that waits', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, {
      maxLength: 0,
      deadLetters: true,
    });
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve();
    publishTexts(publisher, 'a');
    bench.serve();
    expect(consumer.bodies()).toEqual(['a']);
    publishTexts(publisher, 'b');
    bench.serve();
    expect(bench.dead().map((dead) => dead.body)).toEqual(['b']);
    expect(engine.readyCount(queue)).toBe(0);
  });

  test('consumers take their share before the surplus dies at the end of a turn', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, {
      maxLength: 2,
      deadLetters: true,
    });
    consumer.consume(1, 'q', { prefetch: 3 });
    bench.serve();
    publishTexts(publisher, 'a', 'b', 'c', 'd', 'e', 'f', 'g');
    bench.serve();
    expect(consumer.bodies()).toEqual(['a', 'b', 'c']);
    expect(bench.dead().map((dead) => dead.body)).toEqual(['d', 'e']);
    expect(engine.readyCount(queue)).toBe(2);
  });

  test('a queue grows far beyond its limit for no consumer', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, { maxLength: 10 });
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve();
    const bodies = Array.from({ length: 500 }, (_, i) => `${i}`);
    for (let i = 0; i < 6; i++) {
      publishTexts(publisher, ...bodies);
      expect(engine.readyCount(queue)).toBeLessThanOrEqual(2 * 10 + 1024);
    }
    bench.serve();
    expect(engine.readyCount(queue)).toBe(10);
  });

  test('what is requeued counts: the oldest die', async () => {
    const { bench, publisher, consumer, channel, engine, queue } = await featuredScenario(kind, {
      maxLength: 2,
      deadLetters: true,
    });
    publishTexts(publisher, 'a', 'b');
    engine.get(channel, queue, false);
    publishTexts(publisher, 'c');
    consumer.feed(nack(1, 1, false, true));
    bench.serve();
    expect(bench.dead().map((dead) => dead.body)).toEqual(['a']);
    expect(engine.readyCount(queue)).toBe(2);
  });

  test('a publish that has no room is refused by a nack, and those around it are confirmed', async () => {
    const { bench, publisher, channel, engine, queue } = await featuredScenario(kind, {
      maxLength: 2,
      overflow: Overflow.REJECT_PUBLISH,
      deadLetters: true,
    });
    engine.setConfirm(publisher.channels.get(1) ?? 0);
    publishTexts(publisher, 'a', 'b', 'c', 'd');
    bench.serve();
    expect(publisher.received()).toEqual([
      { kind: 'confirm', channel: 1, tag: 2, multiple: true },
      { kind: 'refusal', channel: 1, tag: 3, multiple: false },
      { kind: 'refusal', channel: 1, tag: 4, multiple: false },
    ]);
    engine.get(channel, queue, true);
    publishTexts(publisher, 'e', 'f');
    bench.serve();
    expect(publisher.received()).toEqual([
      { kind: 'confirm', channel: 1, tag: 5, multiple: false },
      { kind: 'refusal', channel: 1, tag: 6, multiple: false },
    ]);
    expect(engine.readyCount(queue)).toBe(2);
    expect(bench.dead()).toEqual([]);
  });

  test('a publish that has no room is refused and dies', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, {
      maxBytes: 3,
      overflow: Overflow.REJECT_PUBLISH_DLX,
      deadLetters: true,
    });
    publishTexts(publisher, 'ab', 'cd', 'e');
    expect(bench.dead()).toEqual([{ body: 'cd', queue: 'q', reason: DeadLetterReason.MAXLEN }]);
    expect([engine.readyCount(queue), engine.readyBytes(queue)]).toEqual([2, 3]);
  });

  test('refusals wait for a content that is half sent, and none is lost', async () => {
    const { bench, publisher, engine } = await featuredScenario(kind, {
      maxLength: 1,
      overflow: Overflow.REJECT_PUBLISH,
    });
    const channel = publisher.channels.get(1) ?? 0;
    engine.setConfirm(channel);
    bench.queue('large');
    publisher.feed(publish(1, 'large', Buffer.alloc(3_000_000, 'x')));
    publisher.consume(1, 'large', { noAck: true });
    engine.serve();
    publishTexts(publisher, 'a', 'b', 'c');
    bench.serve();
    const heard = publisher.received();
    expect(heard.map((one) => ('tag' in one && one.kind !== 'delivery' ? `${one.kind} ${one.tag}` : one.kind))).toEqual(
      expect.arrayContaining(['delivery', 'refusal 3', 'refusal 4']),
    );
    const answers = heard.filter((one) => one.kind === 'confirm' || one.kind === 'refusal');
    expect(answers.at(-1)).toMatchObject({ kind: 'refusal', tag: 4 });
    expect(answers.find((one) => one.kind === 'confirm' && one.tag >= 3)).toBeUndefined();
  });

  test('a worker sleeps while another one has a turn to take, which then cuts what is too much', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    const queue = bench.setFeatures('q', { maxLength: 2, deadLetters: true });
    const [publisher, consumer] = [bench.client(0), bench.client(1)];
    publisher.open(1);
    consumer.consume(1, 'q', { prefetch: 1 });
    bench.serve(1);
    publishTexts(publisher, 'a', 'b', 'c', 'd', 'e');
    expect(bench.engine(0).serve()).toBe(false);
    expect(bench.engine(0).sleep()).toBe(true);
    bench.engine(0).wake();
    expect(bench.engine(0).readyCount(queue)).toBe(5);
    bench.serve(1);
    expect(consumer.bodies()).toEqual(['a']);
    expect(bench.dead(1).map(({ body }) => body)).toEqual(['b', 'c']);
    expect([bench.dead(0), bench.engine(0).readyCount(queue)]).toEqual([[], 2]);
  });

  test('a consumer that goes with its turn leaves no queue too long', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    const queue = bench.setFeatures('q', { maxLength: 2 });
    const [publisher, consumer] = [bench.client(0), bench.client(1)];
    publisher.open(1);
    consumer.consume(1, 'q');
    bench.serve(1);
    publishTexts(publisher, 'a', 'b', 'c', 'd', 'e');
    bench.serve(0);
    consumer.close();
    bench.serve(1);
    expect(bench.engine(0).readyCount(queue)).toBe(2);
  });

  test('features that become stricter act at once, through one worker', async () => {
    const bench = await Bench.open(kind, { workers: 2 });
    const publisher = bench.client(0);
    publisher.open(1);
    for (const name of ['p', 'q']) {
      const queue = bench.setFeatures(name, { maxLength: 4, deadLetters: true });
      publisher.feed(Buffer.concat(['a', 'b', 'c', 'd'].map((body) => publish(1, name, text(body)))));
      bench.setFeatures(name, { maxLength: 1, deadLetters: true });
      for (const engine of bench.participants) engine.keepLength(queue);
      const died = [...bench.dead(0), ...bench.dead(1)].map(({ body }) => body);
      expect([died, bench.engine(0).readyCount(queue)]).toEqual([['a', 'b', 'c'], 1]);
    }
  });

  test('a message that the host routes is refused alike, and the others get it', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, {
      maxLength: 0,
      overflow: Overflow.REJECT_PUBLISH,
    });
    const other = bench.queue('other');
    const channel = publisher.channels.get(1) ?? 0;
    engine.setConfirm(channel);
    const bytes = publish(1, 'nowhere', text('a'), { mandatory: true });
    engine.bytes.set(bytes, engine.readOffset);
    engine.ingest(publisher.core, engine.readOffset, bytes.length);
    engine.installRoute(publisher.core, [], 0, 0);
    engine.ingest(publisher.core, engine.readOffset, bytes.length);
    expect(engine.publish(channel, engine.stopMessage, [queue, other])).toBe(false);
    bench.serve();
    expect(publisher.received()).toEqual([{ kind: 'refusal', channel: 1, tag: 1, multiple: false }]);
    expect([engine.readyCount(queue), engine.readyCount(other)]).toEqual([0, 1]);
  });
});
