/**
 * A broker whose clients come in over streams: one worker on this thread, each of its sockets behind a stream that cuts
 * into pieces what goes through. What TLS and WebSocket will bring goes the same way.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { DEFAULT_LIMITS } from '../../src/broker/requests/node-limits.js';
import type { Change } from '../../src/broker/requests/requests.js';
import { createLoginSources } from '../../src/connection/handshake/login-sources.js';
import type { EngineKind } from '../../src/engine/engine.js';
import { LogLevels } from '../../src/logging/levels.js';
import { SharedAlarms } from '../../src/worker/shared-alarms.js';
import type { FromWorker, ToWorker } from '../../src/worker/thread-messages.js';
import { Fragments, randomNumbers } from './fragments.js';
import { deferred } from './waiting.js';

export interface StreamBroker {
  readonly port: number;
  stop(): Promise<void>;
}

/** The built modules: the core lies beside them. */
async function built() {
  const load = (path: string): Promise<unknown> => import(new URL(`../../dist/${path}`, import.meta.url).href);
  const [opening, workers, coordinators, progress, streams] = await Promise.all([
    load('engine/open.js') as Promise<typeof import('../../src/engine/open.js')>,
    load('worker/worker.js') as Promise<typeof import('../../src/worker/worker.js')>,
    load('broker/coordinator/coordinator.js') as Promise<typeof import('../../src/broker/coordinator/coordinator.js')>,
    load('event-loop/progress.js') as Promise<typeof import('../../src/event-loop/progress.js')>,
    load('connection/transport/stream-transport.js') as Promise<
      typeof import('../../src/connection/transport/stream-transport.js')
    >,
  ]);
  return { ...opening, ...workers, ...coordinators, ...progress, ...streams };
}

/** `seed`: of the sizes of the pieces. */
export async function startStreamBroker(kind: EngineKind, memory: number, seed: number): Promise<StreamBroker> {
  const { createSharedCore, openEngine, Worker, Coordinator, createProgress, StreamTransport } = await built();
  const shared = await createSharedCore(kind, memory, 1);
  const own = await openEngine(shared, 0);
  const engine = await openEngine(shared, 1);
  const control = new MessageChannel();
  const topology = new MessageChannel();
  const setup = {
    clock: null,
    announced: { product: 'RabbitMQ', version: '3.13.7' },
    settings: { anonymous: null, limits: DEFAULT_LIMITS },
    oauth: null,
    tls: null,
    alarms: new SharedAlarms().shared,
    logLevels: new LogLevels().shared,
    loginSources: createLoginSources(),
    hold: null,
    progress: createProgress(1),
    index: 0,
    inspection: null,
    spans: null,
  };
  const worker = new Worker(own, control.port2, topology.port2, setup, () => {
    throw new Error('nothing is kept on disk');
  });
  const tell = (message: ToWorker): void => control.port1.postMessage(message);
  const coordinator = new Coordinator(engine, {
    workers: 1,
    post: (changes: readonly Change[]) => {
      topology.port1.postMessage(changes);
      return engine.raiseTopology();
    },
    askEpochs: () => topology.port1.postMessage([]),
    notify: (notice) => tell({ kind: 'notice', notice }),
    granted: (connection, answer) => tell({ kind: 'granted', connection, answer }),
  });
  const stopped = deferred<void>();
  control.port1.on('message', async (message: FromWorker) => {
    if (message.kind === 'stopped') stopped.resolve();
    else if (message.kind === 'applied') coordinator.applied(0, message.epoch);
    else if (message.kind === 'request') {
      const { connection, request } = message;
      tell({ kind: 'answer', connection, answer: await coordinator.handle(connection, request) });
    }
  });

  const { bytes, readOffset, readLength } = own;
  const memoryOfWorker = { bytes, readBuffer: bytes.subarray(readOffset, readOffset + readLength) };
  let connections = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections += 1;
    socket.setNoDelay(true);
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    const ends = { peer: { kind: 'tcp', address, port }, local: null, isEncrypted: false } as const;
    const stream = new Fragments(socket, randomNumbers(seed + connections));
    worker.serve(connections, (events) => new StreamTransport(stream, ends, memoryOfWorker, events));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.close();
      coordinator.close();
      tell({ kind: 'shutdown' });
      await stopped.promise;
      topology.port1.close();
      control.port1.close();
    },
  };
}
