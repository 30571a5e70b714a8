import { expect, test } from 'vitest';
import { VirtualClock } from '../../src/platform/virtual-clock.js';
import { randomFrom } from '../store/support/simulated.js';

test('calls work in the order of its time, and of its asking where that is the same', () => {
  const clock = new VirtualClock();
  const random = randomFrom(3);
  const asked: { due: number; index: number }[] = [];
  const called: number[] = [];
  for (let index = 0; index < 2000; index++) {
    const due = Math.floor(random() * 100);
    asked.push({ due, index });
    clock.after(due, () => {
      called.push(clock.now() === due ? index : -1);
    });
  }
  while (clock.step());
  asked.sort((one, other) => one.due - other.due || one.index - other.index);
  expect(called).toEqual(asked.map(({ index }) => index));
});

test('calls nothing that is called off, and what work asks for in its turn', () => {
  const clock = new VirtualClock();
  const called: string[] = [];
  const callOff = clock.after(5, () => called.push('never'));
  clock.after(3, () => {
    callOff();
    clock.after(4, () => called.push(`behind at ${clock.elapsed()}`));
  });
  clock.runUntil(6);
  expect([called, clock.now()]).toEqual([[], 6]);
  clock.runUntil(10);
  expect(called).toEqual(['behind at 7']);
  expect(clock.step()).toBe(false);
});
