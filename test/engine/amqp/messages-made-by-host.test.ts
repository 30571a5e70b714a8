/** Messages that are made of octets from elsewhere. */
import { describe, expect, test } from 'vitest';
import { Overflow } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { headerOf, properties } from '../support/frames.js';
import { featuredScenario, text } from '../support/scenario.js';

const KEY = Buffer.concat([Buffer.of(1), text('x'), Buffer.of(3), text('key')]);

describe.each(ENGINES)('%s', (kind) => {
  test.each([0, 1, 131_064, 131_065, 300_000, 2_000_000])('a body of %s octets comes to each queue', async (length) => {
    const { bench, channel, engine, queue } = await featuredScenario(kind, { deadLetters: true, maxLength: 0 });
    const other = bench.queue('other');
    const before = engine.memoryUsed();
    const body = Uint8Array.from({ length }, (_, index) => index % 251);
    const header = headerOf(length, properties({ replyTo: 'one' }));
    expect(engine.compose(KEY, header, body, false, [queue, other])).toEqual([]);
    const message = engine.nextDead();
    expect(Buffer.compare(engine.messageBody(message), body)).toBe(0);
    expect(Buffer.compare(engine.messageKey(message), KEY)).toBe(0);
    expect(Buffer.compare(engine.messageHeader(message), header)).toBe(0);
    engine.settleDead();
    expect(engine.readyCount(other)).toBe(1);
    expect(engine.purge(other)).toBe(1);
    expect(engine.unackedCount(channel)).toBe(0);
    expect(engine.memoryUsed() - before).toBeLessThan(4 << 20);
  });

  test('a queue that has no room refuses one', async () => {
    const { engine, queue } = await featuredScenario(kind, { maxLength: 1, overflow: Overflow.REJECT_PUBLISH });
    const compose = () => engine.compose(KEY, headerOf(1, properties({})), Uint8Array.of(1), false, [queue]);
    expect([compose(), compose()]).toEqual([[], [queue]]);
    expect(engine.readyCount(queue)).toBe(1);
  });

  test('without memory nothing is made, and there is as much of it as before', async () => {
    const { bench, engine, queue } = await featuredScenario(kind, {});
    const other = bench.queue('other');
    const body = new Uint8Array(5 << 20);
    const header = headerOf(body.length, properties({}));
    let count = 0;
    while (engine.compose(KEY, header, body, false, [queue]) !== null) count += 1;
    const used = engine.memoryUsed();
    for (let tries = 0; tries < 5; tries++) expect(engine.compose(KEY, header, body, false, [other])).toBeNull();
    expect(engine.memoryUsed()).toBeLessThanOrEqual(used + (6 << 20));
    expect(engine.readyCount(queue)).toBe(count);
    expect(engine.purge(queue)).toBe(count);
    expect(engine.compose(KEY, header, body, false, [other])).toEqual([]);
  });
});
