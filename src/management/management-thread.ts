/**
 * This folder is the HTTP API: a worker that the listeners give no clients to, with a server of its own. Only the
 * build names it, as the file of a thread.
 *
 * Where that thread starts: joins the core as a worker does, and serves HTTP when the broker thread says where.
 */
import { once } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openEngine } from '../engine/open.js';
import { LogLevels } from '../logging/levels.js';
import type { ManagementSetup } from '../node/management-messages.js';
import { takeDefects } from '../platform/fatal.js';
import { openCommitLog } from '../store/open-log.js';
import type { FromWorker } from '../worker/thread-messages.js';
import { Worker } from '../worker/worker.js';
import { Clients } from './clients/clients.js';
import { Management } from './management.js';

if (parentPort === null) throw new Error('this file is for a worker thread');
const [setup] = (await once(workerData as MessagePort, 'message')) as [ManagementSetup];
const engine = await openEngine(setup.shared, setup.index);
const worker = new Worker(engine, parentPort, setup.topology, setup, openCommitLog);
takeDefects((error) => worker.defect(error));
new Management(worker, setup.management, new Clients(setup.inspections), new LogLevels(setup.logLevels));
parentPort.postMessage({ kind: 'ready', pinned: null } satisfies FromWorker);
