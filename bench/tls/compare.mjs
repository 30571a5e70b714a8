/**
 * What TLS costs: `npm run bench:tls`. 20 producers and 20 consumers of 1 KB, by TLS 1.3 and plain, beside Debian's
 * RabbitMQ by TLS where it is installed. The client is one and the same program for all, in a process of its own. Turn by
 * turn, because the machine drifts: a ratio is taken within a round, and the median of the rounds is what counts.
 */
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDeliveries, faultCount, say } from '../limit/progress.mjs';
import { verdict } from '../limit/verdict.mjs';
import { RATE_WORKLOADS } from '../limit/workloads.mjs';
import { buildTlsLoad } from '../support/build-limit.mjs';
import { keyKind, makeCertificates } from '../support/certificates.mjs';
import { runLoad, TLS_LOAD } from '../support/generator.mjs';
import { median } from '../support/median.mjs';
import { startTlsLeveret } from '../support/processes.mjs';
import { rabbitmqVersion, startTlsRabbitmq } from '../support/rabbitmq.mjs';
import { formatTable, thousands } from '../support/table.mjs';
import { inTemporaryFolder } from '../support/temporary.mjs';

const HELP = `Usage: npm run bench:tls -- [options]

20 x 20 of 1 KB: Leveret by TLS 1.3 beside itself without TLS, and beside RabbitMQ by TLS 1.3, in turn; prints the
medians. Exits with 1 when messages were lost, doubled or reordered; a figure that is not what is wanted is only marked.

  --seconds N    measured seconds of each run (default 5), after a warm-up of up to two seconds
  --rounds N     runs of each (default 7)
  --workers N    Leveret's (default 1)
  --key KIND     of the broker's certificate: ec (P-256) or rsa (2048 bits) (default ec)
  --quick        a smoke test: one short round, without RabbitMQ
`;

