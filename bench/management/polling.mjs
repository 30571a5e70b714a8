/**
 * What it costs to be watched: `npm run bench:polling`. The rates of the limit bench with a browser that polls each
 * second and a scrape each five, beside a broker without management, in slices of two that live side by side. A ratio
 * is taken within a round; the median of the rounds is what counts.
 */
import { parseArgs } from 'node:util';
import { faultCount } from '../limit/progress.mjs';
import { pairColumns, sideBySideRow } from '../limit/rates.mjs';
import { verdict } from '../limit/verdict.mjs';
import { RATE_WORKLOADS } from '../limit/workloads.mjs';
import { buildLimit } from '../support/build-limit.mjs';
import { median } from '../support/median.mjs';
import { freePort } from '../support/ports.mjs';
import { startLeveret } from '../support/processes.mjs';
import { formatTable } from '../support/table.mjs';
import { Browser, p99 } from './browser.mjs';

const RATIO_MIN = 0.97;
const OVERVIEW_P99_MAX_MS = 20;
/** The workload during which an overview's time counts. */
const COUNTED = '20x20';
/** Of so many seconds at least, so that each sees polls. */
const SLICE_S = 2;

const HELP = `Usage: npm run bench:polling -- [options]

  --only NAMES   comma-separated, of: ${RATE_WORKLOADS.map(({ name }) => name).join(', ')}
  --seconds N    measured seconds of each run (default 12), in slices of ${SLICE_S}
  --rounds N     runs of each (default 7)
  --quick        one round of one slice each
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: RATE_WORKLOADS.map(({ name }) => name).join(',') },
    seconds: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '7' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main() {
  buildLimit();
  const options = values.quick
    ? { seconds: SLICE_S, rounds: 1 }
    : { seconds: Number(values.seconds), rounds: Number(values.rounds) };
  const slices = Math.max(1, Math.floor(options.seconds / SLICE_S));
  const only = values.only.split(',');
  const rows = [];
  /** @type {number[]} */
  const overviews = [];
  for (const workload of RATE_WORKLOADS.filter(({ name }) => only.includes(name))) {
    /** @type {Browser[]} */
    const browsers = [];
    const watched = {
      name: 'watched',
      start: async () => {
        const port = await freePort();
        const server = await startLeveret(['--workers', '1', '--http-port', String(port)]);
        const browser = new Browser(port);
        // The API is loaded for the first who asks.
        await browser.poll();
        browser.overviews.length = 0;
        browsers.push(browser);
        return server;
      },
      attend: () => browsers.at(-1)?.watch() ?? (() => {}),
    };
    const alone = { name: 'without management', start: () => startLeveret(['--workers', '1']) };
    rows.push(await sideBySideRow(workload, [watched, alone], slices, RATIO_MIN, options));
    if (workload.name === COUNTED) overviews.push(...browsers.flatMap((browser) => browser.overviews));
    for (const browser of browsers) browser.close();
  }
  process.stdout.write(`${formatTable(pairColumns('watched beside without', 'watched/s', 'without/s'), rows)}\n`);
  if (overviews.length > 0) process.stdout.write(`\n${overviewLine(overviews)}\n`);
  process.exitCode = faultCount() > 0 ? 1 : 0;
}

/** @param {readonly number[]} times */
function overviewLine(times) {
  const late = p99(times);
  const half = `median ${median(times).toFixed(1)} ms`;
  const wanted = verdict(Number(late.toFixed(1)), 'at most', OVERVIEW_P99_MAX_MS);
  return `GET /api/overview while ${COUNTED} runs: ${half}, p99 ${late.toFixed(1)} ms (${wanted}), ${times.length} of them`;
}

if (values.help) process.stdout.write(HELP);
else await main();
