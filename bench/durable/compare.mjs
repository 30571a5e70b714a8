/**
 * What durability costs: `npm run bench:durable`. Leveret with a data directory beside Debian's RabbitMQ, if it is
 * installed, and beside a C program that writes the same octets to the same disk. Turn by turn, because disks of shared
 * machines change by the minute: a ratio is taken within a round, and the median of the rounds is what counts.
 */
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDeliveries, faultCount, say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { buildLimit } from '../support/build-limit.mjs';
import { runLoad } from '../support/generator.mjs';
import { median } from '../support/median.mjs';
import { startLeveret } from '../support/processes.mjs';
import { rabbitmqVersion, startRabbitmq } from '../support/rabbitmq.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { buildYardstick, runYardstick } from '../support/yardstick.mjs';

const HELP = `Usage: npm run bench:durable -- [options]

Durable queues, persistent messages of 1 KB, confirms: Leveret beside RabbitMQ and beside a C program, in turn; prints the medians.
Exits with 1 when messages were lost, doubled or reordered; a figure that is not what is wanted is only marked.

  --directory DIR      on the disk to use (default the system's temporary directory)
  --durability WHICH   Leveret's: fsync, os or none (default fsync)
  --seconds N          measured seconds of each run (default 5), after a warm-up of up to two seconds
  --rounds N           runs of each (default 3)
  --quick              a smoke test: one short round
`;

const BODY = 1024;
const MEBIBYTE = 1 << 20;
/** Octets that a message of 1 KB takes in the log, about: what the C program writes for one. */
const RECORD = 1152;
const MANY = ['-x', '10', '-y', '10', '--queues', '10', '--prefetch', '100', '--max-inflight', '400000'];
const PERSISTENT = ['--durable', '--size', String(BODY)];
const VERIFIED = 200_000;

/** The workloads, and what is wanted of each. */
const SMALL_WINDOW = { title: '10 x 10, 10 queues, window 100', load: [...MANY, '--confirm', '100'], ratioMin: 10 };
const LARGE_WINDOW = {
  title: '10 x 10, 10 queues, window 10,000',
  load: [...MANY, '--confirm', '10000'],
  ratioMin: 0.5,
};
const ONE_BY_ONE = { title: '1 x 0, window 1', load: ['-x', '1', '-y', '0', '--confirm', '1'], ratioMax: 1.3 };
/** Writes of the C program that are measured: beside a lone producer, and of 1 MiB in a burst. */
const SINGLE_WRITES = 500;
const BURST_WRITES = 256;

