/** What queues hold, in a form to compare: as it was recovered, and as it must be. */
import type { LogManager } from '../../../dist/store/log-manager.js';
import { idOf } from '../../../dist/store/queue-numbers.js';
import { recoveredQueues } from '../../store/support/messages.js';
import type { Expected } from './sample-stream.js';

/** By the queue's id: bodies, in order. */
export async function heldIn(log: LogManager): Promise<Map<number, string[]>> {
  const queues = await recoveredQueues(log);
  const held = [...queues].map(([queue, entries]): [number, string[]] => [
    idOf(queue),
    entries.map(({ body }) => body),
  ]);
  return new Map(held.filter(([, bodies]) => bodies.length > 0));
}

export function bodiesOf({ queues }: Expected): Map<number, readonly string[]> {
  const held = [...queues.values()].map(({ id, bodies }): [number, readonly string[]] => [id, bodies]);
  return new Map(held.filter(([, bodies]) => bodies.length > 0));
}
