/**
 * What the broker costs beside its throughput: latency at a modest rate, resident memory idle and full, time to start.
 */

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { runLoad } from '../support/generator.mjs';
import { median } from '../support/median.mjs';
import { freePort, tryConnect } from '../support/ports.mjs';
import { launchLeveret, residentMb, startLeveret, startRelay } from '../support/processes.mjs';
import { withStolen } from '../support/stolen.mjs';
import { checkDeliveries, reportFault, say } from './progress.mjs';
import { verdict } from './verdict.mjs';
import { IDLE, LATENCY, START, WAITING } from './workloads.mjs';

/** @typedef {import('./options.mjs').Options} Options */
/** @typedef {readonly string[]} Row measure, figure, wanted */
/** @typedef {import('../support/processes.mjs').Server} Server */
/**
 * @typedef {import('../support/generator.mjs').Figures & { stolen: number }} LatencyRun `stolen`: the share of time the
 * host took
 */

const CONNECT_PAUSE_MS = 2;

/**
 * @param {Options} options
 * @returns {Promise<Row[]>}
 */
export async function measureLatency(options) {
  /** @type {LatencyRun[]} */
  const ours = [];
  /** @type {LatencyRun[]} */
  const relays = [];
  for (let round = 1; round <= options.rounds; round++) {
    ours.push(await latencyRun('leveret', round, () => startLeveret(['--workers', '1']), options));
    relays.push(await latencyRun('relay', round, startRelay, options));
  }
  const [p50, p99] = [median(ours.map((run) => run.p50_us)), median(ours.map((run) => run.p99_us))];
  const [relay50, relay99] = [median(relays.map((run) => run.p50_us)), median(relays.map((run) => run.p99_us))];
  return [
    ['latency at 2,000/s, p50', `${p50.toFixed(0)} us`, verdict(p50, 'at most', LATENCY.p50MaxUs)],
    ['latency at 2,000/s, p99', `${p99.toFixed(0)} us`, verdict(p99, 'at most', LATENCY.p99MaxUs)],
    ['the relay beside it, p50 / p99', `${relay50.toFixed(0)} / ${relay99.toFixed(0)} us`, ''],
    ['time that the host took, leveret / relay', `${percent(stolen(ours))} / ${percent(stolen(relays))}`, ''],
  ];
}

/** @param {readonly LatencyRun[]} runs */
const stolen = (runs) => median(runs.map((run) => run.stolen));

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(2)}%`;

/**
 * @param {string} name
 * @param {number} round
 * @param {() => Promise<Server>} start
 * @param {Options} options
 * @returns {Promise<LatencyRun>}
 */
async function latencyRun(name, round, start, options) {
  const server = await start();
  const time = ['--warmup', String(options.warmup), '--duration', String(options.seconds)];
  const { result: figures, stolen } = await withStolen(() => runLoad(server, [...LATENCY.load, ...time]));
  await server.stop();
  checkDeliveries(`${name}, latency`, figures);
  const taken = `the host took ${percent(stolen)}`;
  say(`latency, ${name}, round ${round}: p50 ${figures.p50_us} us, p99 ${figures.p99_us} us, ${taken}`);
  return { ...figures, stolen };
}

/** @returns {Promise<Row[]>} */
export async function measureIdle() {
  const server = await startLeveret(['--workers', '2']);
  await pause(IDLE.settleMs);
  const resident = residentMb(server.pid);
  await server.stop();
  say(`idle, two workers: ${resident.toFixed(0)} MB`);
  return [['resident, idle, two workers', megabytes(resident), verdict(resident, 'at most', IDLE.residentMaxMb)]];
}

/** @returns {Promise<Row[]>} */
export async function measureWaiting() {
  const server = await startLeveret(['--workers', '2']);
  await pause(IDLE.settleMs);
  const idle = residentMb(server.pid);
  const full = await fill(server);
  const drained = await drain(server);
  const refilled = await fill(server);
  await drain(server);
  await server.stop();

  const growth = full - idle;
  const reuse = (refilled - idle) / growth;
  return [
    ['1,000,000 x 100 bytes waiting, growth', megabytes(growth), verdict(growth, 'at most', WAITING.growthMaxMb)],
    ['  after they are drained, growth', megabytes(drained - idle), ''],
    ['  filled again, growth', megabytes(refilled - idle), ''],
    ['  second filling / first', reuse.toFixed(2), verdict(reuse, 'at most', WAITING.refillMax)],
  ];
}

const WAITING_QUEUE = ['--keep', '--prefix', 'waiting', '--warmup', '0', '--count', String(WAITING.count)];

/**
 * Confirms tell when the last message has arrived: the generator would leave at the last write otherwise.
 * @param {Server} server
 */
async function fill(server) {
  await runLoad(server, ['-x', '1', '-y', '0', '--size', String(WAITING.bytes), '--confirm', '5000', ...WAITING_QUEUE]);
  const resident = residentMb(server.pid);
  say(`${WAITING.count} messages waiting: ${resident.toFixed(0)} MB`);
  return resident;
}

/** @param {Server} server */
async function drain(server) {
  const figures = await runLoad(server, [
    '-x',
    '0',
    '-y',
    '1',
    '--consume-only',
    '--multi-ack',
    '50',
    ...WAITING_QUEUE,
  ]);
  if (figures.total_consumed !== WAITING.count) {
    reportFault(`of ${WAITING.count} messages waiting, ${figures.total_consumed} were delivered`);
  }
  const resident = residentMb(server.pid);
  say(`drained: ${resident.toFixed(0)} MB`);
  return resident;
}

/**
 * @param {Options} options
 * @returns {Promise<Row[]>}
 */
export async function measureStart(options) {
  const times = [];
  for (let round = 1; round <= options.rounds; round++) {
    const ms = await timeToFirstConnection();
    say(`start to first accepted connection, round ${round} of ${options.rounds}: ${ms.toFixed(0)} ms`);
    times.push(ms);
  }
  const ms = median(times);
  return [['start to first accepted connection', `${ms.toFixed(0)} ms`, verdict(ms, 'at most', START.maxMs)]];
}

async function timeToFirstConnection() {
  const port = await freePort();
  const begin = performance.now();
  const server = launchLeveret(port, []);
  const ended = once(server.process, 'exit').then(() => 'ended');
  while ((await Promise.race([tryConnect(port), ended])) !== 'connected') {
    if (server.process.exitCode !== null) throw new Error('leveret ended before it accepted a connection');
    await pause(CONNECT_PAUSE_MS);
  }
  const ms = performance.now() - begin;
  await server.stop();
  return ms;
}

/** @param {number} value */
function megabytes(value) {
  return `${value.toFixed(0)} MB`;
}
