/**
 * The core's exports: all that a host needs, and no more. Addresses are references; 0 means none (no memory).
 *
 * A memory is laid out once (`initCore`); each thread then instantiates the module on it and joins (`joinCore`).
 * Results beyond a return value stand in the first words of the participant's page (`participantAddress`): see
 * `RESULT_WORDS` in memory/root.ts's Participant, line 0.
 */
import {
  BODY_MAX,
  flushReleases,
  LOGGABLE,
  MANDATORY,
  FRAME_MAX,
  headerOf,
  keyOf,
  Message,
  Piece,
  release,
  retain,
  FRAME_HEAD,
  bodyFrameOf,
  pieceFrameOf,
} from './memory/message';
import { enter, leave } from './memory/epoch';
import { atomicAdd, atomicLoad, atomicLoadF64, atomicStore } from './memory/atomic';
import { becomeParticipant, initRoot, PAGE, Participant, root, ROOT, Root, SEGMENT, self } from './memory/root';
import { setSegmentsAside } from './memory/aside';
import {
  BOX,
  CELL,
  endPromise,
  ensureBox,
  giveSegment,
  memoryFree as freeBytes,
  memoryUsed as sumOfUse,
  promisePages,
  takeBox,
  takePage,
  takeSegment,
  yieldPromised,
} from './memory/units';
import {
  spilledCount as countSpilled,
  presentCount as countPresent,
  setSpilled as makeSpilled,
} from './queue/spill/spilled';
import { drop, dropSpilledPriorities, endQueue, retire, RETIRED_PORTION } from './queue/emptying';
import { beginIn, endIn, takeIn } from './queue/spill/page-in';
import { beginOut, endOut, fillOut, outCount } from './queue/spill/page-out';
import { endReserve, isRecorded, pagesFor, reserve } from './log/journal';
import { hasReady } from './queue/chain/claim';
import { backEndOf, endOf, isLeft, priorityCount } from './queue/chain/extent';
import { settleDeadFirst, settleDeadKeptSlot, firstDead, keepFirst } from './queue/rules/dead-letters';
import { checkLength } from './queue/rules/length';
import { priorityAt, priorityMade, readyBytes as countBytes, readyCount as countReady } from './queue/chain/priorities';
import { guardedPages, RUN_MAX, runPages } from './queue/publish';
import { ANSWER_PAGES } from './make-calls';
import { newQueue, Queue, Slot, SLOTS } from './queue/chain/queue';
import { LENGTH } from './queue/chain/features';
import { setQueueRules } from './queue/rules/set-rules';
import { sweepPause as pauseOfSweeps, sweepQueues } from './queue/rules/sweep';
import { DEAD } from './queue/consumers/run-queue';
import { awaitFront as awaitNext, nextPageInRequest as firstPageInRequest } from './queue/chain/page-in-requests';
import { anyAble } from './queue/consumers/consumer-priorities';
import { flushSettlements } from './queue/chain/settle';
import { acknowledge, requeueAll, isOutstanding, oldestOf, REQUEUE } from './amqp/delivering/ack';
import { countConfirm, countRefusal, holdConfirm, sendConfirms } from './amqp/receiving/confirm';
import { admit } from './amqp/receiving/guarded-publish';
import { Channel, CHANNEL_MAX, Connection, Consumer } from './amqp/connection/connection';
import { dropTooOld, endConsumer, newConsumer, wakeSiblings } from './amqp/delivering/consumer';
import { METHOD_ROOM, sendContent, takeOne } from './amqp/delivering/deliver';
import { encodeReturn } from './amqp/delivering/encode';
import { scan } from './amqp/ingest';
import { endConnection, forget, newChannel, newConnection, stopChannel } from './amqp/lifecycle';
import { boxWritten, filledTo, nextListed, openBox, outputAt, roomIn, sendBox } from './amqp/delivering/output';
import { addRoute, forgetRoutes, openRoutes, ROUTE_QUEUES_MAX } from './amqp/receiving/route';
import { flushRun } from './amqp/receiving/run';
import { fallAsleep, resume, serveTurns, wakeUp } from './amqp/serve';
import { STOP_TOPOLOGY } from './amqp/connection/stop';
import { countGuarded } from './amqp/connection/work';

