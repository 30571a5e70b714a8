/**
 * Where workers run, as the start lines say it, and the calls behind it.
 */
import { expect, test } from 'vitest';
import { type Affinity, cpusIn, type Loaded, loadAffinity } from '../../src/engine/affinity.js';
import { placementText, placeWorkers } from '../../src/server/placement.js';

const affinity: Affinity = { allowedCpus: () => [0, 1], pin: () => ({ ok: true }), dup: (fd) => fd };
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

test('CPUs are shared out among the workers, in runs of neighbours', () => {
  expect(placeWorkers([0, 1], 2)).toEqual([[0], [1]]);
  expect(placeWorkers([0, 1], 1)).toEqual([[0, 1]]);
  expect(placeWorkers([0, 2, 4, 6, 8], 2)).toEqual([
    [0, 2],
    [4, 6, 8],
  ]);
  expect(placeWorkers([5, 7], 3)).toEqual([[5], [7], [5]]);
  expect(placeWorkers([], 2)).toEqual([null, null]);
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
