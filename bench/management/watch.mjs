/**
 * A large broker that is watched: `npm run bench:watch -- --minutes 60`. Queues by the ten thousand and connections by
 * the thousand, of which some work, while a browser polls each second and a scrape comes each five; the process's memory
 * is told each few seconds, and in the end whether it grows. What must hold: all that was declared is there at the end.
 */
import { parseArgs } from 'node:util';
import amqp from 'amqplib';
import { say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { median } from '../support/median.mjs';
import { freePort } from '../support/ports.mjs';
import { residentMb, startLeveret } from '../support/processes.mjs';
import { Browser, p99 } from './browser.mjs';

const HELP = `Usage: npm run bench:watch -- [options]

  --minutes N       how long it is watched (default 60)
  --queues N        (default 10000)
  --connections N   (default 1000)
  --quick           500 queues, 50 connections, half a minute; nothing is judged
`;
/** How many connections publish and consume, and how often each (ms). */
const WORKING = 50;
const WORK_MS = 100;
/** Declarations that are under way together. */
const TOGETHER = 100;
/** What the last third may be above the first, in megabytes an hour: what the collector leaves now and then. */
const GROWTH_MAX_MB_AN_HOUR = 16;
/** The first part of the time, in which rates and histories fill, is not judged. */
const SETTLING = 0.2;
const SAMPLES_MIN = 30;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    queues: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '1000' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @typedef {{ minutes: number, queues: number, connections: number }} Scale */
/** @typedef {{ minute: number, megabytes: number }} Sample */

async function main() {
  /** @type {Scale} */
  const scale = values.quick
    ? { minutes: 0.5, queues: 500, connections: 50 }
    : { minutes: Number(values.minutes), queues: Number(values.queues), connections: Number(values.connections) };
  const httpPort = await freePort();
  const server = await startLeveret(['--workers', '2', '--http-port', String(httpPort)]);
  try {
    const { leave, work } = await populate(`amqp://guest:guest@127.0.0.1:${server.port}`, scale);
    const browser = new Browser(httpPort);
    await browser.poll();
    browser.overviews.length = 0;
    const close = browser.watch();
    const rest = work();
    const samples = await sample(server.pid, scale.minutes);
    rest();
    close();
    await mustStillBe(httpPort, scale);
    const times = `median ${median(browser.overviews).toFixed(1)} ms, p99 ${p99(browser.overviews).toFixed(1)} ms`;
    process.stdout.write(`${browser.answers} answers; an overview: ${times}\n`);
    judge(samples);
    await leave();
    browser.close();
  } finally {
    await server.stop();
  }
}

/**
 * @param {string} url
 * @param {Scale} scale
 */
async function populate(url, { queues, connections }) {
  say(`declaring ${queues} queues, opening ${connections} connections`);
  /** @type {import('amqplib').ChannelModel[]} */
  const all = [];
  /** @type {import('amqplib').Channel[]} */
  const channels = [];
  while (all.length < connections) {
    const some = Math.min(TOGETHER, connections - all.length);
    const opened = await Promise.all(Array.from({ length: some }, () => amqp.connect(url)));
    all.push(...opened);
    channels.push(...(await Promise.all(opened.map((connection) => connection.createChannel()))));
  }
  for (let from = 0; from < queues; from += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, queues - from) }, (_, index) => from + index);
    await Promise.all(some.map((index) => channelOf(channels, index).assertQueue(nameOf(index), { durable: false })));
  }
  const consumed = channels.slice(0, WORKING);
  await Promise.all(consumed.map((channel, index) => channel.consume(nameOf(index), () => {}, { noAck: true })));
  const work = () => {
    const timer = setInterval(() => {
      consumed.forEach((channel, index) => {
        channel.sendToQueue(nameOf(index), Buffer.from('work'));
      });
    }, WORK_MS);
    return () => clearInterval(timer);
  };
  return { work, leave: () => Promise.all(all.map((connection) => connection.close())) };
}

/**
 * @param {readonly import('amqplib').Channel[]} channels
 * @param {number} index
 */
function channelOf(channels, index) {
  const channel = channels[index % channels.length];
  if (channel === undefined) throw new Error('there are no channels');
  return channel;
}

/** @param {number} index */
function nameOf(index) {
  return `watched-${index}`;
}

/**
 * @param {number} pid
 * @param {number} minutes
 * @returns {Promise<Sample[]>}
 */
async function sample(pid, minutes) {
  const everyMs = Math.min(10_000, (minutes * 60_000) / SAMPLES_MIN);
  const begun = performance.now();
  /** @type {Sample[]} */
  const samples = [];
  for (let minute = 0; minute < minutes; minute = (performance.now() - begun) / 60_000) {
    samples.push({ minute, megabytes: residentMb(pid) });
    const { megabytes } = /** @type {Sample} */ (samples.at(-1));
    say(`${minute.toFixed(1)} min: ${megabytes.toFixed(0)} MB`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return samples;
}

/** @param {readonly Sample[]} samples */
function judge(samples) {
  const settled = samples.slice(Math.floor(samples.length * SETTLING));
  const third = Math.floor(settled.length / 3);
  const [first, last] = [settled.slice(0, third), settled.slice(-third)];
  if (third < 1) return;
  const of = (/** @type {readonly Sample[]} */ some, /** @type {keyof Sample} */ what) =>
    median(some.map((one) => one[what]));
  const hours = (of(last, 'minute') - of(first, 'minute')) / 60;
  const slope = (of(last, 'megabytes') - of(first, 'megabytes')) / hours;
  const wanted = verdict(Number(slope.toFixed(1)), 'at most', GROWTH_MAX_MB_AN_HOUR);
  const from = `${of(first, 'megabytes').toFixed(0)} MB, then ${of(last, 'megabytes').toFixed(0)} MB`;
  process.stdout.write(
    `resident: ${from}: ${slope.toFixed(1)} MB an hour (${values.quick ? 'too short to judge' : wanted})\n`,
  );
  if (!values.quick && slope > GROWTH_MAX_MB_AN_HOUR) process.exitCode = 1;
}

/**
 * @param {number} port
 * @param {Scale} scale
 */
async function mustStillBe(port, { queues, connections }) {
  const login = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const answer = await fetch(`http://127.0.0.1:${port}/api/overview`, { headers: { authorization: login } });
  const { object_totals: totals } = /** @type {{ object_totals: Record<string, number> }} */ (await answer.json());
  if (totals.queues === queues && totals.connections === connections) return;
  throw new Error(`${totals.queues} queues and ${totals.connections} connections are there`);
}

if (values.help) process.stdout.write(HELP);
else await main();
