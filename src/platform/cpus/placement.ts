/**
 * Which CPUs each worker runs on: those that share one last-level cache, so that its memory stays near, and any of
 * them, so that it need not wait for a CPU that something else has taken while one beside it is idle (two workers bound
 * to one CPU each, beside a client on the same two, lost a third of their rate). No group of CPUs goes beyond a NUMA
 * node, and workers are spread over the nodes: what a worker touches first lies in its node's memory.
 */
import type { Loaded, Outcome } from '../affinity.js';
import type { CpuClaims } from './cpu-claims.js';
import { type CpuGroup, cpuGroups, cpuListText } from './cpu-topology.js';

/** The CPUs of one worker; null: any. */
export type Place = CpuGroup | null;

/**
 * Shares out `allowed` CPUs (ascending; none: leaves all workers to the scheduler) among the workers of a broker, with
 * regard to those of the other brokers of its machine. `system`: where the system tells of its CPUs.
 */
export async function placeWorkers(
  allowed: readonly number[],
  workers: number,
  claims: CpuClaims,
  system?: string,
): Promise<Place[]> {
  const groups = cpuGroups(allowed, system);
  if (groups.length === 0) return Array.from({ length: workers }, () => null);
  const chosen: number[] = [];
  // One after the other: each counts for the next.
  while (chosen.length < workers) chosen.push(await claims.claim(groups));
  return chosen.sort((one, other) => one - other).map((group) => groups[group] ?? null);
}

/** Says where the workers run, as the system has told each of them, and why they are not pinned where they are not. */
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
  return pinnedText(
    places.flatMap((place, worker) => {
      const outcome = pinned[worker];
      return place === null || !outcome?.ok ? [] : [{ worker, cpus: outcome.cpus, node: place.node }];
    }),
  );
}

interface PinnedWorker {
  readonly worker: number;
  readonly cpus: readonly number[];
  readonly node: number;
}

function pinnedText(runs: readonly PinnedWorker[]): string {
  const [first] = runs;
  if (first === undefined) return `not pinned: ${process.platform} does not say which CPUs there are`;
  const byPlace = new Map<string, number[]>();
  const isSpread = runs.some(({ node }) => node !== first.node);
  for (const { worker, cpus, node } of runs) {
    const where = `${cpusText(cpus)}${isSpread ? ` of node ${node}` : ''}`;
    byPlace.set(where, [...(byPlace.get(where) ?? []), worker]);
  }
  if (byPlace.size > 1)
    return `pinned: ${[...byPlace].map(([where, workers]) => `${workersText(workers)} to ${where}`).join(', ')}`;
  const shared = first.cpus.length > 1 && runs.length > 1 ? ', which share a cache' : '';
  return `pinned to ${cpusText(first.cpus)}${shared}`;
}

function cpusText(cpus: readonly number[]): string {
  return `${cpus.length === 1 ? 'CPU' : 'CPUs'} ${cpuListText(cpus)}`;
}

function workersText(workers: readonly number[]): string {
  return `${workers.length === 1 ? 'worker' : 'workers'} ${cpuListText(workers)}`;
}
