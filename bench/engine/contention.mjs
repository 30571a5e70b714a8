/**
 * Two workers, one queue: each publishes runs of so many messages and lets its own consumer take a batch, as quickly as
 * it can. This file is both sides: on the broker thread it exports `contend`, in a worker it plays one of the two.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { publishes } from './frames.mjs';
import { Stage } from './stage.mjs';

const WORKERS = 2;
const MEMORY = 512 * 2 ** 20;

/**
 * Nanoseconds a message with `run` messages a read, both workers together handling `messages`.
 * @param {'wasm' | 'js'} kind @param {number} size @param {number} run @param {number} messages
 */
export async function contend(kind, size, run, messages) {
  const shared = await createSharedCore(kind, MEMORY, WORKERS);
  const coordinator = await openEngine(shared, WORKERS);
  const queue = coordinator.createQueue();
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const rounds = Math.max(1, Math.floor(messages / run / WORKERS));
  const times = await Promise.all(
    Array.from({ length: WORKERS }, (_, index) => play({ shared, index, queue, gate, size, run, rounds })),
  );
  const begin = Math.min(...times.map((time) => time.begin));
  const end = Math.max(...times.map((time) => time.end));
  return ((end - begin) * 1e6) / (rounds * run * WORKERS);
}

/** @param {object} setup @returns {Promise<{ begin: number, end: number }>} milliseconds since the epoch */
function play(setup) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...setup, contending: true } });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function run() {
  const { shared, index, queue, gate, size, run: count, rounds } = workerData;
  const engine = await openEngine(shared, index);
  const stage = new Stage(engine, [queue]);
  stage.consume(true);
  stage.load(publishes(count, size));
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < WORKERS);
  const begin = performance.timeOrigin + performance.now();
  for (let round = 0; round < rounds; round++) {
    stage.ingest(stage.publisher);
    stage.deliver();
  }
  // A message may still be on its way to either consumer.
  while (engine.readyCount(queue) > 0) stage.deliver();
  parentPort?.postMessage({ begin, end: performance.timeOrigin + performance.now() });
}

if (!isMainThread && workerData?.contending) await run();
