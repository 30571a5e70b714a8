/**
 * A worker that publishes, or only looks on, and tells how many pages its own thread was the first to touch meanwhile, as
 * Linux counts them for each thread.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { publishes } from '../../../dist/bench/engine/frames.js';
import { Stage } from '../../../dist/bench/engine/stage.js';
import { openEngine } from '../../../dist/engine/open.js';

/** Of /proc/thread-self/stat (proc(5)), counted from behind the name, which may hold spaces. */
const MINOR_FAULTS = 7;

const { shared, participant, queue, reads } = workerData;
const stage = new Stage(await openEngine(shared, participant), [queue]);
stage.load(publishes(200, 1000));
// What is compiled, and what is touched once, is touched then.
stage.ingest(stage.publisher);
const before = faults();
for (let read = 0; read < reads; read++) stage.ingest(stage.publisher);
parentPort?.postMessage(faults() - before);

function faults() {
  const stat = readFileSync('/proc/thread-self/stat', 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[MINOR_FAULTS]);
}
