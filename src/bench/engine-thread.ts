/**
 * A thread that measures one engine, case by case, as it is asked: what V8 learns of the calls that it compiles then
 * comes of that engine alone, as it does in a broker.
 */
import { parentPort } from 'node:worker_threads';
import { type CaseRequest, measureCase } from './engine/measure.js';

parentPort?.on('message', async (request: CaseRequest) => {
  parentPort?.postMessage(await measureCase(request));
});
