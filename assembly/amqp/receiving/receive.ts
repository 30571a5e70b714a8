/**
 * This folder is for what clients publish; what stands in `amqp` itself, and the exports may import it.
 *
 * Receiving messages: basic.publish, content header, body, and what happens when the last octet is there. A body is
 * copied from the read straight to its place in a segment, whatever frames and reads it comes in.
 */
import {
  FRAME_BODY_MAX,
  FRAME_HEAD,
  FRAME_OVERHEAD,
  HEADER_FLAGS_AT,
  HEADER_CLASS,
  HEADER_PAYLOAD_MIN,
} from '../../format/frame';
import { copyBytes, copyExactly, read16, read32, read64 } from '../../memory/bytes';
import {
  ASK,
  bodyFrameOf,
  EXPIRING,
  frameFirst,
  headerOf,
  keyOf,
  LOGGABLE,
  Message,
  newMessage,
  newPiece,
  Piece,
  pieceFrameOf,
  release,
} from '../../memory/message';
import { endReserve, pagesFor, reserve } from '../../log/journal';
import { self } from '../../memory/root';
import {
  LACKS_PAGE,
  LACKS_ROOM,
  markStarved,
  messageRoom,
  promisePages,
  publishersBlocked,
  takeCell,
} from '../../memory/units';
import { persistentIn } from '../../memory/properties';
import { RUN_MAX } from '../../queue/publish';
import { Queue, readyHere } from '../../queue/chain/queue';
import { inspect, INSPECTED } from './inspect';
import { expectExpiries, publishGuarded, routeGuardedPages } from './guarded-publish';
import { countConfirm, countRefusal, holdConfirm, REFUSED_MAX } from './confirm';
import { countChannel, DROPPED, PUBLISHED } from '../connection/channel-counters';
import { BODY, Channel, CHANNEL_KEY, CHANNEL_KEY_SIZE, Connection, HEADER, NOTHING } from '../connection/connection';
import { ASK_HOST, countRouted, findRoute, GUARDED, Route, routeQueue } from './route';
import { addToRun, flushRun, pendingPages } from './run';
import { STOP_END, STOP_FRAME, STOP_MEMORY, STOP_MESSAGE, STOP_ROUTE, STOP_WORK } from '../connection/stop';
import { countGuarded, countWork, isWorkDone } from '../connection/work';

/** A queue with more ready messages than this keeps them for a while: they go to the cold segment. */
export const COLD_DEPTH: u32 = 64;

/** Whether publishers are held back, as it was when the read began. */
let heldBack: bool = false;

/** A read is about to be scanned. */
@inline export function beginRead(): void {
  heldBack = publishersBlocked();
}

/** basic.publish; `payload` starts at the class id. */
export function onPublish(connection: Connection, channel: Channel, payload: usize, length: u32): u32 {
  const exchangeLength = <u32>load<u8>(payload + 6);
  if (length < 9 + exchangeLength) return STOP_FRAME;
  const keyLength = 2 + exchangeLength + <u32>load<u8>(payload + 7 + exchangeLength);
  if (length != 7 + keyLength) return STOP_FRAME;
  const bits = load<u8>(payload + 6 + keyLength);
  if (bits & 2) return STOP_FRAME;
  const route = findRoute(connection, channel, payload + 6, keyLength);
  if (!changetype<usize>(route)) return stopForRoute(channel, payload + 6, keyLength);
  if (!keepKey(channel, payload + 6, keyLength)) {
    markStarved(LACKS_PAGE);
    return STOP_MEMORY;
  }
  channel.route = <u32>changetype<usize>(route);
  channel.routeVersion = self.routeVersion;
  channel.mandatory = bits & 1;
  channel.content = HEADER;
  return STOP_END;
}

/** Keeps the key until the header comes: the read, and even the route, may be gone by then. */
@inline function keepKey(channel: Channel, key: usize, length: u32): bool {
  channel.keyLength = length;
  channel.key = <u32>changetype<usize>(channel) + CHANNEL_KEY;
  if (length > CHANNEL_KEY_SIZE) {
    if (!channel.keyCell) channel.keyCell = <u32>takeCell();
    if (!channel.keyCell) return false;
    channel.key = channel.keyCell;
    copyExactly(channel.key, key, length);
    return true;
  }
  copyBytes(channel.key, key, length);
  return true;
}

function stopForRoute(channel: Channel, key: usize, length: u32): u32 {
  self.frameOffset = <u32>key;
  self.frameLength = length;
  self.stopChannel = channel.number;
  self.stopChannelAddress = <u32>changetype<usize>(channel);
  return STOP_ROUTE;
}