const { values } = parseArgs({
  options: {
    directory: { type: 'string', default: tmpdir() },
    durability: { type: 'string', default: 'fsync' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const seconds = values.quick ? 1 : Number(values.seconds);
const share = values.quick ? 0.1 : 1;

/** @typedef {import('../support/processes.mjs').Server} Server */
/** @typedef {import('../support/generator.mjs').Figures} Figures */

/**
 * One timed run, with a folder for its data.
 * @param {string} name
 * @param {(folder: string) => Promise<Server>} start
 * @param {{ title: string, load: readonly string[] }} workload
 * @param {{ verify?: boolean }} [how] also run a fixed count, in which every single message is checked
 * @returns {Promise<Figures>}
 */
function run(name, start, { title, load }, { verify = false } = {}) {
  return inTemporaryFolder(values.directory, async (folder) => {
    const server = await start(folder);
    try {
      const time = ['--warmup', String(Math.min(2, seconds)), '--duration', String(seconds)];
      const figures = await runLoad(server, [...load, ...PERSISTENT, ...time]);
      checkDeliveries(`${name}, ${title}`, figures);
      if (verify) {
        const count = String(Math.ceil(VERIFIED * share));
        const checked = await runLoad(server, [...load, ...PERSISTENT, '--warmup', '0', '--count', count]);
        checkDeliveries(`${name}, ${title}, ${count} messages`, checked);
      }
      return figures;
    } finally {
      await server.stop();
    }
  });
}

/** @param {string} folder */
function leveret(folder) {
  return startLeveret(['--workers', '2', '--data', join(folder, 'data'), '--durability', values.durability]);
}

/** Messages that were both confirmed and consumed, a second. @param {Figures} figures */
function rateOf({ confirmed, consumed }) {
  return Math.min(confirmed, consumed);
}

/** @param {number} octets @param {number} count @param {'append' | 'again'} mode */
function disk(octets, count, mode) {
  return inTemporaryFolder(values.directory, (folder) => runYardstick(folder, octets, count, mode));
}

/** @param {number} round @param {boolean} withRabbitmq */
async function measureRound(round, withRabbitmq) {
  const small = rateOf(await run('leveret', leveret, SMALL_WINDOW, { verify: round === 1 }));
  const rabbitmq = withRabbitmq ? rateOf(await run('rabbitmq', startRabbitmq, SMALL_WINDOW)) : undefined;
  const large = rateOf(await run('leveret', leveret, LARGE_WINDOW, { verify: round === 1 }));
  // A burst fits into memory that the run before it gave back: that costs some systems a tenth of what the rest costs.
  // So the same octets, too.
  const burst = await disk(MEBIBYTE, Math.ceil(BURST_WRITES * share), 'append');
  const bulk = await disk(MEBIBYTE, Math.ceil((large * RECORD * seconds) / MEBIBYTE), 'append');
  const single = await run('leveret', leveret, ONE_BY_ONE);
  const append = await disk(RECORD, Math.ceil(SINGLE_WRITES * share), 'append');
  const again = await disk(RECORD, Math.ceil(SINGLE_WRITES * share), 'again');
  const figures = {
    small,
    rabbitmq,
    large: (large * BODY) / 1e6,
    bulk: bulk.rate,
    burst: burst.rate,
    // Syncs take now little and now much: medians alone may compare the one with the other.
    single: { median: single.confirm_p50_us / 1e3, mean: 1e3 / single.confirmed },
    append: { median: append.median, mean: RECORD / append.rate / 1e3 },
    again: { median: again.median, mean: RECORD / again.rate / 1e3 },
  };
  say(
    `round ${round} of ${rounds}: window 100 ${thousands(small)}/s` +
      `${rabbitmq === undefined ? '' : `, rabbitmq ${thousands(rabbitmq)}/s`}; window 10,000 ${figures.large.toFixed(0)} MB/s, ` +
      `C ${burst.rate.toFixed(0)} MB/s (as many bytes: ${bulk.rate.toFixed(0)}); window 1 ${figures.single.median.toFixed(2)} ms (mean ${figures.single.mean.toFixed(2)}), ` +
      `C ${append.median.toFixed(2)} ms (mean ${figures.append.mean.toFixed(2)})`,
  );
  return figures;
}

/** @typedef {Awaited<ReturnType<typeof measureRound>>} Round */

/**
 * @param {readonly Round[]} all
 * @param {(round: Round) => number} ours
 * @param {(round: Round) => number} theirs
 */
function medians(all, ours, theirs) {
  return {
    ours: median(all.map(ours)),
    theirs: median(all.map(theirs)),
    ratio: median(all.map((round) => ours(round) / theirs(round))),
  };
}

/** @param {readonly Round[]} all @param {string | null} version RabbitMQ's */
function smallWindowRow(all, version) {
  const ours = `${thousands(median(all.map((round) => round.small)))}/s`;
  if (version === null) return [SMALL_WINDOW.title, ours, 'RabbitMQ is not installed', '', '', ''];
  const { theirs, ratio } = medians(
    all,
    (round) => round.small,
    (round) => round.rabbitmq ?? 0,
  );
  const wanted = verdict(ratio, 'at least', SMALL_WINDOW.ratioMin);
  return [SMALL_WINDOW.title, ours, `RabbitMQ ${version}`, `${thousands(theirs)}/s`, ratio.toFixed(1), wanted];
}

/** @param {readonly Round[]} all @param {'bulk' | 'burst'} stretch */
function largeWindowRow(all, stretch) {
  const { ours, theirs, ratio } = medians(
    all,
    (round) => round.large,
    (round) => round[stretch],
  );
  return [
    `${LARGE_WINDOW.title}: bodies`,
    `${ours.toFixed(0)} MB/s`,
    stretch === 'burst' ? 'C, a sync each 1 MiB' : 'C, as many bytes as the log',
    `${theirs.toFixed(0)} MB/s`,
    ratio.toFixed(2),
    verdict(ratio, 'at least', LARGE_WINDOW.ratioMin),
  ];
}

/** @param {readonly Round[]} all @param {'append' | 'again'} mode @param {'median' | 'mean'} figure */
function oneByOneRow(all, mode, figure) {
  const { ours, theirs, ratio } = medians(
    all,
    (round) => round.single[figure],
    (round) => round[mode][figure],
  );
  const wanted = mode === 'append' ? verdict(ratio, 'at most', ONE_BY_ONE.ratioMax) : '';
  return [
    `${ONE_BY_ONE.title}: confirm, ${figure}`,
    `${ours.toFixed(2)} ms`,
    `C, write and sync${mode === 'again' ? ', again' : ''}`,
    `${theirs.toFixed(2)} ms`,
    ratio.toFixed(2),
    wanted,
  ];
}

/** @param {readonly Round[]} all @param {string | null} rabbitmq its version */
function rows(all, rabbitmq) {
  return [
    smallWindowRow(all, rabbitmq),
    largeWindowRow(all, 'burst'),
    largeWindowRow(all, 'bulk'),
    oneByOneRow(all, 'append', 'median'),
    oneByOneRow(all, 'append', 'mean'),
    oneByOneRow(all, 'again', 'median'),
    oneByOneRow(all, 'again', 'mean'),
  ];
}

async function compare() {
  say('building the generator and the yardstick');
  buildLimit();
  buildYardstick();
  const rabbitmq = rabbitmqVersion();
  /** @type {Round[]} */
  const all = [];
  for (let round = 1; round <= rounds; round++) all.push(await measureRound(round, rabbitmq !== null));
  const columns = /** @type {const} */ ([
    { title: `durable, ${values.durability}, 1 KB`, align: 'left' },
    { title: 'leveret' },
    { title: 'beside', align: 'left' },
    { title: '' },
    { title: 'ratio' },
    { title: 'wanted', align: 'left' },
  ]);
  const cpu = cpus()[0]?.model ?? 'unknown CPU';
  const conditions = `Medians of ${rounds} rounds of ${seconds} s; ${availableParallelism()} CPUs (${cpu}), Node ${process.version}.`;
  process.stdout.write(`${conditions}\n\n${formatTable(columns, rows(all, rabbitmq))}\n`);
  const faults = faultCount();
  if (faults > 0) say(`messages were lost, doubled or reordered in ${faults} runs`);
  process.exitCode = faults > 0 ? 1 : 0;
}

if (values.help) process.stdout.write(HELP);
else await compare();
