/**
 * Commands of other toolchains, run to their end.
 * What must hold: a command and what it started are gone when it is over, also when this process is ended.
 */
import { spawn, spawnSync } from 'node:child_process';

/** @typedef {import('./clients.mjs').Command} Command */

/** Leaders of the process groups that run. @type {Set<number>} */
const running = new Set();
process.on('exit', () => {
  for (const group of running) end(group);
});

/** @param {number} group */
function end(group) {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/**
 * Whether a command is there and says that all is well.
 * @param {Command} command
 */
export function succeeds([file, ...args]) {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/**
 * @param {Command} command
 * @param {{ cwd: string, timeoutMs: number, env?: Record<string, string | undefined> }} how
 * @returns {Promise<{ code: number | string, output: string }>} its exit code, or why it has none, and all that it printed
 */
export function runCommand([file, ...args], { cwd, timeoutMs, env = {} }) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    let late = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const group = child.pid;
    child.on('error', (error) => resolve({ code: error.message, output }));
    if (group === undefined) return;
    running.add(group);
    const deadline = setTimeout(() => {
      late = true;
      end(group);
    }, timeoutMs);
    child.on('exit', () => end(group));
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      running.delete(group);
      resolve({ code: late ? `no answer after ${timeoutMs / 1000} s` : (code ?? String(signal)), output });
    });
  });
}
