/**
 * What whoever installs the package gets: `npm run package-check`. The packed tarball is looked at by publint and attw,
 * and installed into empty projects: a module, CommonJS, TypeScript by the resolutions `node16` and `bundler`.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const place = mkdtempSync(join(tmpdir(), 'leveret-package-check-'));
const bin = (/** @type {string} */ name) => join(ROOT, 'node_modules', '.bin', name);
/** Without dependencies. */
const UNPACKED_MAX = 3e6;

const SERVES = `
  Broker.start().then(async (broker) => {
    const refused = await broker.administration.users.add('ann', 'secret');
    await broker.stop();
    console.log(refused === null && broker.url.startsWith('amqp://') ? 'served' : 'not served');
  });
`;
const TYPED = `
  import { type QueueState, useVhost } from 'leveret/testing';
  import { Broker, type BrokerOptions, type ConnectionEvent } from 'leveret';
  import { CORE } from 'leveret/core';
  const options: BrokerOptions = { workers: 1, log: null };
  const broker: Broker = await Broker.start(options);
  broker.on('connection', ({ what, user }: ConnectionEvent) => console.log(what, user));
  // @ts-expect-error there is no such event
  broker.on('nothing', () => {});
  const users: string[] = (await broker.administration.users.list()).map(({ name }) => name);
  await broker.stop();
  const waits = async (queue: string): Promise<QueueState | null> => useVhost().queue(queue).state();
  console.log(typeof waits === 'function' && users.join() === 'guest' && CORE instanceof URL ? 'served' : 'not served');
`;

/** @param {string} name */
function step(name) {
  console.log(`package-check: ${name}`);
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function run(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

async function main() {
  const [{ filename, unpackedSize }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', place], ROOT));
  const tarball = join(place, filename);

  step(`${(unpackedSize / 1e6).toFixed(2)} MB without dependencies`);
  if (unpackedSize > UNPACKED_MAX) throw new Error(`the package has more than ${UNPACKED_MAX / 1e6} MB unpacked`);

  step('the same, octet by octet, when it is built elsewhere');
  const builds = ['one', 'another-with-a-longer-name'].map(packedIn);
  const [one, another] = builds.map((file) => digest(readFileSync(file)));
  if (one !== another) throw new Error(`two builds differ: ${differences(...builds)}`);

  step('npx, with nothing installed and an empty cache');
  await servesByNpx(tarball);

  step('publint');
  const packed = readFileSync(tarball);
  const { messages, pkg } = await publint({
    pack: { tarball: packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength) },
    strict: true,
  });
  for (const message of messages) console.error(formatMessage(message, pkg));
  if (messages.length > 0) throw new Error('publint has something to say');

  step('attw');
  // The package is ES modules alone, on purpose; what is no code has no types.
  const binaries = Object.keys(pkg.exports).filter((entry) => entry.endsWith('.wasm'));
  const rules = ['--profile', 'esm-only', '--exclude-entrypoints', ...binaries];
  console.log(run(bin('attw'), [tarball, ...rules, '--no-color', '--format', 'ascii'], ROOT));

  step('an empty project');
  const project = join(place, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
  const types = `@types/node@${JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies['@types/node']}`;
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', tarball, types], project);

  step('a module');
  expectServed(project, 'program.mjs', `import { Broker } from 'leveret';${SERVES}`);
  step('CommonJS');
  if (mayRequire()) expectServed(project, 'program.cjs', `const { Broker } = require('leveret');${SERVES}`);
  else expectServed(project, 'program.cjs', `import('leveret').then(({ Broker }) => {${SERVES}});`);

  for (const [module, resolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ]) {
    step(`TypeScript, resolution ${resolution}`);
    writeFileSync(join(project, 'typed.mts'), TYPED);
    const flags = ['--module', module, '--moduleResolution', resolution, '--strict', '--target', 'es2022'];
    run(bin('tsc'), [...flags, '--lib', 'es2023,esnext.disposable,dom', '--types', 'node', 'typed.mts'], project);
    expectOutput(project, 'typed.mjs');
  }
  step('clean');
}

/** Builds what git knows of in a folder of this name, from nothing, and packs it. @param {string} name */
function packedIn(name) {
  const folder = join(place, name, 'sources');
  mkdirSync(folder, { recursive: true });
  const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], ROOT).split('\n');
  for (const file of files.filter((path) => existsSync(join(ROOT, path)))) {
    cpSync(join(ROOT, file), join(folder, file), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  run('npm', ['run', '--silent', 'build'], folder);
  const [{ filename }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', dirname(folder)], folder));
  return join(dirname(folder), filename);
}

/** @param {Buffer} octets */
function digest(octets) {
  return createHash('sha256').update(octets).digest('hex');
}

/** The files that differ. @param {readonly string[]} tarballs */
function differences(...tarballs) {
  const listed = tarballs.map((tarball, at) => {
    const folder = join(place, `differing-${at}`);
    mkdirSync(folder);
    run('tar', ['-xzf', tarball, '-C', folder], place);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return `${relative(folder, path)} ${digest(readFileSync(path))}`;
    });
  });
  const [one = [], other = []] = listed;
  return one.filter((line) => !other.includes(line)).map((line) => line.split(' ')[0]);
}

/** @param {string} tarball */
async function servesByNpx(tarball) {
  // As the documents say it: npx takes a whole path for a program of its own.
  const folder = join(place, 'npx');
  mkdirSync(folder);
  copyFileSync(tarball, join(folder, 'leveret.tgz'));
  const named = './leveret.tgz';
  const env = { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_update_notifier: 'false' };
  const flags = ['--port', '0', '--http-port', '0', '--log-format', 'json'];
  // Once to fetch what it needs, once to see how long it takes by itself.
  execFileSync('npx', ['--yes', named, '--version'], { cwd: folder, env, stdio: 'ignore' });
  const begun = performance.now();
  const child = spawn('npx', ['--yes', named, ...flags], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /listening on (amqp:\S+?)[" ]/.exec(line)?.[1];
    if (url === undefined) continue;
    step(`it serves after ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    const connection = await connect(url);
    await connection.close();
    // The broker, too, which npx would leave behind.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    break;
  }
  await ended;
}

/** Whether this Node takes ES modules by `require` without a flag: from 20.19 and 22.12 on. */
function mayRequire() {
  return /** @type {{ require_module?: boolean }} */ (process.features).require_module === true;
}

/** @param {string} project @param {string} name @param {string} source */
function expectServed(project, name, source) {
  writeFileSync(join(project, name), source);
  expectOutput(project, name);
}

/** @param {string} project @param {string} name */
function expectOutput(project, name) {
  const told = run(process.execPath, ['--no-warnings', name], project);
  if (told !== 'served') throw new Error(`${name} tells '${told}'`);
}

try {
  await main();
} finally {
  rmSync(place, { recursive: true, force: true });
}
