/**
 * Wishes: whoever comes near a queue's absent messages, or finds the next one absent, puts the queue on the coordinator's list and rings it. A queue stands
 * there once, and the list keeps its cell.
 * Meets: the coordinator, which strikes a queue off the list before it looks at the queue: a wish that comes later is a new one.
 */
import { atomicExchange, atomicLoad, atomicStore, compareExchange } from '../../memory/atomic';
import { coordinator, Participant, self } from '../../memory/root';
import { ring } from '../../memory/units';
import { isHeadAbsent, isReady } from './head';
import { levelAt } from './priorities';
import { Block, holdQueue, Queue, releaseQueue, SLOTS } from './queue';
import { ruling } from './features';

/** So near (messages) the stub is wished back. */
const WINDOW: i32 = <i32>SLOTS * 16;

/** Asks for the next of the absent messages. The caller may use the queue. */
export function wish(queue: Queue): void {
  const wished = changetype<usize>(queue) + offsetof<Queue>("wished");
  // Pairs with the store in `nextWish`: if we find the old wish, the coordinator has yet to look, and will see how far the head is.
  if (atomicLoad(wished) || compareExchange(wished, 0, 1) != 0) return;
  holdQueue(queue);
  const target = coordinator();
  const list = changetype<usize>(target) + offsetof<Participant>("wishes");
  while (true) {
    const first = atomicLoad(list);
    queue.wishNext = first;
    // Pairs with the exchange in `nextWish`, and with the load in `fallAsleep`: a coordinator that misses it is still awake.
    if (compareExchange(list, first, <u32>changetype<usize>(queue)) == first) break;
  }
  ring(target);
}

/** A cursor has come to another block of a queue that has a stub. */
export function wishAhead(queue: Queue, block: Block): void {
  const stub = changetype<Block>(atomicLoad(changetype<usize>(queue) + offsetof<Queue>("stub")));
  if (changetype<usize>(stub) && <i32>(stub.start - block.start) <= WINDOW) wish(queue);
}

/** The coordinator's next wish; 0: none. */
export function nextWish(): usize {
  while (true) {
    if (!self.wishFirst) self.wishFirst = atomicExchange(changetype<usize>(self) + offsetof<Participant>("wishes"), 0);
    const queue = changetype<Queue>(self.wishFirst);
    if (!changetype<usize>(queue)) return 0;
    self.wishFirst = queue.wishNext;
    atomicStore(changetype<usize>(queue) + offsetof<Queue>("wished"), 0);
    const retired = ruling(queue).retired;
    releaseQueue(queue);
    if (!retired) return changetype<usize>(queue);
  }
}

/** Whether the next message of a queue is absent. The caller is inside the core. */
export function isFrontAbsent(queue: Queue): bool {
  let level = queue.levels ? queue.maxPriority : 0;
  while (true) {
    const one = levelAt(queue, level);
    if (changetype<usize>(one)) {
      if (isHeadAbsent(one)) return true;
      if (isReady(one)) return false;
    }
    if (!level) return false;
    level -= 1;
  }
}

/** Wishes for the next message if it is absent, and lets all workers be rung when it is back. False: it is not absent, look again. */
export function awaitFront(queue: Queue): bool {
  // Pairs with the exchange in `welcome`: either it sees the mark, or we see what it has brought back.
  atomicStore(changetype<usize>(queue) + offsetof<Queue>("awaited"), 1);
  return isFrontAbsent(queue);
}
