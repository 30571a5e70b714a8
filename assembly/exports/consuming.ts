/** Consumers, deliveries, and what becomes of them. */
import { atomicLoad } from '../memory/atomic';
import { enter, leave } from '../memory/epoch';
import { Message } from '../memory/message';
import { timeOf } from '../memory/moment';
import { self } from '../memory/root';
import { hasReady } from '../queue/chain/claim';
import { backEndOf, endOf, isLeft, priorityCount } from '../queue/chain/extent';
import { isDrained as isDrainedOf } from '../queue/chain/priorities';
import { Queue, Slot } from '../queue/chain/queue';
import { DEAD } from '../queue/consumers/run-queue';
import { anyAble } from '../queue/consumers/consumer-priorities';
import { flushSettlements } from '../queue/chain/settle';
import { acknowledge, requeueAll, isOutstanding, oldestOf, outstandingSlot, REQUEUE } from '../amqp/delivering/ack';
import { Channel, Connection, Consumer } from '../amqp/connection/connection';
import { dropTooOld, endConsumer, newConsumer, wakeSiblings } from '../amqp/delivering/consumer';
import { takeOne } from '../amqp/delivering/deliver';
import { lookAtHeld } from '../amqp/delivering/held';

/** The tag stands at `scratch`. */
export function addConsumer(
  channel: usize,
  queue: usize,
  tagLength: u32,
  noAck: bool,
  prefetch: u32,
  priority: i32,
): usize {
  enter();
  const consumer = newConsumer(
    changetype<Channel>(channel),
    changetype<Queue>(queue),
    self.scratch,
    tagLength,
    noAck,
    prefetch,
    priority,
  );
  dropTooOld();
  flushSettlements();
  leave();
  return consumer;
}

export function cancelConsumer(consumer: usize): void {
  enter();
  endConsumer(changetype<Consumer>(consumer));
  flushSettlements();
  leave();
}

/** Tag of the oldest delivery that is unacknowledged, or 0. */
export function oldestUnacked(consumer: usize): f64 {
  const one = changetype<Consumer>(consumer);
  if (one.state == DEAD) return 0;
  return <f64>oldestOf(changetype<Channel>(one.channel), one);
}

export function requeueDeliveries(consumer: usize): void {
  const one = changetype<Consumer>(consumer);
  enter();
  requeueAll(changetype<Channel>(one.channel), one);
  flushSettlements();
  leave();
}

/**
 * Whether a consumer is about to take what is ready: one that has a turn to come, here or in another worker, or that
 * waits and is being granted one. Where there are only consumers without credit or output, or what is next is spilled,
 * nobody is.
 */
export function isOwed(queue: usize): bool {
  enter();
  const owed = hasReady(changetype<Queue>(queue)) && anyAble(changetype<Queue>(queue));
  leave();
  return owed;
}

/** How far a queue goes by now, priority by priority (queue/chain/extent.ts). */
export function extentPriorities(queue: usize): u32 {
  return priorityCount(changetype<Queue>(queue));
}

export function extentEnd(queue: usize, priority: u32): u32 {
  return endOf(changetype<Queue>(queue), priority);
}

export function extentBackEnd(queue: usize, priority: u32): u32 {
  return backEndOf(changetype<Queue>(queue), priority);
}

export function isExtentLeft(queue: usize, priority: u32, end: u32, backEnd: u32): bool {
  return isLeft(changetype<Queue>(queue), priority, end, backEnd);
}

export function getMessage(channel: usize, queue: usize, noAck: bool): bool {
  const one = changetype<Channel>(channel);
  enter();
  const found = takeOne(changetype<Connection>(one.connection), one, changetype<Queue>(queue), noAck);
  flushSettlements();
  leave();
  return found;
}

/** Where nobody else is there, what was looked for was seen. */
export function isDrained(queue: usize): bool {
  if (!ASC_FEATURE_THREADS) return true;
  enter();
  const drained = isDrainedOf(changetype<Queue>(queue));
  leave();
  return drained;
}

/** By one of the ways in amqp/delivering/ack.ts. False: there is no such delivery. */
export function settleDelivery(channel: usize, tag: f64, multiple: bool, how: u32): bool {
  enter();
  const done = acknowledge(changetype<Channel>(channel), <u64>tag, multiple, how);
  flushSettlements();
  leave();
  return done;
}

export function isUnacked(channel: usize, tag: f64): bool {
  return isOutstanding(changetype<Channel>(channel), <u64>tag);
}

/** When the message of a delivery came (Unix ms); 0: it is not unacknowledged, and may be gone. */
export function deliveryArrival(channel: usize, tag: f64): f64 {
  const slot = outstandingSlot(changetype<Channel>(channel), <u64>tag);
  return slot ? changetype<Message>(changetype<Slot>(slot).message).arrival : 0;
}

export function lastTag(channel: usize): f64 {
  return <f64>(changetype<Channel>(channel).nextTag - 1);
}

export function setChannelPrefetch(channel: usize, count: u32): void {
  changetype<Channel>(channel).prefetch = count;
  enter();
  wakeSiblings(changetype<Channel>(channel));
  dropTooOld();
  flushSettlements();
  leave();
}

export function setUnackedMax(channel: usize, count: u32): void {
  changetype<Channel>(channel).unackedMax = count;
  enter();
  wakeSiblings(changetype<Channel>(channel));
  dropTooOld();
  flushSettlements();
  leave();
}

export function recover(channel: usize): void {
  enter();
  acknowledge(changetype<Channel>(channel), 0, true, REQUEUE);
  flushSettlements();
  leave();
}

/** What a channel holds: so many entries at `scratch`, as HeldEntry. */
export function heldDeliveries(channel: usize): u32 {
  return lookAtHeld(changetype<Channel>(channel), self.scratch);
}

/** One of the states of queue/consumers/run-queue.ts. Others may grant it a turn meanwhile: a moment's view. */
export function consumerState(consumer: usize): u32 {
  return atomicLoad(consumer + offsetof<Consumer>('state'));
}

/** When it was last given messages, and last acknowledged one (ms since the Unix epoch); 0: never. */
export function deliveredAt(consumer: usize): f64 {
  return timeOf(changetype<Consumer>(consumer).deliveredAt, self.now);
}

export function acknowledgedAt(consumer: usize): f64 {
  return timeOf(changetype<Consumer>(consumer).acknowledgedAt, self.now);
}

/** Publishes that the client is not told of yet. */
export function unconfirmedCount(channel: usize): u32 {
  const one = changetype<Channel>(channel);
  return <u32>(one.confirmed - one.confirmSent);
}

export function unackedCount(channel: usize): u32 {
  return changetype<Channel>(channel).unacked;
}
