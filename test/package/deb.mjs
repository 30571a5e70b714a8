/**
 * The Debian package on a clean machine: `npm run deb-check -- [--root FOLDER]` (needs root and debootstrap; --root: a
 * clean root that is there, which is copied). It is installed by dpkg, started as its unit says, asked by a real client,
 * upgraded, removed and purged. There is no systemd in a chroot: what the package does without it must not fail.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort } from '../../bench/support/ports.mjs';
import { copyRoot, findMessage, leaveMessage, makeCleanRoot, runIn, startIn, untilItIs } from './clean-root.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { root: { type: 'string' }, deb: { type: 'string' } } });
const place = mkdtempSync(join(tmpdir(), 'leveret-deb-check-'));
const root = join(place, 'root');
const inRoot = (/** @type {string} */ path) => join(root, path);

/** @param {string} name */
function step(name) {
  console.log(`deb-check: ${name}`);
}

/** @param {string} deb */
function install(deb) {
  copyFileSync(deb, inRoot('tmp/leveret.deb'));
  runIn(root, ['dpkg', '--install', '/tmp/leveret.deb']);
}

/** As systemd starts it. @param {(url: string) => Promise<void>} story @param {number} port */
async function served(port, story) {
  const unit = readFileSync(inRoot('usr/lib/systemd/system/leveret.service'), 'utf8');
  const setting = (/** @type {string} */ name) => new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? '';
  const user = setting('User');
  const { child, ended } = startIn(root, setting('ExecStart').split(' '), { user: `${user}:${setting('Group')}` });
  try {
    await untilItIs('the broker serves', () =>
      runIn(root, ['leveret', 'healthcheck', '--data', '/var/lib/leveret'], { user }),
    );
    await story(`amqp://guest:guest@127.0.0.1:${port}`);
  } finally {
    child.kill('SIGTERM');
  }
  assert.equal(await ended, 0, 'an orderly end');
}

/** The same package with a higher version. @param {string} deb */
function newer(deb) {
  const folder = join(place, 'newer');
  execFileSync('dpkg-deb', ['--raw-extract', deb, folder]);
  const control = join(folder, 'DEBIAN/control');
  writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: (.*)$/m, 'Version: $1+1'));
  execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', folder, join(place, 'newer.deb')], {
    stdio: 'ignore',
  });
  return join(place, 'newer.deb');
}

async function main() {
  step('built');
  const build = [join(ROOT, 'examples/packaging/deb/build.mjs'), '--out', place];
  const deb = values.deb ?? execFileSync(process.execPath, build, { encoding: 'utf8' }).trim();
  if (values.root === undefined) {
    step('a clean machine');
    makeCleanRoot(root);
  } else copyRoot(values.root, root);

  step('installed');
  install(deb);
  const owner = runIn(root, ['stat', '--format=%U:%G %a', '/var/lib/leveret', '/etc/leveret/leveret.toml']);
  assert.deepEqual(owner.split('\n'), ['leveret:leveret 750', 'root:leveret 640']);
  assert.ok(
    lstatSync(inRoot('etc/systemd/system/multi-user.target.wants/leveret.service')).isSymbolicLink(),
    'enabled',
  );
  assert.match(runIn(root, ['leveret', '--version']), /^leveret \d/);

  step('started as its unit says, and asked by a client');
  const [port, http] = [await freePort(), await freePort()];
  appendFileSync(inRoot('etc/leveret/leveret.toml'), `\nport = ${port}\nhttp_port = ${http}\n`);
  await served(port, leaveMessage);

  step('upgraded: settings and messages stay');
  install(newer(deb));
  assert.match(runIn(root, ['dpkg-query', '--show', 'leveret']), /\+1$/);
  assert.match(readFileSync(inRoot('etc/leveret/leveret.toml'), 'utf8'), new RegExp(`^port = ${port}$`, 'm'));
  await served(port, findMessage);

  step('removed: settings and messages stay');
  runIn(root, ['dpkg', '--remove', 'leveret']);
  assert.deepEqual(there(), [false, true, true]);

  step('purged: nothing stays');
  runIn(root, ['dpkg', '--purge', 'leveret']);
  assert.deepEqual(there(), [false, false, false]);
  step('clean');
}

/** Of the program, its settings and its messages. */
function there() {
  return ['usr/lib/leveret', 'etc/leveret', 'var/lib/leveret'].map((path) => existsSync(inRoot(path)));
}

try {
  await main();
} finally {
  rmSync(place, { recursive: true, force: true });
}
