/**
 * One worker without sockets: publishes runs to its queue and lets its own consumer take what is there, as quickly as it
 * can, until it is told to end.
 */
import { workerData } from 'node:worker_threads';
import { publishes } from '../../dist/bench/engine/frames.js';
import { Stage } from '../../dist/bench/engine/stage.js';
import { openEngine } from '../../dist/engine/open.js';
import { arrive, PHASE, RUN } from './phases.mjs';

/**
 * @typedef {object} Work
 * @property {import('../../dist/engine/engine.js').SharedCore} shared
 * @property {number} participant
 * @property {import('../../dist/engine/engine.js').Queue} queue
 * @property {number} run messages of one read
 * @property {number} size octets of a body
 * @property {Int32Array} phases
 */

const { shared, participant, queue, run, size, phases } = /** @type {Work} */ (workerData);
const stage = new Stage(await openEngine(shared, participant), [queue]);
stage.consume(true);
stage.load(publishes(run, size));
arrive(phases);
while (Atomics.load(phases, PHASE) === RUN) {
  stage.ingest(stage.publisher);
  stage.deliver();
}
