/**
 * `leveret perf` beside the load generator in C: how much each gets through the relay, which does the least that a broker
 * can do. In turn, because the machine drifts; a ratio is taken within a round, and the median of the rounds counts.
 * Usage: node bench/perf/compare.mjs [--seconds N] [--rounds N] [--only NAME[,NAME...]]
 */
import { parseArgs } from 'node:util';
import { buildLimit } from '../support/build-limit.mjs';
import { runLoad } from '../support/generator.mjs';
import { median } from '../support/median.mjs';
import { runPerf } from '../support/perf.mjs';
import { startRelay } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';

const WARMUP_S = 1;
/** Of the generator's rate. */
const WANTED = 0.7;

/** @typedef {{ name: string, title: string, load: readonly string[], perf: readonly string[] }} Workload */

const IN_FLIGHT = '20000';

/** @type {readonly Workload[]} */
const WORKLOADS = [
  workload('20x20', '20 x 20, 1 queue, 1 KB', 20, ['--size', '1024', '--prefetch', '100']),
  workload('20x20x20', '20 x 20, 20 queues, 1 KB', 20, ['--queues', '20', '--size', '1024', '--prefetch', '100']),
  workload('1x1', '1 x 1, 1 KB', 1, ['--size', '1024', '--prefetch', '100']),
  workload('1x1-16', '1 x 1, 16 bytes, auto-ack', 1, ['--size', '16', '--autoack']),
];

/**
 * @param {string} name
 * @param {string} title
 * @param {number} clients on each side
 * @param {readonly string[]} flags that both know
 * @returns {Workload}
 */
function workload(name, title, clients, flags) {
  const both = ['-x', String(clients), '-y', String(clients), ...flags];
  return { name, title, load: [...both, '--max-inflight', IN_FLIGHT], perf: [...both, '--max-in-flight', IN_FLIGHT] };
}

/**
 * Each against a relay of its own: the relay keeps what it was sent.
 * @param {(relay: import('../support/processes.mjs').Server) => Promise<number>} run
 */
async function throughRelay(run) {
  const relay = await startRelay();
  try {
    return await run(relay);
  } finally {
    await relay.stop();
  }
}

/**
 * @param {Workload} workload
 * @param {{ seconds: number, rounds: number }} options
 */
async function row({ title, load, perf }, { seconds, rounds }) {
  const found = [];
  for (let round = 1; round <= rounds; round++) {
    const ours = await throughRelay(({ port }) =>
      runPerf(port, [...perf, '--duration', String(seconds), '--warmup', String(WARMUP_S)]),
    );
    const theirs = await throughRelay(async (relay) => {
      const { consumed } = await runLoad(relay, [...load, '--duration', `${seconds}`, '--warmup', `${WARMUP_S}`]);
      return consumed;
    });
    process.stderr.write(`${title}, round ${round} of ${rounds}: ${thousands(ours)} beside ${thousands(theirs)}\n`);
    found.push({ ours, theirs, ratio: ours / theirs });
  }
  const ratio = median(found.map((round) => round.ratio));
  return [
    title,
    thousands(median(found.map(({ ours }) => ours))),
    thousands(median(found.map(({ theirs }) => theirs))),
    ratio.toFixed(2),
    `>= ${WANTED}${ratio >= WANTED ? '' : ', missed'}`,
  ];
}

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
  },
});
const only = values.only?.split(',');
buildLimit();
const rows = [];
for (const one of WORKLOADS.filter(({ name }) => only === undefined || only.includes(name)))
  rows.push(await row(one, { seconds: Number(values.seconds), rounds: Number(values.rounds) }));
process.stdout.write(
  `${formatTable(
    [
      { title: 'through the relay', align: 'left' },
      { title: 'leveret perf/s' },
      { title: 'C/s' },
      { title: 'ratio' },
      { title: 'wanted', align: 'left' },
    ],
    rows,
  )}\n`,
);
