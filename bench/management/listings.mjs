/**
 * How long listings of many queues take, and whom they hold up: `npm run bench:listings`. 10,000 queues in one vhost, a
 * first page of them and all, beside the RabbitMQ at RABBITMQ_URL and RABBITMQ_MANAGEMENT, if there is one (in a vhost
 * that is deleted again); then 100,000 in all without statistics, and scrapes of each of them, while queues are declared
 * and overviews asked for. Broker, who lists or scrapes, and who declares are processes of their own.
 */
import { fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import amqp from 'amqplib';
import { say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { median } from '../support/median.mjs';
import { freePort } from '../support/ports.mjs';
import { residentMb, startLeveret } from '../support/processes.mjs';
import { formatTable } from '../support/table.mjs';
import { Browser, p99 } from './browser.mjs';

const HELP = `Usage: npm run bench:listings -- [options]

  --queues N   in all (default 100000), of which a tenth are in the vhost whose listings are compared
  --rounds N   answers of each, of which the median is told (default 5)
  --quick      2000 queues, one round; nothing is judged
`;
const PAGE_MAX_MS = 500;
const ALL_MAX_MS = 2000;
const DECLARE_P99_MAX_MS = 10;
const OVERVIEW_P99_MAX_MS = 20;
/** Of RabbitMQ's time for all. */
const SHARE_MAX = 0.2;
/** How long listings go on while others are timed, and how long these rest between two requests (ms). */
const MEANWHILE_MS = 20_000;
const REST_MS = 5;
const OVERVIEW_REST_MS = 50;
const SCRAPE = '/metrics/per-object';
const CONNECTIONS = 10;
const TOGETHER = 200;
const VHOST = `listings-${process.pid}`;
const LOGIN = `Basic ${Buffer.from('guest:guest').toString('base64')}`;

const { values } = parseArgs({
  options: {
    queues: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

/** @typedef {{ name: string, amqp: URL, http: URL }} Broker */
/** @typedef {import('./lister.mjs').Took} Took */
/** @typedef {import('node:child_process').ChildProcess} Lister */

async function main() {
  const queues = values.quick ? 2000 : Number(values.queues);
  const rounds = values.quick ? 1 : Number(values.rounds);
  const port = await freePort();
  const server = await startLeveret(['--workers', '2', '--http-port', String(port)]);
  const lister = fork(new URL('./lister.mjs', import.meta.url));
  lister.on('exit', (code) => {
    if (code !== 0) process.exit(1);
  });
  try {
    /** @type {Broker} */
    const own = {
      name: 'leveret',
      amqp: new URL(`amqp://guest:guest@127.0.0.1:${server.port}`),
      http: new URL(`http://127.0.0.1:${port}`),
    };
    const compared = queues / 10;
    const mine = await ofVhost(own, compared, rounds, lister);
    const referee = refereeNamed();
    const others = referee === null ? null : await besides(referee, compared, rounds, lister);
    tellOfVhost(compared, mine, others);
    await withAll(own, queues, rounds, lister, server.pid);
  } finally {
    lister.disconnect();
    await server.stop();
  }
}

/** @returns {Broker | null} */
function refereeNamed() {
  const { RABBITMQ_URL: url, RABBITMQ_MANAGEMENT: management } = process.env;
  if (!url || !management) return null;
  return { name: 'RabbitMQ', amqp: new URL(url), http: new URL(management) };
}

/**
 * @param {Broker} referee
 * @param {number} queues
 * @param {number} rounds
 * @param {Lister} lister
 */
async function besides(referee, queues, rounds, lister) {
  try {
    return await ofVhost(referee, queues, rounds, lister);
  } finally {
    say('deleting the vhost at RabbitMQ');
    await manage(referee, 'DELETE', `/api/vhosts/${VHOST}`);
  }
}

/**
 * A first page, and all of a vhost.
 * @param {Broker} broker
 * @param {number} queues
 * @param {number} rounds
 * @param {Lister} lister
 */
async function ofVhost(broker, queues, rounds, lister) {
  await manage(broker, 'PUT', `/api/vhosts/${VHOST}`);
  await declare(broker, VHOST, queues);
  const path = `/api/queues/${VHOST}`;
  // What was declared last may be told of late; and the API is loaded for the first who asks.
  while ((await list(lister, broker, path)).rows < queues) await pause(1000);
  const page = `${path}?page=1&page_size=100&name=&use_regex=false&pagination=true`;
  return { page: await medianOf(lister, broker, page, rounds), all: await medianOf(lister, broker, path, rounds) };
}

/**
 * @param {number} queues
 * @param {{ page: Took, all: Took }} mine
 * @param {{ page: Took, all: Took } | null} others
 */
function tellOfVhost(queues, mine, others) {
  const columns = [`${queues} queues`, 'leveret', 'RabbitMQ', 'wanted'];
  const share = mine.all.ms / (others?.all.ms ?? Number.NaN);
  const ofOthers = (/** @type {Took | undefined} */ took) => (took === undefined ? 'not asked' : time(took.ms));
  const rows = [
    ['first page of 100', time(mine.page.ms), ofOthers(others?.page), judged(mine.page.ms, PAGE_MAX_MS)],
    [
      'all',
      time(mine.all.ms),
      ofOthers(others?.all),
      others === null ? '' : `${(share * 100).toFixed(0)} %: ${judged(share, SHARE_MAX)}`,
    ],
  ];
  process.stdout.write(`${formatTable(columns.map(heading), rows)}\n\n`);
}

/**
 * @param {Broker} broker
 * @param {number} queues
 * @param {number} rounds
 * @param {Lister} lister
 * @param {number} pid
 */
async function withAll(broker, queues, rounds, lister, pid) {
  await declare(broker, '/', queues - queues / 10);
  const path = '/api/queues?disable_stats=true&enable_queue_totals=true';
  const { rows } = await list(lister, broker, path);
  if (rows !== queues) throw new Error(`${rows} queues are listed`);
  const before = residentMb(pid);
  const all = await medianOf(lister, broker, path, rounds);
  const stats = await medianOf(lister, broker, '/api/queues', rounds);
  const bySort = await medianOf(lister, broker, `${path}&sort=name&sort_reverse=true`, rounds);
  const scrape = await medianOf(lister, broker, SCRAPE, rounds);
  const grown = residentMb(pid) - before;
  const forMs = values.quick ? REST_MS * 100 : MEANWHILE_MS;
  say('declaring queues and asking for overviews');
  const alone = await timed(broker, () => pause(forMs));
  say('the same while listings go on');
  const listing = await timed(broker, () => asked(lister, broker, path, forMs));
  say('the same while scrapes go on');
  const scraping = await timed(broker, () => asked(lister, broker, SCRAPE, forMs));
  const columns = [`${queues} queues`, 'leveret', 'wanted'];
  const megabytes = (/** @type {Took} */ took) => `${(took.octets / 2 ** 20).toFixed(1)} MB`;
  const table = [
    ['without statistics, with totals', time(all.ms), judged(all.ms, ALL_MAX_MS)],
    ['  until the first octet', time(all.firstMs), ''],
    ['  the answer', megabytes(all), ''],
    ['  the same, sorted by name', time(bySort.ms), ''],
    ['with all statistics', time(stats.ms), ''],
    ['  the answer', megabytes(stats), ''],
    ['a scrape of each queue', time(scrape.ms), ''],
    ['  until the first octet', time(scrape.firstMs), ''],
    ['  the answer', megabytes(scrape), ''],
    ['resident memory grew by', `${grown.toFixed(0)} MB`, ''],
  ];
  process.stdout.write(`${formatTable(columns.map(heading), table)}\n\n`);
  tellOfOthers(alone, listing, scraping);
}

/**
 * @param {Waits} alone
 * @param {Waits} listing
 * @param {Waits} scraping
 */
function tellOfOthers(alone, listing, scraping) {
  const columns = ['what others wait', 'without', 'while listings go on', 'while scrapes go on', 'wanted'];
  /** @type {(name: string, of: (times: readonly number[]) => number, what: keyof Waits) => string[]} */
  const row = (name, of, what) => [name, ...[alone, listing, scraping].map((waits) => time(of(waits[what])))];
  /** @type {(name: string, what: keyof Waits, most: number) => string[]} */
  const late = (name, what, most) => [
    ...row(`${name}, p99`, p99, what),
    judged(Math.max(p99(listing[what]), p99(scraping[what])), most),
  ];
  const table = [
    row('queue.declare, median', median, 'declares'),
    late('queue.declare', 'declares', DECLARE_P99_MAX_MS),
    row('an overview, median', median, 'overviews'),
    late('an overview', 'overviews', OVERVIEW_P99_MAX_MS),
  ];
  process.stdout.write(`${formatTable(columns.map(heading), table)}\n`);
}

/** Of each, how long it took (ms). @typedef {{ declares: number[], overviews: number[] }} Waits */

/**
 * What others wait while something goes on.
 * @param {Broker} broker
 * @param {() => Promise<unknown>} what
 * @returns {Promise<Waits>}
 */
async function timed(broker, what) {
  const connection = await amqp.connect(broker.amqp.href);
  const channel = await connection.createChannel();
  const browser = new Browser(Number(broker.http.port));
  let isOver = false;
  /** @type {number[]} */
  const declares = [];
  const declaring = async () => {
    while (!isOver) {
      const begun = performance.now();
      await channel.assertQueue(`meanwhile-${declares.length}`, { durable: false, autoDelete: true });
      declares.push(performance.now() - begun);
      await pause(REST_MS);
    }
  };
  const looking = async () => {
    while (!isOver) {
      await browser.look();
      await pause(OVERVIEW_REST_MS);
    }
  };
  const both = Promise.all([declaring(), looking()]);
  await what();
  isOver = true;
  await both;
  browser.close();
  await connection.close();
  return { declares, overviews: browser.overviews };
}

/**
 * @param {Broker} broker
 * @param {string} vhost
 * @param {number} queues
 */
async function declare({ name, amqp: url }, vhost, queues) {
  say(`declaring ${queues} queues at ${name}`);
  const target = new URL(url);
  target.pathname = `/${encodeURIComponent(vhost)}`;
  const declareSome = async (/** @type {number} */ first) => {
    const connection = await amqp.connect(target.href);
    const channel = await connection.createChannel();
    const numbers = Array.from(
      { length: Math.ceil((queues - first) / CONNECTIONS) },
      (_, at) => first + at * CONNECTIONS,
    );
    for (let from = 0; from < numbers.length; from += TOGETHER) {
      const some = numbers.slice(from, from + TOGETHER);
      await Promise.all(some.map((number) => channel.assertQueue(`listed-${number}`, { durable: false })));
    }
    await connection.close();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, first) => declareSome(first)));
}

/**
 * @param {Broker} broker
 * @param {string} method
 * @param {string} path
 */
async function manage({ http }, method, path) {
  const answer = await fetch(new URL(path, http), { method, headers: { authorization: LOGIN } });
  if (!answer.ok) throw new Error(`${method} ${path} was answered by ${answer.status}`);
}

/**
 * @param {Lister} lister
 * @param {Broker} broker
 * @param {string} path
 */
async function list(lister, broker, path) {
  const [took] = await asked(lister, broker, path, 0);
  if (took === undefined) throw new Error('nothing was asked');
  return took;
}

/**
 * The answer of the median time.
 * @param {Lister} lister
 * @param {Broker} broker
 * @param {string} path
 * @param {number} rounds
 */
async function medianOf(lister, broker, path, rounds) {
  /** @type {Took[]} */
  const all = [];
  while (all.length < rounds) all.push(await list(lister, broker, path));
  const sorted = all.toSorted((one, other) => one.ms - other.ms);
  return /** @type {Took} */ (sorted[Math.floor(sorted.length / 2)]);
}

/**
 * @param {Lister} lister
 * @param {Broker} broker
 * @param {string} path
 * @param {number} forMs
 * @returns {Promise<Took[]>}
 */
function asked(lister, { http }, path, forMs) {
  return new Promise((resolve) => {
    lister.once('message', resolve);
    lister.send({ host: http.hostname, port: Number(http.port), path, forMs });
  });
}

/**
 * @param {string} title
 * @param {number} at
 * @returns {import('../support/table.mjs').Column}
 */
function heading(title, at) {
  return at === 0 ? { title, align: 'left' } : { title };
}

/** @param {number} ms */
function time(ms) {
  return ms < 100 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`;
}

/**
 * @param {number} value
 * @param {number} most
 */
function judged(value, most) {
  return values.quick ? `at most ${most}` : verdict(Number(value.toFixed(2)), 'at most', most);
}

if (values.help) process.stdout.write(HELP);
else await main();
