/**
 * Where workers run, as the start lines say it, and the calls behind it.
 */
import { expect, test } from 'vitest';
import { type Affinity, cpusIn, type Loaded, loadAffinity } from '../../src/platform/affinity.js';
import { cpusInList, placementText, placeWorkers } from '../../src/platform/placement.js';

const affinity: Affinity = {
  allowedCpus: () => [0, 1],
  pin: () => ({ ok: true }),
  dup: (fd) => fd,
  endSocket: null,
};
const loaded: Loaded = { ok: true, affinity };
const pinned = { ok: true } as const;

test('pinned workers are named by their CPUs', () => {
  expect(placementText(true, loaded, [[0], [1]], [pinned, pinned])).toBe('pinned to CPUs 0, 1');
  expect(placementText(true, loaded, [[3]], [pinned])).toBe('pinned to CPU 3');
  expect(placementText(true, loaded, [[0, 1]], [pinned])).toBe('pinned to CPUs 0-1');
  expect(
    placementText(
      true,
      loaded,
      [
        [0, 1, 2],
        [4, 6],
      ],
      [pinned, pinned],
    ),
  ).toBe('pinned to CPUs 0-2, 4+6');
});

test('whoever is not pinned is told why', () => {
  expect(placementText(false, loaded, [null], [null])).toBe('not pinned, as asked');
  expect(placementText(true, loaded, [[0]], [{ ok: false, why: 'no rights' }])).toBe('not pinned: no rights');
  expect(placementText(true, { ok: false, why: 'no library' }, [null], [null])).toContain('no library');
  const windows: Loaded = { ok: true, affinity: { ...affinity, dup: null } };
  expect(placementText(true, windows, [null], [null])).toContain('one worker only');
});

test('workers that share their CPUs are told in one', () => {
  const place = [0, 1];
  expect(placementText(true, loaded, [place, place], [pinned, pinned])).toBe('pinned to CPUs 0-1, which share a cache');
});

test('a worker may run where its cache is, and workers are spread over the caches', () => {
  const inPairs = (cpu: number): number[] => [cpu & ~1, cpu | 1];
  expect(placeWorkers([0, 1, 2, 3], 2, inPairs)).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(placeWorkers([0, 1, 2, 3], 4, inPairs)).toEqual([
    [0, 1],
    [0, 1],
    [2, 3],
    [2, 3],
  ]);
  expect(placeWorkers([0, 1, 2, 3], 1, inPairs)).toEqual([[0, 1]]);
});

test('a worker gets no CPU that the process may not use', () => {
  const all = (): number[] => [0, 1, 2, 3, 4];
  expect(placeWorkers([1, 3], 1, all)).toEqual([[1, 3]]);
  expect(placeWorkers([5, 7], 3, (cpu) => [cpu])).toEqual([[5], [5], [7]]);
  expect(placeWorkers([], 2, all)).toEqual([null, null]);
});

test('a list of CPUs is read as Linux writes it', () => {
  expect(cpusInList('0-2,8,10-11\n')).toEqual([0, 1, 2, 8, 10, 11]);
});

test('a mask names its CPUs', () => {
  expect(cpusIn(Uint8Array.of(0b101, 0, 0b1000_0000))).toEqual([0, 2, 23]);
});

test.runIf(process.platform === 'linux')('Linux says which CPUs there are, and lets a thread have one of them', () => {
  const native = loadAffinity();
  if (!native.ok) throw new Error(native.why);
  const cpus = native.affinity.allowedCpus();
  expect(cpus.length).toBeGreaterThan(0);
  expect(native.affinity.pin([1023])).toMatchObject({ ok: false });
});
