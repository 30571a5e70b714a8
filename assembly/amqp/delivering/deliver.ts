/**
 * This folder is for what goes to clients, and what they say of it; receiving, what stands in `amqp` itself, and the
 * exports may import it.
 *
 * Delivery: a consumer's turn. It claims a share of its queue, as far as its credit and its connection's box allow, and
 * encodes the messages into the box. Also basic.get, which is a turn of one message.
 */
import { FRAME_MAX } from '../../format/frame';
import { DELIVERED, DELIVERED_NO_ACK, GOT, GOT_NO_ACK, REDELIVERED as COUNT_REDELIVERED } from '../../memory/counters';
import { noteDelivery } from '../../memory/latency';
import { Message } from '../../memory/message';
import { claim, claimed, claimedBack, lackedRoom } from '../../queue/chain/claim';
import { deadLetterOrDrop, EXPIRED } from '../../queue/rules/dead-letters';
import {
  claimAny,
  claimNext,
  expiryLimit,
  dropExpired,
  dropStuck,
  nextLackedRoom,
  isTooOld,
  LEEWAY,
} from '../../queue/rules/peek';
import { CLASSIC, unknownKind } from '../../queue/chain/kinds';
import { countTurnTaken, markTurnTaken, takeTurn } from '../../queue/rules/length';
import { readyCount } from '../../queue/chain/priorities';
import { countAt, Queue, REDELIVERED, REQUEUES_SHIFT, SHARED, Slot, SLOT } from '../../queue/chain/queue';
import { higherAble } from '../../queue/consumers/consumer-priorities';
import { COUNTED, featuresOf, GONE, MORTAL, PAUSED, CONSUMER_PRIORITIES, SINGLY } from '../../queue/chain/features';
import { settle } from '../../queue/chain/settle';
import { self } from '../../memory/root';
import { atomicLoad, atomicStore, atomicStoreF64 } from '../../memory/atomic';
import { COUNTED_TURN, NO_CREDIT, run, turnsUnderWay } from '../../queue/consumers/run-queue';
import { enterWaiters, isOwed, passOn } from '../../queue/consumers/waiters';
import {
  countChannel,
  DELIVERED as CHANNEL_DELIVERED,
  DELIVERED_NO_ACK as CHANNEL_DELIVERED_NO_ACK,
  GOT as CHANNEL_GOT,
  GOT_NO_ACK as CHANNEL_GOT_NO_ACK,
  REDELIVERED as CHANNEL_REDELIVERED,
} from '../connection/channel-counters';
import { Channel, Connection, Consumer } from '../connection/connection';
import { creditOf, EXPIRED_A_TURN, lackCredit, letSiblingsFirst } from './consumer';
import { DELIVER_OVERHEAD, encodeContent, encodeDeliver, encodeGetOk, encodeReframed, METHOD_OVERHEAD } from './encode';
import { BOX_ROOM, closeEmptyBox, filledTo, needService, openBox, outputAt, park, roomIn } from './output';
import { startParts } from './long-content';
import { DELIVERY_COUNT_ROOM } from './delivery-count';
import { record, unackedRoom } from './unacked';

export const SHARE_MAX: u32 = 64;
/** Even shares that are smaller are not taken at once: a short queue goes round one by one. */
export const SHARE_EVEN_MIN: u32 = 4;
/** Who has had its share in a round takes at most this part of what each could get. */
export const SHARE_PART: u32 = 2;
const NO_LIMIT: u32 = 0x7fffffff;
/** The key of a message, at most. */
const KEY_MAX: u32 = 512;

/** Of this turn: messages that were delivered before. */
let again: u32 = 0;

/**
 * How many messages a turn may take: all when the consumer is alone, otherwise few enough for equal shares, and enough
 * to be worth a claim, for which consumers of several workers meet. What is ready when a round begins is shared evenly:
 * each consumer may take its share of it at once, and less until the round is over. What others have turns for is left
 * to them. 0: there is no more. A moment's view of what others write: with words of two rounds a turn is too long or too
 * short, no more.
 */
function shareOf(queue: Queue, consumer: Consumer): u32 {
  const consumers = queue.consumers;
  if (consumers <= 1) return NO_LIMIT;
  const address = changetype<usize>(queue);
  const ready = readyCount(queue);
  const free = ready - min(ready, turnsOfOthers(queue, consumer));
  if (!free) return consumer.granted == COUNTED_TURN ? 1 : 0;
  const even = min(SHARE_MAX, ready / consumers);
  const head = atomicLoad(address + offsetof<Queue>('head'));
  let round = atomicLoad(address + offsetof<Queue>('roundEnd'));
  if (round - head - 1 >= SHARE_MAX * consumers) {
    if (even < SHARE_EVEN_MIN) return 1;
    round = head + even * consumers;
    atomicStore(address + offsetof<Queue>('roundShare'), even);
    atomicStore(address + offsetof<Queue>('roundEnd'), round);
  }
  if (consumer.round == round) return min(free, max<u32>(1, even / SHARE_PART));
  consumer.round = round;
  return min(free, atomicLoad(address + offsetof<Queue>('roundShare')));
}

