/**
 * This folder makes one broker out of everything below it; only the command and src/index.ts may import it.
 *
 * Here: the whole broker as it runs in its thread: shared memory, coordinator, pager, log, workers, listeners, put
 * together and taken apart. A program that embeds it, and the command, have it as a handle (handle.ts).
 */
import { hostname } from 'node:os';
import { Coordinator, type CoordinatorSettings } from '../broker/coordinator/coordinator.js';
import type { RestoredQueue } from '../broker/definitions/restoration.js';
import { DefinitionsError } from '../broker/definitions-file/fields.js';
import { tellOfAlarm } from '../broker/events/rule-events.js';
import type { ConnectionId } from '../broker/requests/requests.js';
import type { CopyView } from '../cluster/copy/copy-view.js';
import { createLoginSources } from '../connection/handshake/login-sources.js';
import { askedAhead } from '../connection/tokens/oauth-setup.js';
import type { ProgramClient } from '../connection/transport/ring-transport.js';
import { createSharedCore, openEngine } from '../engine/open.js';
import { createProgress } from '../event-loop/progress.js';
import type { Logger } from '../logging/logger.js';
import { loadAffinity } from '../platform/affinity.js';
import { systemClock } from '../platform/clock.js';
import type { CpuClaims } from '../platform/cpus/cpu-claims.js';
import { placementText, placeWorkers } from '../platform/cpus/placement.js';
import { fatal, inWords } from '../platform/fatal.js';
import { clockOf } from '../platform/manual-clock.js';
import { Spill } from '../queues/spill/spill.js';
import { SpillFiles } from '../queues/spill/spill-files.js';
import { SpilledBrowsing } from '../queues/spill/spilled-browsing.js';
import { SpilledQueues } from '../queues/spill/spilled-queues.js';
import { freshClusterId } from '../store/cluster-id.js';
import { DataDirectoryError } from '../store/data-directory-error.js';
import { SharedAlarms } from '../worker/shared-alarms.js';
import { SteadyFigures } from '../worker/thread-figures.js';
import type { WorkerSettings, WorkerSetup } from '../worker/thread-messages.js';
import type { AdministrationRequest } from './administration.js';
import { Alarms } from './alarms.js';
import type { Outcome, Started, StartFailure } from './broker-messages.js';
import type { ClusterMember } from './cluster/cluster-member.js';
import { DefinitionsFileError, DefinitionsImport } from './files/definitions-files.js';
import { ExpiryWatch } from './files/expiry-watch.js';
import { OauthFileError, readOauthFiles } from './files/oauth-files.js';
import { readTlsFiles, rereadTlsFiles, TlsFileError } from './files/tls-files.js';
import { type Entrance, OwnEntrance } from './listeners/entrance.js';
import { ListenError } from './listeners/listeners.js';
import { proxiesIn } from './listeners/proxies.js';
import { Management } from './management.js';
import type { ResolvedOptions } from './options.js';
import type { ProgramEvents } from './program-events.js';
import { Questions } from './questions.js';
import type { Lead } from './replication.js';
import { SpanExport } from './span-export.js';
import type { Storage } from './storage.js';
import { BrokerTests } from './testing/broker-tests.js';
import type { TestNews, TestRequest } from './testing/test-requests.js';
import { type Overseer, WorkerPool } from './workers/worker-pool.js';
import type { IdleThreads } from './workers/worker-threads.js';

/** A broker that serves, as its thread has it. */
export interface RunningBroker {
  readonly started: Started;
  /** Resolves when the operator wants the broker to end. */
  readonly stopAsked: Promise<void>;
  /** Asks the administration; `answer` is called once. */
  ask(request: AdministrationRequest, answer: (outcome: Outcome) => void): void;
  /** Lets the program in that embeds the broker. */
  attach(client: ProgramClient): void;
  /** Goes by these options from now on, as far as they can change; `changed` names those that were given. Where that fails, all stays as it was. */
  reconfigure(options: ResolvedOptions, changed: readonly string[]): Promise<Outcome>;
  /** Resolves when nothing is delivered any more that the hold, as it is now, does not allow. */
  paused(): Promise<void>;
  /** Which worker gives no sign of life, in words; null: none. */
  silence(): string | null;
  /** Shows what is kept to a node of its cluster that copies it; null: nothing is kept. */
  openView(): Promise<CopyView> | null;
  /** Does what a test asks; `tell` hears what it listens to. */
  test(request: TestRequest, tell: (news: TestNews) => void): Promise<Outcome>;
  /**
   * Closes all connections with CONNECTION_FORCED and ends the workers. Rejects when one was stuck: all else is closed
   * then. `vouches`: false for a node that leads no more: nothing says that this was an orderly end.
   */
  close(vouches?: boolean): Promise<void>;
  /**
   * A defect has been found. Tells the clients, as far as workers still run, and ends these; what is kept on disk stays
   * as it is, as after a kill. Nothing in shared memory is touched any more.
   */
  fail(): Promise<void>;
}

