/**
 * Drives real clients from other languages against a broker from `dist`: `npm run interop [-- --all] [NAME...]`.
 * Clients without their toolchain are left out by name; with `--all` that is an error, but of those in Rust.
 * `LEVERET_TEST_URL` names a broker that runs already (RabbitMQ, as the referee of these programs), and `HTTP_URL`
 * its HTTP API.
 */

import { freePort } from '../../bench/support/ports.mjs';
import { startLeveret } from '../../bench/support/processes.mjs';
import { CLIENTS } from './clients.mjs';
import { runCommand } from './commands.mjs';
import { tryTls } from './tls/run.mjs';
import { chosenParts } from './toolchains.mjs';

/** @typedef {import('./clients.mjs').Client} Client */

const BUILD_MS = 1_200_000;
const PROGRAM_MS = 120_000;

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/**
 * Builds a client, one command after the other.
 * @param {Client} client
 */
async function build(client) {
  const started = performance.now();
  for (const command of client.build) {
    const { code, output } = await runCommand(command, { cwd: client.folder, timeoutMs: BUILD_MS });
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  }
  say(`built ${client.name} in ${seconds(started)}`);
}

/** @param {number} started */
function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

/** Where the programs connect: a broker of two workers, and one so small that it fills up at once. */
async function startBrokers() {
  const referee = process.env.LEVERET_TEST_URL;
  if (referee !== undefined) return { env: { AMQP_URL: referee }, stop: async () => {} };
  const httpPort = await freePort();
  const brokers = [
    await startLeveret(['--workers', '2', '--memory', '512M', '--http-port', String(httpPort)]),
    await startLeveret(['--workers', '2', '--memory', '64M']),
  ];
  const [AMQP_URL, AMQP_SMALL_URL] = brokers.map(({ port }) => `amqp://guest:guest@127.0.0.1:${port}`);
  return {
    env: { AMQP_URL, AMQP_SMALL_URL, HTTP_URL: `http://127.0.0.1:${httpPort}` },
    stop: async () => {
      for (const broker of brokers) await broker.stop();
    },
  };
}

/**
 * Runs a program and tells what it checked.
 * @param {Client['programs'][number]} program
 * @param {string} cwd
 * @param {Record<string, string | undefined>} env
 */
async function runProgram(program, cwd, env) {
  const started = performance.now();
  const { code, output } = await runCommand(program.run, { cwd, env, timeoutMs: PROGRAM_MS });
  const passed = output.split('\n').filter((line) => line.startsWith('ok ')).length;
  const failed = code !== 0 || passed === 0;
  say(
    `\n${program.name}: ${failed ? `FAILED with ${code}` : `${passed} checks`} in ${seconds(started)}\n${output.trimEnd()}`,
  );
  return { passed, failed };
}

async function main() {
  const ready = chosenParts(CLIENTS, say);
  await Promise.all(ready.map(build));

  const brokers = await startBrokers();
  let passed = 0;
  let failed = 0;
  try {
    for (const client of ready) {
      for (const program of client.programs) {
        const outcome = await runProgram(program, client.folder, brokers.env);
        passed += outcome.passed;
        if (outcome.failed) failed++;
      }
    }
  } finally {
    await brokers.stop();
  }
  const isReferee = process.env.LEVERET_TEST_URL !== undefined;
  for (const { folder, tls = [] } of isReferee ? [] : ready) {
    for (const program of tls) {
      const started = performance.now();
      say(`\n${program.name}:`);
      const outcome = await tryTls(program, folder, say);
      passed += outcome.passed;
      if (outcome.failed) failed++;
      say(`${program.name}: ${outcome.passed} checks in ${seconds(started)}`);
    }
  }
  say(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
