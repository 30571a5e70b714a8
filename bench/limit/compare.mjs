/**
 * How far Leveret is from the least that a broker can do, and what it costs beside that: `npm run bench:limit`.
 * Builds the generator and the relay, runs what was chosen, prints two or three tables.
 */
import { availableParallelism, cpus } from 'node:os';
import { buildLimit } from '../support/build-limit.mjs';
import { formatTable } from '../support/table.mjs';
import { measureIdle, measureLatency, measureStart, measureWaiting } from './footprint.mjs';
import { readOptions } from './options.mjs';
import { faultCount, say } from './progress.mjs';
import { compareAgainst, compareRules, compareWithRelay, compareWorkers } from './rates.mjs';
import { IDLE, LATENCY, RATE_WORKLOADS, RULES, START, WAITING, WORKERS } from './workloads.mjs';

/** @param {import('./options.mjs').Options} options */
async function compare(options) {
  say('building the generator and the relay');
  buildLimit();
  /** @type {string[]} */
  const tables = [];
  const workloads = RATE_WORKLOADS.filter((workload) => options.only.has(workload.name));
  if (options.against !== undefined) return [await compareAgainst(workloads, options.against, options)];
  if (workloads.length > 0) tables.push(await compareWithRelay(workloads, options));
  if (options.only.has(WORKERS.name)) tables.push(await compareWorkers(options));
  const [first] = RATE_WORKLOADS;
  if (first && options.only.has(RULES.name)) tables.push(await compareRules(first, options));
  const rows = await measureFootprint(options);
  if (rows.length > 0) {
    const columns = /** @type {const} */ ([
      { title: 'and beside the rates', align: 'left' },
      { title: 'leveret' },
      { title: 'wanted', align: 'left' },
    ]);
    tables.push(formatTable(columns, rows));
  }
  return tables;
}

/** @param {import('./options.mjs').Options} options */
async function measureFootprint(options) {
  const rows = [];
  if (options.only.has(LATENCY.name)) rows.push(...(await measureLatency(options)));
  if (options.only.has(IDLE.name)) rows.push(...(await measureIdle()));
  if (options.only.has(WAITING.name)) rows.push(...(await measureWaiting()));
  if (options.only.has(START.name)) rows.push(...(await measureStart(options)));
  return rows;
}

/** @param {import('./options.mjs').Options} options */
function conditions({ seconds, rounds }) {
  const cpu = cpus()[0]?.model ?? 'unknown CPU';
  return `Medians of ${rounds} rounds of ${seconds} s; ${availableParallelism()} CPUs (${cpu}), Node ${process.version}.`;
}

const options = readOptions(process.argv.slice(2));
if (options) {
  const tables = await compare(options);
  process.stdout.write(`${conditions(options)}\n\n${tables.join('\n\n')}\n`);
  const faults = faultCount();
  if (faults > 0) say(`messages were lost, doubled or reordered in ${faults} runs`);
  process.exitCode = faults > 0 ? 1 : 0;
}
