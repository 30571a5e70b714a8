/**
 * Consumers: their making and end, and credit. A consumer's cell is freed when it was cancelled, stands in no list, and
 * none of its deliveries is unacknowledged.
 */
import { atomicAdd, atomicLoad, atomicOr } from '../../memory/atomic';
import { checkpoint, TURN_GIVEN_BACK } from '../../memory/checkpoint';
import { self } from '../../memory/root';
import { giveCell, takeCell } from '../../memory/units';
import { dropExpired, expiryLimit, dropStuck } from '../../queue/rules/peek';
import { Queue } from '../../queue/chain/queue';
import { takeTurn } from '../../queue/rules/length';
import { joinConsumerPriorities, leaveConsumerPriorities } from '../../queue/consumers/consumer-priorities';
import { MORTAL, CONSUMER_PRIORITIES } from '../../queue/chain/features';
import { DEAD, NO_CREDIT, NO_OUTPUT, run, RUNNABLE, WAITING } from '../../queue/consumers/run-queue';
import { passOn, unwait } from '../../queue/consumers/waiters';
import { Channel, Consumer, initPrefix } from '../connection/connection';

/** A consumer with its tag at `tag`, ready to run; 0 when there is no memory. */
export function newConsumer(
  channel: Channel,
  queue: Queue,
  tag: usize,
  tagLength: u32,
  noAck: bool,
  prefetch: u32,
  consumerPriority: i32,
): usize {
  const cell = takeCell();
  if (!cell) return 0;
  const consumer = changetype<Consumer>(cell);
  consumer.queue = <u32>changetype<usize>(queue);
  consumer.owner = self.index;
  consumer.channel = <u32>changetype<usize>(channel);
  consumer.connection = channel.connection;
  consumer.noAck = noAck ? 1 : 0;
  consumer.prefetch = prefetch;
  initPrefix(consumer, channel.number, tag, tagLength);
  joinSiblings(channel, consumer);
  // Read by `share` of all workers, as a rough number.
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('consumers'), 1);
  consumer.consumerPriority = consumerPriority;
  // Pairs with the compare-and-swap in `setQueueFeatures`. Those that are there already have priority 0 and learn of it
  // at their next turn.
  if (consumerPriority) atomicOr(changetype<usize>(queue) + offsetof<Queue>('features'), CONSUMER_PRIORITIES);
  joinConsumerPriorities(queue, consumer);
  beAble(consumer);
  return cell;
}

/** Expired messages at the head that one turn waits for. */
export const EXPIRED_A_TURN: u32 = 1024;

/**
 * Consumers that are able to take messages since this call began, linked by `parkedNext`: they are not parked. The
 * worker's own.
 */
let ableFirst: u32 = 0;

/**
 * A consumer that could not is able to take messages from now on. `dropTooOld` must follow before the call returns to
 * the host.
 */
function beAble(consumer: Consumer): void {
  consumer.parkedNext = ableFirst;
  ableFirst = <u32>changetype<usize>(consumer);
  run(consumer);
}

/**
 * What is too old at the head of their queues dies for those that have become able, once all has gone back that they
 * have returned: it does not go to one that was not able when it came. From then on age counts by the time when the
 * consumer became able, since it would have got all that has come.
 */
@inline export function dropTooOld(): void {
  if (ableFirst) dropForAble();
}

function dropForAble(): void {
  while (ableFirst) {
    const consumer = changetype<Consumer>(ableFirst);
    ableFirst = consumer.parkedNext;
    const queue = changetype<Queue>(consumer.queue);
    let all = true;
    if (queue.features & MORTAL)
      all = dropExpired(queue, expiryLimit(queue), EXPIRED_A_TURN, false) < EXPIRED_A_TURN && !dropStuck;
    // What comes within this millisecond comes after.
    consumer.ableSince = all ? self.now - 1 : self.now;
  }
}

