/**
 * A program of two workers on one core, of which one publishes and one only looks on: how many pages was each thread the
 * first to touch meanwhile, as Linux counts them for each thread? A program of its own, since in one that has run for a
 * while memory can be had that was touched before. Called with an engine and how often is published.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { publishes } from '../../../dist/bench/engine/frames.js';
import { Stage } from '../../../dist/bench/engine/stage.js';
import { createSharedCore, openEngine } from '../../../dist/engine/open.js';

/** Of /proc/thread-self/stat (proc(5)), counted from behind the name, which may hold spaces. */
const MINOR_FAULTS = 7;

if (isMainThread) await run(process.argv[2] === 'js' ? 'js' : 'wasm', Number(process.argv[3]));
else await publish();

/** @param {'wasm' | 'js'} kind @param {number} reads */
async function run(kind, reads) {
  const shared = await createSharedCore(kind, 64 << 20, 2);
  const queue = (await openEngine(shared, 2)).createQueue();
  const touched = [];
  for (const [participant, own] of [reads, 0].entries()) {
    const thread = new Worker(fileURLToPath(import.meta.url), {
      workerData: { shared, participant, queue, reads: own },
    });
    touched.push((await once(thread, 'message'))[0]);
    await thread.terminate();
  }
  console.log(JSON.stringify(touched));
}

async function publish() {
  const { shared, participant, queue, reads } = workerData;
  const stage = new Stage(await openEngine(shared, participant), [queue]);
  stage.load(publishes(200, 1000));
  // What is compiled, and what is touched once, is touched then.
  stage.ingest(stage.publisher);
  const before = faults();
  for (let read = 0; read < reads; read++) stage.ingest(stage.publisher);
  parentPort?.postMessage(faults() - before);
}

function faults() {
  const stat = readFileSync('/proc/thread-self/stat', 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[MINOR_FAULTS]);
}
