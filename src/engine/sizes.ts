/** How much memory a core may have, and how much its workers need. */
import { WORKERS_MAX } from '../log/record-format.js';

export const MEBIBYTE = 1 << 20;
/** What each worker may keep for itself, of segments that it writes to and of boxes, and some room for messages. */
const MEMORY_PER_WORKER = 8 * MEBIBYTE;
/** Smallest memory: that of two workers. */
export const MEMORY_MIN = 2 * MEMORY_PER_WORKER;
export const MEMORY_MAX = 4096 * MEBIBYTE;

/** How many workers a memory holds. */
export function workersIn(memory: number): number {
  return Math.min(Math.floor(memory / MEMORY_PER_WORKER), WORKERS_MAX);
}

/** How much memory some workers need, in MiB. */
export function mebibytesFor(workers: number): number {
  return (workers * MEMORY_PER_WORKER) / MEBIBYTE;
}
