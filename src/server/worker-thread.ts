/**
 * Where a worker thread starts: pins itself, joins the core, and serves what the main thread hands over.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { loadAffinity, type Outcome } from '../engine/affinity.js';
import { openEngine } from '../engine/open.js';
import type { FromWorker, WorkerSetup } from './messages.js';
import { Worker } from './worker.js';

const setup = workerData as WorkerSetup;
if (parentPort === null) throw new Error('this file is for a worker thread');
// First of all, so that the memory that this thread touches first lies near its CPUs.
const pinned = setup.cpus === null ? null : pinTo(setup.cpus);
new Worker(await openEngine(setup.shared, setup.index), parentPort, setup.topology, setup);
parentPort.postMessage({ kind: 'ready', pinned } satisfies FromWorker);

function pinTo(cpus: readonly number[]): Outcome {
  const loaded = loadAffinity();
  return loaded.ok ? loaded.affinity.pin(cpus) : loaded;
}