/** What the broker has of its thread and of its process. */
export interface Around {
  /** Where the workers' CPUs are claimed. */
  readonly cpus: CpuClaims;
  readonly events: ProgramEvents;
  readonly logger: Logger;
  /** The node of a cluster that this broker serves for; null: none. */
  readonly member?: ClusterMember | null;
  /** By which clients come, instead of listeners of the broker's own. */
  readonly entrance?: Entrance;
}

/**
 * Resolves when connections are accepted; rejects when the port or the data directory cannot be had, or a worker cannot
 * start. `clock`: see BrokerSetup. `threads` were started early, those that the options ask for. `lead`: of a node that
 * leads a cluster, whose data directory it is.
 */
export async function openBroker(
  options: ResolvedOptions,
  clock: SharedArrayBuffer | null,
  threads: IdleThreads,
  around: Around,
  lead: Lead | null = null,
): Promise<RunningBroker> {
  const { data } = options;
  const { logger } = around;
  const tls = options.tls === null ? null : readTlsFiles(options.tls);
  const oauth =
    options.oauth === null ? null : await askedAhead(readOauthFiles(options.oauth), logger.lines('warning', 'login'));
  const definitions = definitionsOf(options);
  // Loaded where something is kept: it is a third of the broker.
  const storage =
    data === null
      ? null
      : await (await import('./storage.js')).Storage.open(data, logger.lines('warning', 'storage'), lead);
  const expiry = new ExpiryWatch(logger.lines('warning', 'tls'));
  expiry.watch(tls);
  try {
    const hold = lead?.hold.shared ?? null;
    return await openOn(storage, { tls, oauth, definitions, expiry, hold }, options, clock, threads, around);
  } catch (error) {
    expiry.stop();
    await storage?.abandon(true);
    throw error;
  }
}

/** What there is before anything is opened. */
interface FromFiles extends Pick<WorkerSetup, 'tls' | 'oauth' | 'hold'> {
  readonly definitions: DefinitionsImport | null;
  /** Of what TLS is done with. */
  readonly expiry: ExpiryWatch;
}