/** Content header; the frame starts at `frame`, its payload has `length` octets. */
export function onHeader(connection: Connection, channel: Channel, frame: usize, length: u32): u32 {
  const payload = frame + FRAME_HEAD;
  if (length < HEADER_PAYLOAD_MIN || read32(payload) != HEADER_CLASS || !flagsFit(payload, length)) return STOP_FRAME;
  const size = read64(payload + 4);
  if (size > connection.bodyMax) return STOP_FRAME;
  const keyLength = channel.keyLength;
  const properties = read16(payload + HEADER_FLAGS_AT);
  const loggable = (properties & self.logProperties) != 0 && persistentIn(payload, payload + length);
  const address = heldBack ? 0 : newMessage(keyLength, length + FRAME_OVERHEAD, <u32>size, isDeep(channel), loggable);
  if (!address) {
    markStarved(LACKS_ROOM);
    return STOP_MEMORY;
  }
  const message = changetype<Message>(address);
  message.flags |= <u16>channel.mandatory;
  if (properties & INSPECTED) message.flags |= <u16>inspect(payload, length);
  // In this order: each copy may write a few octets too many, which the next step puts right.
  copyBytes(keyOf(message), channel.key, keyLength);
  copyHeader(message, frame, length + FRAME_OVERHEAD);
  frameFirst(message);
  channel.message = <u32>address;
  channel.lastPiece = 0;
  channel.bodyLeft = <u32>size;
  channel.pieceLeft = message.firstLength;
  channel.writeAt = <u32>bodyFrameOf(message) + FRAME_HEAD;
  channel.content = BODY;
  return size ? STOP_END : complete(connection, channel);
}

/**
 * An empty body has no frame behind the header that would put an overrun right, and the next message may stand there.
 */
@inline function copyHeader(message: Message, frame: usize, length: u32): void {
  if (message.firstLength) copyBytes(headerOf(message), frame, length);
  else copyExactly(headerOf(message), frame, length);
}

/** The flag words go on while their lowest bit is set; they must end within the payload. */
@inline function flagsFit(payload: usize, length: u32): bool {
  let at: u32 = 12;
  while (load<u8>(payload + at + 1) & 1) {
    at += 2;
    if (at + 2 > length) return false;
  }
  return true;
}

/** Whether the message goes to a queue that keeps it for a while. */
@inline function isDeep(channel: Channel): bool {
  if (channel.routeVersion != self.routeVersion) return false;
  const route = changetype<Route>(channel.route);
  return route.queueCount != 0 && readyHere(changetype<Queue>(routeQueue(route, 0))) > COLD_DEPTH;
}

/** Copies `length` octets of body from `from`, as far as memory allows; returns how many. */
@inline export function takeBody(channel: Channel, from: usize, length: u32): u32 {
  if (length <= channel.pieceLeft) {
    // The octet behind the piece is the frame's end: not to be written over.
    copyExactly(channel.writeAt, from, length);
    channel.writeAt += length;
    channel.pieceLeft -= length;
    channel.bodyLeft -= length;
    return length;
  }
  return takeBodyOverPieces(channel, from, length);
}

function takeBodyOverPieces(channel: Channel, from: usize, length: u32): u32 {
  let taken: u32 = 0;
  while (taken < length) {
    if (!channel.pieceLeft && !addPiece(channel)) return taken;
    const part = min(length - taken, channel.pieceLeft);
    copyExactly(channel.writeAt, from + taken, part);
    channel.writeAt += part;
    channel.pieceLeft -= part;
    channel.bodyLeft -= part;
    taken += part;
  }
  return taken;
}

function addPiece(channel: Channel): bool {
  const length = min(channel.bodyLeft, FRAME_BODY_MAX);
  const piece = newPiece(length, (changetype<Message>(channel.message).flags & LOGGABLE) != 0);
  if (!piece) return false;
  if (channel.lastPiece) changetype<Piece>(channel.lastPiece).next = <u32>piece;
  else changetype<Message>(channel.message).next = <u32>piece;
  channel.lastPiece = <u32>piece;
  channel.writeAt = <u32>pieceFrameOf(changetype<Piece>(piece)) + FRAME_HEAD;
  channel.pieceLeft = length;
  return true;
}

/**
 * The message is whole: enqueues it with the run of its route, or hands it to the host. When it must wait (no memory
 * for blocks, or a route that has become stale), the connection remembers the channel and tries again at the next call.
 */
