/**
 * Where workers run, as the start lines say it, and the calls behind it.
 */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { type Affinity, cpusIn, type Loaded, loadAffinity, type Outcome } from '../../src/platform/affinity.js';
import { CpuClaims } from '../../src/platform/cpus/cpu-claims.js';
import { type Place, placementText, placeWorkers } from '../../src/platform/cpus/placement.js';

const affinity: Affinity = {
  allowedCpus: () => [0, 1],
  pin: (cpus) => ({ ok: true, cpus }),
  dup: (fd) => fd,
  endSocket: null,
};
const loaded: Loaded = { ok: true, affinity };

/** What is told of workers that run where they were placed, of nodes by their numbers. */
function told(cpus: readonly (readonly number[])[], nodes: readonly number[] = []): string {
  const places = cpus.map((own, worker): Place => ({ cpus: own, cores: own.length, node: nodes[worker] ?? 0 }));
  return placementText(
    true,
    loaded,
    places,
    cpus.map((own): Outcome => ({ ok: true, cpus: own })),
  );
}

test('pinned workers are named by their CPUs', () => {
  expect(told([[0], [1]])).toBe('pinned: worker 0 to CPU 0, worker 1 to CPU 1');
  expect(told([[3]])).toBe('pinned to CPU 3');
  expect(told([[0, 1]])).toBe('pinned to CPUs 0-1');
  expect(
    told([
      [0, 1, 2],
      [4, 6],
      [0, 1, 2],
    ]),
  ).toBe('pinned: workers 0+2 to CPUs 0-2, worker 1 to CPUs 4+6');
});

test('nodes are told where workers are on several', () => {
  expect(
    told(
      [
        [0, 1],
        [2, 3],
      ],
      [0, 1],
    ),
  ).toBe('pinned: worker 0 to CPUs 0-1 of node 0, worker 1 to CPUs 2-3 of node 1');
});

test('what counts is where the system lets a worker run, not where it was to run', () => {
  const place = { cpus: [0, 1, 2, 3], cores: 4, node: 0 };
  expect(placementText(true, loaded, [place], [{ ok: true, cpus: [2, 3] }])).toBe('pinned to CPUs 2-3');
});

test('whoever is not pinned is told why', () => {
  const place = { cpus: [0], cores: 1, node: 0 };
  expect(placementText(false, loaded, [null], [null])).toBe('not pinned, as asked');
  expect(placementText(true, loaded, [place], [{ ok: false, why: 'no rights' }])).toBe('not pinned: no rights');
  expect(placementText(true, { ok: false, why: 'no library' }, [null], [null])).toContain('no library');
  const windows: Loaded = { ok: true, affinity: { ...affinity, dup: null } };
  expect(placementText(true, windows, [null], [null])).toContain('one worker only');
});

test('workers that share their CPUs are told in one', () => {
  expect(
    told([
      [0, 1],
      [0, 1],
    ]),
  ).toBe('pinned to CPUs 0-1, which share a cache');
});

test('workers are placed on CPUs that the process may use, and on no others', async () => {
  const claims = new CpuClaims();
  try {
    expect(await placeWorkers([], 2, claims)).toEqual([null, null]);
    const places = await placeWorkers([1], 2, claims, '/nowhere');
    expect(places.map((place) => place?.cpus)).toEqual([[1], [1]]);
  } finally {
    claims.release();
  }
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

test.runIf(process.platform === 'linux')('a program may have used koffi by itself before', () => {
  const program = `
    require('koffi').load(null);
    import('${new URL('../../dist/platform/affinity.js', import.meta.url).href}').then(({ loadAffinity }) =>
      console.log(JSON.stringify(loadAffinity())));`;
  const said = execFileSync(process.execPath, ['--input-type=commonjs', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(said)).toMatchObject({ ok: true });
});

test.runIf(process.platform === 'linux')('after pinning, the kernel is asked where the thread runs', () => {
  const module = new URL('../../dist/platform/affinity.js', import.meta.url).href;
  // One CPU that there is, and one that there is not: the kernel leaves that out without a word.
  const program = `
    const { affinity } = (await import('${module}')).loadAffinity();
    const [cpu] = affinity.allowedCpus();
    console.log(JSON.stringify([cpu, affinity.pin([cpu, 1023]), affinity.allowedCpus()]));`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const [cpu, outcome, allowed] = JSON.parse(said) as [number, Outcome, number[]];
  expect(outcome).toEqual({ ok: true, cpus: [cpu] });
  expect(allowed).toEqual([cpu]);
});