// ── Limits and layout, for the host ────────────────────────────────────────────────────────────────────────────
export { BODY_MAX, FRAME_MAX, CHANNEL_MAX, PAGE, SEGMENT, RUN_MAX, ROUTE_QUEUES_MAX, SLOTS };
/** Version of the memory layout; a host and a core must agree. */
export const LAYOUT: u32 = 2;
/** Word of a participant's page that is raised at each ring, in bytes from its start. */
export const DOORBELL_OFFSET: u32 = offsetof<Participant>('doorbell');

// ── Joining ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Lays out a memory of `mebibytes` MiB for `participants` participants, the coordinator included. Once. */
export function initCore(mebibytes: u32, participants: u32): void {
  initRoot(mebibytes, participants);
}

/** Makes this instance participant `index`; a worker gets a read buffer and routes. False: no memory. */
export function joinCore(index: u32, worker: bool): bool {
  becomeParticipant(index);
  self.index = index;
  self.scratch = <u32>takePage();
  self.runMessages = <u32>takePage();
  if (!self.scratch || !self.runMessages) return false;
  if (!worker) return true;
  self.readOffset = <u32>takeBox();
  self.readLength = BOX;
  return self.readOffset != 0 && openRoutes();
}

export function participantAddress(): usize {
  return changetype<usize>(self);
}
export function memoryUsed(): f64 {
  return sumOfUse();
}
export function memoryFree(): f64 {
  return freeBytes();
}
export function setAside(bytes: f64): bool {
  return setSegmentsAside(<u32>((<u64>bytes + SEGMENT - 1) / SEGMENT));
}
export function setTime(now: f64): void {
  self.now = now;
}

// ── Topology ───────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Pairs with the load in `ingest`: a worker that sees the new epoch finds the change in its port, where it was posted
 * before.
 */
export function raiseTopology(): u32 {
  return atomicAdd(ROOT + offsetof<Root>('topology'), 1) + 1;
}
export function topologyEpoch(): u32 {
  return atomicLoad(ROOT + offsetof<Root>('topology'));
}
export function applyTopology(epoch: u32): void {
  self.topologyApplied = epoch;
  forgetRoutes();
}

// ── Queues ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function createQueue(): usize {
  return newQueue();
}

/** Numbers below 0 mean that there is no such rule. False: no memory. */
export function setRules(
  queue: usize,
  ttl: f64,
  maxLength: f64,
  maxBytes: f64,
  overflow: u32,
  deadLetters: bool,
  maxPriority: u32,
  deliveryLimit: f64,
  deliveryCount: bool,
): bool {
  enter();
  const done = setQueueRules(
    changetype<Queue>(queue),
    ttl,
    maxLength,
    maxBytes,
    overflow,
    deadLetters,
    maxPriority,
    deliveryLimit,
    deliveryCount,
  );
  leave();
  return done;
}

export function keepLength(queue: usize): void {
  if (<u32>(queue / CELL) % (root().participants - 1) != self.index) return;
  enter();
  const one = changetype<Queue>(queue);
  if (one.features & LENGTH && !one.retired) checkLength(one);
  flushSettlements();
  leave();
}

export function readyCount(queue: usize): u32 {
  return countReady(changetype<Queue>(queue));
}
export function readyBytes(queue: usize): f64 {
  return countBytes(changetype<Queue>(queue));
}
export function lastGet(queue: usize): f64 {
  return atomicLoadF64(queue + offsetof<Queue>('lastGet'));
}

/** Settles up to `most` messages that are ready, or forgets those of them that are spilled; how many. */
export function purge(queue: usize, most: u32): u32 {
  enter();
  const count = drop(changetype<Queue>(queue), most);
  leave();
  return count;
}

export function retireQueue(queue: usize): u32 {
  const target = changetype<Queue>(queue);
  retire(target);
  const ready = countReady(target);
  purge(queue, RETIRED_PORTION);
  return ready;
}

