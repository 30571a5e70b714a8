/**
 * Runs the examples of examples/frameworks, each against a broker from the packed package, and compares what they print:
 * `npm run frameworks [-- --all] [NAME...]`. Those without their toolchain, or whose packages cannot be had, are left
 * out by name; with `--all` that is an error. What must hold: everything that is fetched has an exact version, and is
 * fetched again only when a lock changes; all lies in `BUILD`, which git ignores.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../interop/commands.mjs';
import { chosenParts } from '../interop/toolchains.mjs';
import { BUILD } from './hosts.mjs';

/** @typedef {import('../interop/clients.mjs').Command} Command */

/**
 * @typedef {object} Framework
 * @property {string} name its folder's
 * @property {readonly Command[]} needs commands that succeed where the toolchain is there
 * @property {string} lock the file that says what is fetched
 * @property {readonly Command[]} fetch
 * @property {readonly Command[]} build
 * @property {Command} run prints what `expected.txt` has
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLES = fileURLToPath(new URL('../../examples/frameworks', import.meta.url));
/** The package lies in a folder above those of the examples, where Node looks for it and npx too. */
const PLACE = `${BUILD}/frameworks`;
const PACKAGE = `${PLACE}/leveret.tgz`;
const FETCHED = '.fetched';
const FETCH_MS = 600_000;
const RUN_MS = 120_000;

/** @type {Command} */
const NPM_CI = ['npm', 'ci', '--silent', '--prefer-offline', '--no-audit', '--no-fund'];
const VENV = 'venv/bin/python';

/** @param {string} name @param {Command} run @param {readonly Command[]} [build] @returns {Framework} */
function inNode(name, run, build = []) {
  return { name, needs: [], lock: 'package-lock.json', fetch: [NPM_CI], build, run };
}

/** @type {readonly Framework[]} */
const FRAMEWORKS = [
  inNode('amqplib', ['node', 'main.mjs']),
  inNode('moleculer', ['node', 'main.mjs']),
  inNode('nestjs', ['node', 'dist/main.js'], [['node_modules/.bin/tsc']]),
  inNode('golevelup', ['node', 'dist/main.js'], [['node_modules/.bin/tsc']]),
  {
    name: 'celery',
    needs: [['python3', '-c', 'import ensurepip, venv']],
    lock: 'requirements.txt',
    fetch: [
      ['python3', '-m', 'venv', '--clear', 'venv'],
      [VENV, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '-r', 'requirements.txt'],
    ],
    build: [],
    run: [VENV, '-B', 'main.py'],
  },
];

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** @param {number} started */
function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

/** @param {readonly Command[]} commands @param {string} cwd */
async function runAll(commands, cwd) {
  for (const command of commands) {
    const { code, output } = await runCommand(command, { cwd, timeoutMs: FETCH_MS });
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  }
}

/** Packs this checkout, and installs it as whoever uses it does. */
async function installPackage() {
  const started = performance.now();
  mkdirSync(PLACE, { recursive: true });
  writeFileSync(`${PLACE}/package.json`, JSON.stringify({ private: true }));
  rmSync(`${PLACE}/node_modules/leveret`, { recursive: true, force: true });
  await runAll([['npm', 'pack', '--silent', '--pack-destination', PLACE]], ROOT);
  const packed = readdirSync(PLACE).find((name) => /^leveret-.*\.tgz$/.test(name)) ?? '';
  renameSync(`${PLACE}/${packed}`, PACKAGE);
  const flags = ['--silent', '--prefer-offline', '--no-audit', '--no-fund', '--no-save', '--no-package-lock'];
  await runAll([['npm', 'install', ...flags, PACKAGE]], PLACE);
  say(`installed the package in ${seconds(started)}`);
}

/** Copies an example, and fetches what it needs unless that is there. @param {Framework} framework */
async function fetchFor({ name, lock, fetch }) {
  const folder = `${PLACE}/${name}`;
  cpSync(`${EXAMPLES}/${name}`, folder, { recursive: true });
  const wanted = readFileSync(`${folder}/${lock}`, 'utf8');
  const mark = `${folder}/${FETCHED}`;
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  rmSync(mark, { force: true });
  await runAll(fetch, folder);
  writeFileSync(mark, wanted);
}

/** @param {Framework} framework @returns {Promise<boolean>} whether its packages are there */
async function isFetched(framework) {
  try {
    await fetchFor(framework);
    return true;
  } catch (error) {
    if (process.argv.includes('--all')) throw error;
    say(`LEFT OUT: ${framework.name}, as its packages cannot be had: ${error}`);
    return false;
  }
}

/** Whether it prints what is expected of it. @param {Framework} framework */
async function isAsExpected({ name, build, run }) {
  const folder = `${PLACE}/${name}`;
  await runAll(build, folder);
  const started = performance.now();
  const { code, output } = await runCommand(run, { cwd: folder, timeoutMs: RUN_MS });
  const expected = readFileSync(`${folder}/expected.txt`, 'utf8');
  const passed = code === 0 && output === expected;
  say(
    `\n${name}, ${seconds(started)}: ${passed ? 'as expected' : `FAILED with ${code}, expected:\n${expected}\nand printed:`}`,
  );
  say(output.trimEnd());
  return passed;
}

const ready = chosenParts(FRAMEWORKS, say);
await installPackage();
let passed = 0;
let failed = 0;
for (const framework of ready) {
  if (!(await isFetched(framework))) continue;
  if (await isAsExpected(framework)) passed++;
  else failed++;
}
say(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
