/**
 * Consumed rates and CPU per message: Leveret beside the relay, and beside itself (more workers, queues with rules, an
 * older checkout). Turn by turn, because the machine drifts: each in a fresh process, or, beside an older checkout, in
 * slices of two that live side by side. A ratio is taken within a round, and the median of the rounds is what counts.
 */
import { runLoad } from '../support/generator.mjs';
import { median } from '../support/median.mjs';
import { startLeveret, startRelay } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { checkDeliveries, say } from './progress.mjs';
import { verdict } from './verdict.mjs';
import { AGAINST, RULES, WORKERS } from './workloads.mjs';

/** @typedef {import('./workloads.mjs').Workload} Workload */
/** @typedef {import('./options.mjs').Options} Options */
/** @typedef {{ rate: number, cpu: number }} Run */

/**
 * @param {readonly Workload[]} workloads
 * @param {Options} options
 */
export async function compareWithRelay(workloads, options) {
  const rows = [];
  for (const workload of workloads) {
    const rounds = [];
    for (let round = 1; round <= options.rounds; round++) {
      const ours = await runLeveret(workload, options, { verify: round === 1 });
      const relay = await runRelay(workload, options);
      say(`${workload.title}, round ${round} of ${options.rounds}: ${summary(ours)}; relay ${summary(relay)}`);
      rounds.push({ first: ours, second: relay });
    }
    rows.push(comparisonRow(workload, rounds));
  }
  return formatTable(
    [
      { title: 'one worker beside the relay', align: 'left' },
      { title: 'leveret/s' },
      { title: 'relay/s' },
      { title: 'ratio' },
      { title: 'wanted', align: 'left' },
      { title: 'CPU us/msg' },
      { title: 'relay' },
      { title: 'ratio' },
      { title: 'wanted', align: 'left' },
    ],
    rows,
  );
}

/** @param {Options} options */
export async function compareWorkers(options) {
  const rows = [];
  for (const workload of WORKERS.workloads) {
    const two = { name: 'two workers', run: () => runLeveret(workload, options, { workers: 2 }) };
    const one = { name: 'one', run: () => runLeveret(workload, options) };
    rows.push(await pairRow(workload.title, two, one, WORKERS.ratioMin, options));
  }
  return formatTable(pairColumns('two workers beside one', 'two/s', 'one/s'), rows);
}

/**
 * Queues with rules beside plain ones.
 * @param {Workload} workload
 * @param {Options} options
 */
export async function compareRules(workload, options) {
  const rows = [];
  for (const { title, load } of RULES.queues) {
    const ruled = {
      name: 'with it',
      run: () => runLeveret({ ...workload, load: [...workload.load, ...load] }, options),
    };
    const plain = { name: 'plain', run: () => runLeveret(workload, options) };
    rows.push(await pairRow(title, ruled, plain, RULES.ratioMin, options));
  }
  return formatTable(pairColumns(`queues with rules, ${workload.title}`, 'ruled/s', 'plain/s'), rows);
}

/**
 * Where both live side by side, a round is so many slices of each in turn: then what the machine's neighbours do meets
 * both.
 */
const SLICES = 6;
const SLICE_WARMUP_S = 0.3;

/**
 * This checkout beside another one.
 * @param {readonly Workload[]} workloads
 * @param {string} checkout
 * @param {Options} options
 */
export async function compareAgainst(workloads, checkout, options) {
  const sides = [
    { name: 'this', start: () => startLeveret(['--workers', '1']) },
    { name: 'that', start: () => startLeveret(['--workers', '1'], { checkout }) },
  ];
  const rows = [];
  for (const workload of workloads) rows.push(await sideBySideRow(workload, sides, SLICES, AGAINST.ratioMin, options));
  return formatTable(pairColumns(`this checkout beside ${checkout}`, 'this/s', 'that/s'), rows);
}

/** @typedef {import('../support/processes.mjs').Server} Server */
/**
 * @typedef {object} LivingSide
 * @property {string} name
 * @property {() => Promise<Server>} start
 * @property {() => () => void} [attend] what happens besides while it is measured, and how that is ended
 */

/**
 * @param {Workload} workload
 * @param {readonly LivingSide[]} sides two
 * @param {number} slices
 * @param {number} ratioMin
 * @param {Pick<Options, 'seconds' | 'rounds'>} options
 */
export async function sideBySideRow(workload, sides, slices, ratioMin, options) {
  const rounds = [];
  for (let round = 1; round <= options.rounds; round++) {
    const [first, second] = await runSideBySide(workload, sides, slices, options);
    if (first === undefined || second === undefined) throw new Error('two sides are compared');
    const [one, other] = sides.map(({ name }) => name);
    sayPair(workload.title, round, options, [String(one), first], [String(other), second]);
    rounds.push({ first, second });
  }
  return pairCells(workload.title, rounds, ratioMin);
}

/**
 * @param {Workload} workload
 * @param {readonly LivingSide[]} sides
 * @param {number} slices
 * @param {Pick<Options, 'seconds'>} options
 */
async function runSideBySide(workload, sides, slices, options) {
  const time = { warmup: SLICE_WARMUP_S, seconds: options.seconds / slices };
  /** @type {Server[]} */
  const servers = [];
  /** @type {Run[][]} */
  const runs = sides.map(() => []);
  try {
    for (const { start } of sides) servers.push(await start());
    const turns = servers.map((server, index) => ({ server, side: sides[index], runs: runs[index] }));
    // The first slice of each warms it up.
    for (let slice = 0; slice <= slices; slice++) {
      for (const { server, side, runs: own } of turns) {
        const leave = side?.attend?.();
        const run = await measure(server, workload.title, workload, time);
        leave?.();
        if (slice > 0) own?.push(run);
      }
      turns.reverse();
    }
  } finally {
    for (const server of servers) await server.stop();
  }
  return runs.map(together);
}

