/**
 * Whom a flood keeps waiting: `npm run bench:fairness`. One client does a lot at once while another one on the same
 * worker sends single messages, and new ones connect; beside them the same with nothing else going on. Broker, who
 * floods, and who looks at the clock are processes of their own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faultCount, reportFault, say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { freePort } from '../support/ports.mjs';
import { startLeveret } from '../support/processes.mjs';
import { formatTable } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { FLOODS } from './floods.mjs';
import { runMinute } from './minute.mjs';
import { runShares } from './shares.mjs';
import { Witness } from './witness.mjs';

const HELP = `Usage: npm run bench:fairness -- [options]

  --engine NAME  wasm or js (default: wasm)
  --seconds N    of floods that last, and of the idle figure (default 10)
  --only TEXT    floods whose names have this
  --minute       instead: whether one of 100 consumers on 4 workers starves in a minute, or in --seconds
  --shares       instead: how equal the shares of equal consumers are on 1, 2 and 4 workers
  --quick        a smoke test: a hundredth of each, nothing is judged
`;
/** What a flood may add for others (ms). */
const ADDED_MAX_MS = 20;
const QUICK_SCALE = 0.01;
const MINUTE_S = 60;
/** Between what a flood needs and the flood (ms): what is left of the one is none of the other. */
const SETTLE_MS = 200;

const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'wasm' },
    seconds: { type: 'string' },
    only: { type: 'string', default: '' },
    minute: { type: 'boolean', default: false },
    shares: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const lastsMs = Number(values.seconds ?? (values.quick ? 0.5 : 10)) * 1000;

/** @typedef {import('./witness.mjs').Waits} Waits */
/** @typedef {{ name: string, waits: Waits }} Row */

const COLUMNS = [
  ...['', 'messages', 'p50', 'p99', 'max (ms)', 'of idle p99', 'open-ok', 'p50', 'p99', 'max (ms)', 'of idle p99'],
  'p99 more than idle (ms)',
].map((title, i) => ({ title, align: /** @type {'left' | 'right'} */ (i === 0 ? 'left' : 'right') }));

/** @param {string} folder */
async function main(folder) {
  const httpPort = await freePort();
  const server = await startLeveret(
    ['--workers', '1', '--engine', values.engine, '--memory', '3G', '--http-port', String(httpPort)].concat([
      '--data',
      join(folder, 'data'),
    ]),
  );
  const scale = values.quick ? QUICK_SCALE : 1;
  const flooder = fork(new URL('./flooder.mjs', import.meta.url), [server.port, httpPort, scale].map(String));
  flooder.on('exit', (code) => {
    if (code === 0) return;
    say('who floods has ended');
    process.exit(1);
  });
  const failed = (/** @type {Error} */ error) => reportFault(error.message);
  try {
    const witness = await Witness.open(server.port, failed);
    const idle = await witness.during(() => pause(lastsMs));
    const rows = [];
    for (const { name, rounds } of FLOODS.filter((flood) => flood.name.includes(values.only))) {
      say(name);
      rows.push({ name, waits: await flooded(witness, flooder, name, values.quick ? Math.min(rounds, 1) : rounds) });
    }
    // The same at the end: the machine may have changed.
    const after = await witness.during(() => pause(lastsMs));
    await witness.close();
    tell(together([idle, after]), rows);
  } finally {
    flooder.disconnect();
    await server.stop();
  }
}

/**
 * @param {Witness} witness
 * @param {import('node:child_process').ChildProcess} flooder
 * @param {string} name
 * @param {number} rounds 0: it lasts
 */
async function flooded(witness, flooder, name, rounds) {
  /** @type {Waits[]} */
  const all = [];
  for (let round = 0; round < Math.max(1, rounds); round++) {
    flooder.send({ prepare: name });
    await once(flooder, 'message');
    await pause(SETTLE_MS);
    const waits = await witness.during(async () => {
      flooder.send('act');
      const over = once(flooder, 'message');
      if (rounds === 0) {
        await pause(lastsMs);
        flooder.send('stop');
      }
      await over;
    });
    all.push(waits);
    flooder.send('leave');
    await once(flooder, 'message');
  }
  return together(all);
}

/** @param {readonly Waits[]} all @returns {Waits} */
function together(all) {
  return { messages: all.flatMap(({ messages }) => messages), opens: all.flatMap(({ opens }) => opens) };
}

/** @param {Waits} idle @param {readonly Row[]} rows */
function tell(idle, rows) {
  const table = [{ name: 'nothing else', waits: idle }, ...rows].map(({ name, waits }) => {
    const message = figures(waits.messages, idle.messages);
    const open = figures(waits.opens, idle.opens);
    const added = Math.max(message.added, open.added);
    const judged =
      values.quick || waits === idle ? '' : `${added.toFixed(1)} ${verdict(added, 'at most', ADDED_MAX_MS)}`;
    return [name, ...message.cells, ...open.cells, judged];
  });
  process.stdout.write(`${values.engine}, ms\n${formatTable(COLUMNS, table)}\n`);
}

/** @param {readonly number[]} times @param {readonly number[]} idle */
function figures(times, idle) {
  const p99 = quantile(times, 0.99);
  const idleP99 = quantile(idle, 0.99);
  const cells = [
    String(times.length),
    quantile(times, 0.5).toFixed(1),
    p99.toFixed(1),
    quantile(times, 1).toFixed(1),
    (p99 / idleP99).toFixed(1),
  ];
  return { cells, added: p99 - idleP99 };
}

/** @param {readonly number[]} times @param {number} share */
function quantile(times, share) {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

if (values.help) process.stdout.write(HELP);
else {
  if (values.minute) await runMinute(values.engine, Number(values.seconds ?? MINUTE_S) * 1000);
  else if (values.shares) await runShares(values.engine, values.quick ? QUICK_SCALE : 1);
  else await inTemporaryFolder(tmpdir(), main);
  if (faultCount() > 0) process.exitCode = 1;
}
