/**
 * The load generator as a function: its options in, its figures out. It says by its exit code whether the broker
 * delivered every message once and in order; `wrong` carries that on, as a finding and not as an error of the
 * benchmark.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const LOAD = fileURLToPath(new URL('../limit/build/load', import.meta.url));
/** Speaks TLS too. */
export const TLS_LOAD = fileURLToPath(new URL('../limit/build/load-tls', import.meta.url));
const WRONG_DELIVERIES = 3;

/**
 * @typedef {object} Figures as the generator prints them
 * @property {number} consumed a second
 * @property {number} confirmed a second
 * @property {number} p50_us
 * @property {number} p99_us
 * @property {number} confirm_p50_us
 * @property {number} confirm_p99_us
 * @property {number} lost
 * @property {number} dup
 * @property {number} reorder
 * @property {number} cpu_us_per_msg the generator's own
 * @property {number} broker_cpu_us_per_msg
 * @property {number} total_published
 * @property {number} total_consumed
 * @property {number} total_confirmed
 */

/**
 * @param {{ pid: number, port: number }} server
 * @param {readonly string[]} options
 * @param {string} [program]
 * @returns {Promise<Figures & { wrong: boolean }>}
 */
export async function runLoad(server, options, program = LOAD) {
  const args = ['-p', String(server.port), '--pid', String(server.pid), '--json', ...options];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0 && code !== WRONG_DELIVERIES) throw new Error(`load ${args.join(' ')} ended with code ${code}`);
  const figures = /** @type {Figures} */ (JSON.parse(output));
  return { ...figures, wrong: code === WRONG_DELIVERIES };
}
