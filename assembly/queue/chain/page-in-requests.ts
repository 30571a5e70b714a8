/**
 * Page-in requests: whoever comes near a queue's spilled messages, or finds the next one spilled, puts the queue on the
 * coordinator's list and rings it. A queue stands there once, and the list keeps its cell. Meets: the coordinator,
 * which strikes a queue off the list before it looks at the queue: a request that comes later is a new one.
 */
import { listLost } from '../../memory/contention';
import { atomicExchange, atomicLoad, atomicStore, compareExchange } from '../../memory/atomic';
import { IS_SMALL } from '../../memory/parts';
import { coordinator, Participant, self } from '../../memory/root';
import { ring } from '../../memory/units';
import { isHeadSpilled, isReady } from './head';
import { priorityAt } from './priorities';
import { Block, holdQueue, Queue, releaseQueue, SLOTS } from './queue';
import { ruling } from './features';

/** So near (messages) the gap block is asked back. */
export const WINDOW: i32 = <i32>SLOTS * 16;

/** Asks for the next of the spilled messages. The caller may use the queue. */
export function requestPageIn(queue: Queue): void {
  if (IS_SMALL) return;
  const pageInRequested = changetype<usize>(queue) + offsetof<Queue>('pageInRequested');
  // Pairs with the store in `nextPageInRequest`: if we find the old request, the coordinator has yet to look, and will
  // see how far the head is.
  if (atomicLoad(pageInRequested) || compareExchange(pageInRequested, 0, 1) != 0) return;
  holdQueue(queue);
  const target = coordinator();
  const list = changetype<usize>(target) + offsetof<Participant>('pageInRequests');
  while (true) {
    const first = atomicLoad(list);
    queue.pageInNext = first;
    // Pairs with the exchange in `nextPageInRequest`, and with the load in `fallAsleep`: a coordinator that misses it
    // is still awake.
    if (compareExchange(list, first, <u32>changetype<usize>(queue)) == first) break;
    listLost();
  }
  ring(target);
}

/** A cursor has come to another block of a queue that has a gap block. */
export function requestAhead(queue: Queue, block: Block): void {
  if (IS_SMALL) return;
  // Pairs with the store in `setGap`: the gap block is laid out.
  const gap = changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>('gap')));
  if (changetype<usize>(gap) && <i32>(gap.start - block.start) <= WINDOW) requestPageIn(queue);
}

/** The coordinator's next request; 0: none. */
export function nextPageInRequest(): usize {
  while (true) {
    if (!self.pageInFirst)
      // Pairs with the compare-and-swap of who asks; the store below with his exchange: who asks from then on is
      // heard anew.
      self.pageInFirst = atomicExchange(changetype<usize>(self) + offsetof<Participant>('pageInRequests'), 0);
    const queue = changetype<Queue>(self.pageInFirst);
    if (!changetype<usize>(queue)) return 0;
    self.pageInFirst = queue.pageInNext;
    atomicStore(changetype<usize>(queue) + offsetof<Queue>('pageInRequested'), 0);
    const retired = ruling(queue).retired;
    releaseQueue(queue);
    if (!retired) return changetype<usize>(queue);
  }
}

/** Whether the next message of a queue is spilled. The caller is inside the core. */
export function isNextSpilled(queue: Queue): bool {
  let priority: u32 = queue.priorities ? queue.maxPriority : 0;
  while (true) {
    const one = priorityAt(queue, priority);
    if (changetype<usize>(one)) {
      if (isHeadSpilled(one)) return true;
      if (isReady(one)) return false;
    }
    if (!priority) return false;
    priority -= 1;
  }
}

/**
 * Asks for the next message if it is spilled, and lets all workers be rung when it is back. False: it is not spilled,
 * look again.
 */
export function awaitNext(queue: Queue): bool {
  // Pairs with the exchange in `welcome`: either it sees the mark, or we see what it has brought back.
  atomicStore(changetype<usize>(queue) + offsetof<Queue>('awaited'), 1);
  return isNextSpilled(queue);
}
