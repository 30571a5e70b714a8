/** What participants have counted. */
import { sumIn, sumOfAll } from '../memory/counters';
import { countersOf, Queue } from '../queue/chain/queue';

export {
  RECEIVED as COUNTER_RECEIVED,
  ENQUEUED as COUNTER_ENQUEUED,
  DELIVERED as COUNTER_DELIVERED,
  ACKNOWLEDGED as COUNTER_ACKNOWLEDGED,
  OCTETS_IN as COUNTER_OCTETS_IN,
  OCTETS_OUT as COUNTER_OCTETS_OUT,
} from '../memory/counters';

export function counted(counter: u32): f64 {
  return <f64>sumOfAll(counter);
}

export function countedAt(queue: usize, counter: u32): f64 {
  return <f64>sumIn(countersOf(changetype<Queue>(queue)), counter);
}
