/**
 * What each step of the design is worth: `npm run bench:ladder`. Two workers publish and consume messages of 1 KB on one
 * queue, without sockets (each write is a system call, to nowhere); a rung differs from the one before by one switch.
 * All rungs are measured in each round, one after the other; a factor is taken within a round, and medians count.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker as Thread } from 'node:worker_threads';
import { markdownTable } from '../../dist/bench/report/table.js';
import { createSharedCore, openEngine } from '../../dist/engine/open.js';
import { Counter } from '../../dist/engine/statistics.js';
import { loadAffinity } from '../../dist/platform/affinity.js';
import { cpuGroups } from '../../dist/platform/cpus/cpu-topology.js';
import { say } from '../limit/progress.mjs';
import { arrived, END, enter, newPhases, RUN } from '../scaling/phases.mjs';
import { median } from '../support/median.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { svgOf } from './chart.mjs';
import { DELIVERED, line, newShared, WORKERS } from './memory.mjs';
import { rungs } from './rungs.mjs';

const HELP = `Usage: npm run bench:ladder -- [options]

  --seconds N       measured seconds of each rung in a round (default 0.5)
  --rounds N        rounds (default 7)
  --markdown FILE   writes the table between the lines <!-- ladder: begin --> and <!-- ladder: end --> of the file
  --svg FILE        writes a chart
  --quick           shows that it works, and no more
`;
const WARMUP_S = 0.3;
const MEMORY = 256 * 2 ** 20;
const MARKS = /(<!-- ladder: begin -->\n)[\s\S]*(<!-- ladder: end -->)/;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    markdown: { type: 'string' },
    svg: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 7));
const seconds = Number(values.seconds ?? (values.quick ? 0.1 : 0.5));

/** @typedef {import('./rungs.mjs').Rung} Rung */
/** @typedef {{ roles: readonly import('./thread.mjs').Task['role'][], delivered: () => number }} Staged */

/** CPUs of each worker, as the broker places them where it is alone. */
function places() {
  const native = loadAffinity();
  const groups = native.ok ? cpuGroups(native.affinity.allowedCpus()) : [];
  return Array.from({ length: WORKERS }, (_, worker) => groups[worker % groups.length]?.cpus ?? null);
}

/**
 * @param {Rung['way']} way
 * @returns {Promise<Staged>}
 */
async function stage(way) {
  const workers = Array.from({ length: WORKERS }, (_, index) => index);
  if (way === 'core') {
    const shared = await createSharedCore('wasm', MEMORY, WORKERS);
    const coordinator = await openEngine(shared, WORKERS);
    const queue = coordinator.createQueue();
    return {
      roles: workers.map((index) => ({ kind: /** @type {const} */ ('core'), shared, index, queue })),
      delivered: () => coordinator.counted(Counter.DELIVERED),
    };
  }
  const shared = newShared();
  const words = new Int32Array(shared.words);
  /** @type {Staged['roles']} */
  const roles = workers.map((index) => ({ kind: 'worker', shared, way, index }));
  return {
    roles: way.takes === 'dispatcher' ? [...roles, { kind: 'dispatcher', shared }] : roles,
    delivered: () => workers.reduce((sum, worker) => sum + Atomics.load(words, DELIVERED + line(worker)), 0),
  };
}

/**
 * Messages a second.
 * @param {Rung} rung
 */
async function measure({ way }) {
  const { roles, delivered } = await stage(way);
  const phases = newPhases();
  const cpusOf = way === 'core' || way.pinned ? places() : [];
  const threads = roles.map(
    (role, index) =>
      new Thread(new URL('./thread.mjs', import.meta.url), {
        workerData: { phases, role, cpus: cpusOf[index] ?? null },
      }),
  );
  const ended = Promise.all(
    threads.map(
      (thread) =>
        new Promise((resolve, reject) => {
          thread.once('error', reject);
          thread.once('exit', resolve);
        }),
    ),
  );
  try {
    await Promise.race([arrived(phases, threads.length), ended]);
    enter(phases, RUN);
    await sleep(WARMUP_S * 1000);
    const from = { at: performance.now(), messages: delivered() };
    await sleep(seconds * 1000);
    const to = { at: performance.now(), messages: delivered() };
    enter(phases, END);
    await ended;
    return ((to.messages - from.messages) * 1000) / (to.at - from.at);
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

async function main() {
  const ladder = rungs().map((rung) => ({ rung, rates: /** @type {number[]} */ ([]) }));
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    for (const { rung, rates } of ladder) rates.push(await measure(rung));
  }
  const [bottom] = ladder;
  const steps = ladder.map(({ rung, rates }, index) => {
    const before = ladder[index - 1] ?? ladder[0];
    const beside = (/** @type {readonly number[]} */ others) =>
      median(rates.map((rate, round) => rate / (others[round] ?? rate)));
    return {
      title: rung.title,
      rate: median(rates),
      least: Math.min(...rates),
      most: Math.max(...rates),
      step: beside(before?.rates ?? rates),
      total: beside(bottom?.rates ?? rates),
    };
  });
  const columns = [
    { title: 'rung', align: /** @type {const} */ ('left') },
    ...['messages/s', 'from, to', 'of the one before', 'of the first'].map((title) => ({ title })),
  ];
  const rows = steps.map(({ title, rate, least, most, step, total }) => [
    title,
    thousands(rate),
    `${thousands(least)}, ${thousands(most)}`,
    step.toFixed(2),
    total.toFixed(1),
  ]);
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU';
  const footer = `Medians of ${rounds} rounds of ${seconds} s. ${availableParallelism()} x ${model}, Node ${process.version}.`;
  process.stdout.write(`${formatTable(columns, rows)}\n\n${footer}\n`);
  if (values.markdown !== undefined)
    writeBetween(values.markdown, `\n${markdownTable(columns, rows)}\n\n${footer}\n\n`);
  if (values.svg !== undefined) writeFileSync(values.svg, svgOf(steps, footer));
}

/**
 * @param {string} file
 * @param {string} text
 */
function writeBetween(file, text) {
  const before = readFileSync(file, 'utf8');
  if (!MARKS.test(before)) throw new Error(`${file} has no lines <!-- ladder: begin --> and <!-- ladder: end -->`);
  writeFileSync(
    file,
    before.replace(MARKS, (_, begin, end) => `${begin}${text}${end}`),
  );
}

if (values.help) process.stdout.write(HELP);
else await main();
