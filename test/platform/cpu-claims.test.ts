/** Workers of several brokers are spread over groups of CPUs, whatever process they are in and however it has ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { CpuClaims } from '../../src/platform/cpus/cpu-claims.js';
import type { CpuGroup } from '../../src/platform/cpus/cpu-topology.js';

/** Groups of CPUs that no machine has, so that no broker's claims are among these. */
let next = 1_000_000 + process.pid * 100;
function groups(...nodes: readonly number[]): CpuGroup[] {
  return nodes.map((node) => {
    next += 2;
    return { cpus: [next, next + 1], cores: 2, node };
  });
}

const begun: CpuClaims[] = [];
afterEach(() => {
  for (const claims of begun.splice(0)) claims.release();
});
function broker(first = 0, table?: string): CpuClaims {
  const claims = new CpuClaims({ first, ...(table === undefined ? {} : { table }) });
  begun.push(claims);
  return claims;
}

async function claimed(claims: CpuClaims, of: readonly CpuGroup[], workers: number): Promise<number[]> {
  const chosen: number[] = [];
  while (chosen.length < workers) chosen.push(await claims.claim(of));
  return chosen;
}

const linux = process.platform === 'linux';

test.runIf(linux)('each broker goes where the fewest workers are, and one that ends makes room', async () => {
  const two = groups(0, 0);
  const places = [];
  for (let i = 0; i < 10; i++) places.push(await broker().claim(two));
  expect(places.filter((place) => place === 0).length).toBe(5);
  begun[3]?.release();
  await expect.poll(async () => (await claimed(broker(), two, 1))[0]).toBe(places[3]);
});

test('workers are spread over nodes before they share a cache there', async () => {
  expect(await claimed(broker(), groups(0, 0, 1, 1), 4)).toEqual([0, 2, 1, 3]);
});

test('more cores take more workers', async () => {
  const [small, large] = groups(0, 0);
  if (small === undefined || large === undefined) throw new Error('no groups');
  const chosen = await claimed(
    broker(),
    [
      { ...small, cores: 1 },
      { ...large, cores: 3 },
    ],
    8,
  );
  expect(chosen.filter((group) => group === 1).length).toBe(6);
});

test.runIf(linux)('brokers that start at the same time do not choose the same', async () => {
  const four = groups(0, 0, 0, 0);
  const chosen = await Promise.all(Array.from({ length: 8 }, () => broker().claim(four)));
  expect(chosen.toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

test('brokers that cannot see each other begin at different groups', async () => {
  const three = groups(0, 0, 0);
  for (const [first, group] of [
    [0, 0],
    [0.4, 1],
    [0.99, 2],
  ] as const)
    expect(await broker(first, '/nowhere').claim(three)).toBe(group);
  // Its own workers each broker sees, whatever the system hides.
  expect((await claimed(broker(0.4, '/nowhere'), groups(0, 0, 0), 3)).toSorted()).toEqual([0, 1, 2]);
});

/** A program that has claimed a group's place and lives on. */
async function other(of: readonly CpuGroup[]): Promise<ChildProcess> {
  const module = new URL('../../dist/platform/cpus/cpu-claims.js', import.meta.url).href;
  const program = `
    const { CpuClaims } = await import('${module}');
    await new CpuClaims({ first: 0 }).claim(${JSON.stringify(of)});
    console.log('claimed');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test.runIf(linux)('a broker in another process counts until it has gone, even by kill -9', async () => {
  const two = groups(0, 0);
  const child = await other(two);
  const claims = broker();
  expect(await claims.claim(two)).toBe(1);
  claims.release();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await broker().claim(two)).toBe(0);
});
