/** Nodes with brokers, all in this process: each follows in a directory, and one that leads serves from it. */
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MemoryPresences } from '../../../dist/cluster/protocol/memory-presence.js';
import type { Replica } from '../../../dist/cluster/replica/replica.js';
import { followInDirectory } from '../../../dist/cluster/replica/standby-directory.js';
import { Replicator } from '../../../dist/cluster/replicator/replicator.js';
import { SharedHold } from '../../../dist/cluster/replicator/shared-hold.js';
import type { MemoryStream } from '../../../dist/cluster/stream/memory-stream.js';
import { LogLevels } from '../../../dist/logging/levels.js';
import { Logger } from '../../../dist/logging/logger.js';
import { type Around, openBroker, type RunningBroker } from '../../../dist/node/broker.js';
import { resolveOptions } from '../../../dist/node/options.js';
import { ProgramEvents } from '../../../dist/node/program-events.js';
import type { Lead } from '../../../dist/node/replication.js';
import type { IdleThreads } from '../../../dist/node/workers/worker-threads.js';
import { CpuClaims } from '../../../dist/platform/cpus/cpu-claims.js';
import { machineClock } from '../../../dist/platform/machine-clock.js';
import { Broker } from '../../support/broker.js';
import { deferred } from '../../support/waiting.js';

export interface BrokerNode {
  readonly replica: Replica;
  readonly node: Replicator;
  readonly hold: SharedHold;
  readonly leads: Promise<unknown>;
}

export async function follow(
  name: string,
  path: string,
  stream: MemoryStream,
  presences: MemoryPresences,
): Promise<BrokerNode> {
  const replica = await followInDirectory({
    directory: path,
    skipUnreadable: false,
    dropUnknownQueues: false,
    clock: machineClock,
    report: () => undefined,
    isTight: () => false,
    observer: { onFailed: (error) => leads.reject(error), onTrouble: () => undefined },
  });
  const leads = deferred<unknown>();
  const hold = new SharedHold();
  const node = new Replicator({
    name,
    stream: stream.connect(name),
    clock: machineClock,
    random: stream.random,
    replica,
    presence: presences.connect(name),
    version: '0',
    address: null,
    hold,
    events: {
      onLead: (epoch) => leads.resolve(epoch),
      onHandOver: (ready) => ready(),
      onRole: () => undefined,
      onTrouble: () => undefined,
    },
  });
  return { replica, node, hold, leads: leads.promise };
}

/** As the broker's own thread starts them. */
export function threads(workers: number): IdleThreads {
  const idle = Array.from({ length: workers }, () => {
    const { port1, port2 } = new MessageChannel();
    const file = new URL('../../../dist/worker/worker-thread.js', import.meta.url);
    return { thread: new Worker(file, { workerData: port2, transferList: [port2] }), setup: port1 };
  });
  return { workers: idle, management: null };
}

export function brokerOptions(path: string, workers: number, engine: 'wasm' | 'js') {
  const data = { directory: path };
  return resolveOptions({ engine, workers, memory: 256 << 20, host: '127.0.0.1', port: 0, data });
}

export function around(report: (line: string) => void = () => undefined): Around {
  return {
    cpus: new CpuClaims(),
    events: new ProgramEvents(() => undefined),
    logger: new Logger(new LogLevels(), (entries) => {
      for (const { message } of entries) report(message);
    }),
  };
}

/** Where its clients connect to. */
export function clientsOf({ started }: RunningBroker): Broker {
  const [bound] = started.listeners;
  const url = `amqp://127.0.0.1:${(bound as { port: number }).port}`;
  return new Broker(url, null, new Promise(() => undefined));
}

export async function serve(path: string, workers: number, engine: 'wasm' | 'js', lead: Lead) {
  const options = brokerOptions(path, workers, engine);
  const running = await openBroker(options, null, threads(options.workers), around(), lead);
  return { running, broker: clientsOf(running) };
}
