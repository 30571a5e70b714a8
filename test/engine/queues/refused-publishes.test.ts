/** Publishes that queues refuse: whatever way the message takes, and with no memory left, its publisher hears of it. */
import { describe, expect, test } from 'vitest';
import { DeadLetterReason, type Engine, Overflow, Stop } from '../../../src/engine/engine.js';
import { type Bench, type Client, ENGINES } from '../support/bench.js';
import { headerOf, properties, publish } from '../support/frames.js';
import { featuredScenario, publishTexts, scenario, text } from '../support/scenario.js';

/** Feeds one message that asks the host, and gives it back. */
function submitted(engine: Engine, publisher: Client, queue: number): number {
  const bytes = publish(1, 'q', text('a'), { properties: properties({ userId: 'guest' }) });
  engine.bytes.set(bytes, engine.readOffset);
  expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.ROUTE);
  engine.installRoute(publisher.core, [queue], 0, 0);
  expect(engine.ingest(publisher.core, engine.readOffset, bytes.length)).toBe(Stop.MESSAGE);
  return engine.stopMessage;
}

/** Fills all pages with queues that hold a message each; returns those queues. */
function exhaust(bench: Bench): number[] {
  const filler = bench.client();
  filler.open(1);
  const queues: number[] = [];
  for (;;) {
    const name = `filler-${queues.length}`;
    const queue = bench.queue(name);
    if (queue === 0) return queues;
    queues.push(queue);
    if (filler.feed(publish(1, name, text('.'))) === Stop.MEMORY) return queues;
  }
}

function free(engine: Engine, queues: readonly number[]): void {
  for (const queue of queues) {
    engine.retireQueue(queue);
    engine.freeQueue(queue);
  }
}

describe.each(ENGINES)('%s', (kind) => {
  test('a copy with another header is refused like the message itself, and the other queues have it', async () => {
    const { bench, publisher, consumer, engine, queue } = await featuredScenario(kind, {
      maxLength: 0,
      overflow: Overflow.REJECT_PUBLISH,
    });
    const other = bench.queue('other');
    const channel = publisher.channels.get(1) ?? 0;
    engine.setConfirm(channel);
    const message = submitted(engine, publisher, queue);
    const header = headerOf(1, properties({ replyTo: 'me' }));
    expect(engine.publish(channel, message, [other, queue], header)).toBe(false);
    consumer.consume(1, 'other', { noAck: true });
    bench.serve();
    expect(publisher.received()).toEqual([{ kind: 'refusal', channel: 1, tag: 1, multiple: false }]);
    expect(consumer.stream().includes(header)).toBe(true);
  });

  test('a copy is confirmed that all queues have taken', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind);
    const channel = publisher.channels.get(1) ?? 0;
    engine.setConfirm(channel);
    const message = submitted(engine, publisher, queue);
    expect(engine.publish(channel, message, [queue], headerOf(1, properties({})))).toBe(true);
    bench.serve();
    expect(publisher.received()).toEqual([{ kind: 'confirm', channel: 1, tag: 1, multiple: false }]);
  });

  test('what is published anew names the queues that refused it', async () => {
    const { bench, publisher, engine, queue } = await featuredScenario(kind, {
      maxLength: 1,
      overflow: Overflow.REJECT_PUBLISH,
    });
    const others = [bench.queue('a'), bench.queue('b')];
    const message = submitted(engine, publisher, queue);
    const [key, header] = [engine.messageKey(message), engine.messageHeader(message)];
    const queues = [others[0] ?? 0, queue, others[1] ?? 0];
    expect(engine.republish(message, key, header, queues)).toEqual([]);
    expect(engine.republish(message, key, header, queues)).toEqual([queue]);
    expect([queue, ...others].map((one) => engine.readyCount(one))).toEqual([1, 2, 2]);
    engine.releaseMessage(message);
  });

  test('without memory nothing is published, and it is when there is some', async () => {
    const { bench, publisher, engine, queue } = await scenario(kind, 24);
    const channel = publisher.channels.get(1) ?? 0;
    engine.setConfirm(channel);
    const message = submitted(engine, publisher, queue);
    const fillers = exhaust(bench);
    const queues = [queue, ...fillers];
    const header = headerOf(1, properties({}));
    expect(engine.publish(channel, message, queues)).toBeNull();
    expect(engine.publish(channel, message, queues, header)).toBeNull();
    expect(engine.republish(message, Uint8Array.of(0, 1, 0x71), header, queues)).toBeNull();
    expect(engine.readyCount(queue)).toBe(0);
    free(engine, fillers);
    expect(engine.publish(channel, message, [queue])).toBe(true);
    expect(engine.readyCount(queue)).toBe(1);
    bench.serve();
    expect(publisher.received()).toEqual([{ kind: 'confirm', channel: 1, tag: 1, multiple: false }]);
  });

  test('while memory runs out each refused publish is told of and dies, or waits', async () => {
    const { bench, publisher, engine } = await scenario(kind, 24, {
      maxLength: 0,
      overflow: Overflow.REJECT_PUBLISH_DLX,
      deadLetters: true,
    });
    engine.setConfirm(publisher.channels.get(1) ?? 0);
    publishTexts(publisher, 'first');
    bench.serve();
    const fillers = exhaust(bench);
    const names = Array.from({ length: 3_000 }, (_, i) => `${i}`);
    let rest = publisher.offer(Buffer.concat(names.map((body) => publish(1, 'q', text(body)))));
    expect(rest.length).toBeGreaterThan(0);
    free(engine, fillers);
    while (rest.length > 0) {
      bench.serve();
      rest = publisher.offer(rest);
    }
    bench.serve();
    const refusals = publisher.received().map((one) => (one.kind === 'refusal' ? one.tag : one));
    expect(refusals).toEqual(Array.from({ length: 3_001 }, (_, i) => i + 1));
    const died = ['first', ...names].map((body) => ({ body, queue: 'q', reason: DeadLetterReason.MAXLEN }));
    expect(bench.dead()).toEqual(died);
  });
});
