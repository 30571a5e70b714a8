/**
 * The processes under measurement: the broker and the relay, each started on a free port and stopped again.
 * What must hold: none of them outlives this process.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** This checkout. */
const HERE = fileURLToPath(new URL('../../', import.meta.url));
const RELAY = fileURLToPath(new URL('../limit/build/relay', import.meta.url));
const LISTENING = /listening on amqp:\/\/\S*:(\d+)/;
const STOP_MS = 10_000;

/** @typedef {{ pid: number, port: number, stop: () => Promise<void> }} Server */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', killAll);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => process.exit(1));
}

function killAll() {
  for (const child of running) child.kill('SIGKILL');
}

/** @param {string} checkout a folder with a built Leveret */
function broker(checkout) {
  return resolvePath(checkout, 'dist/cli/main.js');
}

/**
 * @param {readonly string[]} options the broker's own
 * @param {{ nodeOptions?: readonly string[], onLine?: (line: string) => void, checkout?: string }} [how] `onLine` is called with each line that it
 *   prints; `checkout` is another built checkout than this one
 */
export function startLeveret(options, { nodeOptions = [], onLine = () => {}, checkout = HERE } = {}) {
  return startServer(process.execPath, [...nodeOptions, broker(checkout), '--port', '0', ...options], onLine);
}

export function startRelay() {
  return startServer(RELAY, ['0'], () => {});
}

/**
 * Starts the broker on a port chosen by the caller, and does not wait for anything.
 * @param {number} port
 * @param {readonly string[]} options
 */
export function launchLeveret(port, options) {
  return launch(process.execPath, [broker(HERE), '--port', String(port), ...options]);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {(line: string) => void} onLine
 * @returns {Promise<Server>} once it has said where it listens
 */
async function startServer(command, args, onLine) {
  const child = launch(command, args);
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
 */
function launch(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  const stop = async () => {
    child.kill('SIGTERM');
    const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(deadline);
  };
  return { pid, process: child, stop };
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
