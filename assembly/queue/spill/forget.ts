/** Absent messages that nobody wants any more: those of a queue that is purged or deleted. */
import { compareExchange } from '../../memory/atomic';
import { isLogging, placesDone } from '../../log/journal';
import { coordinator, self } from '../../memory/root';
import { behindStub, headOf, setStub, stubOf, welcome } from './spilled';
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

/** Forgets the absent messages once all before them are claimed; returns how many, 0: there are none, or it is too early. Inside the core; the coordinator's. */
export function dropAbsent(queue: Queue): u32 {
  if (!changetype<usize>(stubOf(queue)) || self != coordinator()) return 0;
  abandon(queue);
  const stub = stubOf(queue);
  const address = changetype<usize>(queue);
  const head = headOf(queue);
  const behind = behindStub(stub);
  const part = queue.absentPart;
  const end = behind.start + part;
  // Cursors see the old head and nothing READY there, or the new one; none of them moves it.
  if (head != stub.start + queue.absentFilled || compareExchange(address + offsetof<Queue>("head"), head, end) != head) return 0;
  setStub(queue, changetype<Block>(0));
  if (ruling(queue).traits & BYTES) addBytes(ruling(queue), -queue.absentBytes);
  // What lies between was absent, was done before, or was never in the log.
  const place = queue.absentPlace;
  const endPlace = logPosition(behind, part);
  if (queue.logId && isLogging() && !ruling(queue).retired && endPlace > place) placesDone(queue.logId, place, endPlace - place);
  const filled = queue.absentFilled;
  const whole = stub.absent != 0;
  queue.absentBytes = 0;
  queue.absentPart = 0;
  queue.absentFilled = 0;
  stub.absent = 0;
  if (whole && part) addDone(behind, part);
  addDone(stub, (whole ? SLOTS : part) - filled);
  welcome(queue, SLOTS);
  return end - head;
}
