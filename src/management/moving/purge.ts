/**
 * Drops the first messages of a queue, so many and no more, of what is ready when it begins. What must hold: what is
 * spilled comes back to be dropped one by one, since only some of it may be meant; a turn is short; it is over when what
 * it has dropped is durable, or when whoever asked has left: what was dropped until then is.
 */
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import type { Moving } from './move.js';

/** A turn ends after so many messages. */
const TURN = 512;
/** How long until what was not there is looked for again (ms). */
const PAUSE_MS = 10;

type Purging = Pick<Moving, 'engine' | 'view' | 'log' | 'eventLoop' | 'syncTopology'>;

/** How many were dropped: fewer than `count` where no more were ready, or `signal` says that nobody waits any more. */
export async function purgeFirst(
  purging: Purging,
  queue: QueueEntry,
  count: number,
  signal: AbortSignal,
): Promise<number> {
  const { engine, view, log, eventLoop } = purging;
  const extent = engine.extentOf(queue.ref);
  // Those of the highest priority are first.
  let priority = extent.length / 2 - 1;
  let dropped = 0;
  while (dropped < count && priority >= 0 && !signal.aborted) {
    purging.syncTopology();
    if (view.queue(queue.vhost, queue.name) !== queue) break;
    eventLoop.begin();
    let isWaiting = false;
    for (let i = 0; i < TURN && dropped < count && priority >= 0 && !isWaiting; i++) {
      const one = engine.priorityOf(queue.ref, priority, false);
      const taken = one === 0 ? 'end' : engine.take(one, null, extent[2 * priority] ?? 0);
      if (typeof taken === 'object') {
        engine.settleTaken(taken);
        dropped += 1;
      } else if (taken === 'end') priority -= 1;
      else if (taken !== 'again') isWaiting = true;
    }
    await (isWaiting ? setTimeout(PAUSE_MS) : setImmediate());
  }
  await log?.durable();
  return dropped;
}