async function openOn(
  storage: Storage | null,
  { tls, oauth, definitions, expiry, hold }: FromFiles,
  options: ResolvedOptions,
  clock: SharedArrayBuffer | null,
  threads: IdleThreads,
  around: Around,
): Promise<RunningBroker> {
  const { cpus, events, logger, member = null } = around;
  const native = loadAffinity();
  const dup = native.ok ? native.affinity.dup : null;
  const { entrance = new OwnEntrance(options.listeners, dup, proxiesIn(options.proxyProtocolFrom)) } = around;
  // Sockets that cannot change threads are all served by one worker on this one.
  const workers = dup === null ? 1 : options.workers;
  const allowed = native.ok && dup !== null && options.pin ? native.affinity.allowedCpus() : [];
  const places = await placeWorkers(allowed, workers, cpus);
  const managed = dup === null ? null : options.management;
  const participants = managed === null ? workers : workers + 1;
  const shared = await createSharedCore(options.engine, options.memory, participants);
  const startedAt = Date.now();
  const progress = createProgress(participants);
  const management = new Management();
  const alarmed = new SharedAlarms();
  const figures = new SteadyFigures();
  const common = {
    shared,
    clock,
    announced: options.announced,
    settings: workerSettings(options),
    oauth,
    tls,
    alarms: alarmed.shared,
    logLevels: logger.levels.shared,
    loginSources: createLoginSources(),
    hold,
    progress,
  };
  const { otlp } = options;
  const spans = otlp === null ? null : new SpanExport(otlp.endpoint, participants, logger);
  const spanSetups = spans?.setups ?? [];
  const pool =
    dup === null
      ? await WorkerPool.local(common, spanSetups)
      : WorkerPool.threads(common, threads, places, management.remote, spanSetups);
  if (dup === null) await endIdle(threads);
  try {
    const engine = await openEngine(shared, participants);
    const alarms = new Alarms(alarmed, engine, logger.lines('warning', 'alarm'), (source, isSet) => {
      tellOfAlarm(coordinator.announcements, source, isSet);
      events.alarm(source, isSet);
    });
    const spillFiles = new SpillFiles(storage?.spillPath ?? null);
    figures.start(engine);
    const queues = new SpilledQueues(engine, spillFiles);
    const spill = new Spill(engine, spillFiles, queues, spillTrouble(logger.lines('warning', 'storage')));
    const manual = clockOf(clock);
    const coordinator = new Coordinator(queues, {
      clock: manual ?? systemClock,
      workers: participants,
      post: (changes) => {
        pool.postChanges(changes);
        const epoch = engine.raiseTopology();
        storage?.write();
        return epoch;
      },
      askEpochs: () => pool.postChanges([]),
      notify: (notice) => pool.notify(notice),
      granted: (connection, answer) => pool.granted(connection, answer),
      announce: (event) => pool.announce(event),
      sessions: events.sessions,
      definitions: storage?.definitions ?? null,
      settings: coordinatorSettings(options),
      beginning: options.beginning,
      forgotten: (logId) => storage?.forgotten(logId),
      recorded: () => storage?.recorded() ?? null,
      publishesLog: options.logExchange,
      report: logger.lines('warning', 'definitions'),
    });
    if (storage !== null) {
      await storage.begin();
      storage.start(engine, {
        health: (writerNumber, health) => alarms.log(writerNumber, health),
        askBarrier: (worker, barrier) => pool.askBarrier(worker, barrier),
        isLowOnDisk: () => alarms.isLowOnDisk,
      });
      pool.startLogs(storage.workerLogs(participants));
      storage.requeue(await restored(coordinator, definitions, storage.nextPosition), engine, spill);
    } else await restored(coordinator, definitions, () => 0);
    if (options.logExchange)
      logger.follow((entries) => {
        if (coordinator.isLogRead) pool.publishLog(entries);
      });
    // It never ends by itself.
    spill.run().catch(fatal);
    const pinned = await pool.attend(coordinator, overseer(storage, alarms, logger));
    const placement = placementText(options.pin, native, places, pinned);
    if (options.data && storage !== null) await alarms.watchDisk(storage.path, options.data.diskFreeLimit);
    if (dup !== null) {
      pool.watch(progress, {
        describe: (connection) => connectionText(coordinator, connection),
        endSocket: (fd) => native.ok && native.affinity.endSocket?.(fd),
        report: logger.lines('warning', 'broker'),
        stuck: fatal,
      });
    }
    await definitions?.into(coordinator.administration.definitions, logger);
    let testing: BrokerTests | null = null;
    let tlsInForce = tls;
    const bound = await entrance.open((socket, address) => pool.accept(socket, address));
    const questions = new Questions(coordinator.administration);
    let stop = (): void => {};
    const stopAsked = new Promise<void>((resolve) => {
      stop = resolve;
    });
    const http =
      managed === null
        ? null
        : await management.listen(
            managed,
            {
              node: `leveret@${hostname()}`,
              listeners: bound,
              workers,
              startedAt,
              memory: options.memory,
              announced: options.announced.version,
              dataDirectory: storage?.path ?? null,
              placement,
              isMember: member !== null,
              clusterId: storage?.clusterId ?? freshClusterId(),
              environment: { ...withoutSecrets(options), placement },
            },
            (request, answer, user) => questions.ask(request, answer, user),
            new SpilledBrowsing(engine, spillFiles, queues),
            member,
            () => stop(),
            logger,
          );
    storage?.started();
    return {
      stopAsked,
      started: {
        listeners: bound,
        management: http,
        workers,
        recovered: storage?.recovered ?? 0,
        damage: storage?.damage ?? null,
        placement,
      },
      ask: (request, answer) => questions.ask(request, answer),
      attach: (client) => pool.attach(client),
      reconfigure: async (next, changed) => {
        try {
          // What can fail comes before all else.
          const reread = next.tls === null || tlsInForce === null ? null : rereadTlsFiles(next.tls, tlsInForce);
          const again = changed.includes('loadDefinitions') ? definitionsOf(next) : null;
          await again?.into(coordinator.administration.definitions, logger);
          expiry.watch(reread);
          tlsInForce = reread;
          if (reread !== null) pool.replaceTls(reread);
          pool.reconfigure(workerSettings(next));
          coordinator.reconfigure(coordinatorSettings(next));
          if (next.data !== null) alarms.limitDisk(next.data.diskFreeLimit);
          return { ok: true, value: null };
        } catch (error) {
          return { ok: false, error: inWords(error) };
        }
      },
      paused: () => pool.paused(),
      silence: () => pool.silence,
      openView: () => storage?.openView() ?? null,
      test: async (request, tell) => {
        testing ??= new BrokerTests({ clock: manual, engine, pool, coordinator, alarms, tell });
        try {
          return { ok: true, value: await testing.perform(request) };
        } catch (error) {
          return { ok: false, error: inWords(error) };
        }
      },
      close: async (vouches = true) => {
        const closed = entrance.close();
        await management.close();
        coordinator.close();
        const { written, stuck } = await pool.close();
        cpus.release();
        alarms.stop();
        figures.stop();
        expiry.stop();
        await spill.stop();
        // What cannot be written has been reported.
        await coordinator.saved().catch(() => {});
        await storage?.close(engine, written, queues.logged, vouches);
        await spans?.close();
        await closed;
        if (stuck !== null) throw stuck;
      },
      fail: async () => {
        // Whoever connects now finds nobody; there is nothing to wait for.
        entrance.close().catch(fatal);
        alarms.stop();
        figures.stop();
        expiry.stop();
        await pool.fail();
        await spans?.fail();
        spillFiles.abandon();
        await storage?.drop();
      },
    };
  } catch (error) {
    figures.stop();
    await entrance.close();
    await management.close();
    const { written } = await pool.close();
    await spans?.fail();
    await storage?.abandon(written);
    throw error;
  }
}

