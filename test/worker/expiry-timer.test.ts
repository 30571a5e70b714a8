/**
 * When a worker sweeps: only as long as there is something to sweep, and never most of the time.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { Sweeper } from '../../src/worker/expiry-timer.js';

class Core {
  queues = 0;
  more = false;
  pause = 10;
  sweeps = 0;

  expiringQueues(): number {
    return this.queues;
  }
  sweepPause(): number {
    return this.pause;
  }
  sweep(): boolean {
    this.sweeps += 1;
    return this.more;
  }
}

function scenario(): { core: Core; sweeper: Sweeper } {
  const core = new Core();
  return { core, sweeper: new Sweeper(core as unknown as Engine, () => {}) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('nothing runs without queues whose messages expire', () => {
  const { sweeper } = scenario();
  sweeper.attend();
  expect(vi.getTimerCount()).toBe(0);
});

test('sweeps come regularly while there are such queues, and end with them', () => {
  const { core, sweeper } = scenario();
  core.queues = 1;
  sweeper.attend();
  sweeper.attend();
  vi.advanceTimersByTime(1_000);
  expect(core.sweeps).toBe(100);
  core.queues = 0;
  vi.advanceTimersByTime(1_000);
  expect(core.sweeps).toBe(101);
  expect(vi.getTimerCount()).toBe(0);
  core.queues = 1;
  sweeper.attend();
  vi.advanceTimersByTime(10);
  expect(core.sweeps).toBe(102);
  sweeper.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('a sweep that leaves something is followed by the next at once', () => {
  const { core, sweeper } = scenario();
  core.queues = 1;
  core.more = true;
  sweeper.attend();
  vi.advanceTimersByTime(19);
  expect(core.sweeps).toBe(10);
});

test('a sweep that takes long is followed by a long rest', () => {
  const { core, sweeper } = scenario();
  core.queues = 1;
  vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(20);
  sweeper.attend();
  vi.advanceTimersByTime(10);
  expect(core.sweeps).toBe(1);
  vi.advanceTimersByTime(199);
  expect(core.sweeps).toBe(1);
  vi.advanceTimersByTime(1);
  expect(core.sweeps).toBe(2);
});

test('where nothing can be due soon the next sweep comes late, and at once when something has come', () => {
  const { core, sweeper } = scenario();
  core.queues = 1;
  core.pause = 250;
  sweeper.attend();
  vi.advanceTimersByTime(1_000);
  expect(core.sweeps).toBe(4);
  sweeper.attend();
  core.pause = 10;
  sweeper.attend();
  vi.advanceTimersByTime(9);
  expect(core.sweeps).toBe(4);
  vi.advanceTimersByTime(1);
  expect(core.sweeps).toBe(5);
  expect(vi.getTimerCount()).toBe(1);
});