/**
 * Runs of the same length as one.
 * @param {readonly Run[]} runs
 * @returns {Run}
 */
function together(runs) {
  const messages = runs.reduce((sum, { rate }) => sum + rate, 0);
  const cpu = runs.reduce((sum, run) => sum + run.rate * run.cpu, 0);
  return { rate: messages / runs.length, cpu: cpu / messages };
}

/** @typedef {{ name: string, run: () => Promise<Run> }} Side */

/**
 * Runs both sides in turn; which one begins changes from round to round.
 * @param {string} title
 * @param {Side} one
 * @param {Side} other
 * @param {number} ratioMin
 * @param {Options} options
 */
async function pairRow(title, one, other, ratioMin, options) {
  const rounds = [];
  for (let round = 1; round <= options.rounds; round++) {
    const early = round % 2 === 1 ? await one.run() : undefined;
    const second = await other.run();
    const first = early ?? (await one.run());
    sayPair(title, round, options, [one.name, first], [other.name, second]);
    rounds.push({ first, second });
  }
  return pairCells(title, rounds, ratioMin);
}

/**
 * @param {string} title
 * @param {number} round
 * @param {Pick<Options, 'rounds'>} options
 * @param {readonly [string, Run]} one
 * @param {readonly [string, Run]} other
 */
function sayPair(title, round, { rounds }, [name, run], [otherName, otherRun]) {
  say(`${title}, round ${round} of ${rounds}: ${name} ${summary(run)}; ${otherName} ${summary(otherRun)}`);
}

/**
 * @param {string} title
 * @param {readonly { first: Run, second: Run }[]} rounds
 * @param {number} ratioMin
 */
function pairCells(title, rounds, ratioMin) {
  const { rate, otherRate, rateRatio, cpuRatio } = medians(rounds);
  const wanted = verdict(rateRatio, 'at least', ratioMin);
  return [title, thousands(rate), thousands(otherRate), rateRatio.toFixed(2), wanted, cpuRatio.toFixed(2)];
}

/**
 * @param {string} title
 * @param {string} one
 * @param {string} other
 * @returns {import('../support/table.mjs').Column[]}
 */
export function pairColumns(title, one, other) {
  return [
    { title, align: 'left' },
    { title: one },
    { title: other },
    { title: 'ratio' },
    { title: 'wanted', align: 'left' },
    { title: 'CPU ratio' },
  ];
}

/**
 * @param {Workload} workload
 * @param {Options} options
 * @param {{ workers?: number, verify?: boolean, checkout?: string }} [how] `verify`: also run a fixed count, in which every single message is checked
 */
async function runLeveret(workload, options, { workers = 1, verify = false, checkout } = {}) {
  const server = await startLeveret(['--workers', String(workers)], checkout === undefined ? {} : { checkout });
  try {
    const run = await measure(server, `leveret, ${workload.title}`, workload, options);
    if (verify) {
      const figures = await runLoad(server, [...workload.load, '--warmup', '0', '--count', String(workload.verify)]);
      checkDeliveries(`leveret, ${workload.title}, ${workers} workers, ${workload.verify} messages`, figures);
    }
    return run;
  } finally {
    await server.stop();
  }
}

/**
 * @param {Workload} workload
 * @param {Options} options
 */
async function runRelay(workload, options) {
  const server = await startRelay();
  try {
    return await measure(server, `relay, ${workload.title}`, workload, options);
  } finally {
    await server.stop();
  }
}

/**
 * @param {import('../support/processes.mjs').Server} server
 * @param {string} where
 * @param {Workload} workload
 * @param {Pick<Options, 'seconds' | 'warmup'>} options
 * @returns {Promise<Run>}
 */
async function measure(server, where, workload, options) {
  const time = ['--warmup', String(options.warmup), '--duration', String(options.seconds)];
  const figures = await runLoad(server, [...workload.load, ...time]);
  checkDeliveries(where, figures);
  return { rate: figures.consumed, cpu: figures.broker_cpu_us_per_msg };
}

/** @param {readonly { first: Run, second: Run }[]} rounds */
function medians(rounds) {
  return {
    rate: median(rounds.map(({ first }) => first.rate)),
    otherRate: median(rounds.map(({ second }) => second.rate)),
    rateRatio: median(rounds.map(({ first, second }) => first.rate / second.rate)),
    cpu: median(rounds.map(({ first }) => first.cpu)),
    otherCpu: median(rounds.map(({ second }) => second.cpu)),
    cpuRatio: median(rounds.map(({ first, second }) => first.cpu / second.cpu)),
  };
}

/**
 * @param {Workload} workload
 * @param {readonly { first: Run, second: Run }[]} rounds
 */
function comparisonRow(workload, rounds) {
  const { rate, otherRate, rateRatio, cpu, otherCpu, cpuRatio } = medians(rounds);
  return [
    workload.title,
    thousands(rate),
    thousands(otherRate),
    rateRatio.toFixed(2),
    verdict(rateRatio, 'at least', workload.rateMin),
    cpu.toFixed(3),
    otherCpu.toFixed(3),
    cpuRatio.toFixed(2),
    verdict(cpuRatio, 'at most', workload.cpuMax),
  ];
}

/** @param {Run} run */
function summary({ rate, cpu }) {
  return `${thousands(rate)}/s, ${cpu.toFixed(2)} us CPU a message`;
}
