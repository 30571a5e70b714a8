/**
 * How long a message takes from one worker's publish to another one's claim, while both are awake. One of the two
 * publishes and notes when, the other one looks for work all the time, as a busy worker does between its sockets, and
 * notes when it has the message. What must hold: the next message is published when the last one has been taken, and
 * some time later, so that the other one is back at looking and its consumer waits.
 */
import { workerData } from 'node:worker_threads';
import { publishes } from '../../dist/bench/engine/frames.js';
import { Stage } from '../../dist/bench/engine/stage.js';
import { openEngine } from '../../dist/engine/open.js';
import { arrive, TURN } from './phases.mjs';

/**
 * @typedef {object} LatencyWork
 * @property {import('../../dist/engine/engine.js').SharedCore} shared
 * @property {number} participant
 * @property {import('../../dist/engine/engine.js').Queue} queue
 * @property {number} size octets of a body
 * @property {Int32Array} phases
 * @property {number} messages
 * @property {Float64Array} times of this thread, one for each message (ns since `origin`)
 * @property {[number, number]} origin a moment by `process.hrtime`
 */

const work = /** @type {LatencyWork} */ (workerData);
const { queue, size, phases, messages, times, origin } = work;
const stage = new Stage(await openEngine(work.shared, work.participant), [queue]);
/** Looks between two messages: some microseconds. */
const PAUSE = 200;

if (work.participant === 0) {
  stage.load(publishes(1, size));
  arrive(phases);
  for (let message = 0; message < messages; message++) {
    for (let look = 0; look < PAUSE; look++) Atomics.load(phases, TURN);
    times[message] = now();
    stage.ingest(stage.publisher);
    while (Atomics.load(phases, TURN) <= message);
  }
} else {
  const { engine } = stage;
  stage.consume(true);
  stage.deliver();
  arrive(phases);
  for (let message = 0; message < messages; message++) {
    let taken = false;
    while (!taken) {
      engine.serve();
      // Encoded, so claimed.
      taken = engine.nextOutput() >= 0;
    }
    times[message] = now();
    engine.written(stage.consumer, engine.outputBox);
    stage.deliver();
    Atomics.store(phases, TURN, message + 1);
  }
}

/** By the machine's clock, which is the same for all threads. */
function now() {
  const [seconds, nanoseconds] = process.hrtime(origin);
  return seconds * 1e9 + nanoseconds;
}
