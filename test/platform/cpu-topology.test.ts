/** How CPUs are grouped, by made-up trees of /sys/devices/system as the kernel lays them out. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { cpuGroups, cpuListText, cpusInList } from '../../src/platform/cpus/cpu-topology.js';

const trees: string[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) rmSync(tree, { recursive: true });
});

/** A tree of files, by their paths below /sys/devices/system. */
function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'leveret-sys-'));
  trees.push(root);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${content}\n`);
  }
  return root;
}

const from = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

test('CPUs that share a last-level cache are a group, and the threads of one core count as one core', () => {
  // Four cores of two threads, whose numbers lie apart as they do on most machines; two caches.
  const files = Object.fromEntries(
    from(0, 8).flatMap((cpu) => [
      [`cpu/cpu${cpu}/cache/index3/shared_cpu_list`, cpu % 4 < 2 ? '0-1,4-5' : '2-3,6-7'],
      [`cpu/cpu${cpu}/topology/thread_siblings_list`, `${cpu % 4},${(cpu % 4) + 4}`],
    ]),
  );
  expect(cpuGroups(from(0, 8), tree(files))).toEqual([
    { cpus: [0, 1, 4, 5], cores: 2, node: 0 },
    { cpus: [2, 3, 6, 7], cores: 2, node: 0 },
  ]);
});

test('no group goes beyond a node, though nothing tells of caches, or one is said to span both', () => {
  const nodes = { 'node/node0/cpulist': '0-1', 'node/node1/cpulist': '2-3', 'node/node2/cpulist': '' };
  const cache = Object.fromEntries(from(0, 4).map((cpu) => [`cpu/cpu${cpu}/cache/index3/shared_cpu_list`, '0-3']));
  for (const files of [nodes, { ...nodes, ...cache }]) {
    expect(cpuGroups(from(0, 4), tree(files))).toEqual([
      { cpus: [0, 1], cores: 2, node: 0 },
      { cpus: [2, 3], cores: 2, node: 1 },
    ]);
  }
});

test('CPUs that the process may not use are in no group', () => {
  const files = { 'node/node0/cpulist': '0-3', 'node/node1/cpulist': '4-7' };
  expect(cpuGroups([1, 3, 6], tree(files))).toEqual([
    { cpus: [1, 3], cores: 2, node: 0 },
    { cpus: [6], cores: 1, node: 1 },
  ]);
});

test('where nothing tells, all CPUs are one group', () => {
  expect(cpuGroups([0, 2], tree({}))).toEqual([{ cpus: [0, 2], cores: 2, node: 0 }]);
  expect(cpuGroups([], tree({}))).toEqual([]);
});

test('a list of CPUs is read as Linux writes it, and written for people', () => {
  expect(cpusInList('0-2,8,10-11\n')).toEqual([0, 1, 2, 8, 10, 11]);
  expect(cpusInList('\n')).toEqual([]);
  expect(cpuListText([0, 1, 2, 8, 10, 11])).toBe('0-2+8+10-11');
});
