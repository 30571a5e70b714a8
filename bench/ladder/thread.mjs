/** A thread of a rung: a worker that publishes runs and delivers, the dispatcher, or a worker of the core. */
import { openSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import { workerData } from 'node:worker_threads';
import { publishes } from '../../dist/bench/engine/frames.js';
import { Stage } from '../../dist/bench/engine/stage.js';
import { openEngine } from '../../dist/engine/open.js';
import { loadAffinity } from '../../dist/platform/affinity.js';
import { arrive, PHASE, RUN } from '../scaling/phases.mjs';
import { Dispatcher, Worker } from './way.mjs';

/**
 * @typedef {object} Task
 * @property {Int32Array} phases
 * @property {readonly number[] | null} cpus to bind the thread to
 * @property {{ kind: 'dispatcher', shared: import('./memory.mjs').Shared }
 *   | { kind: 'worker', shared: import('./memory.mjs').Shared, way: import('./rungs.mjs').Way, index: number }
 *   | { kind: 'core', shared: import('../../dist/engine/engine.js').SharedCore, index: number,
 *       queue: import('../../dist/engine/engine.js').Queue }} role
 */

/** Messages that are published before the worker looks at what it can deliver. */
const READ = 16;
const BODY = 1024;

const { phases, cpus, role } = /** @type {Task} */ (workerData);
if (cpus !== null) {
  const native = loadAffinity();
  const pinned = native.ok ? native.affinity.pin(cpus) : native;
  if (!pinned.ok) throw new Error(pinned.why);
}
const goesOn = () => Atomics.load(phases, PHASE) === RUN;
switch (role.kind) {
  case 'dispatcher':
    dispatch(new Dispatcher(role.shared));
    break;
  case 'worker':
    work(new Worker(role.shared, role.way, role.index, openSync(devNull, 'w')));
    break;
  case 'core':
    workOn(new Stage(await openEngine(role.shared, role.index), [role.queue]), openSync(devNull, 'w'));
    break;
}

/** @param {Dispatcher} dispatcher */
function dispatch(dispatcher) {
  arrive(phases);
  // Where there is nothing to push it lets others have the CPU for a moment.
  while (goesOn()) if (!dispatcher.push()) Atomics.wait(phases, PHASE, RUN, 0.05);
}

/** @param {Worker} worker */
function work(worker) {
  arrive(phases);
  while (goesOn()) {
    let published = 0;
    while (published < READ && worker.publish()) published += 1;
    let delivered = 0;
    while (delivered < 2 * READ && worker.deliver()) delivered += 1;
    worker.flush();
    // Behind the dispatcher: there is no room, and nothing has been pushed.
    if (published + delivered === 0) Atomics.wait(phases, PHASE, RUN, 0.05);
  }
}

/**
 * @param {Stage} stage
 * @param {number} fd
 */
function workOn(stage, fd) {
  const { engine } = stage;
  stage.consume(true);
  stage.load(publishes(READ, BODY));
  arrive(phases);
  while (goesOn()) {
    stage.ingest(stage.publisher);
    for (let more = true; more; ) {
      more = engine.serve();
      while (engine.nextOutput() >= 0) {
        more = true;
        writeSync(fd, engine.bytes, engine.outputOffset, engine.outputLength);
        engine.written(stage.consumer, engine.outputBox);
      }
    }
  }
}
