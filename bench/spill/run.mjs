/**
 * Queues longer than memory: `npm run bench:spill`. One queue is filled far beyond the broker's memory and drained
 * again, beside the same with few messages, which stay in memory. What must hold: every message comes back, once and in
 * order, and resident memory stays near what the broker was given.
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDeliveries, faultCount, reportFault, say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { buildLimit } from '../support/build-limit.mjs';
import { runLoad } from '../support/generator.mjs';
import { residentMb, startLeveret } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { watched } from '../support/watch.mjs';

const HELP = `Usage: npm run bench:spill -- [options] [MILLIONS]

Publishes so many million messages of 1 KB (default 2) to one queue of a broker with little memory, and drains it.
Exits with 1 when messages were lost, doubled or reordered.

  --memory SIZE     the broker's memory (default 256M)
  --directory DIR   on the disk to use (default the system's temporary directory)
  --durable         a durable queue and persistent messages
  --transient       a broker without a log
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    memory: { type: 'string', default: '256M' },
    directory: { type: 'string', default: tmpdir() },
    durable: { type: 'boolean', default: false },
    transient: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const count = Math.round(Number(positionals[0] ?? '2') * 1e6);
/** So many of 1 KB fit into the least memory that is asked for here. */
const FEW = 100_000;
const MEASURED_MEMORY = /^(\d+)M$/;
/** Beyond the memory for messages: the process itself, and what it reads and writes with (MB). */
const PROCESS_MB = 150;

/** @typedef {import('../support/processes.mjs').Server} Server */

/**
 * Fills a queue and drains it.
 * @param {Server} server
 * @param {string} prefix
 * @param {number} messages
 */
async function fillAndDrain(server, prefix, messages) {
  const queue = ['--keep', '--prefix', prefix, '--size', '1024', '--warmup', '0', '--count', String(messages)];
  if (values.durable) queue.push('--durable');
  // Confirms tell when the last message has arrived: the generator would leave at the last write otherwise.
  const filled = await runLoad(server, ['-x', '1', '-y', '0', '--confirm', '5000', ...queue]);
  say(
    `${prefix}: ${thousands(messages)} published, ${thousands(filled.confirmed)}/s; resident ${residentMb(server.pid).toFixed(0)} MB`,
  );
  const drained = await runLoad(server, ['-x', '1', '-y', '1', '--consume-only', '--multi-ack', '50', ...queue]);
  say(`${prefix}: drained, ${thousands(drained.consumed)}/s; resident ${residentMb(server.pid).toFixed(0)} MB`);
  checkDeliveries(prefix, drained);
  if (drained.total_consumed !== messages) {
    reportFault(`of ${messages} messages ${drained.total_consumed} were delivered`);
  }
  return { published: filled.confirmed, drained: drained.consumed };
}

/** @param {string} folder */
async function measure(folder) {
  const data = join(folder, 'data');
  mkdirSync(data);
  // What is not to last lies in the system's temporary directory, unless it is told another.
  const server = await startLeveret(
    ['--workers', '2', '--memory', values.memory, ...(values.transient ? ['--transient'] : ['--data', data])],
    { env: { TMPDIR: folder } },
  );
  try {
    const idle = residentMb(server.pid);
    const few = await fillAndDrain(server, 'few', Math.min(FEW, count));
    const {
      result: many,
      residentMb: most,
      diskMb: disk,
    } = await watched(server.pid, folder, () => fillAndDrain(server, 'many', count));
    return { idle, few, many, most, disk };
  } finally {
    await server.stop();
  }
}

/** @param {Awaited<ReturnType<typeof measure>>} figures */
function rows({ idle, few, many, most, disk }) {
  const memory = MEASURED_MEMORY.exec(values.memory)?.[1];
  const wanted = memory === undefined ? '' : verdict(most, 'at most', Number(memory) + PROCESS_MB);
  return [
    [
      'published/s',
      thousands(many.published),
      thousands(few.published),
      (many.published / few.published).toFixed(2),
      '',
    ],
    ['drained/s', thousands(many.drained), thousands(few.drained), (many.drained / few.drained).toFixed(2), ''],
    ['resident, most (MB)', most.toFixed(0), idle.toFixed(0), '', wanted],
    ['on the disk, most (MB)', disk.toFixed(0), '', '', ''],
  ];
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  buildLimit();
  const figures = await inTemporaryFolder(values.directory, measure);
  const columns = /** @type {const} */ ([
    { title: `--memory ${values.memory}`, align: 'left' },
    { title: `${thousands(count)} x 1 KB` },
    { title: 'few, or idle' },
    { title: 'ratio' },
    { title: 'wanted', align: 'left' },
  ]);
  const conditions = `${availableParallelism()} CPUs (${cpus()[0]?.model ?? 'unknown CPU'}), Node ${process.version}.`;
  process.stdout.write(`${conditions}\n\n${formatTable(columns, rows(figures))}\n`);
  process.exitCode = faultCount() > 0 ? 1 : 0;
}
