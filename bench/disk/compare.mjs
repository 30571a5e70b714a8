/**
 * The log's writer beside the least that a program can do: `npm run bench:disk`. Both write the same octets with as
 * many syncs to the same directory, in turn; what counts is the ratio, since disks of shared machines change by the
 * minute.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../support/median.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { buildYardstick, runYardstick } from '../support/yardstick.mjs';
import { runQueues } from './queues.mjs';
import { runRecovery } from './recovery.mjs';
import { runWriter } from './writer.mjs';

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: tmpdir() },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const share = values.quick ? 0.05 : 1;

/** A record of a body of 1 KB and what goes with it. */
const RECORD = 1024;
const MEBIBYTE = 1 << 20;

buildYardstick();

/** @typedef {{ rate: number, median: number }} Figures */

/** @param {string} path @param {number} octets @param {number} count @param {'append' | 'again'} mode */
function yardstick(path, octets, count, mode) {
  return runYardstick(path, octets, Math.ceil(count * share), mode);
}

/** @param {number} perBatch @param {number} window @param {number} batches @param {boolean} ready */
function writer(perBatch, window, batches, ready) {
  return (/** @type {string} */ path) =>
    runWriter({ path: join(path, 'log'), size: RECORD, perBatch, window, batches: Math.ceil(batches * share), ready });
}

/** @type {readonly { title: string, run: (path: string) => Figures | Promise<Figures> }[]} */
const BULK = [
  { title: 'C, 1 MiB a sync, appended', run: (path) => yardstick(path, MEBIBYTE, 256, 'append') },
  { title: 'C, 1 MiB a sync, written again', run: (path) => yardstick(path, MEBIBYTE, 256, 'again') },
  { title: 'log, records ready in memory', run: writer(128, 16, 2048, true) },
  { title: 'log, records made by the host', run: writer(128, 16, 2048, false) },
];
/** @type {typeof BULK} */
const SINGLE = [
  { title: 'C, 1 KB a sync, appended', run: (path) => yardstick(path, RECORD, 1000, 'append') },
  { title: 'C, 1 KB a sync, written again', run: (path) => yardstick(path, RECORD, 1000, 'again') },
  { title: 'log, one message at a time', run: writer(1, 1, 1000, true) },
];

/** @param {typeof BULK} cases @param {keyof Figures} figure @param {string} unit */
async function compare(cases, figure, unit) {
  /** @type {number[][]} */
  const results = cases.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of cases.entries()) {
      results[index]?.push((await inTemporaryFolder(values.directory, run))[figure]);
    }
  }
  const medians = results.map(median);
  const [appended = 1, again = 1] = medians;
  const rows = cases.map(({ title }, index) => {
    const value = medians[index] ?? 0;
    return [title, value.toFixed(2), (value / appended).toFixed(2), (value / again).toFixed(2)];
  });
  const columns = [
    { title: `median of ${rounds}`, align: /** @type {const} */ ('left') },
    { title: unit },
    { title: 'to appended' },
    { title: 'to written again' },
  ];
  console.log(`${formatTable(columns, rows)}\n`);
}

await compare(BULK, 'rate', 'MB/s');
await compare(SINGLE, 'median', 'ms');

const recovery = await inTemporaryFolder(values.directory, (path) =>
  runRecovery(join(path, 'log'), Math.ceil(400_000 * share), RECORD),
);
console.log(
  formatTable(
    [{ title: 'recovery', align: 'left' }, { title: 'MB/s' }, { title: 'messages/s' }],
    recovery.map(({ title, rate, messages }) => [title, rate.toFixed(0), thousands(messages)]),
  ),
);

const queues = Math.ceil(100_000 * share);
const lives = await inTemporaryFolder(values.directory, (path) => runQueues(join(path, 'data'), queues));
console.log(
  `\n${formatTable(
    [{ title: `${thousands(queues)} durable queues`, align: 'left' }, { title: 's' }, { title: 'resident MB' }],
    lives.map(({ title, seconds, megabytes }) => [title, seconds.toFixed(1), megabytes.toFixed(0)]),
  )}`,
);