/** How many have a turn for what is there, but for this one. Where consumer priorities decide, turns do not. */
@inline function turnsOfOthers(queue: Queue, consumer: Consumer): u32 {
  return queue.features & CONSUMER_PRIORITIES ? 0 : turnsUnderWay(queue) - u32(consumer.granted == COUNTED_TURN);
}

/** A consumer that cannot go on ends its turn, if it has one: who is first in line may have it. */
function leaveTurn(queue: Queue, consumer: Consumer): void {
  takeTurn(queue, consumer);
  consumer.granted = 0;
  passOn(queue);
}

/** One turn of a consumer; leaves it in the state that follows. */
export function pull(consumer: Consumer): void {
  const connection = changetype<Connection>(consumer.connection);
  const channel = changetype<Channel>(consumer.channel);
  const queue = changetype<Queue>(consumer.queue);
  if (connection.partsMessage) {
    park(connection, consumer, false);
    leaveTurn(queue, consumer);
    return;
  }
  if (!openBox(connection)) {
    park(connection, consumer, false);
    needService(connection);
    leaveTurn(queue, consumer);
    return;
  }
  let most = shareOf(queue, consumer);
  if (!consumer.noAck) {
    const credit = creditOf(consumer, channel);
    if (!credit) {
      closeEmptyBox(connection);
      lackCredit(consumer, channel);
      leaveTurn(queue, consumer);
      return;
    }
    const room = unackedRoom(channel);
    if (!room) {
      closeEmptyBox(connection);
      park(connection, consumer, false);
      needService(connection);
      leaveTurn(queue, consumer);
      return;
    }
    most = min(most, min(credit, room));
  }
  switch (queue.kind) {
    case CLASSIC:
      pullClassic(connection, channel, consumer, queue, most);
      break;
    default:
      unknownKind();
  }
}

/** Credit and output are there for `most` messages, at most. */
@inline function pullClassic(
  connection: Connection,
  channel: Channel,
  consumer: Consumer,
  queue: Queue,
  most: u32,
): void {
  if (queue.features) {
    // It is about to be cancelled.
    if (queue.features & GONE) {
      closeEmptyBox(connection);
      takeTurn(queue, consumer);
      consumer.state = NO_CREDIT;
      return;
    }
    if (queue.features & PAUSED) {
      becomeIdle(connection, consumer, queue);
      return;
    }
    if (queue.features & CONSUMER_PRIORITIES && higherAble(queue, consumer)) {
      becomeIdle(connection, consumer, queue);
      return;
    }
    if (most && queue.features & SINGLY) {
      pullSingly(connection, channel, consumer, queue, most);
      return;
    }
  }
  if (!most) {
    becomeIdle(connection, consumer, queue);
    return;
  }
  const overhead = consumer.prefixLength + DELIVER_OVERHEAD;
  const frameMax = connection.frameMax;
  let left = most;
  do {
    const first = claim(queue, left, roomIn(connection), overhead, frameMax, true);
    const count = claimed;
    for (let i: u32 = 0; i < count; i++) {
      deliver(connection, channel, consumer, changetype<Slot>(changetype<usize>(first) + i * SLOT), frameMax);
    }
    left -= count;
  } while (claimedBack && left);
  countDelivered(channel, queue, most - left, consumer.noAck);
  endTurn(connection, channel, consumer, queue, left, left != most, lackedRoom);
}

/** `DELIVERED` first: what is unacknowledged is that less what is counted after it, and never below 0. */
@inline function countDelivered(channel: Channel, queue: Queue, count: u32, noAck: u32): void {
  if (!count) return;
  countAt(queue, DELIVERED, count);
  countChannel(channel, CHANNEL_DELIVERED, count);
  channel.activeAt = self.now;
  if (noAck) {
    countAt(queue, DELIVERED_NO_ACK, count);
    countChannel(channel, CHANNEL_DELIVERED_NO_ACK, count);
  }
  if (again) countAgain(channel, queue);
}

function countAgain(channel: Channel, queue: Queue): void {
  countAt(queue, COUNT_REDELIVERED, again);
  countChannel(channel, CHANNEL_REDELIVERED, again);
  again = 0;
}

