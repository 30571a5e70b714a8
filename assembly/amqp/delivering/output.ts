/**
 * A connection's output: frames are encoded into its box; the host sends a box with one write and says when the socket
 * has taken it. One box is filled while others are in flight; a connection whose socket does not drain gets no further
 * box when that one is full.
 *
 * Box  0 │ next box in flight u32 │ 16 │ frames
 */
import { countInVhost, OCTETS_OUT } from '../../memory/counters';
import { self } from '../../memory/root';
import { BOX, giveBox, takeBox } from '../../memory/units';
import { run, NO_OUTPUT, DEAD } from '../../queue/consumers/run-queue';
import { Connection, Consumer } from '../connection/connection';
import { freeIfDone } from './consumer';

const BOX_HEAD: u32 = 16;
/** Copies may write up to 7 octets too many. */
const BOX_SLACK: u32 = 8;
export const BOX_ROOM: u32 = BOX - BOX_HEAD - BOX_SLACK;

/** Makes sure that the connection has a box to fill; false when there is none. */
@inline export function openBox(connection: Connection): bool {
  return connection.box != 0 || newBox(connection);
}

function newBox(connection: Connection): bool {
  const box = takeBox();
  if (!box) return false;
  connection.box = <u32>box;
  connection.boxUsed = 0;
  return true;
}

/** Gives an empty box back: a connection with nothing to send holds none. */
@inline export function closeEmptyBox(connection: Connection): void {
  if (connection.boxUsed || !connection.box) return;
  giveBox(connection.box);
  connection.box = 0;
}

@inline export function roomIn(connection: Connection): u32 {
  return BOX_ROOM - connection.boxUsed;
}

@inline export function outputAt(connection: Connection): usize {
  return <usize>connection.box + BOX_HEAD + connection.boxUsed;
}

/** Says that the box has been filled up to `end`. */
@inline export function filledTo(connection: Connection, end: usize): void {
  connection.boxUsed = <u32>(end - connection.box) - BOX_HEAD;
  if (!connection.listed && !connection.inFlight) listOutput(connection);
}

/** Enters the connection into the list that `nextOutput` takes from. */
function listOutput(connection: Connection): void {
  connection.listed = 1;
  connection.outputNext = 0;
  const address = <u32>changetype<usize>(connection);
  if (self.outputLast) changetype<Connection>(self.outputLast).outputNext = address;
  else self.outputFirst = address;
  self.outputLast = address;
}

/** The next connection with something to send, or 0. */
export function nextListed(): Connection {
  while (self.outputFirst) {
    const connection = changetype<Connection>(self.outputFirst);
    self.outputFirst = connection.outputNext;
    if (!self.outputFirst) self.outputLast = 0;
    connection.listed = 0;
    if (connection.boxUsed && !connection.inFlight) return connection;
  }
  return changetype<Connection>(0);
}

/** Gives the box out to be sent; false when it holds nothing. */
export function sendBox(connection: Connection): bool {
  const box = connection.box;
  if (!box || !connection.boxUsed) return false;
  self.outputBox = box;
  self.outputOffset = box + BOX_HEAD;
  self.outputLength = connection.boxUsed;
  countInVhost(connection.vhostCounters, OCTETS_OUT, connection.boxUsed);
  store<u32>(box, connection.inFlight);
  connection.inFlight = box;
  connection.box = 0;
  connection.boxUsed = 0;
  return true;
}

/** Takes a box back that the socket has taken. */
export function boxWritten(connection: Connection, box: usize): void {
  let before: usize = 0;
  let at = <usize>connection.inFlight;
  while (at && at != box) {
    before = at;
    at = load<u32>(at);
  }
  if (!at) return;
  if (before) store<u32>(before, load<u32>(at));
  else connection.inFlight = load<u32>(at);
  giveBox(box);
  if (connection.inFlight) return;
  if (connection.boxUsed && !connection.listed) listOutput(connection);
}

/** Frees all boxes of a connection that is gone, and takes it off the lists. */
export function dropOutput(connection: Connection): void {
  let box = <usize>connection.inFlight;
  while (box) {
    const next = load<u32>(box);
    giveBox(box);
    box = next;
  }
  if (connection.box) giveBox(connection.box);
  connection.inFlight = 0;
  connection.box = 0;
  if (connection.listed) unlistOutput(connection);
  if (connection.inService) unlistService(connection);
}

function unlistOutput(connection: Connection): void {
  let before: usize = 0;
  let at = <usize>self.outputFirst;
  while (at && at != changetype<usize>(connection)) {
    before = at;
    at = changetype<Connection>(at).outputNext;
  }
  if (before) changetype<Connection>(before).outputNext = connection.outputNext;
  else self.outputFirst = connection.outputNext;
  if (self.outputLast == <u32>changetype<usize>(connection)) self.outputLast = <u32>before;
}

// ── Service: connections that could not go on for want of a box or a page ──────────────────────────────────────

/** The connection has something left to do that lacked memory: `serve` comes back to it. */
export function needService(connection: Connection): void {
  if (connection.inService) return;
  connection.inService = 1;
  connection.serviceNext = 0;
  const address = <u32>changetype<usize>(connection);
  if (self.serviceLast) changetype<Connection>(self.serviceLast).serviceNext = address;
  else self.serviceFirst = address;
  self.serviceLast = address;
}

function unlistService(connection: Connection): void {
  let before: usize = 0;
  let at = <usize>self.serviceFirst;
  while (at && at != changetype<usize>(connection)) {
    before = at;
    at = changetype<Connection>(at).serviceNext;
  }
  if (before) changetype<Connection>(before).serviceNext = connection.serviceNext;
  else self.serviceFirst = connection.serviceNext;
  if (self.serviceLast == <u32>changetype<usize>(connection)) self.serviceLast = <u32>before;
}

// ── Consumers that wait for output ─────────────────────────────────────────────────────────────────────────────

/**
 * Parks a consumer until the connection's output moves. Who was served in its last turn goes behind all who were not:
 * one that can fill a box alone would be the first to find room each time.
 */
export function park(connection: Connection, consumer: Consumer, served: bool): void {
  consumer.state = NO_OUTPUT;
  const address = <u32>changetype<usize>(consumer);
  const before = served ? connection.parkedLast : connection.parkedHungry;
  if (before) {
    consumer.parkedNext = changetype<Consumer>(before).parkedNext;
    changetype<Consumer>(before).parkedNext = address;
  } else {
    consumer.parkedNext = connection.parkedFirst;
    connection.parkedFirst = address;
  }
  if (!served) connection.parkedHungry = address;
  if (before == connection.parkedLast) connection.parkedLast = address;
}

/** Lets all parked consumers run. */
export function unpark(connection: Connection): void {
  let at = <usize>connection.parkedFirst;
  connection.parkedFirst = 0;
  connection.parkedLast = 0;
  connection.parkedHungry = 0;
  while (at) {
    const consumer = changetype<Consumer>(at);
    at = consumer.parkedNext;
    if (consumer.state == DEAD) {
      consumer.linked = 0;
      freeIfDone(consumer);
    } else run(consumer);
  }
}
