/**
 * Things in the order of their times.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TimeHeap } from '../../src/queues/delayed/time-heap.js';

test('things come out by time, and those of one time in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(20), fc.constant('take' as const))), (steps) => {
      const heap = new TimeHeap<number>();
      let sorted: { time: number; thing: number }[] = [];
      steps.forEach((step, thing) => {
        if (step === 'take') {
          expect(heap.first).toBe(sorted[0]?.thing);
          expect(heap.shift()).toBe(sorted.shift()?.thing);
        } else {
          heap.push(step, thing);
          const at = sorted.filter(({ time }) => time <= step).length;
          sorted = [...sorted.slice(0, at), { time: step, thing }, ...sorted.slice(at)];
        }
        expect(heap.size).toBe(sorted.length);
        expect(heap.firstTime).toBe(sorted[0]?.time ?? Number.POSITIVE_INFINITY);
      });
      const some = heap.takeSome(2);
      expect(some.length).toBe(Math.min(2, sorted.length));
      expect(heap.size).toBe(sorted.length - some.length);
      const rest = sorted.filter(({ thing }) => !some.includes(thing));
      while (heap.size > 0) expect(heap.shift()).toBe(rest.shift()?.thing);
    }),
  );
});
