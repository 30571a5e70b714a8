/** Where a bench ran: a figure means little without that. */
import { availableParallelism, cpus, release, totalmem, type as typeOfSystem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  /** MiB. */
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  readonly v8: string;
  readonly leveret: string;
}

/** `leveret`: the version of this package. */
export function thisMachine(leveret: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 20),
    system: `${typeOfSystem()} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    leveret,
  };
}

/** In one line. */
export function machineText({ cpu, cpus: count, memory, system, node, v8, leveret }: Machine): string {
  const gigabytes = (memory / 1024).toFixed(0);
  return `leveret ${leveret}, Node ${node} (V8 ${v8}), ${count} × ${cpu}, ${gigabytes} GiB, ${system}`;
}