export function complete(connection: Connection, channel: Channel): u32 {
  const message = changetype<Message>(channel.message);
  connection.completing = <u32>changetype<usize>(channel);
  // Its life begins when it goes to its queues, however long it took to come.
  message.arrival = self.stamp;
  let route = changetype<Route>(channel.route);
  if (channel.routeVersion != self.routeVersion) {
    route = findRoute(connection, channel, keyOf(message), message.keyLength);
    if (!changetype<usize>(route)) return stopForRoute(channel, keyOf(message), message.keyLength);
    channel.route = <u32>changetype<usize>(route);
    channel.routeVersion = self.routeVersion;
  }
  if (route.flags | channel.transactional | ((<u32>message.flags) & (EXPIRING | ASK | LOGGABLE)))
    return completeRuled(connection, channel, message, route);
  if (channel.mandatory && !route.queueCount) return stopForHost(connection, channel, message);
  if (route.queueCount) {
    if (!promisePages(route.pages + pendingPages())) {
      markStarved(LACKS_PAGE);
      return STOP_MEMORY;
    }
    addToRun(route, message);
    countWork(route.queueCount);
  } else drop(channel, message, route);
  finishTaken(connection, channel);
  countConfirm(connection, channel);
  return isWorkDone() ? STOP_WORK : STOP_END;
}

/** The same where the route, the channel or the message asks for more than being enqueued with others. */
function completeRuled(connection: Connection, channel: Channel, message: Message, route: Route): u32 {
  // It may be refused, and there is no end to what a client can have refused that reads nothing.
  if (channel.nacks >= REFUSED_MAX) return STOP_MEMORY;
  if (
    route.flags & ASK_HOST ||
    channel.transactional ||
    message.flags & ASK ||
    (channel.mandatory && !route.queueCount)
  ) {
    return stopForHost(connection, channel, message);
  }
  const guarded = (route.flags & GUARDED) != 0;
  const logged = (message.flags & LOGGABLE) != 0 && route.logged != 0;
  let refused = false;
  if (route.queueCount) {
    const pages =
      (guarded ? routeGuardedPages(route) : route.pages) + pendingPages() + (logged ? pagesFor(message) : 0);
    if (!promisePages(pages)) {
      markStarved(LACKS_PAGE);
      return STOP_MEMORY;
    }
    if (guarded) flushRun();
    if (logged && !reserveFor(message, route)) {
      markStarved(LACKS_PAGE);
      return STOP_MEMORY;
    }
    if (guarded) {
      countRouted(route, 1);
      refused = !publishGuarded(route, message);
      endReserve();
      countGuarded(route.queueCount);
    } else {
      if (message.flags & EXPIRING) expectExpiries(route);
      addToRun(route, message);
      countWork(route.queueCount);
    }
  } else drop(channel, message, route);
  finishTaken(connection, channel);
  if (refused) countRefusal(connection, channel);
  else if (logged) holdConfirm(connection, channel);
  else countConfirm(connection, channel);
  return isWorkDone() ? STOP_WORK : STOP_END;
}

/** It leads nowhere, and nobody asked to have it back. */
function drop(channel: Channel, message: Message, route: Route): void {
  self.dropped += 1;
  countChannel(channel, DROPPED, 1);
  countRouted(route, 1);
  release(message);
}

/** Reserves room in the log; the pending run may have to go first. */
function reserveFor(message: Message, route: Route): bool {
  // Before, since what is reserved goes with the run.
  if (self.runCount == RUN_MAX || self.runRoute != <u32>changetype<usize>(route)) flushRun();
  if (reserve(message, route.queueCount)) return true;
  if (!self.runCount) return false;
  flushRun();
  return reserve(message, route.queueCount);
}

function stopForHost(connection: Connection, channel: Channel, message: Message): u32 {
  // The host will enqueue it without asking for memory again: the reserve must not be dug into too deep.
  if (!messageRoom()) {
    markStarved(LACKS_ROOM);
    return STOP_MEMORY;
  }
  flushRun();
  self.stopMessage = <u32>changetype<usize>(message);
  self.stopChannel = channel.number;
  self.stopChannelAddress = <u32>changetype<usize>(channel);
  finish(connection, channel);
  return STOP_MESSAGE;
}

@inline function finish(connection: Connection, channel: Channel): void {
  connection.completing = 0;
  channel.message = 0;
  channel.content = NOTHING;
  channel.activeAt = self.now;
}

/** The same of a message that is on its way by now. One that the host has is counted when that has sent it. */
@inline function finishTaken(connection: Connection, channel: Channel): void {
  finish(connection, channel);
  countChannel(channel, PUBLISHED, 1);
  self.received += 1;
}

/** Drops what was received of a message. */
export function dropContent(connection: Connection, channel: Channel): void {
  if (connection.completing == <u32>changetype<usize>(channel)) connection.completing = 0;
  if (channel.message) release(changetype<Message>(channel.message));
  channel.message = 0;
  channel.content = NOTHING;
}
