/**
 * How much of the CPUs' time the host of a virtual machine kept for others: what no program on it can help, and what a
 * latency's tail shows first. Zero where the kernel does not say.
 */
import { readFileSync } from 'node:fs';

/**
 * The columns of /proc/stat's first line that add up to all time (proc(5)): user to steal; guest times are in user's.
 */
const COLUMNS = 8;
const STEAL = 7;

/** @typedef {{ stolen: number, total: number }} Ticks */

/** @returns {Ticks} since the machine's start, over all CPUs */
function ticks() {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n');
  const columns = line
    .split(/\s+/)
    .slice(1, 1 + COLUMNS)
    .map(Number);
  return { stolen: columns[STEAL] ?? 0, total: columns.reduce((sum, column) => sum + column, 0) };
}

/**
 * @template T
 * @param {() => Promise<T>} run
 * @returns {Promise<{ result: T, stolen: number }>} `stolen` of 1 is all of the time between
 */
export async function withStolen(run) {
  const before = ticks();
  const result = await run();
  const after = ticks();
  return { result, stolen: (after.stolen - before.stolen) / Math.max(1, after.total - before.total) };
}
