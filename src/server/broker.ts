/**
 * The whole broker: shared memory, coordinator, workers, listener. This is what a program embeds and what the command starts.
 */
import { Coordinator } from '../broker/coordinator.js';
import { type Loaded, loadAffinity, type Outcome } from '../engine/affinity.js';
import type { EngineKind } from '../engine/engine.js';
import { createSharedCore, openEngine } from '../engine/open.js';
import { listen } from './listener.js';
import { WorkerPool } from './pool.js';

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly workers: number;
  readonly engine: EngineKind;
  /** Shared memory in bytes. */
  readonly memory: number;
  /** Bind each worker to a CPU of its own. */
  readonly pin: boolean;
  /** A worker has ended by a defect: nothing in shared memory is to be trusted any more. */
  readonly onFatal: (error: Error) => void;
}

export interface Broker {
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  /** Where the workers run, in words. */
  readonly placement: string;
  /** Closes all connections with CONNECTION_FORCED and ends the workers. */
  close(): Promise<void>;
}

/** Resolves when connections are accepted; rejects when the port cannot be had or a worker cannot start. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const native = loadAffinity();
  const dup = native.ok ? native.affinity.dup : null;
  // Sockets that cannot change threads are all served by one worker on this one.
  const workers = dup === null ? 1 : options.workers;
  const cpus = placeWorkers(native, dup !== null && options.pin, workers);
  const shared = await createSharedCore(options.engine, options.memory, workers);
  const pool = dup === null ? await WorkerPool.local(shared) : WorkerPool.threads(shared, cpus, options.onFatal);
  try {
    const engine = await openEngine(shared, workers);
    const coordinator = new Coordinator(
      engine,
      (changes) => {
        pool.postChanges(changes);
        return engine.raiseTopology();
      },
      workers,
    );
    const pinned = await pool.attend(coordinator);
    const listener = await listen(options, dup, (source, loopback) => pool.accept(source, loopback));
    return {
      host: listener.host,
      port: listener.port,
      workers,
      placement: placementText(options.pin, native, cpus, pinned),
      close: async () => {
        const closed = listener.close();
        await pool.close();
        await closed;
      },
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** A CPU for each worker, one after the other; null where there is none to bind to. */
function placeWorkers(native: Loaded, pin: boolean, workers: number): (number | null)[] {
  const allowed = native.ok && pin ? native.affinity.allowedCpus() : [];
  return Array.from({ length: workers }, (_, index) => allowed[index % allowed.length] ?? null);
}

/** Says where the workers run, and why they are not pinned where they are not. */
export function placementText(
  asked: boolean,
  native: Loaded,
  cpus: readonly (number | null)[],
  pinned: readonly (Outcome | null)[],
): string {
  if (!native.ok) return `not pinned, and one worker only: ${native.why}`;
  if (!asked) return 'not pinned, as asked';
  if (native.affinity.dup === null)
    return 'not pinned, and one worker only: sockets cannot change threads on this system';
  const failure = pinned.find((outcome) => outcome !== null && !outcome.ok);
  if (failure !== undefined && failure !== null && !failure.ok) return `not pinned: ${failure.why}`;
  const placed = cpus.filter((cpu) => cpu !== null);
  if (placed.length === 0) return `not pinned: ${process.platform} does not say which CPUs there are`;
  return `pinned to ${placed.length === 1 ? 'CPU' : 'CPUs'} ${placed.join(', ')}`;
}