function definitionsOf({ loadDefinitions, beginning }: ResolvedOptions): DefinitionsImport | null {
  return loadDefinitions === null ? null : new DefinitionsImport(loadDefinitions, beginning.vhost);
}

async function restored(
  coordinator: Coordinator,
  definitions: DefinitionsImport | null,
  nextPosition: (logId: number) => number,
): Promise<readonly RestoredQueue[]> {
  try {
    return await coordinator.restore(nextPosition, definitions?.file ?? null);
  } catch (error) {
    throw error instanceof DefinitionsError ? new DefinitionsFileError(definitions?.path ?? '', error.message) : error;
  }
}

function workerSettings({ anonymous, limits }: ResolvedOptions): WorkerSettings {
  return { anonymous, limits };
}

function coordinatorSettings({ passwordHashing, limits }: ResolvedOptions): CoordinatorSettings {
  return { passwordHashing, limits };
}

/** Threads that nothing can be given to. */
async function endIdle({ workers, management }: IdleThreads): Promise<void> {
  const idle = management === null ? workers : [...workers, management];
  await Promise.all(idle.map(({ thread }) => thread.terminate()));
}

/** What the operator may know a connection by. */
function connectionText(coordinator: Coordinator, connection: ConnectionId): string {
  const known = coordinator.administration.connections().find(({ id }) => id === connection);
  if (known === undefined) return `connection ${connection}`;
  const name = known.name === null ? '' : `, '${known.name}'`;
  return `connection ${connection} of user '${known.user}' in vhost '${known.vhost}'${name}`;
}

function overseer(storage: Storage | null, alarms: Alarms, logger: Logger): Overseer {
  return {
    logged: (worker, event) => storage?.heard(worker + 1, event),
    health: (worker, health) => alarms.log(worker + 1, health),
    memory: (worker, short) => alarms.memory(worker, short),
    logger,
  };
}

/** Why a broker could not start, as a value that can go to another thread. */
export function startFailure(error: unknown): StartFailure {
  if (error instanceof DataDirectoryError) return { kind: 'data directory', message: error.message };
  if (error instanceof DefinitionsFileError) return { kind: 'definitions file', message: error.message };
  if (error instanceof TlsFileError) return { kind: 'TLS file', message: error.message };
  if (error instanceof OauthFileError) return { kind: 'OAuth file', message: error.message };
  if (error instanceof ListenError) return { kind: 'listener', message: error.message };
  return { kind: 'other', ...inWords(error) };
}

/** Files of spilled messages are tried again and again: the operator is told once why they fail. */
function spillTrouble(report: (line: string) => void): (error: Error) => void {
  let told = '';
  return ({ message }) => {
    if (message !== told) report(`spilled messages cannot be written or read, it is tried again (${message})`);
    told = message;
  };
}

/** All options, but for those that nobody may read. */
function withoutSecrets({ beginning, oauth, ...options }: ResolvedOptions): Readonly<Record<string, unknown>> {
  const { signIn = null } = oauth ?? {};
  const hidden = signIn === null ? null : { ...signIn, clientSecret: signIn.clientSecret === null ? null : '…' };
  return {
    ...options,
    oauth: oauth === null ? null : { ...oauth, signIn: hidden },
    beginning: { ...beginning, password: '…' },
  };
}
