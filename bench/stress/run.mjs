/**
 * A stress: `npm run bench:stress`. Very many producers and consumers, each on a connection of its own, on one queue and
 * on a queue for each pair, transient and durable, on 1, 2 and 4 workers. Channels are closed, connections cut, messages
 * given back, queues deleted. A broker goes through all of that in three cycles. The run ends with 1 when a message was
 * lost, or came twice without a mark; when connections, channels, consumers, queues, messages, units of memory or files
 * are left in use after a cycle; or when the last cycle took memory besides. No rate is asserted.
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faultCount, reportFault, say } from '../limit/progress.mjs';
import { Random } from '../soak/random.mjs';
import { Connection } from '../support/connection.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { Broker } from './broker.mjs';
import { Ledger } from './ledger.mjs';
import { Consumer, produce } from './story.mjs';

const HELP = `Usage: npm run bench:stress -- [options]

  --pairs N       producers, and as many consumers (default 1000)
  --messages N    of each producer (default 50)
  --workers LIST  (default 1,2,4)
  --engine LIST   (default wasm,js)
  --seed N        of all chance (default: another each time, printed)
  --quick         for CI: 100 pairs, 25 messages each, on 2 workers
`;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string' },
    messages: { type: 'string' },
    workers: { type: 'string' },
    engine: { type: 'string', default: 'wasm,js' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const pairs = Number(values.pairs ?? (values.quick ? 100 : 1_000));
const messages = Number(values.messages ?? (values.quick ? 25 : 50));
const workerCounts = (values.workers ?? (values.quick ? '2' : '1,2,4')).split(',').map(Number);
const engines = values.engine.split(',');
/** Connections that are opened at a time. */
const AT_ONCE = 50;
/** Nothing has come for so long although something is owed: it is lost. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;
const VICTIMS = 5;

/**
 * What the last cycle may add to what the one before it had left (MB). JavaScript's heap, of all threads after a
 * collection: code that was compiled meanwhile, and no more; an object of 400 octets that was forgotten for each message
 * would be 4 MB in the quick form, and 80 in the long one. Resident: the allocator gives back what it likes.
 */
const GROWTH_MAX_MB = { heap: 2, resident: 32 };
/** A broker goes through all shapes so often: what it keeps for good it has taken in the first cycle. */
const CYCLES = 3;
const COLUMNS = [
  ...['', 'produced', 'confirmed', 'delivered', 'redelivered', 'acked', 's'],
  ...['segments', 'pages', 'cells', 'boxes', 'files', 'heap (MB)', 'resident (MB)'],
].map((title, i) => ({ title, align: /** @type {const} */ (i === 0 ? 'left' : 'right') }));

/** So many at a time. @template T @param {readonly T[]} all @param {(one: T) => Promise<void>} act */
async function inPortions(all, act) {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(act));
}

/** What goes on beside: queues with messages and a consumer are deleted and made anew. @param {any} story */
async function deleteQueues({ control, port, name, durable, ledger, random, onFailure }) {
  for (let i = 0; i < VICTIMS; i++) {
    const queue = `${name}-victim-${i}`;
    /** @type {Set<number>} */
    const held = new Set();
    await control.call('queue.declare', { queue, durable });
    await produce({ port, queue, durable, ledger, random, onFailure, held }, messages);
    const half = new Consumer({ port, queue, durable, ledger, random, onFailure, held });
    await half.start();
    await control.call('queue.delete', { queue });
    for (const message of held) ledger.gone(message);
    await half.stop();
  }
}

/** @typedef {{ queues: number, durable: boolean }} Shape */
/** @type {readonly Shape[]} */
const SHAPES = [1, pairs].flatMap((queues) => [false, true].map((durable) => ({ queues, durable })));

/**
 * One shape of a cycle, from the first queue to the last one's deletion.
 * @param {{ port: number, control: Connection, random: Random, title: string, name: string }} of `name`: no other one's, so
 *   that what a connection that was cut had sent before cannot come to the next shape @param {Shape} shape
 */
async function stress({ port, control, random, title, name }, { queues, durable }) {
  const onFailure = (/** @type {Error} */ error) => reportFault(`${title}: ${error.message}`);
  const ledger = new Ledger((pairs + VICTIMS) * messages);
  const names = Array.from({ length: queues }, (_, i) => `${name}-${i}`);
  for (const queue of names) await control.call('queue.declare', { queue, durable });
  const stories = Array.from({ length: pairs }, (_, i) => {
    return { port, queue: `${name}-${i % queues}`, durable, ledger, random, onFailure, held: null };
  });
  const consumers = stories.map((story) => new Consumer(story));
  await inPortions(consumers, (one) => one.start());
  const deleting = deleteQueues({ control, port, name, durable, ledger, random, onFailure });
  await Promise.all(stories.map((story) => produce(story, messages)));
  await deleting;
  let [owed, since] = [ledger.owed, performance.now()];
  while (ledger.owed > 0 && performance.now() - since < PATIENCE_MS) {
    await pause(LOOK_MS);
    if (ledger.owed !== owed) [owed, since] = [ledger.owed, performance.now()];
  }
  ledger.close();
  await inPortions(consumers, (one) => one.stop());
  for (const queue of names) await control.call('queue.delete', { queue });
  return ledger;
}

