/**
 * Where the thread of a node of a cluster starts: it has the stream and the protocol, so that neither a busy broker nor
 * a recovery keeps a beat waiting. What must hold: where the stream cannot be had, the thread ends by an error that says
 * why; behind its last word it ends.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { machineClock } from '../platform/machine-clock.js';
import { ToldPresence } from './protocol/told-presence.js';
import type { ChainPosition } from './records/link.js';
import { hostNode } from './replicator/hosted-node.js';
import { SharedHold } from './replicator/shared-hold.js';
import { type NatsOptions, openNatsStream } from './stream/nats/nats-open.js';
import { openNatsTelling } from './stream/nats/nats-telling.js';

/** What the thread starts with. */
export interface ReplicatorSetup {
  readonly nats: Omit<NatsOptions, 'allowWeak'>;
  /** A stream that promises less than it should is used all the same. */
  readonly allowsWeak: boolean;
  /** Where the others pass clients on to; null: they do not. */
  readonly address: string | null;
  readonly version: string;
  readonly hold: SharedArrayBuffer;
  /** Of the replica, as it begins. */
  readonly position: ChainPosition;
}

if (parentPort === null) throw new Error('this file is for a worker thread');
const port = parentPort;
const { nats, allowsWeak, address, version, hold, position } = workerData as ReplicatorSetup;
const weaknesses: string[] = [];
const allowWeak = (weakness: string): void => void weaknesses.push(weakness);
const stream = await openNatsStream(allowsWeak ? { ...nats, allowWeak } : nats);
const telling = await openNatsTelling(nats);
hostNode({
  port,
  position,
  name: nats.node,
  stream,
  clock: machineClock,
  random: Math.random,
  // It is closed below.
  presence: new ToldPresence(telling, () => undefined),
  version,
  address,
  weaknesses,
  hold: new SharedHold(hold),
  close: async () => {
    await Promise.all([stream.close(), telling.close()]);
    // Once the last word is on its way.
    setImmediate(() => process.exit());
  },
});
