/**
 * The whole broker: shared memory, coordinator, workers, listener. This is what a program embeds and what the command
 * starts.
 */
import type { Administration } from '../broker/coordinator/administration.js';
import { Coordinator } from '../broker/coordinator/coordinator.js';
import type { ConnectionId } from '../broker/requests/requests.js';
import type { Announced } from '../connection/handshake/identity.js';
import type { EngineKind } from '../engine/engine.js';
import { createSharedCore, openEngine } from '../engine/open.js';
import { createProgress } from '../event-loop/progress.js';
import { loadAffinity } from '../platform/affinity.js';
import { placementText, placeWorkers } from '../platform/placement.js';
import { Spill } from '../queues/spill/spill.js';
import { SpillFiles } from '../queues/spill/spill-files.js';
import { SpilledQueues } from '../queues/spill/spilled-queues.js';
import { Alarms } from './alarms.js';
import { AMQP_PORT, type ListenAddress, LOCALHOST } from './listeners/address.js';
import { type BoundAddress, closeListeners, openListeners } from './listeners/listeners.js';
import { type DataOptions, Storage } from './storage.js';
import { type Overseer, WorkerPool } from './worker-pool.js';
import { type IdleThread, startThreads } from './worker-threads.js';

export interface BrokerOptions {
  /** Where it listens; if nothing is said, by TCP on `host` and `port`. */
  readonly listeners?: readonly ListenAddress[];
  /** `localhost`, if nothing is said: both addresses of this machine alone, where it has both. */
  readonly host?: string;
  /** 0 takes a free one; 5672 if nothing is said. */
  readonly port?: number;
  readonly workers: number;
  readonly engine: EngineKind;
  /** Shared memory in bytes. */
  readonly memory: number;
  /** Bind each worker to CPUs of its own. */
  readonly pin: boolean;
  /** What clients are told of the broker: some compute what it can do from that. */
  readonly announced: Announced;
  /** The user as whom clients come in that do not say who they are (SASL ANONYMOUS); without one they do not. */
  readonly anonymous?: string | null;
  /** Threads that were started early, one for each worker; without them the broker starts its own. */
  readonly threads?: readonly IdleThread[];
  /** What outlasts the broker, and where; null: nothing. */
  readonly data?: DataOptions | null;
  /** Takes lines for the operator: alarms, damage; standard error if nothing is said. */
  readonly report?: (line: string) => void;
  /** A worker has ended by a defect, or makes no progress: nothing in shared memory is to be trusted any more. */
  readonly onFatal: (error: Error) => void;
}

export interface Broker {
  /** Where it listens, in the order in which that was asked for. */
  readonly listeners: readonly BoundAddress[];
  /** The first address and the port of the first TCP listener; '' and 0: there is none. */
  readonly host: string;
  readonly port: number;
  readonly workers: number;
  /** Messages that came back from disk. */
  readonly recovered: number;
  /** Where the workers run, in words. */
  readonly placement: string;
  /** Vhosts, policies and limits of the running broker. */
  readonly administration: Administration;
  /**
   * Closes all connections with CONNECTION_FORCED and ends the workers. Rejects when one was stuck: all else is closed
   * then.
   */
  close(): Promise<void>;
}

