/**
 * Where the thread starts that serves the HTTP of a node that follows a cluster's leader. Only the build names it. What
 * must hold: nothing of the broker is there; all that is not about the cluster is answered by who leads.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Asking } from '../node/asking.js';
import { type ClusterMember, remoteMember } from '../node/cluster/cluster-member.js';
import type { FromStandby, StandbySetup, ToStandby } from '../node/standby-http.js';
import { fatal } from '../platform/fatal.js';
import { AddressRefused, HttpListening, type Listeners } from './http/listening.js';

if (parentPort === null) throw new Error('this file is for a worker thread');
const port = parentPort;
const { address, tls } = workerData as StandbySetup;
const asking = new Asking();
const member = remoteMember((call) => asking.ask((id) => tell({ kind: 'member', id, call })));

try {
  const listening = await HttpListening.open(address, tls, () => load(member));
  port.on('message', (message: ToStandby) => {
    if (message.kind === 'answer') return asking.onAnswer(message);
    listening.close().then(() => tell({ kind: 'closed' }), fatal);
  });
  tell({ kind: 'listening', bound: listening.bound });
} catch (error) {
  if (!(error instanceof AddressRefused)) throw error;
  tell({ kind: 'refused', where: error.where, reason: error.message });
}

/** Loaded for the first request. */
async function load(of: ClusterMember): Promise<Listeners> {
  const { standbyApi } = await import('./api/cluster/standby.js');
  const api = await standbyApi(of, (line) => tell({ kind: 'line', line }));
  return { api, metrics: api };
}

function tell(message: FromStandby): void {
  port.postMessage(message);
}