/** Ends a consumer; its turn, if it had one, goes to another. */
export function endConsumer(consumer: Consumer): void {
  const queue = changetype<Queue>(consumer.queue);
  const channel = changetype<Channel>(consumer.channel);
  leaveSiblings(channel, consumer);
  atomicAdd(changetype<usize>(queue) + offsetof<Queue>('consumers'), -1);
  // Pairs with the store in `unlink`: a turn that others have granted is counted by then, and is taken below.
  const state = atomicLoad(changetype<usize>(consumer) + offsetof<Consumer>('state'));
  if (state == WAITING) {
    // Granted in this very moment: then it comes through the inbox.
    if (!unwait(queue, consumer)) consumer.linked = 1;
  } else if (state == RUNNABLE || state == NO_OUTPUT) consumer.linked = 1;
  takeTurn(queue, consumer);
  checkpoint(TURN_GIVEN_BACK);
  consumer.state = DEAD;
  leaveConsumerPriorities(queue, consumer);
  freeIfDone(consumer);
  passOn(queue);
}

export function freeIfDone(consumer: Consumer): void {
  if (consumer.state == DEAD && !consumer.linked && !consumer.used) giveCell(changetype<usize>(consumer));
}

/** How many more messages a consumer may hold unacknowledged. */
@inline export function creditOf(consumer: Consumer, channel: Channel): u32 {
  let credit: u32 = channel.unacked < channel.unackedMax ? channel.unackedMax - channel.unacked : 0;
  if (consumer.prefetch)
    credit = min(credit, consumer.used < consumer.prefetch ? consumer.prefetch - consumer.used : 0);
  if (channel.prefetch) credit = min(credit, channel.used < channel.prefetch ? channel.prefetch - channel.used : 0);
  return credit;
}

/** A consumer has no credit. If that is because its channel is full, whatever is settled there lets it look again. */
export function lackCredit(consumer: Consumer, channel: Channel): void {
  consumer.state = NO_CREDIT;
  if (channel.unacked >= channel.unackedMax) channel.sharesCredit = 1;
}

/**
 * One of a consumer's deliveries is settled: it may pull again, or, under a prefetch of the channel, whoever comes
 * first of the channel's.
 */
@inline export function giveCredit(consumer: Consumer, channel: Channel): void {
  consumer.used -= 1;
  channel.used -= 1;
  if (consumer.state == DEAD) freeIfDone(consumer);
  else if (consumer.state == NO_CREDIT && !channel.sharesCredit) beAble(consumer);
  if (channel.sharesCredit) wakeSiblings(channel);
}

// ── The consumers of a channel ─────────────────────────────────────────────────────────────────────────────────

function joinSiblings(channel: Channel, consumer: Consumer): void {
  const address = <u32>changetype<usize>(consumer);
  consumer.siblingNext = 0;
  consumer.siblingPrevious = channel.consumerLast;
  if (channel.consumerLast) changetype<Consumer>(channel.consumerLast).siblingNext = address;
  else channel.consumerFirst = address;
  channel.consumerLast = address;
}

function leaveSiblings(channel: Channel, consumer: Consumer): void {
  if (consumer.siblingPrevious) changetype<Consumer>(consumer.siblingPrevious).siblingNext = consumer.siblingNext;
  else channel.consumerFirst = consumer.siblingNext;
  if (consumer.siblingNext) changetype<Consumer>(consumer.siblingNext).siblingPrevious = consumer.siblingPrevious;
  else channel.consumerLast = consumer.siblingPrevious;
}

/** The consumer has used credit that it shares with its siblings: they come before it when there is some again. */
@inline export function letSiblingsFirst(channel: Channel, consumer: Consumer): void {
  if (!consumer.siblingNext || !(channel.prefetch || channel.unacked >= channel.unackedMax)) return;
  leaveSiblings(channel, consumer);
  joinSiblings(channel, consumer);
}

/** Lets all consumers of a channel that lacked credit look again, those first that have waited longest for it. */
export function wakeSiblings(channel: Channel): void {
  channel.sharesCredit = channel.prefetch;
  let at = <usize>channel.consumerFirst;
  while (at) {
    const consumer = changetype<Consumer>(at);
    if (consumer.state == NO_CREDIT) beAble(consumer);
    at = consumer.siblingNext;
  }
}