/** What is wanted of Leveret's rate by TLS. */
const OF_PLAIN_MIN = 0.4;
const OF_RABBITMQ_MIN = 8;
/** Messages that are published, drained and checked one by one by TLS, once. */
const VERIFIED = 200_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '7' },
    workers: { type: 'string', default: '1' },
    key: { type: 'string', default: 'ec' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = values.quick ? 1 : Number(values.rounds);
const seconds = values.quick ? 1 : Number(values.seconds);

/** @typedef {import('../support/processes.mjs').TlsServer} TlsServer */
/** @typedef {import('../support/certificates.mjs').Certificates} Certificates */
/** @typedef {{ rate: number, cpu: number, clientCpu: number, p50: number, p99: number }} Run */
/** @typedef {{ tls: Run, plain: Run, rabbitmq: Run | null }} Round */

const [workload] = RATE_WORKLOADS;
if (workload === undefined) throw new Error('the limit bench begins with 20 x 20');

/**
 * @param {string} name
 * @param {TlsServer} server
 * @param {readonly string[]} how
 * @returns {Promise<Run>}
 */
async function measure(name, server, how) {
  const time = ['--warmup', String(Math.min(2, seconds)), '--duration', String(seconds)];
  const figures = await runLoad(server, [...workload.load, ...how, ...time], TLS_LOAD);
  checkDeliveries(`${name}, ${workload.title}`, figures);
  const { consumed, broker_cpu_us_per_msg, cpu_us_per_msg, p50_us, p99_us } = figures;
  return { rate: consumed, cpu: broker_cpu_us_per_msg, clientCpu: cpu_us_per_msg, p50: p50_us, p99: p99_us };
}

/** @param {string} name @param {TlsServer} server @param {Certificates} certificates */
function measureTls(name, server, { authority }) {
  return measure(name, { ...server, port: server.tlsPort }, ['--tls-ca', authority]);
}

/**
 * A broker of this run's own.
 * @template T
 * @param {Certificates} certificates
 * @param {(server: TlsServer) => Promise<T>} run
 */
async function withLeveret(certificates, run) {
  const server = await startTlsLeveret(certificates, ['--workers', values.workers]);
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
}

/** Every single message is checked. @param {Certificates} certificates */
async function verify(certificates) {
  const count = String(values.quick ? VERIFIED / 10 : VERIFIED);
  const figures = await withLeveret(certificates, ({ pid, tlsPort }) => {
    const options = [...workload.load, '--tls-ca', certificates.authority, '--warmup', '0', '--count', count];
    return runLoad({ pid, port: tlsPort }, options, TLS_LOAD);
  });
  checkDeliveries(`leveret by TLS, ${count} messages`, figures);
}

/**
 * The sides in turn; which one begins changes from round to round.
 * @param {number} round
 * @param {Certificates} certificates
 * @param {TlsServer | null} rabbitmq
 * @returns {Promise<Round>}
 */
async function measureRound(round, certificates, rabbitmq) {
  const sides = {
    tls: () => withLeveret(certificates, (server) => measureTls('leveret by TLS', server, certificates)),
    plain: () => withLeveret(certificates, (server) => measure('leveret, plain', server, [])),
    rabbitmq: async () => (rabbitmq === null ? null : await measureTls('rabbitmq by TLS', rabbitmq, certificates)),
  };
  const early = round % 2 === 1 ? await sides.tls() : null;
  const plain = await sides.plain();
  const theirs = await sides.rabbitmq();
  const tls = early ?? (await sides.tls());
  say(`round ${round} of ${rounds}: TLS ${summary(tls)}; plain ${summary(plain)}; rabbitmq ${summary(theirs)}`);
  return { tls, plain, rabbitmq: theirs };
}

/** @param {Run | null} run */
function summary(run) {
  if (run === null) return 'not measured';
  return `${thousands(run.rate)}/s, ${run.cpu.toFixed(2)} us CPU a message (client ${run.clientCpu.toFixed(2)})`;
}

/**
 * @param {string} title
 * @param {readonly Round[]} all
 * @param {(round: Round) => Run | null} side
 * @param {number} ratioMin what is wanted of Leveret by TLS beside it; 0: it is that itself
 */
function row(title, all, side, ratioMin) {
  const runs = all.map(side).filter((run) => run !== null);
  if (runs.length === 0) return [title, 'not measured'];
  const rates = runs.map(({ rate }) => rate);
  const middle = (/** @type {keyof Run} */ key) => median(runs.map((run) => run[key]));
  const ratio = median(all.map((round) => round.tls.rate / (side(round)?.rate ?? 0)));
  return [
    title,
    thousands(middle('rate')),
    `${thousands(Math.min(...rates))} to ${thousands(Math.max(...rates))}`,
    middle('cpu').toFixed(2),
    middle('clientCpu').toFixed(2),
    `${(middle('p50') / 1e3).toFixed(1)}, ${(middle('p99') / 1e3).toFixed(1)}`,
    ratioMin === 0 ? '' : ratio.toFixed(2),
    ratioMin === 0 ? '' : verdict(ratio, 'at least', ratioMin),
  ];
}

/** @param {readonly Round[]} all @param {string | null} version RabbitMQ's */
function table(all, version) {
  return formatTable(
    [
      { title: workload.title, align: 'left' },
      { title: 'messages/s' },
      { title: 'spread' },
      { title: 'CPU us/msg' },
      { title: "client's" },
      { title: 'p50, p99 ms' },
      { title: 'TLS beside it' },
      { title: 'wanted', align: 'left' },
    ],
    [
      row('leveret, TLS 1.3', all, ({ tls }) => tls, 0),
      row('leveret, plain', all, ({ plain }) => plain, OF_PLAIN_MIN),
      row(
        `RabbitMQ${version === null ? '' : ` ${version}`}, TLS 1.3`,
        all,
        ({ rabbitmq }) => rabbitmq,
        OF_RABBITMQ_MIN,
      ),
    ],
  );
}

async function compare() {
  say('building the generator');
  buildTlsLoad();
  await inTemporaryFolder(tmpdir(), async (folder) => {
    const certificates = makeCertificates(folder, keyKind(values.key));
    await verify(certificates);
    const version = values.quick ? null : rabbitmqVersion();
    const rabbitmq = version === null ? null : await startTlsRabbitmq(join(folder, 'rabbitmq'), certificates);
    /** @type {Round[]} */
    const all = [];
    try {
      for (let round = 1; round <= rounds; round++) all.push(await measureRound(round, certificates, rabbitmq));
    } finally {
      await rabbitmq?.stop();
    }
    const cpu = cpus()[0]?.model ?? 'unknown CPU';
    const conditions = `Medians of ${rounds} rounds of ${seconds} s; ${availableParallelism()} CPUs (${cpu}), shared by broker and client; Node ${process.version}.`;
    process.stdout.write(`${conditions}\n\n${table(all, version)}\n`);
  });
  const faults = faultCount();
  if (faults > 0) say(`messages were lost, doubled or reordered in ${faults} runs`);
  process.exitCode = faults > 0 ? 1 : 0;
}

if (values.help) process.stdout.write(HELP);
else await compare();
