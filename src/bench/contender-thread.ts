/** One of the two workers that contend for a queue, in a thread of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Contest, contend } from './engine/contention.js';

parentPort?.postMessage(await contend(workerData as Contest));
