/**
 * The exports about the log. Batches are addresses, opaque to the host but for their first words: number, octets,
 * messages, and octets of messages.
 */
import { confirmHeld } from '../amqp/receiving/confirm';
import { Batch, endBatch, gathering, nextPart, partLength, stampAll, walkParts } from '../log/batch';
import { flushDone, gathers as isGathering, placesDone, startWriter, takeGathered } from '../log/journal';
import { self } from '../memory/root';
import { setBlocked } from '../memory/units';
import { deliveredFrom, deliveredPriority, enterLog, nextDelivered, walkDelivered } from '../queue/chain/logged';
import { Queue } from '../queue/chain/queue';

/** False: no memory. */
export function startLog(writer: u32, firstMessage: f64): bool {
  return startWriter(writer, firstMessage);
}
export function setLogId(queue: usize, id: f64, nextPosition: f64): void {
  enterLog(changetype<Queue>(queue), <u64>id, <u64>nextPosition);
}
export function takeBatch(): usize {
  return changetype<usize>(takeGathered());
}
export function gathers(): bool {
  return isGathering();
}
/** Records places in a row as done that `heldBack` was told of; it may be told of them again. */
export function recordDone(queue: f64, from: f64, count: f64): void {
  placesDone(<u64>queue, <u64>from, <u64>count);
  flushDone();
}
export function gatheringBatch(): u32 {
  flushDone();
  return self.batch ? gathering().number : 1;
}
export function stampBatch(batch: usize, low: u32, high: u32): void {
  stampAll(changetype<Batch>(batch), ((<u64>high) << 32) | low);
}
/** Begins a walk over the octets of a batch: all, or without those of messages. */
export function beginParts(batch: usize, messages: bool): void {
  walkParts(changetype<Batch>(batch), messages);
}
export function partOffset(): usize {
  return nextPart();
}
export function partOctets(): u32 {
  return partLength;
}

export function batchDone(batch: usize): void {
  confirmHeld(changetype<Batch>(batch));
  endBatch(changetype<Batch>(batch));
}

export function blockPublishers(blocked: bool): void {
  setBlocked(blocked);
}

export function beginRedelivered(queue: usize): void {
  walkDelivered(changetype<Queue>(queue));
}
/** How many positions follow from `redeliveredFrom` on; 0: no more. */
export function redeliveredCount(): u32 {
  return nextDelivered();
}
export function redeliveredFrom(): f64 {
  return <f64>deliveredFrom;
}
export function redeliveredPriority(): u32 {
  return deliveredPriority;
}