/**
 * Resolves when connections are accepted; rejects when the port or the data directory cannot be had, or a worker cannot
 * start.
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { data = null, report = toStderr } = options;
  const storage = data === null ? null : await Storage.open(data, report);
  try {
    return await startOn(storage, options, report);
  } catch (error) {
    await storage?.abandon(true);
    throw error;
  }
}

async function startOn(
  storage: Storage | null,
  options: BrokerOptions,
  report: (line: string) => void,
): Promise<Broker> {
  const native = loadAffinity();
  const dup = native.ok ? native.affinity.dup : null;
  // Sockets that cannot change threads are all served by one worker on this one.
  const workers = dup === null ? 1 : options.workers;
  const threads = options.threads ?? startThreads(dup === null ? 0 : workers);
  const places = placeWorkers(native.ok && dup !== null && options.pin ? native.affinity.allowedCpus() : [], workers);
  const shared = await createSharedCore(options.engine, options.memory, workers);
  const { announced, anonymous = null } = options;
  const progress = createProgress(workers);
  const common = { shared, announced, anonymous, alarms: new SharedArrayBuffer(4), progress };
  const pool =
    dup === null ? await WorkerPool.local(common) : WorkerPool.threads(common, threads, places, options.onFatal);
  if (dup === null) await Promise.all(threads.map(({ thread }) => thread.terminate()));
  try {
    const engine = await openEngine(shared, workers);
    const alarms = new Alarms(common.alarms, engine, report);
    const spillFiles = new SpillFiles(storage?.spillPath ?? null);
    const queues = new SpilledQueues(engine, spillFiles);
    const spill = new Spill(engine, spillFiles, queues, ({ message }) => process.emitWarning(`spill: ${message}`));
    const coordinator = new Coordinator(queues, {
      workers,
      post: (changes) => {
        pool.postChanges(changes);
        const epoch = engine.raiseTopology();
        storage?.write();
        return epoch;
      },
      notify: (notice) => pool.notify(notice),
      granted: (connection, answer) => pool.granted(connection, answer),
      definitions: storage?.definitions ?? null,
      forgotten: (logId) => storage?.forgotten(logId),
      recorded: () => storage?.recorded() ?? null,
      report,
    });
    if (storage !== null) {
      await storage.begin();
      storage.start(engine, {
        health: (writerNumber, health) => alarms.log(writerNumber, health),
        askBarrier: (worker, barrier) => pool.askBarrier(worker, barrier),
        isLowOnDisk: () => alarms.isLowOnDisk,
      });
      pool.startLogs(storage.workerLogs(workers));
      storage.requeue(await coordinator.restore(storage.nextPosition), engine, spill);
    }
    // It never ends by itself; a rejection is a defect of the core and ends the process.
    void spill.run();
    const pinned = await pool.attend(coordinator, overseer(storage, alarms));
    if (options.data && storage !== null) await alarms.watchDisk(storage.path, options.data.diskFreeLimit);
    if (dup !== null) {
      pool.watch(progress, {
        describe: (connection) => connectionText(coordinator, connection),
        endSocket: (fd) => native.ok && native.affinity.endSocket?.(fd),
        report,
        stuck: options.onFatal,
      });
    }
    const listeners = await openListeners(addressesOf(options), dup, (socket) => pool.accept(socket));
    const bound = listeners.map((listener) => listener.bound);
    const tcp = bound.find((address) => address.kind === 'tcp');
    storage?.started();
    return {
      listeners: bound,
      host: tcp?.hosts[0] ?? '',
      port: tcp?.port ?? 0,
      workers,
      recovered: storage?.recovered ?? 0,
      administration: coordinator.administration,
      placement: placementText(options.pin, native, places, pinned),
      close: async () => {
        const closed = closeListeners(listeners);
        coordinator.close();
        const { written, stuck } = await pool.close();
        alarms.stop();
        await spill.stop();
        // What cannot be written has been reported.
        await coordinator.saved().catch(() => {});
        await storage?.close(engine, written, queues.logged);
        await closed;
        if (stuck !== null) throw stuck;
      },
    };
  } catch (error) {
    const { written } = await pool.close();
    await storage?.abandon(written);
    throw error;
  }
}

function addressesOf({ listeners, host, port }: BrokerOptions): readonly ListenAddress[] {
  if (listeners === undefined) return [{ kind: 'tcp', host: host ?? LOCALHOST, port: port ?? AMQP_PORT }];
  if (host === undefined && port === undefined) return listeners;
  throw new Error('host and port mean nothing beside listeners: say all of them there');
}

/** What the operator may know a connection by. */
function connectionText(coordinator: Coordinator, connection: ConnectionId): string {
  const known = coordinator.administration.connections().find(({ id }) => id === connection);
  if (known === undefined) return `connection ${connection}`;
  const name = known.name === null ? '' : `, '${known.name}'`;
  return `connection ${connection} of user '${known.user}' in vhost '${known.vhost}'${name}`;
}

function overseer(storage: Storage | null, alarms: Alarms): Overseer {
  return {
    logged: (worker, event) => storage?.heard(worker + 1, event),
    health: (worker, health) => alarms.log(worker + 1, health),
    memory: (worker, short) => alarms.memory(worker, short),
  };
}

function toStderr(line: string): void {
  process.stderr.write(`leveret: ${line}\n`);
}