/** All cycles of one broker. @param {string} engine @param {number} workers @param {string} folder */
async function cycles(engine, workers, folder) {
  const of = `${engine}, ${workers} workers`;
  const broker = await Broker.start(engine, workers, join(folder, `${engine}-${workers}`));
  const random = new Random(Number(values.seed));
  const control = await Connection.open(broker.port, (error) => reportFault(`${of}: ${error.message}`));
  await control.openChannel();
  const begin = await broker.figures();
  /** @type {import('./broker.mjs').Taken[]} */
  const taken = [];
  const rows = [];
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    const title = `${of}, cycle ${cycle}`;
    say(title);
    const began = performance.now();
    const ledgers = [];
    for (const [i, shape] of SHAPES.entries()) {
      const name = `stress-${cycle}-${i}`;
      ledgers.push(await stress({ port: broker.port, control, random, title, name }, shape));
    }
    const seconds = (performance.now() - began) / 1_000;
    const end = await settled(title, broker, begin, workers);
    taken.push(await broker.taken());
    const sum = (/** @type {'produced' | 'confirmed' | 'delivered' | 'redelivered' | 'acked'} */ what) =>
      thousands(ledgers.reduce((all, ledger) => all + ledger[what], 0));
    rows.push([
      title,
      ...[sum('produced'), sum('confirmed'), sum('delivered'), sum('redelivered'), sum('acked')],
      seconds.toFixed(1),
      ...Object.keys(begin.units).map((kind) => `${begin.units[kind]} / ${end.units[kind]}`),
      `${begin.files} / ${end.files}`,
      ...[taken.at(-1)?.heap, taken.at(-1)?.resident].map((megabytes) => megabytes?.toFixed(1) ?? ''),
    ]);
  }
  judgeGrowth(of, taken);
  await control.close();
  await broker.stop();
  return rows;
}

/** @param {string} of @param {readonly import('./broker.mjs').Taken[]} taken after each cycle */
function judgeGrowth(of, taken) {
  const [before, last] = taken.slice(-2);
  if (before === undefined || last === undefined) return;
  for (const what of /** @type {const} */ (['heap', 'resident'])) {
    const [grown, most] = [last[what] - before[what], GROWTH_MAX_MB[what]];
    if (grown > most) reportFault(`${of}: ${what} grew by ${grown.toFixed(1)} MB in the last cycle, over ${most}`);
  }
}

/** Files besides those of producers and consumers, of this process and of the broker. */
const FILES_BESIDES = 200;

/** Says at once what would fail in the middle: the broker has the limit of this process. */
function checkFileLimit() {
  const limit = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
  const needed = 2 * pairs + FILES_BESIDES;
  if (!(limit < needed)) return;
  say(`${pairs} pairs need ${needed} open files, and ${limit} are allowed: ulimit -n ${needed}, or fewer --pairs`);
  process.exit(1);
}

/** Units that a participant keeps at hand, at most, of each kind: so many more than at the beginning are none in use. */
const AT_HAND = 64;

/**
 * Waits until the broker has let go of what it had. @param {string} title @param {Broker} broker
 * @param {import('./broker.mjs').Figures} begin @param {number} workers
 */
async function settled(title, broker, begin, workers) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await broker.figures();
    const left = [
      ...above(now.counts, begin.counts, 0),
      ...above(now.units, begin.units, AT_HAND * (workers + 1)),
      ...above({ files: now.files }, { files: begin.files }, 2 * workers + 8),
    ];
    if (left.length === 0) return now;
    if (performance.now() > end) {
      reportFault(`${title}: left in use: ${left.join(', ')}`);
      return now;
    }
    await pause(LOOK_MS);
  }
}

/** @param {Record<string, number>} now @param {Record<string, number>} begin @param {number} slack */
function above(now, begin, slack) {
  return Object.entries(now)
    .filter(([what, count]) => count > (begin[what] ?? 0) + slack)
    .map(([what, count]) => `${count} ${what} (${begin[what] ?? 0} at the beginning)`);
}

if (values.help) console.log(HELP);
else {
  checkFileLimit();
  say(`seed ${values.seed}`);
  await inTemporaryFolder(tmpdir(), async (folder) => {
    const rows = [];
    for (const engine of engines)
      for (const workers of workerCounts) rows.push(...(await cycles(engine, workers, folder)));
    console.log(formatTable(COLUMNS, rows));
  });
  if (faultCount() > 0) process.exitCode = 1;
}
