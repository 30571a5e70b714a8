/** What participants have counted, and what the host counts. */
import { countOwn, sumIn, sumOfAll } from '../memory/counters';
import { enter, leave } from '../memory/epoch';
import { countAt, countersOf, Queue } from '../queue/chain/queue';

/** What the host alone knows. */
export function countMore(counter: u32, more: u32): void {
  countOwn(counter, more);
}

export function countMoreAt(queue: usize, counter: u32, more: u32): void {
  enter();
  countAt(changetype<Queue>(queue), counter, more);
  leave();
}

export function counted(counter: u32): f64 {
  return <f64>sumOfAll(counter);
}

export function countedAt(queue: usize, counter: u32): f64 {
  return <f64>sumIn(countersOf(changetype<Queue>(queue)), counter);
}
