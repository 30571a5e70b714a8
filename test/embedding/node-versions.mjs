/**
 * Runs tests of the core, of the embedded broker and of the protocol on each version of Node that is supported, by both
 * engines: `npm run node-versions [-- MAJOR...]`. The versions come by npm, as binaries, where there are some for this
 * machine. What must hold: all that is started below is of that version.
 */
import { existsSync, readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../interop/commands.mjs';
import { BUILD } from './hosts.mjs';

const VERSIONS = ['20.20.2', '22.23.5', '24.22.3', '26.12.1'];
const CORE = [
  ...['test/embedding', 'test/engine/core-without-threads', 'test/engine/shared-numbers'],
  ...['test/engine/engines-alike', 'test/engine/queue-model'],
];
const EMBEDDED = ['test/embedded', 'test/channel', 'test/testing'];
const PROTOCOL = [
  ...['connection/handshake', 'connection/framing', 'connection/tls.test', 'connection/client-certificates'],
  ...['connection/websocket.test', 'publishing/publish', 'publishing/transactions', 'consuming/acknowledgements'],
  ...['queues/dead-letters', 'routing/exchange-types', 'durable/delivery-counts'],
].map((name) => `test/protocol/${name}`);
const PROJECTS = ['parts', 'wasm', 'js'].flatMap((name) => ['--project', name]);

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BINARIES = `node-${process.platform}-${process.arch}`;
const FETCH_MS = 300_000;
const RUN_MS = 900_000;
/** How long a test may take: `npm test` is stricter. Here many processes start, and one that hangs is all that counts. */
const TEST_MS = 120_000;

/** The folder of a version's `node`. @param {string} version */
async function fetched(version) {
  const place = `${BUILD}/node-${version}`;
  const folder = `${place}/node_modules/${BINARIES}/bin`;
  if (existsSync(`${folder}/node`)) return folder;
  const flags = ['--silent', '--no-audit', '--no-fund', '--prefix', place];
  const { code, output } = await runCommand(['npm', 'install', ...flags, `${BINARIES}@${version}`], {
    cwd: ROOT,
    timeoutMs: FETCH_MS,
  });
  if (code !== 0) throw new Error(`${BINARIES}@${version} cannot be had: ${output}`);
  return folder;
}

/** @param {string} version @returns {Promise<{ row: string, passed: boolean }>} its row of the table */
async function tested(version) {
  const folder = await fetched(version);
  const report = `${BUILD}/node-${version}/report.json`;
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const started = performance.now();
  const { code, output } = await runCommand(
    [
      ...[`${folder}/node`, 'node_modules/vitest/vitest.mjs', 'run', `--testTimeout=${TEST_MS}`],
      ...[...reporters, ...PROJECTS],
      ...[...CORE, ...EMBEDDED, ...PROTOCOL],
    ],
    { cwd: ROOT, timeoutMs: RUN_MS, env: { PATH: `${folder}${delimiter}${process.env.PATH}`, NO_COLOR: '1' } },
  );
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const passed = code === 0;
  if (!passed) process.stdout.write(`${output}\nNode ${version}: ${code}\n`);
  const tests = passed ? JSON.parse(readFileSync(report, 'utf8')).numPassedTests : 'FAILED';
  return { row: `${version.padEnd(10)}${String(tests).padStart(8)}${seconds.padStart(10)}`, passed };
}

const asked = process.argv.slice(2);
const chosen = VERSIONS.filter((version) => asked.length === 0 || asked.includes(version.split('.', 1)[0] ?? ''));
if (chosen.length === 0) throw new Error(`none of ${VERSIONS.join(', ')} is meant by ${asked.join(' ')}`);
process.stdout.write(`${'Node'.padEnd(10)}${'passed'.padStart(8)}${'seconds'.padStart(10)}\n`);
for (const version of chosen) {
  const { row, passed } = await tested(version);
  process.stdout.write(`${row}\n`);
  if (!passed) process.exitCode = 1;
}
