/**
 * The processes under measurement: the broker and the relay, each started on a free port and stopped again.
 * What must hold: none of them outlives this process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { brokerEnvironment } from '../../test/support/broker-environment.mjs';

/** This checkout. */
const HERE = fileURLToPath(new URL('../../', import.meta.url));
const RELAY = fileURLToPath(new URL('../limit/build/relay', import.meta.url));
const LISTENING = /listening on amqp:\/\/\S*:(\d+)/;
const LISTENING_BY_TLS = /listening on amqps:\/\/\S*:(\d+)/;
const STOP_MS = 10_000;

/** @typedef {{ pid: number, port: number, stop: () => Promise<void> }} Server */
/** @typedef {Server & { tlsPort: number }} TlsServer */

/** @typedef {(signal: NodeJS.Signals) => void} Kill */

/** @type {Set<Kill>} */
const running = new Set();
process.on('exit', killAll);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => process.exit(1));
}

function killAll() {
  for (const kill of running) kill('SIGKILL');
}

/**
 * What is measured keeps nothing on disk, and has no HTTP API, unless it says where: brokers that run side by side cannot all have the usual port.
 * A checkout of before there was one does not know the flag.
 * @param {readonly string[]} options
 */
function placed(options, checkout = HERE) {
  const kept = options.includes('--data') ? options : ['--transient', ...options];
  const hasHttp = existsSync(resolvePath(checkout, 'dist/management'));
  return hasHttp && !options.includes('--http-port') ? ['--http-port', '0', ...kept] : kept;
}

/** @param {string} checkout a folder with a built Leveret */
function broker(checkout) {
  return resolvePath(checkout, 'dist/cli/main.js');
}

/**
 * @param {readonly string[]} options the broker's own
 * @param {{ nodeOptions?: readonly string[], onLine?: (line: string) => void, checkout?: string, env?: Record<string, string> }} [how] `onLine` is
 *   called with each line that it prints; `checkout` is another built checkout than this one; `env` is added to the environment
 */
export function startLeveret(options, { nodeOptions = [], onLine = () => {}, checkout = HERE, env = {} } = {}) {
  return startServer(
    process.execPath,
    [...nodeOptions, broker(checkout), '--port', '0', ...placed(options, checkout)],
    onLine,
    env,
  );
}

/**
 * A broker that listens by TLS too.
 * @param {import('./certificates.mjs').Identity} identity
 * @param {readonly string[]} options the broker's own
 * @param {(line: string) => void} [onLine] is called with each line that it prints
 * @returns {Promise<TlsServer>}
 */
export async function startTlsLeveret({ certificate, key }, options, onLine = () => {}) {
  /** @type {(port: number) => void} */
  let found = () => {};
  /** @type {Promise<number>} */
  const listening = new Promise((resolve) => {
    found = resolve;
  });
  const hear = (/** @type {string} */ line) => {
    const port = LISTENING_BY_TLS.exec(line)?.[1];
    if (port) found(Number(port));
    onLine(line);
  };
  const tls = ['--tls-port', '0', '--tls-cert', certificate, '--tls-key', key];
  const server = await startLeveret([...tls, ...options], { onLine: hear });
  return { ...server, tlsPort: await listening };
}

export function startRelay() {
  return startServer(RELAY, ['0'], () => {}, {});
}

/**
 * Starts the broker on a port chosen by the caller, and does not wait for anything.
 * @param {number} port
 * @param {readonly string[]} options
 */
export function launchLeveret(port, options) {
  return launch(process.execPath, [broker(HERE), '--port', String(port), ...placed(options)]);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {(line: string) => void} onLine
 * @param {Record<string, string>} env
 * @returns {Promise<Server>} once it has said where it listens
 */
async function startServer(command, args, onLine, env) {
  const child = launch(command, args, { env });
  const lines = createInterface({ input: child.process.stdout });
  /** @type {Promise<number>} */
  const listening = new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const port = LISTENING.exec(line)?.[1];
      if (port) resolve(Number(port));
      onLine(line);
    });
    lines.on('close', () => reject(new Error(`${command} ended before it listened`)));
  });
  return { pid: child.pid, port: await listening, stop: child.stop };
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, group?: boolean, led?: boolean }} [how] what its environment has besides this process's;
 *   whether it starts processes of its own that end with it; whether it is told what to do on its standard input
 */
export function launch(command, args, { env = {}, group = false, led = false } = {}) {
  const child = spawn(command, args, {
    stdio: [led ? 'pipe' : 'ignore', 'pipe', 'inherit'],
    env: { ...brokerEnvironment(), ...env },
    detached: group,
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  /** @type {Kill} */
  const kill = group ? (signal) => killGroup(pid, signal) : (signal) => child.kill(signal);
  running.add(kill);
  const exited = once(child, 'exit').finally(() => running.delete(kill));
  const stop = async () => {
    kill('SIGTERM');
    const deadline = setTimeout(() => kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(deadline);
  };
  const killed = async () => {
    kill('SIGKILL');
    await exited;
  };
  return { pid, process: child, stop, kill: killed };
}

/**
 * @param {number} leader
 * @param {NodeJS.Signals} signal
 */
function killGroup(leader, signal) {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    // Nobody is left in it.
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}

/**
 * Resident memory of a process.
 * @param {number} pid
 * @returns {number} megabytes
 */
export function residentMb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}