export function freeQueue(queue: usize): void {
  enter();
  const target = changetype<Queue>(queue);
  retire(target);
  drop(target, u32.MAX_VALUE);
  endQueue(target);
  leave();
}

// ── The log ────────────────────────────────────────────────────────────────────────────────────────────────────

export * from './log-calls';

// ── Messages that are elsewhere (the coordinator) ──────────────────────────────────────────────────────────────

/** The queue of a level, which is a queue of its own here; 0: it is not there, or there is no memory to make it. */
export function priorityOf(queue: usize, priority: u32, make: bool): usize {
  const one = changetype<Queue>(queue);
  if (priority && (!one.priorities || priority > one.maxPriority)) return 0;
  return changetype<usize>(make ? priorityMade(one, priority) : priorityAt(one, priority));
}

export function setSpilled(queue: usize, count: f64, bytes: f64): bool {
  return makeSpilled(changetype<Queue>(queue), count, bytes);
}
export function spilledCount(queue: usize): u32 {
  return countSpilled(changetype<Queue>(queue));
}
export function presentCount(queue: usize): u32 {
  return countPresent(changetype<Queue>(queue));
}

export function pageOut(queue: usize, margin: i32, least: f64, most: f64): f64 {
  enter();
  const octets = beginOut(changetype<Queue>(queue), margin, least, most);
  leave();
  return octets;
}

export function pageOutFill(offset: usize, length: u32): u32 {
  return fillOut(offset, length);
}

export function pageOutCount(): u32 {
  return outCount();
}

export function pageOutEnd(done: bool): bool {
  enter();
  const away = endOut(done);
  leave();
  return away;
}

export function pageIn(queue: usize): i32 {
  return beginIn(changetype<Queue>(queue));
}

export function pageInTake(offset: usize, length: u32): i32 {
  enter();
  const taken = takeIn(offset, length);
  leave();
  return taken;
}

export function pageInEnd(done: bool): bool {
  enter();
  const back = endIn(done);
  leave();
  return back;
}

export function dropSpilled(queue: usize): u32 {
  enter();
  const count = dropSpilledPriorities(changetype<Queue>(queue));
  leave();
  return count;
}

export function nextPageInRequest(): usize {
  return firstPageInRequest();
}

/** A segment for images on their way, or 0. */
export function takeStaging(): usize {
  return takeSegment(0);
}
export function giveStaging(segment: usize): void {
  giveSegment(segment);
}

export function awaitFront(queue: usize): bool {
  enter();
  const spilled = awaitNext(changetype<Queue>(queue));
  leave();
  return spilled;
}

// ── Death ──────────────────────────────────────────────────────────────────────────────────────────────────────

export function expiringQueues(): u32 {
  return self.sweepCount;
}

export function sweepPause(): f64 {
  return pauseOfSweeps();
}

export function sweep(): bool {
  enter();
  const more = sweepQueues();
  flushSettlements();
  leave();
  return more;
}

/** Queue and reason stand among the results. */
export function nextDead(): usize {
  if (!self.deadFirst) return 0;
  enter();
  const message = firstDead();
  flushSettlements();
  leave();
  return message;
}

export function settleDead(): void {
  enter();
  settleDeadFirst();
  flushSettlements();
  leave();
}

/** Takes the oldest of the dead off the list: its slot, 0 when it has none. */
export function keepDead(): usize {
  return keepFirst();
}

export function settleDeadKept(slot: usize): void {
  enter();
  settleDeadKeptSlot(changetype<Slot>(slot));
  flushSettlements();
  leave();
}

export * from './make-calls';

// ── Connections and channels ───────────────────────────────────────────────────────────────────────────────────

export function openConnection(id: u32, vhost: u32): usize {
  return newConnection(id, vhost);
}
export function setFrameMax(connection: usize, bytes: u32): void {
  changetype<Connection>(connection).frameMax = bytes;
}
export function setVhost(connection: usize, vhost: u32): void {
  changetype<Connection>(connection).vhost = vhost;
}

