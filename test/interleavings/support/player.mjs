/**
 * A participant of a checking core on a thread of its own, driven by stage.ts: it makes one call after the other, and
 * stops in the midst of one where the stage wants it to. Whose turn it is stands in the control words; the other side
 * waits for it.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { openWasmEngine } from '../../../dist/engine/wasm/wasm-engine.js';

const { shared, participant, port, control, words } = workerData;
const { TURN, REACHED, ARMED, STAGE } = words;

function leaveTurn() {
  Atomics.store(control, TURN, STAGE);
  Atomics.notify(control, TURN);
  Atomics.wait(control, TURN, STAGE);
}

function reached(point) {
  if (Atomics.load(control, ARMED + point) === 0 || Atomics.sub(control, ARMED + point, 1) !== 1) return;
  Atomics.store(control, REACHED, point);
  leaveTurn();
  Atomics.store(control, REACHED, 0);
}

/** What a call comes to; `result` and `error` cannot both be there. */
function outcome(engine, { name, args, calls }) {
  try {
    return { result: calls ? engine[name](...args) : engine[name] };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Names of an object's methods, those of its classes too. */
function methodsOf(object) {
  const names = [];
  for (let at = object; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function') names.push(name);
    }
  }
  return names;
}

const engine = openWasmEngine(shared, participant, { checking: { reached } });
port.postMessage(methodsOf(engine));
for (;;) {
  leaveTurn();
  const command = receiveMessageOnPort(port)?.message;
  if (command === undefined) break;
  port.postMessage(outcome(engine, command));
}
