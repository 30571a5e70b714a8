/**
 * A stress: `npm run bench:stress`. Very many producers and consumers, each on a connection of its own, on one queue and
 * on a queue for each pair, transient and durable, on 1, 2 and 4 workers. Channels are closed, connections cut, messages
 * given back, queues deleted. It ends with 1 when a message was lost, or came twice without a mark, or when messages,
 * pages, cells, boxes or files are left in use. No rate is asserted.
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faultCount, reportFault, say } from '../limit/progress.mjs';
import { Random } from '../soak/random.mjs';
import { Connection } from '../support/connection.mjs';
import { freePort } from '../support/ports.mjs';
import { residentMb, startLeveret } from '../support/processes.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';
import { openFiles } from '../support/watch.mjs';
import { Ledger } from './ledger.mjs';
import { Consumer, produce } from './story.mjs';

const HELP = `Usage: npm run bench:stress -- [options]

  --pairs N       producers, and as many consumers (default 1000)
  --messages N    of each producer (default 50)
  --workers LIST  (default 1,2,4)
  --seed N        of all chance (default: another each time, printed)
  --quick         a smoke test: 100 pairs on 2 workers
`;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string' },
    messages: { type: 'string', default: '50' },
    workers: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1e6) },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const pairs = Number(values.pairs ?? (values.quick ? 100 : 1_000));
const messages = Number(values.messages);
const workerCounts = (values.workers ?? (values.quick ? '2' : '1,2,4')).split(',').map(Number);
/** Connections that are opened at a time. */
const AT_ONCE = 50;
/** Nothing has come for so long although something is owed: it is lost. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 100;
const VICTIMS = 5;

/** Units, files and memory before and after. */
const COLUMNS = [
  ...['', 'produced', 'confirmed', 'delivered', 'redelivered', 'acked', 's'],
  ...['segments', 'pages', 'cells', 'boxes', 'files', 'resident (MB)'],
].map((title, i) => ({ title, align: /** @type {const} */ (i === 0 ? 'left' : 'right') }));

/** @param {number} httpPort @returns {Promise<Record<string, number>>} units of memory by kind */
async function units(httpPort) {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`, { headers: { authorization } })).text();
  const found = [...text.matchAll(/memory_units\{kind="(\w+)"\} (\d+)/g)];
  if (found.length === 0) throw new Error('the metrics do not tell of units of memory');
  return Object.fromEntries(found.map(([, kind, count]) => [kind, Number(count)]));
}

/** So many at a time. @template T @param {readonly T[]} all @param {(one: T) => Promise<void>} act */
async function inPortions(all, act) {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(act));
}

/** What goes on beside: queues with messages and a consumer are deleted and made anew. @param {any} story */
async function deleteQueues({ control, port, durable, ledger, random, onFailure }) {
  for (let i = 0; i < VICTIMS; i++) {
    const queue = `victim-${i}`;
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

/** @param {{ workers: number, queues: number, durable: boolean, folder: string }} cell */
async function stress({ workers, queues, durable, folder }) {
  const title = `${workers} workers, ${queues} queues, ${durable ? 'durable' : 'transient'}`;
  say(title);
  const httpPort = await freePort();
  const data = durable ? ['--data', join(folder, `${workers}-${queues}`)] : [];
  const options = ['--workers', String(workers), '--memory', '1G', '--http-port', String(httpPort), ...data];
  const server = await startLeveret(options);
  const { port } = server;
  const onFailure = (/** @type {Error} */ error) => reportFault(`${title}: ${error.message}`);
  const random = new Random(Number(values.seed));
  const ledger = new Ledger((pairs + VICTIMS) * messages);
  const control = await Connection.open(port, onFailure);
  await control.openChannel();
  const names = Array.from({ length: queues }, (_, i) => `stress-${i}`);
  const begin = { units: await units(httpPort), files: openFiles(server.pid), resident: residentMb(server.pid) };
  for (const queue of names) await control.call('queue.declare', { queue, durable });
  const stories = Array.from({ length: pairs }, (_, i) => {
    return { port, queue: `stress-${i % queues}`, durable, ledger, random, onFailure, held: null };
  });
  const consumers = stories.map((story) => new Consumer(story));
  const began = performance.now();
  await inPortions(consumers, (one) => one.start());
  const deleting = deleteQueues({ control, port, durable, ledger, random, onFailure });
  await Promise.all(stories.map((story) => produce(story, messages)));
  await deleting;
  let [owed, since] = [ledger.owed, performance.now()];
  while (ledger.owed > 0 && performance.now() - since < PATIENCE_MS) {
    await pause(LOOK_MS);
    if (ledger.owed !== owed) [owed, since] = [ledger.owed, performance.now()];
  }
  const seconds = (performance.now() - began) / 1_000;
  ledger.close();
  await inPortions(consumers, (one) => one.stop());
  for (const queue of names) await control.call('queue.delete', { queue });
  await settled(title, httpPort, server.pid, begin, workers);
  const end = { units: await units(httpPort), files: openFiles(server.pid), resident: residentMb(server.pid) };
  await control.close();
  await server.stop();
  return [
    title,
    ...[ledger.produced, ledger.confirmed, ledger.delivered, ledger.redelivered, ledger.acked].map(thousands),
    seconds.toFixed(1),
    ...[...Object.keys(begin.units)].map((kind) => `${begin.units[kind]} / ${end.units[kind]}`),
    `${begin.files} / ${end.files}`,
    `${begin.resident.toFixed(0)} / ${end.resident.toFixed(0)}`,
  ];
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

/** What participants keep at hand, of each kind: so much more than at the beginning is none that is left in use. */
const AT_HAND = 64;

/**
 * Waits until the broker has let go of what it had. @param {string} title @param {number} httpPort @param {number} pid
 * @param {{ units: Record<string, number>, files: number }} begin @param {number} workers
 */
async function settled(title, httpPort, pid, begin, workers) {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const now = await units(httpPort);
    const left = Object.entries(now).filter(
      ([kind, count]) => count > (begin.units[kind] ?? 0) + AT_HAND * (workers + 1),
    );
    const files = openFiles(pid);
    if (left.length === 0 && files <= begin.files + 2 * workers + 8) return;
    if (performance.now() > end) {
      return reportFault(
        `${title}: left in use: ${left.map(([kind, count]) => `${count} ${kind}`).join(', ')}; ${files} files`,
      );
    }
    await pause(LOOK_MS);
  }
}

if (values.help) console.log(HELP);
else {
  checkFileLimit();
  say(`seed ${values.seed}`);
  await inTemporaryFolder(tmpdir(), async (folder) => {
    const rows = [];
    for (const workers of workerCounts)
      for (const queues of [1, pairs])
        for (const durable of [false, true]) rows.push(await stress({ workers, queues, durable, folder }));
    console.log(formatTable(COLUMNS, rows));
  });
  if (faultCount() > 0) process.exitCode = 1;
}
