/**
 * How much a scan may do: what comes in one read may be worth millions of enqueues, and other connections wait
 * meanwhile. Work is counted in enqueues, or what takes about as long; a scan that has done its part stops behind a
 * message, or amid an acknowledgement of many.
 */
import { self } from '../../memory/root';

/** Work of a message for a queue that looks at each by itself. */
export const GUARDED_WORK: u32 = 4;

@inline export function beginWork(most: u32): void {
  self.workEnd = self.work + most;
}

@inline export function countWork(work: u32): void {
  self.work += work;
}

@inline export function countGuarded(queues: u32): void {
  self.work += queues * GUARDED_WORK;
}

/** Whether the scan has done its part. Both numbers wrap. */
@inline export function isWorkDone(): bool {
  return <i32>(self.work - self.workEnd) >= 0;
}
