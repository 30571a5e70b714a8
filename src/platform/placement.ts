/**
 * Which CPUs each worker runs on: those that share one last-level cache, so that its memory stays near, and any of
 * them, so that it need not wait for a CPU that something else has taken while one beside it is idle (two workers bound
 * to one CPU each, beside a client on the same two, lost a third of their rate).
 */
import { readFileSync } from 'node:fs';
import type { Loaded, Outcome } from './affinity.js';
import { CPUS_MAX, type CpuClaims } from './cpu-claims.js';

/** The CPUs of one worker, ascending; null: any. */
export type Place = readonly number[] | null;

/**
 * Shares out `allowed` CPUs (ascending; none: leaves all workers to the scheduler) among the workers of a broker, with
 * regard to those of the other brokers of its process; `neighbours` are those that share a cache with one.
 */
export function placeWorkers(
  allowed: readonly number[],
  workers: number,
  claims: CpuClaims,
  neighbours: (cpu: number) => readonly number[] = cacheNeighbours,
): Place[] {
  const groups = groupsOf(allowed, neighbours);
  if (groups.length === 0) return Array.from({ length: workers }, () => null);
  return Array.from({ length: workers }, () => claims.claim(groups))
    .sort((one, other) => one - other)
    .map((group) => groups[group] ?? null);
}

function groupsOf(allowed: readonly number[], neighbours: (cpu: number) => readonly number[]): (readonly number[])[] {
  const groups: (readonly number[])[] = [];
  const grouped = new Set<number>();
  for (const cpu of allowed) {
    if (grouped.has(cpu)) continue;
    const near = new Set(neighbours(cpu)).add(cpu);
    const group = allowed.filter((other) => near.has(other));
    groups.push(group);
    for (const one of group) grouped.add(one);
  }
  return groups;
}

/** CPUs that share the last-level cache of one, as Linux tells; all of the machine's where nothing tells. */
function cacheNeighbours(cpu: number): number[] {
  for (const index of ['index3', 'index2']) {
    try {
      return cpusInList(readFileSync(`/sys/devices/system/cpu/cpu${cpu}/cache/${index}/shared_cpu_list`, 'latin1'));
    } catch {
      // No such cache, or no such file system.
    }
  }
  return Array.from({ length: CPUS_MAX }, (_, other) => other);
}

/** The CPUs in a list as Linux writes them: `0-3,8,10-11`. */
export function cpusInList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** Says where the workers run, and why they are not pinned where they are not. */
export function placementText(
  asked: boolean,
  native: Loaded,
  places: readonly Place[],
  pinned: readonly (Outcome | null)[],
): string {
  if (!native.ok) return `not pinned, and one worker only: ${native.why}`;
  if (!asked) return 'not pinned, as asked';
  if (native.affinity.dup === null)
    return 'not pinned, and one worker only: sockets cannot change threads on this system';
  const failure = pinned.find((outcome) => outcome !== null && !outcome.ok);
  if (failure !== undefined && failure !== null && !failure.ok) return `not pinned: ${failure.why}`;
  const placed = places.filter((place) => place !== null);
  if (placed.length === 0) return `not pinned: ${process.platform} does not say which CPUs there are`;
  const ranges = [...new Set(placed.map(rangeText))];
  const one = ranges.length === 1 && placed[0]?.length === 1;
  const shared = ranges.length === 1 && placed.length > 1 ? ', which share a cache' : '';
  return `pinned to ${one ? 'CPU' : 'CPUs'} ${ranges.join(', ')}${one ? '' : shared}`;
}

function rangeText(cpus: readonly number[]): string {
  const first = cpus[0];
  const last = cpus.at(-1);
  if (first === last) return `${first}`;
  return cpus.length === Number(last) - Number(first) + 1 ? `${first}-${last}` : cpus.join('+');
}
