/**
 * The whole broker: shared memory, coordinator, workers, listener. This is what a program embeds and what the command starts.
 */
import type { Administration } from '../broker/administration.js';
import { Coordinator } from '../broker/coordinator.js';
import { loadAffinity } from '../engine/affinity.js';
import type { EngineKind } from '../engine/engine.js';
import { createSharedCore, openEngine } from '../engine/open.js';
import { PageFiles } from '../store/page-files.js';
import type { Announced } from './identity.js';
import { listen } from './listener.js';
import { PagedQueues } from './paged-queues.js';
import { Pager } from './pager.js';
import { placementText, placeWorkers } from './placement.js';
import { WorkerPool } from './pool.js';
import { type IdleThread, startThreads } from './threads.js';

export interface BrokerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly workers: number;
  readonly engine: EngineKind;
  /** Shared memory in bytes. */
  readonly memory: number;
  /** Bind each worker to CPUs of its own. */
  readonly pin: boolean;
  /** What clients are told of the broker: some compute what it can do from that. */
  readonly announced: Announced;
  /** Threads that were started early, one for each worker; without them the broker starts its own. */
  readonly threads?: readonly IdleThread[];
  /** A worker has ended by a defect: nothing in shared memory is to be trusted any more. */
  readonly onFatal: (error: Error) => void;
}

export interface Broker {
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  /** Where the workers run, in words. */
  readonly placement: string;
  /** Vhosts, policies and limits of the running broker. */
  readonly administration: Administration;
  /** Closes all connections with CONNECTION_FORCED and ends the workers. */
  close(): Promise<void>;
}

/** Resolves when connections are accepted; rejects when the port cannot be had or a worker cannot start. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const native = loadAffinity();
  const dup = native.ok ? native.affinity.dup : null;
  // Sockets that cannot change threads are all served by one worker on this one.
  const workers = dup === null ? 1 : options.workers;
  const threads = options.threads ?? startThreads(dup === null ? 0 : workers);
  const places = placeWorkers(native.ok && dup !== null && options.pin ? native.affinity.allowedCpus() : [], workers);
  const shared = await createSharedCore(options.engine, options.memory, workers);
  const common = { shared, announced: options.announced };
  const pool =
    dup === null ? await WorkerPool.local(common) : WorkerPool.threads(common, threads, places, options.onFatal);
  if (dup === null) await Promise.all(threads.map(({ thread }) => thread.terminate()));
  try {
    const engine = await openEngine(shared, workers);
    const pages = new PageFiles(null);
    const queues = new PagedQueues(engine, pages);
    const pager = new Pager(engine, pages, queues, ({ message }) => process.emitWarning(`paging: ${message}`));
    const coordinator = new Coordinator(queues, {
      workers,
      post: (changes) => {
        pool.postChanges(changes);
        return engine.raiseTopology();
      },
      notify: (notice) => pool.notify(notice),
    });
    // It never ends by itself; a rejection is a defect of the core and ends the process.
    void pager.run();
    const pinned = await pool.attend(coordinator);
    const listener = await listen(options, dup, (source, loopback) => pool.accept(source, loopback));
    return {
      host: listener.host,
      port: listener.port,
      workers,
      administration: coordinator.administration,
      placement: placementText(options.pin, native, places, pinned),
      close: async () => {
        const closed = listener.close();
        coordinator.close();
        await pool.close();
        await pager.stop();
        // What cannot be written has been reported.
        await coordinator.saved().catch(() => {});
        await closed;
      },
    };
  } catch (error) {
    await pool.close();
    throw error;
  }
}
