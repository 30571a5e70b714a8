/** How queues are numbered in the log: each has as many numbers as it has priorities, which count on from its own. */
import { PRIORITIES } from './recovery/ledger.js';

/** The number in the log of the queue with this id. */
export function logIdOf(id: number): number {
  return id * PRIORITIES;
}

/** The id of the queue with this number in the log. */
export function idOf(logId: number): number {
  return logId / PRIORITIES;
}