/** What follows when so many messages were pulled as could be. */
@inline function endTurn(
  connection: Connection,
  channel: Channel,
  consumer: Consumer,
  queue: Queue,
  left: u32,
  any: bool,
  full: bool,
): void {
  if (any) {
    takeTurn(queue, consumer);
    consumer.granted = 0;
    consumer.deliveredAt = self.moment;
    letSiblingsFirst(channel, consumer);
  }
  if (full) {
    lacksRoom(connection, channel, consumer, queue, left, any);
    return;
  }
  if (any) run(consumer);
  else becomeIdle(connection, consumer, queue);
}

function becomeIdle(connection: Connection, consumer: Consumer, queue: Queue): void {
  closeEmptyBox(connection);
  // In line before its turn ends: for what comes in between it is granted the next one, and nobody behind it.
  const hadTurn = markTurnTaken(consumer);
  enterWaiters(queue, consumer);
  if (hadTurn) countTurnTaken(queue);
  if (isOwed(queue, consumer)) run(consumer);
}

/** What was too old by then is not for this consumer. */
@inline function ageLimit(consumer: Consumer): f64 {
  return max(self.now - LEEWAY, consumer.ableSince);
}

/** A turn in a queue whose messages may die of age, have priorities, or are counted: one by one from the head. */
function pullSingly(connection: Connection, channel: Channel, consumer: Consumer, queue: Queue, most: u32): void {
  const features = queue.features;
  const limit = ageLimit(consumer);
  if (features & MORTAL) {
    dropExpired(queue, limit, EXPIRED_A_TURN, false);
    if (dropStuck) {
      lacksMemory(connection, consumer, queue);
      return;
    }
  }
  const overhead = consumer.prefixLength + DELIVER_OVERHEAD + DELIVERY_COUNT_ROOM;
  const frameMax = connection.frameMax;
  let left = most;
  let died: u32 = 0;
  let full = false;
  while (left) {
    const slot = claimNext(queue, roomIn(connection), overhead, frameMax);
    if (!changetype<usize>(slot)) {
      full = nextLackedRoom;
      break;
    }
    if (features & MORTAL && isTooOld(queue, slot, limit)) {
      if (!deadLetterOrDrop(queue, slot, EXPIRED)) {
        countDelivered(channel, queue, most - left - died, consumer.noAck);
        lacksMemory(connection, consumer, queue);
        return;
      }
      died += 1;
    } else deliverCounted(connection, channel, consumer, queue, slot, frameMax);
    left -= 1;
  }
  countDelivered(channel, queue, most - left - died, consumer.noAck);
  endTurn(connection, channel, consumer, queue, left, left != most, full);
}

/** Messages that died cannot be kept for the host now: the consumer comes back to them. */
function lacksMemory(connection: Connection, consumer: Consumer, queue: Queue): void {
  closeEmptyBox(connection);
  park(connection, consumer, false);
  needService(connection);
  leaveTurn(queue, consumer);
}

/** How often the message was requeued, if its queue says so to those who get it. */
@inline function requeuesOf(queue: Queue, slot: Slot): u32 {
  return queue.features & COUNTED && featuresOf(queue).deliveryCount != 0 ? slot.state >> REQUEUES_SHIFT : 0;
}

function deliverCounted(
  connection: Connection,
  channel: Channel,
  consumer: Consumer,
  queue: Queue,
  slot: Slot,
  frameMax: u32,
): void {
  const requeues = requeuesOf(queue, slot);
  if (!requeues) {
    deliver(connection, channel, consumer, slot, frameMax);
    return;
  }
  const message = changetype<Message>(slot.message);
  const at = encodeDeliver(outputAt(connection), consumer, message, channel.nextTag, true);
  filledTo(connection, encodeReframed(at, channel, message, frameMax, requeues));
  again += 1;
  hold(channel, consumer, slot);
}

/**
 * The next message does not fit into what is left of the box: it waits for the next box, or goes in parts if no box
 * would do.
 */
function lacksRoom(
  connection: Connection,
  channel: Channel,
  consumer: Consumer,
  queue: Queue,
  left: u32,
  any: bool,
): void {
  if (connection.boxUsed || !left) {
    park(connection, consumer, any);
    leaveTurn(queue, consumer);
    return;
  }
  const slot = claimOne(queue);
  if (!changetype<usize>(slot)) {
    closeEmptyBox(connection);
    run(consumer);
    return;
  }
  const message = changetype<Message>(slot.message);
  if (queue.features & MORTAL && isTooOld(queue, slot, ageLimit(consumer))) {
    if (!deadLetterOrDrop(queue, slot, EXPIRED)) {
      lacksMemory(connection, consumer, queue);
      return;
    }
    closeEmptyBox(connection);
    run(consumer);
    return;
  }
  slot.state |= SHARED;
  takeTurn(queue, consumer);
  consumer.granted = 0;
  consumer.deliveredAt = self.moment;
  filledTo(
    connection,
    encodeDeliver(outputAt(connection), consumer, message, channel.nextTag, (slot.state & REDELIVERED) != 0),
  );
  startParts(connection, channel.number, message, requeuesOf(queue, slot));
  if (slot.state & REDELIVERED) again += 1;
  hold(channel, consumer, slot);
  countDelivered(channel, queue, 1, consumer.noAck);
  letSiblingsFirst(channel, consumer);
  run(consumer);
}

