/**
 * How the CPUs of the machine lie to each other, as Linux tells (Documentation/ABI, `/sys/devices/system`): which are one
 * core, which share a cache, which share the memory of a NUMA node. Where nothing tells, each CPU is a core, all share a
 * cache, and there is one node.
 */
import { readdirSync, readFileSync } from 'node:fs';

const SYSTEM = '/sys/devices/system';

/** CPUs that share a last-level cache, ascending; all of one node. */
export interface CpuGroup {
  readonly cpus: readonly number[];
  /** How many cores these are: two threads of one core do not do twice as much. */
  readonly cores: number;
  readonly node: number;
}

/** The groups that `cpus` (ascending) fall into. */
export function cpuGroups(cpus: readonly number[], system = SYSTEM): CpuGroup[] {
  const nodes = nodesOf(system);
  const groups: CpuGroup[] = [];
  const grouped = new Set<number>();
  for (const cpu of cpus) {
    if (grouped.has(cpu)) continue;
    const node = nodes.get(cpu) ?? 0;
    const near = cacheNeighbours(cpu, system);
    const own = cpus.filter(
      (other) =>
        other === cpu || (!grouped.has(other) && (nodes.get(other) ?? 0) === node && (near?.includes(other) ?? true)),
    );
    for (const one of own) grouped.add(one);
    groups.push({ cpus: own, cores: coresAmong(own, system), node });
  }
  return groups;
}

/** The node of each CPU; empty where there are no nodes. Nodes of memory alone have no CPUs. */
function nodesOf(system: string): Map<number, number> {
  const nodes = new Map<number, number>();
  for (const name of entries(`${system}/node`)) {
    const [, number] = /^node(\d+)$/.exec(name) ?? [];
    if (number === undefined) continue;
    for (const cpu of listIn(`${system}/node/${name}/cpulist`) ?? []) nodes.set(cpu, Number(number));
  }
  return nodes;
}

/** CPUs that share the last-level cache of one; null: nothing tells. */
function cacheNeighbours(cpu: number, system: string): readonly number[] | null {
  return (
    listIn(`${system}/cpu/cpu${cpu}/cache/index3/shared_cpu_list`) ??
    listIn(`${system}/cpu/cpu${cpu}/cache/index2/shared_cpu_list`)
  );
}

function coresAmong(cpus: readonly number[], system: string): number {
  return new Set(cpus.map((cpu) => listIn(`${system}/cpu/cpu${cpu}/topology/thread_siblings_list`)?.[0] ?? cpu)).size;
}

function entries(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function listIn(file: string): readonly number[] | null {
  try {
    return cpusInList(readFileSync(file, 'latin1'));
  } catch {
    return null;
  }
}

/** The CPUs in a list as Linux writes them: `0-3,8,10-11`; nothing: none. */
export function cpusInList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .filter((range) => range !== '')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** The same the other way round, for people: `0-3+8`. */
export function cpuListText(cpus: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const cpu of cpus) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === cpu - 1) last[1] = cpu;
    else ranges.push([cpu, cpu]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join('+');
}
