/**
 * Heads that are wrong, for minutes: what comes before AMQP's frames, of TLS, HTTP, WebSocket and the PROXY protocol,
 * and AMQP's own header and login, changed at random, cut at random places, and left, ended, reset or held at random.
 *
 *   node test/fuzz/heads.mjs [--minutes 3] [--seed N] [--attack N]
 *
 * What must hold all the while: an honest client on each listener goes on publishing with confirms and consuming; the
 * broker's process lives; what it writes to its log is bounded; no socket counts for longer than it lives. What must
 * hold afterwards: descriptors are as many as before, memory is about what it was. Each attack is made of the seed and
 * its number alone: `--attack` makes that one again, and nothing else. The last attacks before a failure are kept in a
 * file, octet by octet.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Attack } from './attacks.mjs';
import { makeCertificate, recordClientHello } from './clients-of-tls.mjs';
import { HonestClient } from './honest-clients.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, attack: { type: 'string' } },
});
const minutes = Number(values.minutes ?? 3);
const seed = Number(values.seed ?? 1 + Math.floor(Math.random() * 1e9));

const WORKERS = 2;
/** Attacks at once. */
const ATTACKERS = 24;
/** An honest client that gets nothing done for so long has been harmed (ms): longer than any deadline of the broker. */
const PATIENCE_MS = 30_000;
/** Until all that was open is closed (ms): more than the broker gives to whoever does not speak. */
const CALM_MS = 40_000;
/** How much more memory may be taken afterwards than before (octets): what was used is not given back at once. */
const MEMORY_MORE = 128 * 1024 ** 2;
/**
 * Lines in the log, by what they are about. Of strangers and of failed logins each worker tells ten times in ten
 * seconds each, and how many it left out; of all addresses together 400 at once and 4 a second on mistakes; and 6,000
 * at once and 40 a second on who comes and goes.
 */
const LINES = {
  mistakes: { besides: 100 + WORKERS * 400, perSecond: WORKERS * (2 * 1.2 + 4) },
  comings: { besides: 100 + WORKERS * 6_000, perSecond: WORKERS * 40 },
};
const KEPT = 200;
/** More than are there at once: whoever is counted for longer than the socket lives meets this in the end. */
const CONNECTIONS_OF_ADDRESS = 300;

const certificate = makeCertificate();
const hello = await recordClientHello();
/** Why it has failed; null: it has not. */
let failure = null;
const broker = await startBroker();
/** The last attacks, as they were. */
const made = [];
console.log(`heads: ${minutes} minutes, seed ${seed}: node test/fuzz/heads.mjs --seed ${seed}`);

try {
  await run();
} catch (error) {
  failure ??= error;
}
broker.child.kill('SIGTERM');
certificate.remove();
if (failure !== null) {
  const file = `heads-failure-${seed}.json`;
  writeFileSync(
    file,
    JSON.stringify(
      { seed, reason: String(failure.stack ?? failure), log: broker.log().slice(-20_000), attacks: made },
      null,
      1,
    ),
  );
  console.error(`heads: FAILED, seed ${seed}: ${failure.message}; the last attacks are in ${file}`);
  process.exit(1);
}
process.exit(0);

