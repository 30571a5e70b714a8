/** What participants have counted. */
import { sumIn, sumOfAll } from '../memory/counters';
import { countersOf, Queue } from '../queue/chain/queue';

export function counted(counter: u32): f64 {
  return <f64>sumOfAll(counter);
}

export function countedAt(queue: usize, counter: u32): f64 {
  return <f64>sumIn(countersOf(changetype<Queue>(queue)), counter);
}