export function closeConnection(connection: usize): void {
  enter();
  endConnection(changetype<Connection>(connection));
  flushSettlements();
  leave();
}

export function ingest(connection: usize, from: usize, length: u32, work: u32): u32 {
  if (atomicLoad(ROOT + offsetof<Root>('topology')) != self.topologyApplied) {
    self.consumed = 0;
    return STOP_TOPOLOGY;
  }
  enter();
  const stop = scan(changetype<Connection>(connection), from, length, work);
  flushRun();
  endPromise();
  sendConfirms(changetype<Connection>(connection));
  flushSettlements();
  leave();
  return stop;
}

export function openChannel(connection: usize, number: u32): usize {
  return newChannel(changetype<Connection>(connection), number);
}

export function closeChannel(channel: usize): void {
  enter();
  stopChannel(changetype<Channel>(channel));
  flushSettlements();
  leave();
}

export function freeChannel(channel: usize): void {
  enter();
  forget(changetype<Channel>(channel));
  flushSettlements();
  leave();
}

export function contentState(channel: usize): u32 {
  return changetype<Channel>(channel).content;
}
export function unackedCount(channel: usize): u32 {
  return changetype<Channel>(channel).unacked;
}
export function lastTag(channel: usize): f64 {
  return <f64>(changetype<Channel>(channel).nextTag - 1);
}
export function setConfirm(channel: usize): void {
  changetype<Channel>(channel).confirming = 1;
}
export function setTransactional(channel: usize): void {
  changetype<Channel>(channel).transactional = 1;
}

/** By one of the ways in content/ack.ts. False: there is no such delivery. */
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

