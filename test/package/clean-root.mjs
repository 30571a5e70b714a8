/**
 * A clean machine to install into: Debian by debootstrap, with Debian's Node and nothing of ours, entered by chroot in
 * namespaces of its own. What must hold: what is mounted there goes with the process that was run.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect } from 'amqplib';

/** Debian 13: the first one whose Node is new enough. */
const RELEASE = 'trixie';
const PACKAGES = 'nodejs,adduser,ca-certificates';
/** How long a broker may take until it serves, on a machine that does much else (ms), and how often it is asked. */
const PATIENCE = 60_000;
const ASK_MS = 200;

/**
 * @typedef {object} Entering
 * @property {string} [user] by name or `UID:GID`; root if nothing is said
 * @property {Readonly<Record<string, string>>} [env] all of its environment
 * @property {string} [cwd]
 * @property {string} [volume] a folder of the root that may be written to, where nothing else may be
 */

/** @param {string} root where it is put */
export function makeCleanRoot(root) {
  const mirror = 'http://deb.debian.org/debian';
  execFileSync('debootstrap', ['--variant=minbase', `--include=${PACKAGES}`, RELEASE, root, mirror], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** @param {string} from @param {string} to */
export function copyRoot(from, to) {
  execFileSync('cp', ['--archive', '--reflink=auto', from, to]);
}

/** npm of this machine, as images of Node have it, and what leads to registries. @param {string} root */
export function addNpm(root) {
  const npm = dirname(dirname(realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())));
  cpSync(npm, join(root, 'usr/lib/npm'), { recursive: true });
  execFileSync('ln', ['-sf', '/usr/lib/npm/bin/npm-cli.js', join(root, 'usr/bin/npm')]);
  for (const file of ['/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs/ca-certificates.crt']) {
    if (!existsSync(file)) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(file, join(root, file), { dereference: true });
  }
}

/** @param {string} root @param {readonly string[]} command @param {Entering} entering */
function entered(root, command, { user = '0:0', env = {}, cwd = '/', volume }) {
  const mounts = [
    'mount --bind "$ROOT" "$ROOT"',
    'mount -t proc proc "$ROOT/proc"',
    ...['null', 'zero', 'urandom', 'random'].map((name) => `mount --bind /dev/${name} "$ROOT/dev/${name}"`),
    ...(volume === undefined ? [] : ['mount --bind "$ROOT$VOLUME" "$ROOT$VOLUME"', 'mount -o remount,bind,ro "$ROOT"']),
  ];
  const script = `set -e; ${mounts.join('; ')}; exec env -i "\${ENTRIES[@]}" chroot --userspec="$WHO" "$ROOT" \\
    /usr/bin/env --chdir="$CWD" "$@"`;
  const entries = Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...env });
  const quoted = entries.map(([name, value]) => `'${`${name}=${value}`.replaceAll("'", "'\\''")}'`).join(' ');
  return {
    args: ['--mount', '--propagation', 'private', 'bash', '-c', `ENTRIES=(${quoted}); ${script}`, 'enter', ...command],
    env: {
      PATH: process.env.PATH,
      ROOT: root,
      WHO: user,
      CWD: cwd,
      ...(volume === undefined ? {} : { VOLUME: volume }),
    },
  };
}

/** What a command writes in there. @param {string} root @param {readonly string[]} command @param {Entering} [entering] */
export function runIn(root, command, entering = {}) {
  const { args, env } = entered(root, command, entering);
  return execFileSync('unshare', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

/** A process that goes on. @param {string} root @param {readonly string[]} command @param {Entering} [entering] */
export function startIn(root, command, entering = {}) {
  const { args, env } = entered(root, command, entering);
  const child = spawn('unshare', args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => child.on('exit', resolve));
  return { child, ended };
}

/** Asks until it is so. @param {string} what @param {() => unknown} ask throws until then */
export async function untilItIs(what, ask) {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return ask();
    } catch (error) {
      if (performance.now() > end) throw new Error(`${what}: not within ${PATIENCE / 1000} s`, { cause: error });
      await setTimeout(ASK_MS);
    }
  }
}

/** A real client leaves a message that must be kept. @param {string} url */
export async function leaveMessage(url) {
  const connection = await connect(url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('kept', { durable: true });
  channel.sendToQueue('kept', Buffer.from('from before'), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
}

/** A real client finds it. @param {string} url */
export async function findMessage(url) {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  const message = await channel.get('kept', { noAck: true });
  await connection.close();
  if (message === false || message.content.toString() !== 'from before') throw new Error('the message is not there');
}