async function run() {
  const honest = Object.keys(broker.ports).map((kind) => new HonestClient(kind, broker.ports[kind], certificate.ca));
  honest.push(new HonestClient('proxied', broker.ports.tcp, certificate.ca));
  honest.push(new HonestClient('proxied tls', broker.ports.tls, certificate.ca));
  await Promise.all(honest.map((client) => client.begin()));
  const running = honest.map((client) => client.run().catch(fail));
  await sleep(2_000);
  const before = resources();
  const began = performance.now();
  const until = began + minutes * 60_000;
  const watch = setInterval(() => {
    for (const client of honest)
      if (performance.now() - client.progressAt > PATIENCE_MS)
        fail(
          new Error(`the honest client by ${client.kind} waits for ${client.doing} (after ${client.count} messages)`),
        );
  }, 1_000);
  let number = values.attack === undefined ? 0 : Number(values.attack);
  const attackers = Array.from({ length: values.attack === undefined ? ATTACKERS : 1 }, async () => {
    while (failure === null && performance.now() < until) {
      const attack = new Attack(seed, number++, broker.ports, { hello, ca: certificate.ca });
      made.push(attack.record);
      if (made.length > KEPT) made.shift();
      await attack.make();
      if (values.attack !== undefined) break;
    }
  });
  await Promise.all(attackers);
  const seconds = (performance.now() - began) / 1000;
  const calm = await settled(before);
  clearInterval(watch);
  for (const client of honest) client.stop();
  if (failure !== null) return;
  await Promise.race([Promise.all(running), sleep(PATIENCE_MS)]);
  for (const { kind, doing, isDone } of honest)
    if (!isDone) throw new Error(`the honest client by ${kind} still waits for ${doing}`);
  const lines = { mistakes: 0, comings: 0 };
  for (const line of broker.log().split('\n')) {
    if (line !== '') lines[/"level":"(info|debug)"|unexpectedly closed/.test(line) ? 'comings' : 'mistakes']++;
  }
  const megabytes = (octets) => `${(octets / 1024 ** 2).toFixed(0)} MiB`;
  console.log(
    `heads: ${number} attacks, ${honest.map(({ kind, count }) => `${count} messages by ${kind}`).join(', ')}; ` +
      `${lines.mistakes} lines on mistakes, ${lines.comings} on who came and went; ` +
      `descriptors ${before.descriptors} and ${calm.descriptors}; ` +
      `memory ${megabytes(before.memory)} and ${megabytes(calm.memory)}`,
  );
  for (const [kind, { besides, perSecond }] of Object.entries(LINES))
    if (lines[kind] > besides + (seconds + CALM_MS / 1000) * perSecond)
      throw new Error(`${lines[kind]} lines on ${kind} in the log`);
  if (broker.log().includes('(connection_max_per_address)')) throw new Error('sockets that are closed still count');
  if (calm.descriptors > before.descriptors)
    throw new Error(`${calm.descriptors} descriptors, ${before.descriptors} before`);
  if (calm.memory > before.memory + MEMORY_MORE)
    throw new Error(`${calm.memory} octets of memory, ${before.memory} before`);
}

function fail(error) {
  failure ??= error;
}

/** Waits until descriptors are as many as before, while the honest ones go on; resolves with what there is then. */
async function settled(before) {
  const until = performance.now() + CALM_MS;
  while (failure === null && resources().descriptors > before.descriptors && performance.now() < until)
    await sleep(250);
  return resources();
}

function resources() {
  const status = readFileSync(`/proc/${broker.child.pid}/status`, 'utf8');
  return {
    descriptors: readdirSync(`/proc/${broker.child.pid}/fd`).length,
    memory: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024,
  };
}

async function startBroker() {
  const main = new URL('../../dist/cli/main.js', import.meta.url).pathname;
  const path = `${certificate.directory}/amqp.sock`;
  const addresses = ['tcp', 'tls', 'ws', 'wss'].map((kind) => `${kind}://127.0.0.1:0`);
  const child = spawn(
    process.execPath,
    [
      ...[main, '--transient', '--http-port', '0', '--memory', '512M', '--workers', String(WORKERS)],
      ...[...addresses, `unix://${path}`].flatMap((address) => ['--listen', address]),
      ...['--tls-cert', certificate.certificate, '--tls-key', certificate.key],
      ...['--proxy-protocol-from', '127.0.0.2'],
      ...['--connection-max-per-address', String(CONNECTIONS_OF_ADDRESS)],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text) => {
      log += text;
    });
  }
  child.on('exit', (code, signal) => {
    if (!child.killed) fail(new Error(`the broker has ended: ${code ?? signal}; ${log.slice(-2000)}`));
  });
  await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      if (log.includes('listening on unix:')) resolve();
    });
    child.on('exit', () => reject(new Error(`the broker does not start: ${log}`)));
  });
  const port = (scheme) => Number(new RegExp(`listening on ${scheme}://127\\.0\\.0\\.1:(\\d+)`).exec(log)?.[1]);
  const ports = { tcp: port('amqp'), tls: port('amqps'), ws: port('ws'), wss: port('wss'), unix: path };
  return { child, ports, log: () => log };
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
