/** A node whose stream NATS has, in a thread of its own for each term. */
import { Worker } from 'node:worker_threads';
import { RemoteNode } from '../../cluster/replicator/remote-node.js';
import type { ReplicatorSetup } from '../../cluster/replicator-thread.js';
import type { TermOptions } from './term.js';

export interface ByNatsOptions extends Omit<ReplicatorSetup, 'hold' | 'position'> {
  /** The module that the thread starts with: `cluster/replicator-thread.js`. */
  readonly thread: URL;
}

/** How a term of a member joins its cluster. Rejects where the stream cannot be had, and says why. */
export function byNats({ thread: file, ...given }: ByNatsOptions): TermOptions['join'] {
  return ({ replica, hold, events }) => {
    const setup: ReplicatorSetup = { ...given, hold: hold.shared, position: replica.position };
    const thread = new Worker(file, { workerData: setup, name: 'leveret-replicator' });
    const lost = new Promise<Error>((resolve) => {
      thread.on('error', resolve);
      thread.on('exit', () => resolve(new Error('the thread that follows the cluster has ended')));
    });
    return RemoteNode.begin(thread, replica, events, lost);
  };
}
