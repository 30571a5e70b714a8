/**
 * Opens a cluster's stream: makes it where there is none, and holds one that is there against what is needed. What must
 * hold: nobody appends to a stream that promises less than a cluster's log needs, unless that was allowed by name; and
 * each reason for refusing says what would cure it.
 */
import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { StreamRefusedError } from '../stream-error.js';
import { connectNats, type NatsAddress } from './nats-connection.js';
import { NO_STREAM, natsError } from './nats-errors.js';
import { readInfo } from './nats-info.js';
import { loadNats, type NatsPackages } from './nats-packages.js';
import { NatsStream } from './nats-stream.js';
import { faultsOf, REPLICAS, weaknessesOf } from './nats-strength.js';
import { type SyncSources, syncOf } from './nats-sync.js';

export interface NatsOptions extends NatsAddress, SyncSources {
  /** The stream's name: letters, digits, - and _. What is appended goes to a subject of the same name. */
  readonly stream: string;
  /** Of this node, as the servers show it. */
  readonly node: string;
  /** Octets that the stream keeps at most, where it is made. */
  readonly octetsMax: number;
  /** Of a stream that is made. */
  readonly replicas?: number;
  /** A stream that promises less than is needed is used all the same; called with each reason not to. */
  readonly allowWeak?: (weakness: string) => void;
}

/** How long an answer of the servers about streams may take (ms). */
const TIMEOUT = 3000;
/** How long a stream may take to have a leader (ms). */
const ELECTION_TIMEOUT = 15_000;
const PAUSE = 100;

export async function openNatsStream(options: NatsOptions): Promise<NatsStream> {
  const { stream, node, allowWeak } = options;
  if (!/^[\w-]{1,128}$/.test(stream)) {
    throw new StreamRefusedError(stream, ['a name has letters, digits, - and _, at most 128 of them']);
  }
  const packages = await loadNats(stream);
  const connection = await connectNats(packages, options, node);
  try {
    const manager = await packages.jetstream.jetstreamManager(connection, { timeout: TIMEOUT, checkAPI: false });
    const info = (await find(manager, options, packages)) ?? (await make(manager, options, packages));
    const faults = faultsOf(info.config, stream);
    if (faults.length > 0) throw new StreamRefusedError(stream, faults);
    const servers = await serversOf(manager, info, connection, packages);
    const weaknesses = weaknessesOf(info.config, await syncOf(servers, packages, options, options));
    if (weaknesses.length > 0 && allowWeak === undefined) throw new StreamRefusedError(stream, weaknesses);
    for (const weakness of weaknesses) allowWeak?.(weakness);
    return new NatsStream({ packages, connection, manager, stream, subject: stream });
  } catch (error) {
    await connection.close();
    throw error;
  }
}

/** Null: there is none. Servers that have just started, or have lost one of them, take a while to answer. */
async function find(
  manager: JetStreamManager,
  { stream }: NatsOptions,
  packages: NatsPackages,
): Promise<StreamInfo | null> {
  const { JetStreamApiError } = packages.jetstream;
  const deadline = performance.now() + ELECTION_TIMEOUT;
  for (;;) {
    try {
      return await manager.streams.info(stream);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_STREAM) return null;
      const isElecting = ['timeout', 'leaderless', 'disconnected'].includes(natsError(packages, error).code);
      if (!isElecting || performance.now() > deadline) throw refused(stream, 'it cannot be asked for', error, packages);
    }
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
}

/** All that keep the stream, once it has a leader. */
async function serversOf(
  manager: JetStreamManager,
  { config, cluster }: StreamInfo,
  connection: NatsConnection,
  packages: NatsPackages,
): Promise<string[]> {
  // A server without a cluster names itself alone.
  if (cluster === undefined) return [connection.info?.server_name ?? connection.getServer()];
  const deadline = performance.now() + ELECTION_TIMEOUT;
  for (;;) {
    try {
      const { leader, replicas } = readInfo(await manager.streams.info(config.name));
      if (leader !== null && replicas.length >= config.num_replicas) return replicas.map(({ server }) => server);
      if (performance.now() > deadline) {
        const text = `only ${replicas.length} of ${config.num_replicas} servers that keep it are there: start the others`;
        throw new StreamRefusedError(config.name, [text]);
      }
    } catch (error) {
      if (error instanceof StreamRefusedError) throw error;
      if (performance.now() > deadline) throw refused(config.name, 'it has no leader', error, packages);
    }
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
}

async function make(
  manager: JetStreamManager,
  { stream, octetsMax, replicas }: NatsOptions,
  packages: NatsPackages,
): Promise<StreamInfo> {
  const { StorageType, RetentionPolicy, DiscardPolicy } = packages.jetstream;
  const config: Partial<StreamConfig> & Pick<StreamConfig, 'name'> = {
    name: stream,
    subjects: [stream],
    num_replicas: replicas ?? REPLICAS,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // Else the oldest messages would go, which nobody has let go of.
    discard: DiscardPolicy.New,
    max_bytes: octetsMax,
    deny_delete: true,
  };
  try {
    return await manager.streams.add(config);
  } catch (error) {
    throw refused(stream, `it is not there, and cannot be made with ${config.num_replicas} replicas`, error, packages);
  }
}

function refused(stream: string, what: string, cause: unknown, packages: NatsPackages): StreamRefusedError {
  const { message } = natsError(packages, cause);
  const cure = `${REPLICAS} servers with JetStream that see each other are needed, and a user who may use $JS.API.>`;
  return new StreamRefusedError(stream, [`${what} (${message}): ${cure}`], { cause });
}
