/** One measurement: its cores and threads are made for it, and gone when it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Counter } from '../../dist/engine/engine.js';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { arrived, END, enter, newPhases, RUN } from './phases.mjs';
import { SHAPES, seats } from './shapes.mjs';

const MEMORY = 256 * 2 ** 20;

/** @typedef {import('../../dist/engine/engine.js').Engine} Engine */

/** Where participants met, and how often. */
export const MEETINGS = /** @type {const} */ ({
  claims: Counter.CLAIMS_LOST,
  units: Counter.UNITS_LOST,
  lists: Counter.LISTS_LOST,
  waits: Counter.LOCK_WAITS,
  sleeps: Counter.LOCK_SLEEPS,
});

/** @typedef {keyof typeof MEETINGS} Meeting */
/** @typedef {{ rate: number, met: Record<Meeting, number> }} Rate messages a second; meetings a thousand messages */

/**
 * @typedef {object} Setting
 * @property {import('../../dist/engine/engine.js').EngineKind} engine
 * @property {number} workers
 * @property {import('./shapes.mjs').Sharing} sharing
 * @property {number} run messages of one read
 * @property {number} size octets of a body
 * @property {number} seconds
 * @property {number} warmup seconds before
 */

/**
 * @param {Setting} setting
 * @returns {Promise<Rate>}
 */
export async function rate({ engine, workers, sharing, run, size, seconds, warmup }) {
  const shape = SHAPES[sharing];
  const participants = workers / shape.memories(workers);
  const cores = await Promise.all(
    Array.from({ length: shape.memories(workers) }, () => openCore(engine, participants, participants)),
  );
  const phases = newPhases();
  const threads = seats(shape, workers).map(({ memory, participant, queue }) => {
    const core = cores[memory];
    return start('./worker.mjs', {
      shared: core?.shared,
      participant,
      queue: core?.queues[queue],
      run,
      size,
      phases,
    });
  });
  const count = () => taken(cores.map(({ coordinator }) => coordinator));
  try {
    await begun(phases, threads);
    await sleep(warmup * 1000);
    const from = count();
    await sleep(seconds * 1000);
    const to = count();
    enter(phases, END);
    await ended(threads);
    return between(from, to);
  } finally {
    await Promise.all(threads.map(({ thread }) => thread.terminate()));
  }
}

/**
 * Publishes so many messages to a worker that is awake; how long each took until it was claimed (ns).
 * @param {Pick<Setting, 'engine' | 'size'> & { messages: number }} setting
 * @returns {Promise<Float64Array>}
 */
export async function latencies({ engine, size, messages }) {
  const { shared, queues } = await openCore(engine, 2, 1);
  const phases = newPhases();
  const origin = process.hrtime();
  const times = [0, 1].map(() => new Float64Array(new SharedArrayBuffer(messages * Float64Array.BYTES_PER_ELEMENT)));
  const threads = times.map((own, participant) =>
    start('./latency-worker.mjs', {
      shared,
      participant,
      queue: queues[0],
      size,
      phases,
      messages,
      times: own,
      origin,
    }),
  );
  try {
    await begun(phases, threads);
    await ended(threads);
  } finally {
    await Promise.all(threads.map(({ thread }) => thread.terminate()));
  }
  const [published, claimed] = times;
  return Float64Array.from({ length: messages }, (_, i) => (claimed?.[i] ?? 0) - (published?.[i] ?? 0));
}

/**
 * @param {Setting['engine']} kind
 * @param {number} participants
 * @param {number} queues
 */
async function openCore(kind, participants, queues) {
  const shared = await createSharedCore(kind, MEMORY, participants);
  const coordinator = await openEngine(shared, participants);
  return { shared, coordinator, queues: Array.from({ length: queues }, () => coordinator.createQueue()) };
}

/**
 * @param {string} file
 * @param {unknown} workerData
 */
function start(file, workerData) {
  const thread = new Worker(new URL(file, import.meta.url), { workerData });
  /** What fails in it fails here. @type {Promise<void>} */
  const exited = new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => resolve());
  });
  return { thread, exited };
}

/** @typedef {ReturnType<typeof start>} Started */

/**
 * @param {Int32Array} phases
 * @param {readonly Started[]} threads
 */
async function begun(phases, threads) {
  await Promise.race([arrived(phases, threads.length), ended(threads)]);
  enter(phases, RUN);
}

/** @param {readonly Started[]} threads */
async function ended(threads) {
  await Promise.all(threads.map(({ exited }) => exited));
}

/** @typedef {{ at: number, messages: number, met: Record<Meeting, number> }} Counts */

/**
 * @param {readonly Engine[]} engines one of each core
 * @returns {Counts}
 */
function taken(engines) {
  const sum = (/** @type {Counter} */ counter) => engines.reduce((all, engine) => all + engine.counted(counter), 0);
  const met = /** @type {Record<Meeting, number>} */ (
    Object.fromEntries(Object.entries(MEETINGS).map(([name, counter]) => [name, sum(counter)]))
  );
  return { at: performance.now(), messages: sum(Counter.DELIVERED), met };
}

/**
 * @param {Counts} from
 * @param {Counts} to
 * @returns {Rate}
 */
function between(from, to) {
  const messages = to.messages - from.messages;
  const met = /** @type {Record<Meeting, number>} */ (
    Object.fromEntries(
      /** @type {Meeting[]} */ (Object.keys(MEETINGS)).map((name) => [
        name,
        ((to.met[name] - from.met[name]) * 1000) / Math.max(1, messages),
      ]),
    )
  );
  return { rate: (messages * 1000) / (to.at - from.at), met };
}
