/**
 * How many workers each group of CPUs has, of all brokers of the process, so that the next broker's go elsewhere. The
 * counts are in memory that the threads of the process share: brokers may be started by several of them at once.
 *
 * | at (Int32) | what stands there | written by |
 * |---|---|---|
 * | `c`, 0 … 1023 | workers whose group's lowest CPU is `c` | whoever claims or gives back, by atomic operations |
 *
 * What must hold: what a broker has claimed is given back once, after its threads have ended.
 */
import { getEnvironmentData, setEnvironmentData, threadId } from 'node:worker_threads';

/** As many as an affinity mask can name. */
export const CPUS_MAX = 1024;

const NAME = 'leveret.cpu-claims';

/**
 * The counts of this process, as far as its threads come from one that knew them: each thread hands them to those that
 * it starts from then on. Others have counts of their own.
 */
export function processClaims(): SharedArrayBuffer {
  const inherited = getEnvironmentData(NAME);
  if (inherited instanceof SharedArrayBuffer) return inherited;
  const claims = new SharedArrayBuffer(CPUS_MAX * Int32Array.BYTES_PER_ELEMENT);
  setEnvironmentData(NAME, claims);
  return claims;
}

/** What one broker has claimed, in the counts of its process. */
export class CpuClaims {
  readonly #process: Int32Array;
  readonly #own: Int32Array;
  readonly #first: number;

  /**
   * `first`: where to begin among equals. Two threads of a program that do not know each other's counts begin at
   * different groups.
   */
  constructor(process: SharedArrayBuffer, own = CpuClaims.memory(), first = threadId) {
    this.#process = new Int32Array(process);
    this.#own = new Int32Array(own);
    this.#first = first;
  }

  /** For `own`: it outlives the thread that claims, so that another can give back. */
  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(CPUS_MAX * Int32Array.BYTES_PER_ELEMENT);
  }

  /** Claims a worker's place in the group that has the fewest workers for its CPUs; its number among the groups. */
  claim(groups: readonly (readonly number[])[]): number {
    for (;;) {
      const counts = groups.map(([cpu = 0]) => Atomics.load(this.#process, cpu));
      const loads = counts.map((count, group) => (count + 1) / (groups[group]?.length ?? 1));
      const least = Math.min(...loads);
      const chosen = firstFrom(this.#first % groups.length, loads, least);
      const cpu = groups[chosen]?.[0] ?? 0;
      const before = counts[chosen] ?? 0;
      // Another broker may have claimed since the counts were read: both would have gone to the same group.
      if (Atomics.compareExchange(this.#process, cpu, before, before + 1) !== before) continue;
      Atomics.add(this.#own, cpu, 1);
      return chosen;
    }
  }

  /** Gives all back. */
  release(): void {
    for (const [cpu] of this.#own.entries()) {
      const claimed = Atomics.exchange(this.#own, cpu, 0);
      if (claimed > 0) Atomics.sub(this.#process, cpu, claimed);
    }
  }
}

function firstFrom(start: number, loads: readonly number[], wanted: number): number {
  const behind = loads.indexOf(wanted, start);
  return behind === -1 ? loads.indexOf(wanted) : behind;
}
