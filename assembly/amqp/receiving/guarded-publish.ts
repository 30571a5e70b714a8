/**
 * Publishing to queues that take messages one by one: some have priorities, some refuse what they have no room for.
 * Also all that the host publishes.
 */
import { EXPIRING, Message, release, retain } from '../../memory/message';
import { self } from '../../memory/root';
import { CLASSIC, unknownKind } from '../../queue/chain/kinds';
import { deadLetterRefused } from '../../queue/rules/dead-letters';
import { hasRoom } from '../../queue/rules/length';
import { enqueue, guardedPages } from '../../queue/publish';
import { Queue, SHARED } from '../../queue/chain/queue';
import { featuresOf, REJECT, REJECT_PUBLISH_DLX } from '../../queue/chain/features';
import { expectExpiry } from '../../queue/rules/set-features';
import { Route, routeQueue } from './route';

/** Pages that one message may need, those of a refusal among them. */
export function routeGuardedPages(route: Route): u32 {
  return route.queueCount * guardedPages() + 1;
}

/**
 * Publishes a message to the queues of a route, alone, and lets go of it. False: one of them refused it. No run is
 * pending, pages are promised.
 */
export function publishGuarded(route: Route, message: Message): bool {
  let taken = true;
  for (let i: u32 = 0; i < route.queueCount; i++) {
    if (!admit(changetype<Queue>(routeQueue(route, i)), message)) taken = false;
  }
  release(message);
  return taken;
}

/** Enqueues a message that the caller holds; false: the queue refused it. */
export function admit(queue: Queue, message: Message): bool {
  if (queue.kind != CLASSIC) unknownKind();
  if (queue.features & REJECT && !queue.retired && !hasRoom(queue, message)) {
    if (<u32>featuresOf(queue).overflow == REJECT_PUBLISH_DLX) deadLetterRefused(queue, message);
    return false;
  }
  if (message.flags & EXPIRING) expectExpiry(queue, self.index);
  retain(message);
  store<u32>(self.runMessages, <u32>changetype<usize>(message));
  enqueue(queue, self.runMessages, 1, SHARED);
  return true;
}

/** A message with an expiration of its own goes to the queues of a route. */
export function expectExpiries(route: Route): void {
  for (let i: u32 = 0; i < route.queueCount; i++) expectExpiry(changetype<Queue>(routeQueue(route, i)), self.index);
}
