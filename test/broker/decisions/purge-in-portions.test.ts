/** Long queues are emptied in portions, with other work in between, and freed when nobody empties them any more. */
import { expect, test } from 'vitest';
import { Emptying } from '../../../src/broker/decisions/emptying.js';
import type { Queue } from '../../../src/engine/engine.js';

/** Queues as numbers of messages; a queue that was freed is not to be touched. */
class Core {
  readonly ready = new Map<Queue, number>();
  readonly freed: Queue[] = [];
  readonly purged: Queue[] = [];
  mostAtOnce = 0;
  /** Ready behind a message that is being published: not to be had before so many purges have found nothing. */
  behind: number[] = [];

  readyCount(queue: Queue): number {
    return this.ready.get(queue) ?? 0;
  }
  isDrained(queue: Queue): boolean {
    return this.readyCount(queue) === 0;
  }
  purge(queue: Queue, most = Number.POSITIVE_INFINITY): number {
    expect(this.freed).not.toContain(queue);
    const held = this.behind[queue] ?? 0;
    if (held > 0) {
      this.behind[queue] = held - 1;
      return 0;
    }
    const count = Math.min(this.readyCount(queue), most);
    this.ready.set(queue, this.readyCount(queue) - count);
    if (count > 0) this.purged.push(queue);
    this.mostAtOnce = Math.max(this.mostAtOnce, count);
    return count;
  }
  freeQueue(queue: Queue): void {
    expect(this.readyCount(queue)).toBeLessThan(10_000);
    this.freed.push(queue);
  }
}

function stage(...ready: readonly number[]) {
  const core = new Core();
  for (const [queue, count] of ready.entries()) core.ready.set(queue, count);
  return { core, emptying: new Emptying(core) };
}

test('a short queue is purged at once', () => {
  const { emptying } = stage(100, 0);
  expect(emptying.purge(0)).toBe(100);
  expect(emptying.purge(1)).toBe(0);
});

test('a purge drops what stands behind a message that is being published, once that is there', async () => {
  const { core, emptying } = stage(3);
  core.behind = [2];
  expect(await emptying.purge(0)).toBe(3);
  expect(core.readyCount(0)).toBe(0);
});

test('a long queue is purged in portions, and others have their turns in between', async () => {
  const { core, emptying } = stage(1_000_000);
  const purging = emptying.purge(0);
  expect(purging).toBeInstanceOf(Promise);
  let answerOrder = 0;
  let over = false;
  const count = (): void => {
    answerOrder++;
    if (!over) setImmediate(count);
  };
  count();
  expect(await purging).toBe(1_000_000);
  over = true;
  expect(core.mostAtOnce).toBeLessThan(10_000);
  expect(answerOrder).toBeGreaterThan(100);
});

test('long queues are purged by turns', async () => {
  const { core, emptying } = stage(40_000, 40_000);
  expect(await Promise.all([emptying.purge(0), emptying.purge(1)])).toEqual([40_000, 40_000]);
  expect(core.purged.slice(2, 6)).toEqual([0, 1, 0, 1]);
});

test('what comes while a queue is purged stays', async () => {
  const { core, emptying } = stage(20_000);
  const purging = emptying.purge(0);
  core.ready.set(0, core.readyCount(0) + 7);
  expect(await purging).toBe(20_000);
  expect(core.readyCount(0)).toBe(7);
});

test('empty queues are freed at once', () => {
  const { core, emptying } = stage(0, 0, 0);
  void emptying.free([0, 1, 2]);
  expect(core.freed).toEqual([0, 1, 2]);
});

test('a queue that is deleted while it is purged is freed once, when nobody purges it any more', async () => {
  const { core, emptying } = stage(100_000);
  const purging = [emptying.purge(0), emptying.purge(0)];
  const freeing = emptying.free([0]);
  expect(core.freed).toEqual([]);
  await freeing;
  const [first = 0, second = 0] = await Promise.all(purging);
  expect(first + second).toBeLessThanOrEqual(100_000);
  expect(core.freed).toEqual([0]);
});
