/**
 * Dead letters that are kept until they arrive: how many are tried, and when, as long as none does, and how they go
 * when they can.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { DeadLetterReason } from '../../src/engine/engine.js';
import { type Progress, UndeliveredDeadLetters } from '../../src/queues/dead-letters/undelivered.js';
import type { UndeliveredDeadLetter } from '../../src/queues/dead-letters/undelivered-row.js';

/** Dead letters of some queues, a post that delivers what `delivers` says, and passes that follow at once. */
class Stage {
  epoch = 1;
  delivers = (_deadLetter: UndeliveredDeadLetter): boolean | null => false;
  tried: number[] = [];
  readonly settled: number[] = [];
  readonly kept = new UndeliveredDeadLetters(
    (deadLetter, progress) => this.#send(deadLetter, progress),
    (number) => this.settled.push(number),
    () => this.passes(),
  );
  #last = 0;

  add(origin: number, count: number): void {
    for (let added = 0; added < count; added++) {
      this.#last += 1;
      const deadLetter = {
        message: this.#last * 8,
        origin,
        reason: DeadLetterReason.EXPIRED,
        died: this.#last,
        number: this.#last,
      };
      this.kept.add(deadLetter, { hasBegun: false } as Progress, this.epoch);
    }
  }

  passes(): void {
    while (this.kept.work(this.epoch));
  }

  changeTopology(): void {
    this.epoch += 1;
    this.passes();
  }

  #send(deadLetter: UndeliveredDeadLetter, _progress: Progress): boolean | null {
    if (deadLetter.message !== deadLetter.number * 8 || deadLetter.died !== deadLetter.number)
      throw new Error('another dead letter');
    this.tried.push(deadLetter.number);
    return this.delivers(deadLetter);
  }
}

const MOST_IN_VAIN = 1_100;

let stage: Stage;
beforeEach(() => {
  vi.useFakeTimers();
  stage = new Stage();
});
afterEach(() => {
  stage.kept.stop();
  vi.useRealTimers();
});

test('of a million that have nowhere to go a few are tried, and later, however often the topology changes', () => {
  stage.add(7, 1_000_000);
  for (let change = 0; change < 1_000; change++) stage.changeTopology();
  expect(stage.tried.length).toBeLessThan(MOST_IN_VAIN);
  vi.advanceTimersByTime(60_000);
  expect(stage.tried.length).toBeLessThan(20 * MOST_IN_VAIN);
  expect(stage.settled).toEqual([]);
});

test('a million that can go at last go all, in the order in which they died', () => {
  stage.add(7, 1_000_000);
  stage.changeTopology();
  stage.tried = [];
  stage.delivers = () => true;
  vi.advanceTimersByTime(4_000);
  expect(stage.settled.length).toBe(1_000_000);
  expect(stage.settled.findIndex((number, index) => number !== index + 1)).toBe(-1);
  expect(vi.getTimerCount()).toBe(0);
});

test('a change of topology has them tried at once', () => {
  stage.add(7, 10);
  stage.delivers = () => true;
  stage.changeTopology();
  expect(stage.settled.length).toBe(10);
});

test('one that can go is found among many that cannot', () => {
  stage.add(7, 100_000);
  stage.delivers = ({ number }) => number === 50_000;
  vi.advanceTimersByTime(600_000);
  expect(stage.settled).toEqual([50_000]);
});

test('those of one queue that cannot go keep none of another waiting', () => {
  stage.add(7, 100_000);
  stage.add(8, 3);
  stage.delivers = ({ origin }) => origin === 8;
  stage.changeTopology();
  expect(stage.settled.length).toBe(3);
});

test('of many queues each has its share', () => {
  for (let queue = 1; queue <= 2_000; queue++) stage.add(queue, 20);
  const seen = new Set<number>();
  stage.delivers = ({ origin }) => {
    seen.add(origin);
    return false;
  };
  vi.advanceTimersByTime(60 * 4_000);
  expect(stage.tried.length).toBeLessThan(70 * MOST_IN_VAIN);
  expect(seen.size).toBe(2_000);
});

test('without memory nothing more is tried for a while', () => {
  stage.add(7, 1_000);
  stage.delivers = () => null;
  stage.changeTopology();
  expect(stage.tried).toEqual([1]);
  stage.delivers = () => true;
  vi.advanceTimersByTime(4_000);
  expect(stage.settled.length).toBe(1_000);
});

test('what comes while others go is kept as well', () => {
  stage.add(7, 100);
  stage.delivers = ({ number }) => {
    if (number % 10 === 0) stage.add(7, 1);
    return number <= 100;
  };
  stage.changeTopology();
  expect(stage.settled.length).toBe(100);
  stage.delivers = () => true;
  vi.advanceTimersByTime(4_000);
  expect(new Set(stage.settled).size).toBe(stage.settled.length);
  expect(stage.settled.length).toBeGreaterThan(109);
});