/** Claims the next message whatever its size. */
function claimOne(queue: Queue): Slot {
  return queue.features & SINGLY ? claimAny(queue) : claim(queue, 1, NO_LIMIT, 0, FRAME_MAX, true);
}

@inline function deliver(
  connection: Connection,
  channel: Channel,
  consumer: Consumer,
  slot: Slot,
  frameMax: u32,
): void {
  const message = changetype<Message>(slot.message);
  const redelivered = (slot.state & REDELIVERED) != 0;
  const at = encodeDeliver(outputAt(connection), consumer, message, channel.nextTag, redelivered);
  filledTo(connection, encodeContent(at, channel, message, frameMax));
  again += u32(redelivered);
  hold(channel, consumer, slot);
}

/** Gives the delivery its tag: it is recorded until it is acknowledged, or settled at once. */
@inline function hold(channel: Channel, consumer: Consumer, slot: Slot): void {
  noteDelivery(changetype<Message>(slot.message));
  if (consumer.noAck) settle(slot);
  else {
    record(channel, <u32>changetype<usize>(slot), <u32>changetype<usize>(consumer));
    consumer.used += 1;
    channel.used += 1;
  }
  channel.nextTag += 1;
}

/**
 * basic.get: false when the queue is empty. Content in parts must not be under way, and the box must have METHOD_ROOM.
 */
export function takeOne(connection: Connection, channel: Channel, queue: Queue, noAck: bool): bool {
  // Pairs with the load in `lastGet`: a clock reading that stands for itself.
  atomicStoreF64(changetype<usize>(queue) + offsetof<Queue>('lastGet'), self.now);
  if ((!noAck && !unackedRoom(channel)) || !openBox(connection)) return false;
  const slot = claimLiving(queue);
  if (!changetype<usize>(slot)) {
    closeEmptyBox(connection);
    return false;
  }
  const message = changetype<Message>(slot.message);
  const at = encodeGetOk(
    outputAt(connection),
    channel.number,
    message,
    channel.nextTag,
    (slot.state & REDELIVERED) != 0,
    readyCount(queue),
  );
  filledTo(connection, at);
  sendContent(connection, channel, message, slot, requeuesOf(queue, slot));
  if (slot.state & REDELIVERED) again += 1;
  countDelivered(channel, queue, 1, 0);
  countAt(queue, noAck ? GOT_NO_ACK : GOT, 1);
  countChannel(channel, noAck ? CHANNEL_GOT_NO_ACK : CHANNEL_GOT, 1);
  noteDelivery(message);
  if (noAck) settle(slot);
  else record(channel, <u32>changetype<usize>(slot), 0);
  channel.nextTag += 1;
  return true;
}

/** Claims the next message that is not too old; 0 when there is none. */
function claimLiving(queue: Queue): Slot {
  if (queue.kind != CLASSIC) unknownKind();
  if (queue.features & (GONE | PAUSED)) return changetype<Slot>(0);
  const mortal = (queue.features & MORTAL) != 0;
  const limit = expiryLimit(queue);
  if (mortal) dropExpired(queue, limit, u32.MAX_VALUE, false);
  let slot = claimOne(queue);
  while (mortal && changetype<usize>(slot) && isTooOld(queue, slot, limit)) {
    if (!deadLetterOrDrop(queue, slot, EXPIRED)) return changetype<Slot>(0);
    slot = claimOne(queue);
  }
  return slot;
}

/**
 * Content behind a method frame that stands in the box: at once if there is room, otherwise in parts. `slot` may be 0.
 */
export function sendContent(
  connection: Connection,
  channel: Channel,
  message: Message,
  slot: Slot,
  requeues: u32,
): void {
  if (
    !requeues &&
    message.headerLength + message.bodySize + KEY_MAX < roomIn(connection) &&
    message.bodySize + 8 <= connection.frameMax &&
    !message.next
  ) {
    filledTo(connection, encodeContent(outputAt(connection), channel, message, connection.frameMax));
    return;
  }
  if (changetype<usize>(slot)) slot.state |= SHARED;
  startParts(connection, channel.number, message, requeues);
}

/** Room that a method frame before content needs, at most: overhead, key, reply text. */
export const METHOD_ROOM: u32 = METHOD_OVERHEAD + KEY_MAX + 256;

// Looked at while the core is compiled.
if (BOX_ROOM <= FRAME_MAX + METHOD_ROOM) ERROR('a box has no room for the largest frame');
