/**
 * How equal the shares of equal consumers are: `npm run bench:fairness -- --shares`. Consumers of one queue in which there
 * is always more than they can take, on 1, 2 and 4 workers: some that acknowledge at once, so that whoever is let run
 * takes more, and some for whom each message is a fixed time of work, so that nobody's CPU decides. Beside the shares
 * stands the CPU time of each worker.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { reportFault, say } from '../limit/progress.mjs';
import { Connection } from '../support/connection.mjs';
import { freePort } from '../support/ports.mjs';
import { startLeveret } from '../support/processes.mjs';
import { formatTable } from '../support/table.mjs';

const CONSUMERS = 16;
const MESSAGES = 10_000;
const QUEUE = 'shares';
/** Messages that are published and not delivered. */
const AHEAD = 2_000;
/** What a message takes those that work on it (ms). */
const WORK_MS = 10;
/** The broker looks at what its threads cost once a second (ms). */
const LOOK_MS = 1_200;

/** @typedef {{ workers: number, prefetch: number, workMs: number }} Case */
/** @type {readonly Case[]} */
const CASES = [0, WORK_MS].flatMap((workMs) =>
  [1, 10].flatMap((prefetch) => [1, 2, 4].map((workers) => ({ workers, prefetch, workMs }))),
);

const COLUMNS = [
  ...['each message', 'prefetch', 'workers', 'least', 'most (% of equal)', 'by worker (%)', 'CPU by worker (%)'],
].map((title, i) => ({ title, align: /** @type {'left' | 'right'} */ (i === 0 ? 'left' : 'right') }));

/** @param {string} engine @param {number} scale less than 1 for a smoke test */
export async function runShares(engine, scale) {
  const rows = [];
  for (const one of CASES) {
    say(`prefetch ${one.prefetch}, ${one.workers} workers, work of ${one.workMs} ms`);
    const row = await measure(engine, one, Math.ceil(MESSAGES * scale));
    say(row.join(', '));
    rows.push(row);
  }
  process.stdout.write(
    `${engine}, ${CONSUMERS} consumers, ${MESSAGES * scale} messages\n${formatTable(COLUMNS, rows)}\n`,
  );
}

/** @param {string} engine @param {Case} one @param {number} messages */
async function measure(engine, { workers, prefetch, workMs }, messages) {
  const httpPort = await freePort();
  const server = await startLeveret([
    '--workers',
    String(workers),
    '--engine',
    engine,
    '--memory',
    '128M',
    '--http-port',
    String(httpPort),
  ]);
  const onFailure = (/** @type {Error} */ error) => reportFault(error.message);
  const publisher = await Connection.open(server.port, onFailure);
  await publisher.openChannel();
  await publisher.call('queue.declare', { queue: QUEUE });
  const shares = Array.from({ length: CONSUMERS }, () => 0);
  const body = Buffer.alloc(16);
  let [published, delivered, going] = [0, 0, true];
  const fill = () => {
    while (going && published - delivered < AHEAD) {
      publisher.publish(QUEUE, body, false);
      published++;
    }
  };
  let over = () => {};
  const all = new Promise((resolve) => {
    over = () => resolve(undefined);
  });
  // One after the other: the broker gives each the worker that has the fewest.
  const consumers = [];
  for (let i = 0; i < CONSUMERS; i++) {
    const consumer = await Connection.open(server.port, onFailure);
    await consumer.openChannel();
    consumers.push(consumer);
    /** Deliveries wait for the one before: a consumer works on one at a time. */
    let busyUntil = 0;
    consumer.onDelivery = ({ deliveryTag }) => {
      if (going) shares[i] = (shares[i] ?? 0) + 1;
      delivered++;
      if (delivered === messages) {
        going = false;
        over();
      }
      if (published - delivered < AHEAD / 2) fill();
      const ack = () => consumer.send('basic.ack', { deliveryTag });
      if (workMs === 0) return ack();
      const now = performance.now();
      busyUntil = Math.max(now, busyUntil) + workMs;
      setTimeout(() => going && ack(), busyUntil - now);
    };
  }
  fill();
  await pause(LOOK_MS);
  const before = await cpuOfWorkers(httpPort);
  await Promise.all(
    consumers.map(async (consumer) => {
      await consumer.call('basic.qos', { prefetchCount: prefetch });
      await consumer.call('basic.consume', { queue: QUEUE });
    }),
  );
  await all;
  await pause(LOOK_MS);
  const after = await cpuOfWorkers(httpPort);
  for (const connection of [publisher, ...consumers]) connection.cut();
  await server.stop();
  const equal = messages / CONSUMERS;
  const percent = (/** @type {number} */ part, /** @type {number} */ whole) => ((100 * part) / whole).toFixed(0);
  // The publisher came first, to the first worker.
  const byWorker = Array.from({ length: workers }, (_, worker) =>
    shares.reduce((sum, share, i) => sum + ((i + 1) % workers === worker ? share : 0), 0),
  );
  const cpu = after.map((seconds, i) => seconds - (before[i] ?? 0));
  const allCpu = cpu.reduce((sum, one) => sum + one, 0);
  return [
    workMs === 0 ? 'acknowledged at once' : `${workMs} ms of work`,
    String(prefetch),
    String(workers),
    percent(Math.min(...shares), equal),
    percent(Math.max(...shares), equal),
    byWorker.map((share) => percent(share, messages)).join(' '),
    cpu.map((seconds) => percent(seconds, allCpu)).join(' '),
  ];
}

/** Seconds that each worker has had a CPU for. @param {number} httpPort */
async function cpuOfWorkers(httpPort) {
  const authorization = `Basic ${Buffer.from('guest:guest').toString('base64')}`;
  const answer = await fetch(`http://127.0.0.1:${httpPort}/api/leveret/threads`, { headers: { authorization } });
  /** @type {{ name: string, cpu_seconds: number }[]} */
  const threads = await answer.json();
  return threads.filter(({ name }) => /^\d+$/.test(name)).map(({ cpu_seconds }) => cpu_seconds);
}
