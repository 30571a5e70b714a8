/**
 * What the broker's JavaScript allocates while messages pass: `npm run bench:allocations`. The broker runs under
 * `--trace-gc`, and what its worker's young generation filled up between two collections is what was allocated; over
 * many messages it must come to nothing a message.
 */
import { parseArgs } from 'node:util';
import { buildLimit } from '../support/build-limit.mjs';
import { runLoad } from '../support/generator.mjs';
import { startLeveret } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';

const KILOBYTE = ['--size', '1024', '--prefetch', '100', '--max-inflight', '20000'];
const WORKLOADS = [
  { title: '20 x 20, 1 queue, 1 KB', load: ['-x', '20', '-y', '20', ...KILOBYTE] },
  {
    title: '20 x 20, 20 queues, 1 KB, confirms',
    load: ['-x', '20', '-y', '20', '--queues', '20', '--confirm', '1000', ...KILOBYTE],
  },
  {
    title: '1 x 1, 16 bytes, auto-ack',
    load: ['-x', '1', '-y', '1', '--size', '16', '--autoack', '--max-inflight', '20000'],
  },
];
const WARMUP_S = 5;

/** A line of `--trace-gc`: the isolate, the time since its start, what was used before and after, and the pause. */
const COLLECTION = /:(0x[0-9a-f]+)\]\s+(\d+) ms: .*? ([\d.]+) \([\d.]+\) -> ([\d.]+) \([\d.]+\) MB, ([\d.]+)/;

/** @typedef {{ isolate: string, before: number, after: number, pause: number }} Collection MB, ms */

/**
 * @param {string} line
 * @returns {Collection | null}
 */
function readCollection(line) {
  const found = COLLECTION.exec(line);
  if (!found) return null;
  const [, isolate = '', , before, after, pause] = found;
  return { isolate, before: Number(before), after: Number(after), pause: Number(pause) };
}

/** @param {readonly Collection[]} collections in their order */
function allocatedMb(collections) {
  /** @type {Map<string, number>} */
  const used = new Map();
  let allocated = 0;
  for (const { isolate, before, after } of collections) {
    allocated += before - (used.get(isolate) ?? before);
    used.set(isolate, after);
  }
  return allocated;
}

/**
 * @param {(typeof WORKLOADS)[number]} workload
 * @param {number} seconds
 */
async function measure(workload, seconds) {
  /** @type {Collection[]} */
  const collections = [];
  const server = await startLeveret(['--workers', '1'], {
    nodeOptions: ['--trace-gc'],
    onLine: (line) => {
      const collection = readCollection(line);
      if (collection) collections.push(collection);
    },
  });
  await runLoad(server, [...workload.load, '--warmup', '0', '--duration', String(WARMUP_S)]);
  // The last collection of each isolate before the run is where its count begins.
  const begin = [...new Map(collections.map((collection) => [collection.isolate, collection])).values()];
  const from = collections.length;
  const figures = await runLoad(server, [...workload.load, '--warmup', '0', '--duration', String(seconds)]);
  const during = collections.slice(from);
  await server.stop();
  const allocated = allocatedMb([...begin, ...during]);
  return [
    workload.title,
    thousands(figures.total_consumed),
    `${allocated.toFixed(1)} MB`,
    `${((allocated * 1e6) / figures.total_consumed).toFixed(2)}`,
    `${during.length}`,
    `${during.reduce((sum, { pause }) => sum + pause, 0).toFixed(1)} ms`,
    `${Math.max(0, ...during.map(({ pause }) => pause)).toFixed(1)} ms`,
  ];
}

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) throw new Error(`--seconds wants a number above 0, not '${values.seconds}'`);
buildLimit();
const rows = [];
for (const workload of WORKLOADS) {
  process.stderr.write(`${workload.title}: ${seconds} s under way\n`);
  rows.push(await measure(workload, seconds));
}
const columns = /** @type {const} */ ([
  { title: `${seconds} s of steady load`, align: 'left' },
  { title: 'messages' },
  { title: 'allocated' },
  { title: 'bytes/msg' },
  { title: 'collections' },
  { title: 'pauses' },
  { title: 'longest' },
]);
process.stdout.write(`${formatTable(columns, rows)}\n`);
