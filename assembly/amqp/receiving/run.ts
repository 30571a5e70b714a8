/**
 * The pending run: messages that one read completed for one route, enqueued together, so that what lies between workers
 * is touched once per run. It is flushed when the route changes, when it is full, and before a call returns to the
 * host. Ownership: the run and its array (1 KiB in the participant's scratch page) are the participant's.
 */
import { endReserve, reservedPages } from '../../log/journal';
import { Message } from '../../memory/message';
import { self } from '../../memory/root';
import { enqueue, RUN_MAX } from '../../queue/publish';
import { Queue, SHARED } from '../../queue/chain/queue';
import { countRouted, Route, routeQueue } from './route';

/** Adds a whole message. Its route has at least one queue, and pages for it are promised beside those of the run. */
@inline export function addToRun(route: Route, message: Message): void {
  const address = <u32>changetype<usize>(route);
  if (self.runRoute != address || self.runCount == RUN_MAX) {
    flushRun();
    self.runRoute = address;
  }
  message.refs = route.queueCount;
  store<u32>(<usize>self.runMessages + self.runCount * 4, <u32>changetype<usize>(message));
  self.runCount += 1;
}

/** Pages that the run may still need; a message that joins or follows it needs its own beside them. */
@inline export function pendingPages(): u32 {
  return self.runCount ? changetype<Route>(self.runRoute).pages + reservedPages() : 0;
}

/** Enqueues the run. Must come before anything that forgets routes. */
export function flushRun(): void {
  const count = self.runCount;
  if (!count) return;
  self.runCount = 0;
  const route = changetype<Route>(self.runRoute);
  countRouted(route, count);
  const flags = route.queueCount > 1 ? SHARED : 0;
  for (let i: u32 = 0; i < route.queueCount; i++)
    enqueue(changetype<Queue>(routeQueue(route, i)), self.runMessages, count, flags);
  endReserve();
}
