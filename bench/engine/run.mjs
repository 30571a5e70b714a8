/**
 * The WebAssembly core and its JavaScript twin beside each other: nanoseconds a message, one table. `--quick` only
 * shows that it works.
 */
import { Bench } from 'tinybench';
import { formatTable } from '../support/table.mjs';
import { CASES, messagesFor } from './cases.mjs';
import { contend } from './contention.mjs';

const SIZES = [16, 1024, 8192];
const RUNS = [1, 16, 128];
/** Runs must fit into one read. */
const READ = 200 * 1024;
const KINDS = /** @type {const} */ (['wasm', 'js']);

const quick = process.argv.includes('--quick');
const time = quick ? 20 : 500;
const contended = quick ? 20_000 : 400_000;

/** @type {string[][]} */
const rows = [];
for (const [name, make] of Object.entries(CASES)) {
  for (const size of SIZES) {
    process.stderr.write(`${name}, ${size} B\n`);
    const bench = new Bench({ time, warmupTime: time / 4 });
    for (const kind of KINDS) {
      const { run, beforeEach, afterEach } = await make(kind, size);
      bench.add(kind, run, { beforeEach, afterEach });
    }
    await bench.run();
    rows.push(
      row(
        name,
        size,
        KINDS.map((kind) => nanoseconds(bench, kind) / messagesFor(size)),
      ),
    );
  }
}
for (const run of RUNS) {
  for (const size of SIZES) {
    if (run * (size + 80) > READ) continue;
    process.stderr.write(`two workers, one queue, runs of ${run}, ${size} B\n`);
    const figures = [];
    for (const kind of KINDS) figures.push(await contend(kind, size, run, size > 1024 ? contended / 4 : contended));
    rows.push(row(`two workers, one queue, runs of ${run}`, size, figures));
  }
}

const columns = /** @type {const} */ (['wasm ns/msg', 'js ns/msg', 'js / wasm']).map((title) => ({ title }));
console.log(formatTable([{ title: 'what', align: 'left' }, { title: 'body' }, ...columns], rows));

/** @param {Bench} bench @param {string} kind mean time of one call (ns) */
function nanoseconds(bench, kind) {
  const result = bench.getTask(kind)?.result;
  if (result === undefined || !('latency' in result)) throw new Error(`${kind} was not measured`);
  return result.latency.mean * 1e6;
}

/** @param {string} name @param {number} size @param {readonly number[]} figures */
function row(name, size, figures) {
  const [wasm = 0, js = 0] = figures;
  return [name, `${size} B`, wasm.toFixed(0), js.toFixed(0), (js / wasm).toFixed(1)];
}
