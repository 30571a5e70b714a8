/**
 * How the core scales without sockets: `npm run bench:scaling`. Workers, each a thread with an instance of the core,
 * publish and consume on one queue, on a queue each, and with a memory each, in turn; what several do is divided by
 * what one does in the same round, and the median of the rounds counts. Beside it how often participants met (the
 * core's contention counters), and how long a message takes from a publish to a claim on another worker that is awake.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { say } from '../limit/progress.mjs';
import { median } from '../support/median.mjs';
import { withStolen } from '../support/stolen.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { latencies, MEETINGS, rate } from './measure.mjs';
import { SHAPES, SHARINGS } from './shapes.mjs';

const HELP = `Usage: npm run bench:scaling -- [options]

  --workers N,N   how many, beside one (default 2,4,8)
  --only SHARING  memories, queues or queue: what they share (default all)
  --runs N,N      messages of one read (default 1,16,128)
  --size N        octets of a body (default 16)
  --seconds N     measured seconds of each (default 0.5)
  --rounds N      rounds of each (default 7)
  --engine KIND   wasm or js (default wasm)
  --quick         shows that it works, and no more
`;
/** What is wanted of two workers, where there are two CPUs, by what they share and by run. */
const WANTED = new Map([
  ['queues 16', 1.8],
  ['queues 128', 1.8],
  ['queue 16', 1.0],
  ['queue 128', 1.4],
]);
const LATENCY_WANTED_US = 1;
const WARMUP_S = 0.25;

const { values } = parseArgs({
  options: {
    workers: { type: 'string' },
    only: { type: 'string' },
    runs: { type: 'string' },
    size: { type: 'string', default: '16' },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    engine: { type: 'string', default: 'wasm' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @typedef {import('./shapes.mjs').Sharing} Sharing */
/** @typedef {import('./measure.mjs').Rate} Rate */
/** @typedef {{ workers: number, sharing: Sharing, run: number }} Row */
/** @typedef {{ row: Row, rates: Rate[], ratios: number[] }} Measured */

/** @param {string} list */
const numbersIn = (list) => list.split(',').map(Number);
/** @type {import('../../dist/engine/engine.js').EngineKind} */
const engine = values.engine === 'js' ? 'js' : 'wasm';
const size = Number(values.size);
const rounds = Number(values.rounds ?? (values.quick ? 1 : 7));
const seconds = Number(values.seconds ?? (values.quick ? 0.1 : 0.5));
const runs = numbersIn(values.runs ?? (values.quick ? '16' : '1,16,128'));
const counts = numbersIn(values.workers ?? (values.quick ? '2,4' : '2,4,8'));
const sharings = SHARINGS.filter((sharing) => values.only === undefined || sharing === values.only);
const messages = values.quick ? 2_000 : 20_000;

/** @returns {Promise<Measured[]>} */
async function measureRates() {
  const measured = runs.flatMap((run) => [
    measurementOf({ workers: 1, sharing: 'queue', run }),
    ...counts.flatMap((workers) => sharings.map((sharing) => measurementOf({ workers, sharing, run }))),
  ]);
  for (let round = 1; round <= rounds; round++) {
    say(`round ${round} of ${rounds}`);
    let alone = 1;
    for (const { row, rates, ratios } of measured) {
      const one = await rate({ engine, size, seconds, warmup: WARMUP_S, ...row });
      if (row.workers === 1) alone = one.rate;
      rates.push(one);
      ratios.push(one.rate / alone);
    }
  }
  return measured;
}

/**
 * @param {Row} row
 * @returns {Measured}
 */
function measurementOf(row) {
  return { row, rates: [], ratios: [] };
}

/** @param {Measured} measured */
function rateCells({ row: { workers, sharing, run }, rates, ratios }) {
  const wanted = workers === 2 ? WANTED.get(`${sharing} ${run}`) : undefined;
  const met = /** @type {(keyof typeof MEETINGS)[]} */ (Object.keys(MEETINGS));
  return [
    `runs of ${run}, ${workers === 1 ? '1 worker' : `${workers} workers, ${SHAPES[sharing].title}`}`,
    thousands(median(rates.map((one) => one.rate))),
    median(ratios).toFixed(2),
    workers === 1 ? '' : `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
    wanted === undefined ? '' : `≥ ${wanted.toFixed(1)}`,
    ...met.map((name) => median(rates.map((one) => one.met[name])).toFixed(2)),
  ];
}

/** @returns {Promise<string[][]>} */
async function latencyRows() {
  const found = [];
  for (let round = 0; round < rounds; round++) found.push((await latencies({ engine, size, messages })).sort());
  return [0.5, 0.9, 0.99].map((share) => {
    const us = found.map((sorted) => (sorted[Math.floor(share * sorted.length)] ?? 0) / 1000);
    return [
      `p${share * 100}`,
      median(us).toFixed(2),
      `${Math.min(...us).toFixed(2)} to ${Math.max(...us).toFixed(2)}`,
      share === 0.5 ? `≤ ${LATENCY_WANTED_US}` : '',
    ];
  });
}

async function main() {
  const { result, stolen } = await withStolen(async () => ({
    rates: await measureRates(),
    times: await latencyRows(),
  }));
  const rateColumns = [
    'messages/s',
    'of one',
    'from, to',
    'wanted',
    'claims',
    'memory',
    'lists',
    'lock waits',
    'sleeps',
  ];
  const left = (/** @type {string} */ title) => ({ title, align: /** @type {const} */ ('left') });
  const right = (/** @type {string} */ title) => ({ title });
  process.stdout.write(
    `${formatTable([left(`${engine}, ${size} B`), ...rateColumns.map(right)], result.rates.map(rateCells))}\n
claims, memory, lists: compare-and-swaps that failed, a thousand messages; lock waits and sleeps likewise.\n
${formatTable([left('publish to claim on another worker that is awake'), right('us'), right('from, to'), right('wanted')], result.times)}\n
${availableParallelism()} CPUs, of whose time the host kept ${(100 * stolen).toFixed(1)} % for others; medians of ${rounds} rounds of ${seconds} s.\n`,
  );
}

if (values.help) process.stdout.write(HELP);
else await main();
