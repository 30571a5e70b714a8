/**
 * The Dockerfile where no engine runs: `npm run container-check -- [--root FOLDER]` (needs root and debootstrap; --root: a
 * clean root that is there, which is copied). Its own instructions are carried out in clean roots, which stand for its
 * base images; then the container is run as its last stage says, by a user without rights, with nothing to write to but
 * the volume, and asked by its health check and by a real client. What must hold: an instruction that is not known here is
 * an error.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../../bench/support/ports.mjs';
import {
  addNpm,
  copyRoot,
  findMessage,
  leaveMessage,
  makeCleanRoot,
  runIn,
  startIn,
  untilItIs,
} from './clean-root.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { root: { type: 'string' } } });
const place = mkdtempSync(join(tmpdir(), 'leveret-container-check-'));

/**
 * @typedef {object} Stage
 * @property {string} root
 * @property {string} cwd
 * @property {string} user
 * @property {Record<string, string>} env
 * @property {string[]} entry
 * @property {string[]} health
 * @property {string} volume
 */

/** @param {string} text @returns {[string, string][]} each instruction and what follows it */
function instructionsOf(text) {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n');
  return lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()]);
}

/** What of the sources goes to the build, as .dockerignore says. @param {string} to */
function copyContext(to) {
  const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => (line.startsWith('**/') ? `--exclude=${line.slice(3)}` : `--exclude=./${line}`));
  const packed = join(place, 'context.tar');
  execFileSync('tar', ['-C', ROOT, '-cf', packed, ...ignored, '.']);
  execFileSync('tar', ['-C', to, '-xf', packed]);
}

/** @param {string} clean */
function build(clean) {
  /** @type {Map<string, Stage>} */
  const stages = new Map();
  /** @type {Stage | undefined} */
  let stage;
  for (const [instruction, rest] of instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))) {
    console.log(`container-check: ${instruction} ${rest}`);
    if (instruction === 'FROM') {
      const name = / AS (\S+)$/.exec(rest)?.[1] ?? 'last';
      const root = join(place, name);
      copyRoot(clean, root);
      addNpm(root);
      stage = { root, cwd: '/', user: '0:0', env: {}, entry: [], health: [], volume: '' };
      stages.set(name, stage);
    } else if (stage === undefined) throw new Error(`${instruction} before FROM`);
    else carryOut(stage, stages, instruction, rest);
  }
  return /** @type {Stage} */ (stages.get('last'));
}

/** @param {Stage} stage @param {ReadonlyMap<string, Stage>} stages @param {string} instruction @param {string} rest */
function carryOut(stage, stages, instruction, rest) {
  switch (instruction) {
    case 'RUN':
      runIn(stage.root, ['/bin/sh', '-c', rest], { cwd: stage.cwd, env: stage.env, user: stage.user });
      break;
    case 'WORKDIR':
      stage.cwd = rest;
      mkdirSync(join(stage.root, rest), { recursive: true });
      break;
    case 'COPY':
      copy(stage, stages, rest.split(' '));
      break;
    case 'ENV':
      for (const [, name = '', value = ''] of rest.matchAll(/(\w+)=(\S+)/g)) stage.env[name] = value;
      break;
    case 'USER':
      stage.user = rest;
      break;
    case 'VOLUME':
      stage.volume = rest;
      break;
    case 'ENTRYPOINT':
      stage.entry = JSON.parse(rest);
      break;
    case 'HEALTHCHECK':
      stage.health = JSON.parse(rest.slice(rest.indexOf('CMD ') + 4));
      break;
    case 'EXPOSE':
      break;
    default:
      throw new Error(`${instruction} is not known here`);
  }
}

/** @param {Stage} stage @param {ReadonlyMap<string, Stage>} stages @param {string[]} words */
function copy(stage, stages, words) {
  const from = words[0]?.startsWith('--from=') ? stages.get(words.shift()?.slice('--from='.length) ?? '') : null;
  if (from === undefined) throw new Error('COPY from a stage that is not there');
  const to = words.pop() ?? '';
  const target = join(stage.root, to.startsWith('/') ? to : join(stage.cwd, to));
  mkdirSync(target, { recursive: true });
  if (from !== null) {
    for (const word of words) execFileSync('cp', ['--archive', `${join(from.root, word)}/.`, target]);
  } else if (words.join() === '.') copyContext(target);
  else for (const word of words) cpSync(join(ROOT, word), join(target, word));
}

/** Two lives of one container on one volume. @param {Stage} image */
async function use(image) {
  const [port, http] = [await freePort(), await freePort()];
  const env = {
    ...image.env,
    // What `--publish` would do.
    LEVERET_PORT: String(port),
    LEVERET_HTTP_PORT: String(http),
    RABBITMQ_DEFAULT_USER: 'ann',
    RABBITMQ_DEFAULT_PASS: 'secret',
    RABBITMQ_DEFAULT_VHOST: 'orders',
  };
  const { root, user, cwd, volume } = image;
  const url = `amqp://ann:secret@127.0.0.1:${port}/orders`;
  for (const story of [leaveMessage, findMessage]) {
    const { child, ended } = startIn(root, image.entry, { env, user, cwd, volume });
    try {
      const told = await untilItIs('the health check', () => runIn(root, image.health, { env, user, volume }));
      console.log(`container-check: ${told}`);
      await story(url);
      const who = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      assert.match(who, /^Uid:\t999\t999\t999\t999$/m);
      assert.match(who, /^CapEff:\t0+$/m);
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal(await ended, 0, 'an orderly end');
  }
  assert.throws(() => runIn(root, ['touch', '/tmp/written'], { user, volume }), 'nothing else can be written to');
  assert.ok(readdirSync(join(root, volume)).length > 0);
}

try {
  const clean = values.root ?? join(place, 'clean');
  if (values.root === undefined) makeCleanRoot(clean);
  await use(build(clean));
  console.log('container-check: clean');
} finally {
  rmSync(place, { recursive: true, force: true });
}
