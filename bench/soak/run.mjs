/**
 * Churn for a long time: `npm run bench:soak`. Clients declare, publish with confirms, acknowledge, return, reject,
 * purge, delete, close and die; every message is accounted for. It ends with 1 when a message was lost, doubled or out
 * of order, or when the broker's memory, its data or its open files grow.
 */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faultCount, reportFault, say } from '../limit/progress.mjs';
import { residentMb, startLeveret } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { diskMb, openFiles } from '../support/watch.mjs';
import { open } from './connections.mjs';
import { judgeGrowth, SAMPLES_MIN } from './growth.mjs';
import { Random } from './random.mjs';
import { runStream } from './stream.mjs';
import { Tally } from './tally.mjs';

const HELP = `Usage: npm run bench:soak -- [options]

  --minutes N       how long, after a warm-up of a minute and a half (default 60)
  --every N         seconds between two lines (default 5)
  --streams N       queues that are in use at a time (default 6)
  --seed N          of all chance (default: another each time, printed)
  --memory SIZE     the broker's memory (default 256M)
  --directory DIR   on the disk to use (default the system's temporary directory)
  --transient       a broker without a log
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    every: { type: 'string', default: '5' },
    streams: { type: 'string', default: '6' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    memory: { type: 'string', default: '256M' },
    directory: { type: 'string', default: tmpdir() },
    transient: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const EXCHANGE = 'soak';
/**
 * Before the time that counts: the heaps of three threads, and the segments of the log, come to their size in the first
 * minute and a half.
 */
const WARMUP_MS = 90_000;
const totalMs = Number(values.minutes) * 60_000;
const everyMs = Math.min(Number(values.every) * 1_000, totalMs / SAMPLES_MIN);

/** @typedef {import('../support/processes.mjs').Server} Server */
/** @typedef {import('./growth.mjs').Sample} Sample */

/**
 * @param {Server} server
 * @param {string} folder
 * @returns {Sample}
 */
function look(server, folder) {
  return { resident: residentMb(server.pid), disk: diskMb(folder), files: openFiles(server.pid) };
}

/** @param {string} text */
function cell(text) {
  return text.padStart(11);
}

/**
 * Prints a line at each interval until it is over.
 * @param {Server} server
 * @param {string} folder
 * @param {Tally} tally
 * @param {() => boolean} isOver
 */
async function watch(server, folder, tally, isOver) {
  /** @type {Sample[]} */
  const samples = [];
  const titles = [
    'seconds',
    'published',
    'confirmed',
    'delivered',
    'again',
    'queues',
    'reconnects',
    'RSS MB',
    'disk MB',
    'files',
  ];
  console.log(titles.map(cell).join(''));
  const beginMs = performance.now();
  let [before, beforeMs] = [{ ...tally }, beginMs];
  while (!isOver()) {
    await pause(everyMs);
    const nowMs = performance.now();
    const seconds = (nowMs - beforeMs) / 1_000;
    const sample = look(server, folder);
    if (nowMs - beginMs > WARMUP_MS) samples.push(sample);
    const rates = [
      tally.published - before.published,
      tally.confirmed - before.confirmed,
      tally.delivered - before.delivered,
      tally.redelivered - before.redelivered,
    ].map((count) => `${thousands(count / seconds)}/s`);
    const totals = [tally.queues, tally.reconnects, sample.resident, sample.disk, sample.files].map((count) =>
      count.toFixed(0),
    );
    console.log([((nowMs - beginMs) / 1_000).toFixed(0), ...rates, ...totals].map(cell).join(''));
    [before, beforeMs] = [{ ...tally }, nowMs];
  }
  return samples;
}

/** @param {readonly Sample[]} samples */
function printGrowth(samples) {
  const columns = /** @type {const} */ ([
    { title: 'medians after the warm-up', align: 'left' },
    { title: 'first window' },
    { title: 'second' },
    { title: 'last' },
    { title: 'at most' },
    { title: '', align: 'left' },
  ]);
  const rows = judgeGrowth(samples).map(({ title, medians, limit, grows }) => {
    if (grows) reportFault(`${title} grows`);
    return [title, ...medians.map((value) => value.toFixed(0)), limit.toFixed(0), grows ? 'GROWS' : ''];
  });
  console.log(`\n${formatTable(columns, rows)}`);
}

/** @param {string} folder */
async function soak(folder) {
  const data = join(folder, 'data');
  mkdirSync(data);
  const flags = [
    '--workers',
    '2',
    '--memory',
    values.memory,
    ...(values.transient ? ['--transient'] : ['--data', data]),
  ];
  const server = await startLeveret(flags, { env: { TMPDIR: folder } });
  const url = `amqp://guest:guest@127.0.0.1:${server.port}`;
  const connection = await open(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(EXCHANGE, 'topic', { durable: true });
  await connection.close();

  const tally = new Tally();
  const endMs = performance.now() + WARMUP_MS + totalMs;
  const isOver = () => performance.now() >= endMs;
  const streams = Array.from({ length: Number(values.streams) }, (_, index) => {
    const random = new Random(Number(values.seed) * 1_000 + index);
    return runStream({ url, exchange: EXCHANGE, name: `stream-${index}`, random, tally }, isOver);
  });
  const [samples] = await Promise.all([watch(server, folder, tally, isOver), ...streams]);
  await server.stop();
  console.log(
    `\n${thousands(tally.published)} published, ${thousands(tally.delivered)} delivered, ${thousands(tally.redelivered)} of them again, ` +
      `${thousands(tally.queues)} queues, ${thousands(tally.reconnects)} connections ended on the way`,
  );
  printGrowth(samples);
}

if (values.help) {
  process.stdout.write(HELP);
} else {
  say(`seed ${values.seed}`);
  await inTemporaryFolder(values.directory, soak);
  const faults = faultCount();
  console.log(faults > 0 ? `${faults} faults` : 'nothing lost, doubled or out of order; nothing grows');
  process.exitCode = faults > 0 ? 1 : 0;
}
