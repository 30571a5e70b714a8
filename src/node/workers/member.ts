/** A worker as the pool has it, wherever it runs; here one with a thread of its own. */
import { once } from 'node:events';
import { MessageChannel, type MessagePort, type Worker as Thread } from 'node:worker_threads';
import type { ConnectionId } from '../../broker/requests/requests.js';
import type { AcceptedSocket } from '../../connection/transport/accepted-socket.js';
import type { Outcome } from '../../platform/affinity.js';
import { fatal } from '../../platform/fatal.js';
import type { FromWorker, ToWorker, WorkerSetup } from '../../worker/thread-messages.js';
import type { ManagementSetup } from '../management-messages.js';
import { type IdleThread, setUp } from './worker-threads.js';

/** What all workers start with. */
export type Common = Pick<
  WorkerSetup,
  | 'shared'
  | 'clock'
  | 'announced'
  | 'settings'
  | 'oauth'
  | 'tls'
  | 'alarms'
  | 'logLevels'
  | 'loginSources'
  | 'hold'
  | 'progress'
>;

/** A worker wherever it runs. Its constructor has only started it; `ready` tells when it serves. */
export interface Member {
  readonly ready: Promise<Outcome | null>;
  /** It is gone, in whatever way. */
  readonly ended: Promise<void>;
  /** What it says comes here. */
  readonly control: MessagePort | Thread;
  readonly topology: MessagePort;
  accept(id: ConnectionId, socket: AcceptedSocket): void;
  terminate(): Promise<unknown>;
}

export function onThread(
  idle: IdleThread,
  work: Omit<WorkerSetup, 'topology'> | Omit<ManagementSetup, 'topology'>,
): Member {
  const { port1, port2 } = new MessageChannel();
  const thread: Thread = setUp(idle, { ...work, topology: port2 });
  thread.on('error', fatal);
  const ended = once(thread, 'exit').then(() => undefined);
  return {
    ended,
    ready: once(thread, 'message').then(([message]: FromWorker[]) =>
      message?.kind === 'ready' ? message.pinned : null,
    ),
    control: thread,
    topology: port1,
    accept: (connection, socket) => {
      if (!('fd' in socket)) throw new Error('only descriptors can go to another thread');
      const message: ToWorker = { kind: 'socket', connection, socket };
      thread.postMessage(message);
    },
    terminate: () => thread.terminate(),
  };
}
