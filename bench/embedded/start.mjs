/**
 * How long an embedded broker takes to start and to stop, and what is left behind: `npm run bench:embedded`. One broker
 * after the other with the defaults of a program; counts of heap, handles, descriptors and threads before and after.
 * What must hold: nothing of them grows. Times are told and not judged: they are the machine's of that moment.
 */
import { readdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Broker } from '../../dist/index.js';
import { median } from '../support/median.mjs';

const HELP = `Usage: npm run bench:embedded -- [options]

  --cycles N        brokers that are started and stopped (default 200)
  --engine E        wasm or js (default wasm)
`;
/** What the first brokers leave in caches is not counted. */
const SETTLING = 10;
/** What the heap may have grown by, in MB: the collector leaves more than that from one look to the next. */
const HEAP_MB = 1;
const WANTED = { start: 120, stop: 50 };

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '200' },
    engine: { type: 'string', default: 'wasm' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const engine = values.engine === 'js' ? 'js' : 'wasm';

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collect = runInNewContext('gc');

/** @typedef {{ start: number, stop: number }} Times */

/** @returns {Promise<Times>} in milliseconds */
async function cycle() {
  const begun = performance.now();
  const broker = await Broker.start({ engine });
  const started = performance.now();
  await broker.stop();
  return { start: started - begun, stop: performance.now() - started };
}

/** What this process has. */
async function counts() {
  // Descriptors of threads that have ended are closed in the next turn of the loop.
  await setImmediate();
  collect();
  return {
    'heap (MB)': process.memoryUsage().heapUsed / 1e6,
    handles: process.getActiveResourcesInfo().length,
    descriptors: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    threads: process.platform === 'linux' ? readdirSync('/proc/self/task').length : 0,
  };
}

async function main() {
  for (let i = 0; i < SETTLING; i++) await cycle();
  const before = await counts();
  /** @type {Times[]} */
  const times = [];
  for (let i = 0; i < Number(values.cycles); i++) times.push(await cycle());
  const after = await counts();

  const [start, stop] = [median(times.map((one) => one.start)), median(times.map((one) => one.stop))];
  console.log(`${times.length} brokers, engine ${engine}, Node ${process.version}`);
  console.log(`start: median ${start.toFixed(0)} ms (wanted: ${WANTED.start})`);
  console.log(`stop: median ${stop.toFixed(0)} ms (wanted: ${WANTED.stop})`);
  const names = /** @type {(keyof typeof before)[]} */ (Object.keys(before));
  for (const name of names) console.log(`${name}: ${shown(before[name])} before, ${shown(after[name])} after`);
  const grown = names.filter((name) => after[name] > before[name] + (name === 'heap (MB)' ? HEAP_MB : 0));
  if (grown.length === 0) return;
  console.error(`left behind: ${grown.join(', ')}`);
  process.exitCode = 1;
}

/** @param {number} value */
function shown(value) {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

await main();
