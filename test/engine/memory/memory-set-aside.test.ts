/**
 * Memory that is set aside for what is remembered elsewhere: messages cannot have it meanwhile, and have it all again
 * afterwards.
 */
import { describe, expect, test } from 'vitest';
import { Stop } from '../../../src/engine/engine.js';
import { ENGINES } from '../support/bench.js';
import { publish } from '../support/frames.js';
import { scenario } from '../support/scenario.js';

const MEBIBYTE = 1 << 20;

describe.each(ENGINES)('%s', (kind) => {
  test('what is set aside is used, and free again when it is given back', async () => {
    const { engine } = await scenario(kind, 64);
    const before = engine.memoryFree();
    const usedBefore = engine.memoryUsed();
    expect(engine.setAside(1)).toBe(true);
    expect(engine.memoryFree()).toBe(before - MEBIBYTE);
    expect(engine.setAside(MEBIBYTE)).toBe(true);
    expect(engine.memoryFree()).toBe(before - MEBIBYTE);
    expect(engine.setAside(10 * MEBIBYTE)).toBe(true);
    expect(engine.memoryFree()).toBe(before - 10 * MEBIBYTE);
    expect(engine.memoryUsed()).toBe(usedBefore + 10 * MEBIBYTE);
    expect(engine.setAside(0)).toBe(true);
    expect(engine.memoryFree()).toBe(before);
    expect(engine.memoryUsed()).toBe(usedBefore);
  });

  test('more than a quarter is refused, and changes nothing', async () => {
    const { engine } = await scenario(kind, 64);
    expect(engine.setAside(3 * MEBIBYTE)).toBe(true);
    const before = engine.memoryFree();
    expect(engine.setAside(20 * MEBIBYTE)).toBe(false);
    expect(engine.setAside(1e12)).toBe(false);
    expect(engine.memoryFree()).toBe(before);
    expect(engine.setAside(12 * MEBIBYTE)).toBe(true);
  });

  test('messages keep what they have: where little is free nothing can be set aside', async () => {
    const { publisher, engine } = await scenario(kind, 32);
    while (publisher.feed(publish(1, 'q', Buffer.alloc(60_000))) === Stop.END);
    const before = engine.memoryFree();
    expect(engine.setAside(8 * MEBIBYTE)).toBe(false);
    expect(engine.memoryFree()).toBe(before);
  });
});
