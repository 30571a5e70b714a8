/** What participants have counted, and what the host counts. */
import { Channel, Connection } from '../amqp/connection/connection';
import { countChannel, countedOfChannel, countedOfEndedChannels } from '../amqp/connection/channel-counters';
import { closeList, listAt, openList } from '../memory/counter-lists';
import { countedBy, countIn, countInVhost, countOwn, sumIn, sumOfAll } from '../memory/counters';
import { recordSamples, sumOfBuckets, sumOfLatencies } from '../memory/latency';
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

export function countedByOne(participant: u32, counter: u32): f64 {
  return <f64>countedBy(participant, counter);
}

export function countedAt(queue: usize, counter: u32): f64 {
  return <f64>sumIn(countersOf(changetype<Queue>(queue)), counter);
}

export function openCounters(list: u32): bool {
  return openList(list);
}

export function closeCounters(list: u32): void {
  closeList(list);
}

export function countMoreIn(list: u32, counter: u32, more: u32): void {
  const head = listAt(list);
  if (head) countIn(head, counter, more);
}

export function countedIn(list: u32, counter: u32): f64 {
  const head = listAt(list);
  return head ? <f64>sumIn(head, counter) : 0;
}

/** The channel's worker alone asks. */
export function countedOf(channel: usize, counter: u32): f64 {
  return <f64>countedOfChannel(changetype<Channel>(channel), counter);
}

export function countedOfEnded(connection: usize, counter: u32): f64 {
  return <f64>countedOfEndedChannels(changetype<Connection>(connection), counter);
}

/** When something was last published, delivered or settled on a channel (ms since the Unix epoch). */
export function activeAt(channel: usize): f64 {
  return changetype<Channel>(channel).activeAt;
}

/** What the host alone knows of a channel; `counter` is counted of its vhost, and of all, too, unless it is 0. */
export function countMoreOf(channel: usize, ofChannel: u32, more: u32, counter: u32): void {
  const one = changetype<Channel>(channel);
  countChannel(one, ofChannel, more);
  if (counter) countInVhost(changetype<Connection>(one.connection).vhostCounters, counter, more);
}

/** The host has written all that was delivered. */
export function timeDeliveries(now: f64, micros: f64): void {
  recordSamples(now, micros);
}

export function latencyCount(bucket: u32): f64 {
  return <f64>sumOfBuckets(bucket);
}

export function latencySum(): f64 {
  return <f64>sumOfLatencies();
}
