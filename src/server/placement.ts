/**
 * Which CPUs each worker runs on. The CPUs are shared out among the workers in runs of neighbours, which mostly share a cache and a
 * memory node: as many workers as CPUs have one each; fewer workers may move within their share, so that a worker need not wait for a CPU
 * that something else has taken while one beside it is idle.
 */
import type { Loaded, Outcome } from '../engine/affinity.js';

/** The CPUs of one worker, ascending; null: any. */
export type Place = readonly number[] | null;

/** Shares out `allowed` CPUs (ascending; none: leaves all workers to the scheduler). */
export function placeWorkers(allowed: readonly number[], workers: number): Place[] {
  return Array.from({ length: workers }, (_, index) => {
    if (allowed.length === 0) return null;
    if (workers >= allowed.length) return allowed.slice(index % allowed.length, (index % allowed.length) + 1);
    const share = allowed.length / workers;
    return allowed.slice(Math.floor(index * share), Math.floor((index + 1) * share));
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
  const one = placed.length === 1 && placed[0]?.length === 1;
  return `pinned to ${one ? 'CPU' : 'CPUs'} ${placed.map(rangeText).join(', ')}`;
}

function rangeText(cpus: readonly number[]): string {
  const first = cpus[0];
  const last = cpus.at(-1);
  if (first === last) return `${first}`;
  return cpus.length === Number(last) - Number(first) + 1 ? `${first}-${last}` : cpus.join('+');
}