export function setChannelPrefetch(channel: usize, count: u32): void {
  changetype<Channel>(channel).prefetch = count;
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

// ── Publishing ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Installs the route that the last stop asked for; `count` queues stand at `scratch`, at most a page of them. */
export function installRoute(connection: usize, count: u32, flags: u32): void {
  addRoute(
    changetype<Connection>(connection).vhost,
    self.frameOffset,
    self.frameLength,
    self.scratch,
    count,
    flags,
    runPages(),
  );
}

/** A message that no queue has yet goes to its queues now: its life begins, however long the host has kept it. */
export function beginLife(message: usize): void {
  changetype<Message>(message).arrival = self.now;
}

/**
 * Enqueues a message that the host holds and has prepared to `count` queues at `scratch`, at most a page of them.
 * Returns how many refused it: they stand there then.
 */
export function publishTo(message: usize, count: u32): u32 {
  const one = changetype<Message>(message);
  const pages = one.flags & LOGGABLE ? pagesFor(one) : 0;
  let refused: u32 = 0;
  enter();
  for (let i: u32 = 0; i < count; i++) {
    const queue = load<u32>(self.scratch + i * 4);
    // A message that goes to more queues than pages were taken ahead for may find no memory any more: the queues that
    // are left refuse it.
    const hasRoom = promisePages(guardedPages() + ANSWER_PAGES + pages) && (pages == 0 || reserve(one, 1));
    const taken = hasRoom && admit(changetype<Queue>(queue), one);
    endReserve();
    countGuarded(1);
    if (taken) continue;
    store<u32>(self.scratch + refused * 4, queue);
    refused += 1;
  }
  yieldPromised(self.pagesPromised - ANSWER_PAGES);
  flushSettlements();
  leave();
  return refused;
}

/** Lets go of a message that the host holds. */
export function releaseMessage(message: usize): void {
  release(changetype<Message>(message));
  flushReleases();
}

/** The host is done with the message: lets go of it and counts it for the confirm. */
export function endPublish(channel: usize, message: usize, taken: bool): void {
  const one = changetype<Channel>(channel);
  const connection = changetype<Connection>(one.connection);
  const recorded = isRecorded(changetype<Message>(message));
  release(changetype<Message>(message));
  flushReleases();
  if (!taken) countRefusal(connection, one);
  else if (recorded) holdConfirm(connection, one);
  else countConfirm(connection, one);
  endPromise();
  sendConfirms(connection);
}

export function keepMessage(message: usize): void {
  retain(changetype<Message>(message));
}
export function messageHeaderOffset(message: usize): usize {
  return headerOf(changetype<Message>(message)) + FRAME_HEAD;
}
export function messageHeaderLength(message: usize): u32 {
  return changetype<Message>(message).headerLength - FRAME_HEAD - 1;
}
export function messageKeyOffset(message: usize): usize {
  return keyOf(changetype<Message>(message));
}
export function messageKeyLength(message: usize): u32 {
  return changetype<Message>(message).keyLength;
}
export function messageArrival(message: usize): f64 {
  return changetype<Message>(message).arrival;
}
export function messageMandatory(message: usize): bool {
  return (changetype<Message>(message).flags & MANDATORY) != 0;
}
export function messageBodySize(message: usize): u32 {
  return changetype<Message>(message).bodySize;
}

/** Copies the body to `to`, which has room for it: see `messageBodySize`. */
export function nextPiece(message: usize, piece: usize): usize {
  return piece ? changetype<Piece>(piece).next : changetype<Message>(message).next;
}
export function pieceOffset(message: usize, piece: usize): usize {
  return (piece ? pieceFrameOf(changetype<Piece>(piece)) : bodyFrameOf(changetype<Message>(message))) + FRAME_HEAD;
}
export function pieceLength(message: usize, piece: usize): u32 {
  return piece ? changetype<Piece>(piece).length : changetype<Message>(message).firstLength;
}

/** Writes basic.return; the reply text stands at `scratch`. */
export function returnMessage(channel: usize, message: usize, code: u32, textLength: u32): void {
  const one = changetype<Channel>(channel);
  const connection = changetype<Connection>(one.connection);
  const held = changetype<Message>(message);
  // The host has asked (`outputIdle`).
  if (!openBox(connection)) unreachable();
  filledTo(connection, encodeReturn(outputAt(connection), one.number, held, code, self.scratch, textLength));
  sendContent(connection, one, held, changetype<Slot>(0), 0);
}

// ── Consuming ──────────────────────────────────────────────────────────────────────────────────────────────────

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

/** Tag of the oldest delivery that is unacknowledged, or 0. */
export function oldestUnacked(consumer: usize): f64 {
  const one = changetype<Consumer>(consumer);
  if (one.state == DEAD) return 0;
  return <f64>oldestOf(changetype<Channel>(one.channel), one);
}

export function returnDeliveries(consumer: usize): void {
  const one = changetype<Consumer>(consumer);
  enter();
  requeueAll(changetype<Channel>(one.channel), one);
  flushSettlements();
  leave();
}

export function cancelConsumer(consumer: usize): void {
  enter();
  endConsumer(changetype<Consumer>(consumer));
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

/** How far a queue goes by now, level by level (queue/extent.ts). */
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

// ── Turns and output ───────────────────────────────────────────────────────────────────────────────────────────

export function serve(): bool {
  enter();
  const more = serveTurns();
  flushSettlements();
  leave();
  return more;
}

/** The id of the next connection with output, or −1. */
export function nextOutput(): i32 {
  const connection = nextListed();
  if (!changetype<usize>(connection)) return -1;
  sendBox(connection);
  return <i32>connection.id;
}

export function takeOutput(connection: usize): bool {
  return sendBox(changetype<Connection>(connection));
}

export function written(connection: usize, box: usize): void {
  const one = changetype<Connection>(connection);
  boxWritten(one, box);
  if (one.inFlight) return;
  enter();
  resume(one);
  flushSettlements();
  leave();
}

/** No content in parts, and room for a method frame before content. */
export function outputIdle(connection: usize): bool {
  const one = changetype<Connection>(connection);
  return !one.partsMessage && (one.box ? roomIn(one) >= METHOD_ROOM : ensureBox());
}

export function sleep(): bool {
  return fallAsleep();
}
export function wake(): void {
  wakeUp();
}
