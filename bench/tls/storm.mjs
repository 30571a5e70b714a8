/**
 * A storm: `npm run bench:storm`. Clients that are connected by TLS are cut off, and all come back at once; meanwhile
 * another client's messages pass. Says how long it takes until all are in, and what the messages' latency is then.
 * Clients and probe are processes of their own (bench/tls/storm, in Go), which share the CPUs with the broker.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faultCount, reportFault, say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { keyKind, makeCertificates } from '../support/certificates.mjs';
import { median } from '../support/median.mjs';
import { launch, startTlsLeveret } from '../support/processes.mjs';
import { formatTable } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';

const HELP = `Usage: npm run bench:storm -- [options]

Clients that are connected by TLS are cut off and come back all at once, while another client's messages pass (500 a
second of 1 KB, by TLS, by two connections). Exits with 1 when a client did not get in; a figure that is not what is
wanted is only marked. Needs Go.

  --clients N    how many (default 2000)
  --rounds N     storms, each on a fresh broker (default 7)
  --workers N    Leveret's (default 2)
  --key KIND     of the broker's certificate: ec (P-256) or rsa (2048 bits) (default ec)
  --resume       clients go on with the sessions that they had
  --quick        a smoke test: one storm of 100 clients
`;

/** What is wanted: until all are in, and of the messages meanwhile. */
const ALL_IN_MAX_S = 10;
const P99_MAX_MS = 50;
/** How long the probe runs before a storm, so that there is something to compare with. */
const CALM_MS = 2_000;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '7' },
    workers: { type: 'string', default: '2' },
    key: { type: 'string', default: 'ec' },
    resume: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const clients = values.quick ? 100 : Number(values.clients);

const SOURCES = fileURLToPath(new URL('storm/', import.meta.url));
const BUILD = fileURLToPath(new URL('build/', import.meta.url));

function build() {
  mkdirSync(BUILD, { recursive: true });
  execFileSync('go', ['build', '-o', BUILD, '.'], { cwd: SOURCES, stdio: 'inherit' });
}

/**
 * One of the two sides, led by lines.
 * @param {readonly string[]} args
 */
function start(args) {
  const child = launch(`${BUILD}storm`, args, { led: true });
  const lines = createInterface({ input: child.process.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`storm ${args.join(' ')} ended`);
    return String(value);
  };
  return {
    /** Once it is ready for an order. */
    ready: async () => {
      while ((await next()) !== 'ready');
    },
    /** Gives the order that it waits for. @returns {Promise<Record<string, number>>} what it measured */
    order: async () => {
      child.process.stdin?.write('go\n');
      for (;;) {
        const line = await next();
        if (line.startsWith('{')) return JSON.parse(line);
      }
    },
    stop: child.stop,
  };
}

/**
 * @typedef {object} Storm
 * @property {number} allInS
 * @property {number} clientP50Ms from the first try until it is in
 * @property {number} resumed
 * @property {number} calmP99Ms before the storm
 * @property {number} p50Ms of messages during it
 * @property {number} p99Ms
 * @property {number} maxMs
 */

/**
 * @param {import('../support/certificates.mjs').Certificates} certificates
 * @returns {Promise<Storm>}
 */
async function storm(certificates) {
  const broker = await startTlsLeveret(certificates, ['--workers', values.workers]);
  const reached = ['-address', `127.0.0.1:${broker.tlsPort}`, '-ca', certificates.authority];
  const crowd = start([...reached, '-count', String(clients), ...(values.resume ? ['-resume'] : []), 'clients']);
  const probe = start([...reached, 'probe']);
  try {
    await Promise.all([crowd.ready(), probe.ready()]);
    await probe.order();
    await pause(CALM_MS);
    const calm = await probe.order();
    const came = await crowd.order();
    const during = await probe.order();
    if (came.in !== clients) reportFault(`${clients - (came.in ?? 0)} of ${clients} clients did not get in`);
    return {
      allInS: (came.all_ms ?? 0) / 1e3,
      clientP50Ms: came.p50_ms ?? 0,
      resumed: came.resumed ?? 0,
      calmP99Ms: calm.p99_ms ?? 0,
      p50Ms: during.p50_ms ?? 0,
      p99Ms: during.p99_ms ?? 0,
      maxMs: during.max_ms ?? 0,
    };
  } finally {
    await probe.stop();
    await crowd.stop();
    await broker.stop();
  }
}

/** @param {readonly Storm[]} all */
function table(all) {
  const spread = (/** @type {keyof Storm} */ key, digits = 1) => {
    const figures = all.map((one) => one[key]);
    return [
      median(figures).toFixed(digits),
      `${Math.min(...figures).toFixed(digits)} to ${Math.max(...figures).toFixed(digits)}`,
    ];
  };
  const middle = (/** @type {keyof Storm} */ key) => median(all.map((one) => one[key]));
  return formatTable(
    [
      {
        title: `${clients} clients come back by TLS 1.3, ${values.key} certificate${values.resume ? ', resumed' : ''}`,
        align: 'left',
      },
      { title: 'median' },
      { title: 'spread' },
      { title: 'wanted', align: 'left' },
    ],
    [
      ['all are in after, s', ...spread('allInS', 2), verdict(middle('allInS'), 'at most', ALL_IN_MAX_S)],
      ['a client is in after (p50), ms', ...spread('clientP50Ms', 0)],
      ["another client's messages meanwhile, p50, ms", ...spread('p50Ms')],
      [
        "another client's messages meanwhile, p99, ms",
        ...spread('p99Ms'),
        verdict(middle('p99Ms'), 'at most', P99_MAX_MS),
      ],
      ["another client's messages meanwhile, longest, ms", ...spread('maxMs')],
      ['the same before the storm, p99, ms', ...spread('calmP99Ms')],
    ],
  );
}

async function measure() {
  say('building the clients');
  build();
  /** @type {Storm[]} */
  const all = [];
  await inTemporaryFolder(tmpdir(), async (folder) => {
    const certificates = makeCertificates(folder, keyKind(values.key));
    for (let round = 1; round <= rounds; round++) {
      const one = await storm(certificates);
      const { allInS, p50Ms, p99Ms, maxMs, resumed, calmP99Ms } = one;
      const figures = `p50 ${p50Ms} ms, p99 ${p99Ms} ms, longest ${maxMs} ms (before: p99 ${calmP99Ms} ms)`;
      say(`round ${round} of ${rounds}: all in after ${allInS.toFixed(2)} s, ${resumed} resumed; messages ${figures}`);
      all.push(one);
    }
  });
  const cpu = cpus()[0]?.model ?? 'unknown CPU';
  const conditions = `Medians of ${rounds} storms; ${values.workers} workers, ${availableParallelism()} CPUs (${cpu}), shared by broker and clients; Node ${process.version}.`;
  process.stdout.write(`${conditions}\n\n${table(all)}\n`);
  process.exitCode = faultCount() > 0 ? 1 : 0;
}

if (values.help) process.stdout.write(HELP);
else await measure();
