/** `leveret perf` as a function: its flags in, what it measured out. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * @param {number} port
 * @param {readonly string[]} flags
 * @returns {Promise<number>} messages consumed a second
 */
export async function runPerf(port, flags) {
  const args = [MAIN, 'perf', '--url', `amqp://127.0.0.1:${port}`, '--json', '--quiet', ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0) throw new Error(`leveret perf ${flags.join(' ')} ended with code ${code}`);
  return JSON.parse(output).consumed.rate;
}
