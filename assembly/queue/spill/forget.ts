/** Spilled messages that nobody wants any more: those of a queue that is purged or deleted. */
import { compareExchange } from '../../memory/atomic';
import { isLogging, placesDone } from '../../log/journal';
import { coordinator, self } from '../../memory/root';
import { behindGap, headOf, setGap, gapOf, welcome } from './spilled';
import { abandonIn } from './page-in';
import { abandonOut } from './page-out';
import { Block, logPosition, Queue, SLOTS } from '../chain/queue';
import { addBytes, BYTES, ruling } from '../chain/features';
import { addDone } from '../chain/settle';

/** What is under way with this queue is over: its messages are where they were. */
export function abandon(queue: Queue): void {
  abandonOut(queue);
  abandonIn(queue);
}

/**
 * Forgets the spilled messages once all before them are claimed; returns how many, 0: there are none, or it is too
 * early. Inside the core; the coordinator's.
 */
export function dropSpilled(queue: Queue): u32 {
  if (!changetype<usize>(gapOf(queue)) || self != coordinator()) return 0;
  abandon(queue);
  const gap = gapOf(queue);
  const address = changetype<usize>(queue);
  const head = headOf(queue);
  const behind = behindGap(gap);
  const part = queue.spilledPart;
  const end = behind.start + part;
  // Cursors see the old head and nothing READY there, or the new one; none of them moves it.
  if (head != gap.start + queue.spilledFilled || compareExchange(address + offsetof<Queue>('head'), head, end) != head)
    return 0;
  setGap(queue, changetype<Block>(0));
  if (ruling(queue).features & BYTES) addBytes(ruling(queue), -queue.spilledBytes);
  // What lies between was spilled, was done before, or was never in the log.
  const place = queue.spilledPlace;
  const endPlace = logPosition(behind, part);
  if (queue.logId && isLogging() && !ruling(queue).retired && endPlace > place)
    placesDone(queue.logId, place, endPlace - place);
  const filled = queue.spilledFilled;
  const whole = gap.spilled != 0;
  queue.spilledBytes = 0;
  queue.spilledPart = 0;
  queue.spilledFilled = 0;
  gap.spilled = 0;
  if (whole && part) addDone(behind, part);
  addDone(gap, (whole ? SLOTS : part) - filled);
  welcome(queue, SLOTS);
  return end - head;
}
