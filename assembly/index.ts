/**
 * The core's exports: all that a host needs, and no more. Addresses are references; 0 means none (no memory).
 *
 * A memory is laid out once (`initCore`); each thread then instantiates the module on it and joins (`joinCore`). Results beyond a return value stand
 * in the first words of the participant's page (`participantAddress`): see `RESULT_WORDS` in memory/root.ts's Participant, line 0.
 */
import { BODY_MAX, flushReleases, FRAME_MAX, headerOf, keyOf, Message, Piece, release, retain, FRAME_HEAD, bodyFrameOf, pieceFrameOf } from './memory/message';
import { enter, leave } from './memory/epoch';
import { atomicAdd, atomicLoad } from './memory/atomic';
import { becomeParticipant, initRoot, PAGE, Participant, ROOT, Root, self } from './memory/root';
import { BOX, ensureBox, ensurePages, memoryUsed as sumOfUse, takeBox, takePage } from './memory/units';
import { claim, claimed } from './queue/claim';
import { enqueue, RUN_MAX, RUN_PAGES } from './queue/publish';
import { newQueue, Block, nextOf, Queue, readyCount as countReady, releaseQueue, SHARED, Slot, SLOT, SLOTS } from './queue/queue';
import { claimReturned } from './queue/returned';
import { addDone, flushSettlements, settle } from './queue/settle';
import { acknowledge } from './content/ack';
import { countConfirm, sendConfirms } from './content/confirm';
import { Channel, CHANNEL_MAX, Connection, Consumer } from './content/connection';
import { endConsumer, newConsumer, wakeSiblings } from './content/consumer';
import { METHOD_ROOM, sendContent, takeOne } from './content/deliver';
import { encodeReturn } from './content/encode';
import { scan } from './content/ingest';
import { endConnection, forget, newChannel, newConnection, stopChannel } from './content/lifecycle';
import { boxWritten, filledTo, nextListed, openBox, outputAt, roomIn, sendBox } from './content/output';
import { addRoute, forgetRoutes, openRoutes, ROUTE_QUEUES_MAX } from './content/route';
import { flushRun } from './content/run';
import { fallAsleep, resume, serveTurns, wakeUp } from './content/serve';
import { STOP_TOPOLOGY } from './content/stop';

// ── Limits and layout, for the host ────────────────────────────────────────────────────────────────────────────
export { BODY_MAX, FRAME_MAX, CHANNEL_MAX, PAGE, RUN_MAX, ROUTE_QUEUES_MAX, SLOTS };
/** Version of the memory layout; a host and a core must agree. */
export const LAYOUT: u32 = 1;
/** Word of a participant's page that is raised at each ring, in bytes from its start. */
export const DOORBELL_OFFSET: u32 = offsetof<Participant>("doorbell");

// ── Joining ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Lays out a memory of `mebibytes` MiB for `participants` participants, the coordinator included. Once. */
export function initCore(mebibytes: u32, participants: u32): void { initRoot(mebibytes, participants); }

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

export function participantAddress(): usize { return changetype<usize>(self); }
export function memoryUsed(): f64 { return sumOfUse(); }

// ── Topology ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Pairs with the load in `ingest`: a worker that sees the new epoch finds the change in its port, where it was posted before. */
export function raiseTopology(): u32 { return atomicAdd(ROOT + offsetof<Root>("topology"), 1) + 1; }
export function topologyEpoch(): u32 { return atomicLoad(ROOT + offsetof<Root>("topology")); }
export function applyTopology(epoch: u32): void {
  self.topologyApplied = epoch;
  forgetRoutes();
}

// ── Queues ─────────────────────────────────────────────────────────────────────────────────────────────────────

export function createQueue(): usize { return newQueue(); }
export function readyCount(queue: usize): u32 { return countReady(changetype<Queue>(queue)); }

export function purge(queue: usize): u32 {
  enter();
  const count = drop(changetype<Queue>(queue));
  leave();
  return count;
}

/** Settles everything that is ready; bounded by what was there at the start. */
function drop(queue: Queue): u32 {
  const most = countReady(queue);
  let count: u32 = 0;
  while (count < most) {
    const returned = claimReturned(queue, u32.MAX_VALUE, 0, FRAME_MAX);
    if (changetype<usize>(returned)) { settle(returned); count += 1; continue; }
    const first = claim(queue, most - count, u32.MAX_VALUE, 0, FRAME_MAX);
    if (!changetype<usize>(first)) break;
    const taken = claimed;
    for (let i: u32 = 0; i < taken; i++) settle(changetype<Slot>(changetype<usize>(first) + i * SLOT));
    count += taken;
  }
  flushSettlements();
  return count;
}

export function retireQueue(queue: usize): u32 {
  changetype<Queue>(queue).retired = 1;
  return purge(queue);
}

export function freeQueue(queue: usize): void {
  enter();
  const target = changetype<Queue>(queue);
  drop(target);
  // Nobody publishes any more: the tail stands in the last block, and its unused slots will never be.
  let last = changetype<Block>(atomicLoad(queue + offsetof<Queue>("tailBlock")));
  while (target.tail - last.start >= SLOTS) last = nextOf(last);
  addDone(last, SLOTS - (target.tail - last.start));
  releaseQueue(target);
  leave();
}

// ── Connections and channels ───────────────────────────────────────────────────────────────────────────────────

