/**
 * Where a worker thread starts: waits for its work, pins itself, joins the core, and serves what the broker thread
 * hands over.
 */
import { once } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openEngine } from '../engine/open.js';
import { loadAffinity, type Outcome } from '../platform/affinity.js';
import { takeDefects } from '../platform/fatal.js';
import { openCommitLog } from '../store/open-log.js';
import type { FromWorker, WorkerSetup } from './thread-messages.js';
import { Worker } from './worker.js';

if (parentPort === null) throw new Error('this file is for a worker thread');
const [setup] = (await once(workerData as MessagePort, 'message')) as [WorkerSetup];
// First of all, so that the memory that this thread touches first lies near its CPUs.
const pinned = setup.cpus === null ? null : pinTo(setup.cpus);
const engine = await openEngine(setup.shared, setup.index);
const worker = new Worker(engine, parentPort, setup.topology, setup, openCommitLog);
takeDefects((error) => worker.defect(error));
parentPort.postMessage({ kind: 'ready', pinned } satisfies FromWorker);

function pinTo(cpus: readonly number[]): Outcome {
  const loaded = loadAffinity();
  return loaded.ok ? loaded.affinity.pin(cpus) : loaded;
}
