/**
 * Delivery: a consumer's turn. It claims a share of its queue, as far as its credit and its connection's box allow, and encodes the
 * messages into the box. Also basic.get, which is a turn of one message.
 */
import { Message } from '../memory/message';
import { claim, claimed, lackedRoom } from '../queue/claim';
import { Queue, queueOf, readyCount, REDELIVERED, SHARED, Slot, SLOT } from '../queue/queue';
import { claimReturned, putBack, returnedLackedRoom } from '../queue/returned';
import { settle } from '../queue/settle';
import { grant, NO_CREDIT, passOn, run, wait } from '../queue/waiters';
import { Channel, Connection, Consumer } from './connection';
import { creditOf } from './consumer';
import { DELIVER_OVERHEAD, encodeContent, encodeDeliver, encodeGetOk, METHOD_OVERHEAD } from './encode';
import { BOX_ROOM, closeEmptyBox, filledTo, needService, openBox, outputAt, park, roomIn } from './output';
import { startParts } from './parts';
import { record, unackedRoom } from './unacked';

const SHARE_MAX: u32 = 64;
/** Consumers take at most this part of what each of them could get, so that a short queue goes round one by one. */
const SHARE_PART: u32 = 16;
const NO_LIMIT: u32 = 0x7fffffff;
/** The key of a message, at most. */
const KEY_MAX: u32 = 512;

/** How many messages a turn may take: all when the consumer is alone, otherwise few enough for equal shares. */
@inline function shareOf(queue: Queue): u32 {
  const consumers = queue.consumers;
  if (consumers <= 1) return NO_LIMIT;
  return max<u32>(1, min(SHARE_MAX, readyCount(queue) / (consumers * SHARE_PART)));
}

/** One turn of a consumer; leaves it in the state that follows. */
export function pull(consumer: Consumer): void {
  const connection = changetype<Connection>(consumer.connection);
  const channel = changetype<Channel>(consumer.channel);
  const queue = changetype<Queue>(consumer.queue);
  if (connection.partsMessage) { park(connection, consumer); passOn(queue); return; }
  if (!openBox(connection)) { park(connection, consumer); needService(connection); passOn(queue); return; }
  let most = shareOf(queue);
  if (!consumer.noAck) {
    const credit = creditOf(consumer, channel);
    if (!credit) { closeEmptyBox(connection); consumer.state = NO_CREDIT; passOn(queue); return; }
    const room = unackedRoom(channel);
    if (!room) { closeEmptyBox(connection); park(connection, consumer); needService(connection); passOn(queue); return; }
    most = min(most, min(credit, room));
  }
  const overhead = consumer.prefixLength + DELIVER_OVERHEAD;
  const frameMax = connection.frameMax;
  let left = most;
  while (left) {
    const slot = claimReturned(queue, roomIn(connection), overhead, frameMax);
    if (!changetype<usize>(slot)) break;
    deliver(connection, channel, consumer, slot, frameMax);
    left -= 1;
  }
  let full = returnedLackedRoom;
  if (left && !full) {
    const first = claim(queue, left, roomIn(connection), overhead, frameMax);
    full = lackedRoom;
    const count = claimed;
    for (let i: u32 = 0; i < count; i++) {
      deliver(connection, channel, consumer, changetype<Slot>(changetype<usize>(first) + i * SLOT), frameMax);
    }
    left -= count;
  }
  if (left != most) consumer.granted = 0;
  if (full) { lacksRoom(connection, channel, consumer, queue, left); return; }
  if (left == most) {
    closeEmptyBox(connection);
    if (wait(queue, consumer)) run(consumer);
    return;
  }
  run(consumer);
}

/** The next message does not fit into what is left of the box: it waits for the next box, or goes in parts if no box would do. */
function lacksRoom(connection: Connection, channel: Channel, consumer: Consumer, queue: Queue, left: u32): void {
  if (connection.boxUsed || !left) { park(connection, consumer); passOn(queue); return; }
  const slot = claimOne(queue);
  if (!changetype<usize>(slot)) { closeEmptyBox(connection); run(consumer); return; }
  const message = changetype<Message>(slot.message);
  slot.state |= SHARED;
  consumer.granted = 0;
  filledTo(connection, encodeDeliver(outputAt(connection), consumer, message, channel.nextTag, (slot.state & REDELIVERED) != 0));
  startParts(connection, channel.number, message);
  hold(channel, consumer, slot);
  run(consumer);
}

/** Claims the next message whatever its size. */
function claimOne(queue: Queue): Slot {
  const returned = claimReturned(queue, NO_LIMIT, 0, 131072);
  return changetype<usize>(returned) ? returned : claim(queue, 1, NO_LIMIT, 0, 131072);
}

@inline function deliver(connection: Connection, channel: Channel, consumer: Consumer, slot: Slot, frameMax: u32): void {
  const message = changetype<Message>(slot.message);
  const at = encodeDeliver(outputAt(connection), consumer, message, channel.nextTag, (slot.state & REDELIVERED) != 0);
  filledTo(connection, encodeContent(at, channel, message, frameMax));
  hold(channel, consumer, slot);
}

/** Gives the delivery its tag: it is recorded until it is acknowledged, or settled at once. */
@inline function hold(channel: Channel, consumer: Consumer, slot: Slot): void {
  if (consumer.noAck) settle(slot);
  else {
    record(channel, <u32>changetype<usize>(slot), <u32>changetype<usize>(consumer));
    consumer.used += 1;
    channel.used += 1;
  }
  channel.nextTag += 1;
}

/** basic.get: false when the queue is empty. Content in parts must not be under way, and the box must have METHOD_ROOM. */
export function takeOne(connection: Connection, channel: Channel, queue: Queue, noAck: bool): bool {
  if ((!noAck && !unackedRoom(channel)) || !openBox(connection)) return false;
  const slot = claimOne(queue);
  if (!changetype<usize>(slot)) { closeEmptyBox(connection); return false; }
  const message = changetype<Message>(slot.message);
  const at = encodeGetOk(outputAt(connection), channel.number, message, channel.nextTag, (slot.state & REDELIVERED) != 0, readyCount(queue));
  filledTo(connection, at);
  sendContent(connection, channel, message, slot);
  if (noAck) settle(slot);
  else record(channel, <u32>changetype<usize>(slot), 0);
  channel.nextTag += 1;
  return true;
}

/** Content behind a method frame that stands in the box: at once if there is room, otherwise in parts. `slot` may be 0. */
export function sendContent(connection: Connection, channel: Channel, message: Message, slot: Slot): void {
  if (message.headerLength + message.bodySize + KEY_MAX < roomIn(connection) && message.bodySize + 8 <= connection.frameMax && !message.next) {
    filledTo(connection, encodeContent(outputAt(connection), channel, message, connection.frameMax));
    return;
  }
  if (changetype<usize>(slot)) slot.state |= SHARED;
  startParts(connection, channel.number, message);
}

/** Room that a method frame before content needs, at most: overhead, key, reply text. */
export const METHOD_ROOM: u32 = METHOD_OVERHEAD + KEY_MAX + 256;

/** Gives a claimed slot back to its queue, or settles it when the queue is being deleted. */
export function giveBack(slot: Slot): void {
  const queue = queueOf(slot);
  if (queue.retired) { settle(slot); return; }
  putBack(queue, slot);
  grant(queue, 1);
}

export const ROOM_FOR_LARGEST_FRAME: bool = BOX_ROOM > 131072 + METHOD_ROOM;
