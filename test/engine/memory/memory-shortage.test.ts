/**
 * The last pages and segments: what has been promised to what cannot fail is nobody else's, and whoever waits for
 * memory hears of it.
 */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { type Bench, type Client, ENGINES } from '../support/bench.js';
import { nack, publish } from '../support/frames.js';
import { publishTexts, scenario, text } from '../support/scenario.js';

const SLOTS = 503;
/** Pages without which the core takes no further message for a queue while one waits to be put there. */
const PAGES_OF_A_READ = 4;
/** Dead letters that take more pages than those. */
const DEAD_LETTERS = 2_000;

/** Takes all pages and cells but `left` pages; gives what is left. */
function exhaust(bench: Bench, left: number): void {
  const { coordinator } = bench;
  const engine = bench.engine();
  while (coordinator.takeStaging() !== 0);
  const pages: number[] = [];
  for (let page = engine.openConnection(1_000, 0); page !== 0; page = engine.openConnection(1_000, 0)) pages.push(page);
  const client = bench.client();
  expect(client.core).toBe(0);
  const last = pages.at(-1) ?? 0;
  for (let number = 1; engine.openChannel(last, number) !== 0; number++);
  for (const page of pages.slice(0, left)) engine.closeConnection(page);
}

/** Messages of `q` that were delivered and wait for their acknowledgement, with tags from 1 on. */
function deliver(bench: Bench, publisher: Client, channel: number, count: number): void {
  publishTexts(publisher, ...Array.from({ length: count }, () => 'taken'));
  for (let i = 0; i < count; i++) expect(bench.engine().get(channel, bench.queue('q'), false)).toBe(true);
  bench.serve();
}

describe('wasm', () => {
  test('what a read has taken finds the pages that it was promised, whatever else the read asks for', async () => {
    const { bench, publisher, consumer, channel, engine } = await scenario('wasm', 24, { deadLetters: true });
    const other = bench.queue('other');
    deliver(bench, publisher, channel, DEAD_LETTERS);
    // The next message fills a block, and the one after it begins another.
    publisher.feed(Buffer.concat(Array.from({ length: SLOTS }, (_, i) => publish(1, 'other', text(`${i}`)))));
    exhaust(bench, PAGES_OF_A_READ);
    const rejected = nack(1, DEAD_LETTERS, true, false);
    consumer.feed(Buffer.concat([publish(1, 'other', text('a')), publish(1, 'other', text('b')), rejected]));
    expect(engine.readyCount(other)).toBe(SLOTS + 2);
    expect(engine.purge(other)).toBe(SLOTS + 2);
  });

  test('a message that cannot be kept among the dead stands in its queue again, once', async () => {
    const { bench, publisher, channel, engine, queue } = await scenario('wasm', 24, {
      deadLetters: true,
      deliveryLimit: 0,
    });
    deliver(bench, publisher, channel, 1);
    exhaust(bench, 0);
    expect(engine.settle(channel, 1, false, true)).toBe(true);
    expect(engine.readyCount(queue)).toBe(1);
    expect(engine.purge(queue)).toBe(1);
  });
});

describe.each(ENGINES)('%s', (kind) => {
  test('a publisher that waits for room is rung when there is some, though something was freed before', async () => {
    const { bench, publisher, engine } = await scenario(kind, 24);
    const { coordinator } = bench;
    const staged = Array.from({ length: 3 }, () => coordinator.takeStaging());
    const body = Buffer.alloc(100_000);
    while (publisher.feed(publish(1, 'q', body)) !== Stop.MEMORY);
    staged.push(coordinator.takeStaging(), coordinator.takeStaging());
    // Less than the reserve is free, and this does not change that; the worker is awake, and is not rung.
    coordinator.giveStaging(staged.pop() ?? 0);
    expect(engine.sleep()).toBe(true);
    const rung = engine.doorbell();
    for (const segment of staged) coordinator.giveStaging(segment);
    await rung;
    expect(publisher.feed(publish(1, 'q', text('on')))).toBe(Stop.END);
  });

  test('a publisher is not rung for what is too little for it', async () => {
    const { bench, publisher, engine } = await scenario(kind, 24);
    const { coordinator } = bench;
    const staged = Array.from({ length: 3 }, () => coordinator.takeStaging());
    while (publisher.feed(publish(1, 'q', Buffer.alloc(100_000))) !== Stop.MEMORY);
    staged.push(coordinator.takeStaging());
    expect(engine.sleep()).toBe(true);
    coordinator.giveStaging(staged.pop() ?? 0);
    expect(engine.sleep()).toBe(true);
    let isRung = false;
    const rung = engine.doorbell().then(() => {
      isRung = true;
    });
    await new Promise(setImmediate);
    expect(isRung).toBe(false);
    for (const segment of staged) coordinator.giveStaging(segment);
    await rung;
  });
});
