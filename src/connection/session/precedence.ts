/**
 * What came before a method goes before it. A message that was published to a queue with an able consumer is that
 * consumer's, as in RabbitMQ, where the queue has handed it over before it hears of anything later. So before a method
 * looks at a queue, or changes what is in it or who consumes from it, consumers of this worker take their turns; and
 * while those of others are about to take something, the method waits, with all that its connection sends behind it.
 *
 * Nobody is told when another worker's consumer has had its turn: that would be a store for each turn, on the way of
 * every message, for a wait that lasts some ten microseconds and is rare. So the queue is looked at again, at first as
 * often as the worker comes round. What must hold: a method waits for what was there before it, not for what is
 * published or requeued meanwhile; for no longer than HOLD_MS; and never in the worker's way.
 */
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { Engine, Extent } from '../../engine/engine.js';
import type { EventLoop } from '../../event-loop/event-loop.js';

/**
 * How long a method waits at most (ms): a worker that is awake takes its turns within one, and one that has no CPU
 * should not hold up others for ever.
 */
const HOLD_MS = 1_000;
/** Looks one after the other; then there is this pause (ms) between two. */
const QUICK_LOOKS = 20;
const PAUSE_MS = 1;

/** What consumers are looked for in. */
interface Place {
  readonly engine: Engine;
  readonly view: TopologyView;
  readonly eventLoop: EventLoop;
}

/**
 * Null when all that consumers are to have of a queue is on its way; else resolves when it is, of what is there now.
 */
export function consumersFirst(place: Place, queue: QueueEntry): Promise<void> | null {
  return isOwed(place, queue, null) ? whenTaken(place, queue, place.engine.extentOf(queue.ref)) : null;
}

function isOwed({ engine, view, eventLoop }: Place, queue: QueueEntry, extent: Extent | null): boolean {
  // Once it is deleted, its memory may be another's.
  if (view.queueByRef(queue.ref) !== queue) return false;
  eventLoop.serveNow();
  return engine.isOwed(queue.ref, extent);
}

async function whenTaken(place: Place, queue: QueueEntry, extent: Extent): Promise<void> {
  const end = performance.now() + HOLD_MS;
  let looks = 0;
  do {
    await place.eventLoop.next(looks < QUICK_LOOKS ? 0 : PAUSE_MS);
    looks += 1;
  } while (performance.now() < end && isOwed(place, queue, extent));
}