export function openConnection(id: u32, vhost: u32): usize { return newConnection(id, vhost); }
export function setFrameMax(connection: usize, bytes: u32): void { changetype<Connection>(connection).frameMax = bytes; }
export function setVhost(connection: usize, vhost: u32): void { changetype<Connection>(connection).vhost = vhost; }

export function closeConnection(connection: usize): void {
  enter();
  endConnection(changetype<Connection>(connection));
  flushSettlements();
  leave();
}

export function ingest(connection: usize, from: usize, length: u32): u32 {
  if (atomicLoad(ROOT + offsetof<Root>("topology")) != self.topologyApplied) {
    self.consumed = 0;
    return STOP_TOPOLOGY;
  }
  enter();
  const stop = scan(changetype<Connection>(connection), from, length);
  flushRun();
  sendConfirms(changetype<Connection>(connection));
  flushSettlements();
  leave();
  return stop;
}

export function openChannel(connection: usize, number: u32): usize { return newChannel(changetype<Connection>(connection), number); }

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

export function contentState(channel: usize): u32 { return changetype<Channel>(channel).content; }
export function unackedCount(channel: usize): u32 { return changetype<Channel>(channel).unacked; }
export function lastTag(channel: usize): f64 { return <f64>(changetype<Channel>(channel).nextTag - 1); }
export function setConfirm(channel: usize): void { changetype<Channel>(channel).confirming = 1; }

export function setChannelPrefetch(channel: usize, count: u32): void {
  changetype<Channel>(channel).prefetch = count;
  wakeSiblings(changetype<Channel>(channel));
}

export function recover(channel: usize): void {
  enter();
  acknowledge(changetype<Channel>(channel), 0, true, true);
  flushSettlements();
  leave();
}

// ── Publishing ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Installs the route that the last stop asked for; `count` queues stand at `scratch`, at most a page of them. */
export function installRoute(connection: usize, count: u32, flags: u32): void {
  addRoute(changetype<Connection>(connection).vhost, self.frameOffset, self.frameLength, self.scratch, count, flags, RUN_PAGES);
}

/** Enqueues a message that was handed to the host to `count` queues at `scratch`, at most a page of them. */
export function publishTo(message: usize, count: u32): void {
  atomicAdd(message, count);
  ensurePages(count * RUN_PAGES);
  enter();
  store<u32>(self.runMessages, <u32>message);
  for (let i: u32 = 0; i < count; i++) enqueue(changetype<Queue>(load<u32>(self.scratch + i * 4)), self.runMessages, 1, SHARED);
  leave();
}

/** The host is done with the message: lets go of it and counts it for the confirm. */
export function endPublish(channel: usize, message: usize): void {
  const one = changetype<Channel>(channel);
  const connection = changetype<Connection>(one.connection);
  release(changetype<Message>(message));
  flushReleases();
  countConfirm(connection, one);
  sendConfirms(connection);
}

export function keepMessage(message: usize): void { retain(changetype<Message>(message)); }
export function messageHeaderOffset(message: usize): usize { return headerOf(changetype<Message>(message)) + FRAME_HEAD; }
export function messageHeaderLength(message: usize): u32 { return changetype<Message>(message).headerLength - FRAME_HEAD - 1; }
export function messageKeyOffset(message: usize): usize { return keyOf(changetype<Message>(message)); }
export function messageKeyLength(message: usize): u32 { return changetype<Message>(message).keyLength; }
export function messageMandatory(message: usize): bool { return changetype<Message>(message).mandatory != 0; }
export function messageBodySize(message: usize): u32 { return changetype<Message>(message).bodySize; }

/** Copies the body to `to`, which has room for it: see `messageBodySize`. */
export function nextPiece(message: usize, piece: usize): usize { return piece ? changetype<Piece>(piece).next : changetype<Message>(message).next; }
export function pieceOffset(message: usize, piece: usize): usize {
  return (piece ? pieceFrameOf(changetype<Piece>(piece)) : bodyFrameOf(changetype<Message>(message))) + FRAME_HEAD;
}
export function pieceLength(message: usize, piece: usize): u32 { return piece ? changetype<Piece>(piece).length : changetype<Message>(message).firstLength; }

/** Writes basic.return; the reply text stands at `scratch`. */
export function returnMessage(channel: usize, message: usize, code: u32, textLength: u32): void {
  const one = changetype<Channel>(channel);
  const connection = changetype<Connection>(one.connection);
  const held = changetype<Message>(message);
  openBox(connection);
  filledTo(connection, encodeReturn(outputAt(connection), one.number, held, code, self.scratch, textLength));
  sendContent(connection, one, held, changetype<Slot>(0));
}

// ── Consuming ──────────────────────────────────────────────────────────────────────────────────────────────────

/** The tag stands at `scratch`. */
export function addConsumer(channel: usize, queue: usize, tagLength: u32, noAck: bool, prefetch: u32): usize {
  return newConsumer(changetype<Channel>(channel), changetype<Queue>(queue), self.scratch, tagLength, noAck, prefetch);
}

export function cancelConsumer(consumer: usize): void {
  enter();
  endConsumer(changetype<Consumer>(consumer));
  leave();
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

export function takeOutput(connection: usize): bool { return sendBox(changetype<Connection>(connection)); }

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

export function sleep(): bool { return fallAsleep(); }
export function wake(): void { wakeUp(); }
