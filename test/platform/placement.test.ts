/**
 * Where workers run, as the start lines say it, and the calls behind it.
 */
import { expect, test } from 'vitest';
import { type Affinity, cpusIn, type Loaded, loadAffinity } from '../../src/platform/affinity.js';
import { CpuClaims } from '../../src/platform/cpu-claims.js';
import { cpusInList, placementText, placeWorkers } from '../../src/platform/placement.js';

const affinity: Affinity = {
  allowedCpus: () => [0, 1],
  pin: () => ({ ok: true }),
  dup: (fd) => fd,
  endSocket: null,
};
const loaded: Loaded = { ok: true, affinity };
const pinned = { ok: true } as const;

/** What a broker claims CPUs from that is alone in its process. */
function nobody(): CpuClaims {
  return new CpuClaims(CpuClaims.memory(), CpuClaims.memory(), 0);
}

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
  expect(placeWorkers([0, 1, 2, 3], 2, nobody(), inPairs)).toEqual([
    [0, 1],
    [2, 3],
  ]);
  expect(placeWorkers([0, 1, 2, 3], 4, nobody(), inPairs)).toEqual([
    [0, 1],
    [0, 1],
    [2, 3],
    [2, 3],
  ]);
  expect(placeWorkers([0, 1, 2, 3], 1, nobody(), inPairs)).toEqual([[0, 1]]);
});

test('brokers of one process are spread over the caches, and one that ends makes room', () => {
  const inPairs = (cpu: number): number[] => [cpu & ~1, cpu | 1];
  const shared = CpuClaims.memory();
  const brokers = Array.from({ length: 10 }, () => new CpuClaims(shared, CpuClaims.memory(), 0));
  const places = brokers.map((claims) => placeWorkers([0, 1, 2, 3], 1, claims, inPairs)[0]);
  const onFirst = places.filter((place) => place?.[0] === 0).length;
  expect([onFirst, places.length - onFirst]).toEqual([5, 5]);
  brokers[3]?.release();
  expect(placeWorkers([0, 1, 2, 3], 1, new CpuClaims(shared, CpuClaims.memory(), 0), inPairs)).toEqual([places[3]]);
});

test('brokers that know nothing of each other begin at different caches', () => {
  const alone = (cpu: number): number[] => [cpu];
  const first = (thread: number) => new CpuClaims(CpuClaims.memory(), CpuClaims.memory(), thread);
  expect([0, 1, 2].map((thread) => placeWorkers([0, 1], 1, first(thread), alone)[0])).toEqual([[0], [1], [0]]);
});

test('a worker gets no CPU that the process may not use', () => {
  const all = (): number[] => [0, 1, 2, 3, 4];
  expect(placeWorkers([1, 3], 1, nobody(), all)).toEqual([[1, 3]]);
  expect(placeWorkers([5, 7], 3, nobody(), (cpu) => [cpu])).toEqual([[5], [5], [7]]);
  expect(placeWorkers([], 2, nobody(), all)).toEqual([null, null]);
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
