/**
 * Connections, channels and consumers: their layouts and how one is found from another. All are private to the worker
 * that owns the socket, except the waiter at the start of a consumer (queue/turns.ts).
 *
 * Connection: a page. Its first half holds the fields, its second half the start of a frame that is not complete (`carry`); a longer
 * frame is carried in a box. Channels are found by number through 16 cells of 128 addresses, each made when it is needed.
 * Channel: a cell. Consumer: a cell, with the first octets of its basic.deliver ready to copy.
 */
import { PAGE } from '../memory/root';
import { CELL, giveCell, takeCell } from '../memory/units';
import { Waiter } from '../queue/turns';
import { write16, write32 } from '../memory/bytes';

export const CHANNEL_MAX: u32 = 2047;
const DIRECTORY: u32 = 16;
const DIRECTORY_CELL: u32 = 128;

@unmanaged export class Connection {
  /** The host's number for it. */
  id: u32;
  vhost: u32;
  /** Largest frame that may come in, and that may go out. */
  frameMax: u32;
  lastNumber: u32;
  lastChannel: u32;

  // Input
  /** Octets in `carry`, and its box when the frame is longer than the page has room. */
  carryLength: u32;
  carryBox: u32;
  /** The carried frame is whole and was handed to the host: forget it at the next call. */
  carryDone: u32;
  /** Channel whose body frame is being copied, and octets of that frame's payload still to come. */
  bodyChannel: u32;
  frameLeft: u32;
  /** Channel whose message is whole but could not be enqueued yet. */
  completing: u32;

  // Output (output.ts)
  box: u32;
  boxUsed: u32;
  /** Boxes that the socket has not taken yet, linked through their first word. */
  inFlight: u32;
  /** In the worker's list of connections with output, or with something left to do. */
  listed: u32;
  outputNext: u32;
  inService: u32;
  serviceNext: u32;
  /** Consumers that wait for output. */
  parkedFirst: u32;
  parkedLast: u32;
  /** Channels with confirms to send. */
  confirmFirst: u32;

  // Content that is sent in parts (parts.ts)
  partsMessage: u32;
  partsPiece: u32;
  partsOffset: u32;
  /** Octets of body still to be sent. */
  partsLeft: u32;
  partsChannel: u32;
  partsHeader: u32;
  /** How often the message was given back, if its header is to say so. */
  partsReturns: u32;
}

export const CONNECTION_DIRECTORY: u32 = 256;
export const CARRY: u32 = 2048;
export const CARRY_SIZE: u32 = PAGE - CARRY;

@unmanaged export class Channel {
  connection: u32;
  number: u32;
  /** OPEN or CLOSING. */
  state: u32;
  /** What the client owes: NOTHING, HEADER or BODY. */
  content: u32;

  // The message being received (receive.ts)
  route: u32;
  routeVersion: u32;
  mandatory: u32;
  message: u32;
  /** Where the next body octet goes, room left in this piece, octets left of the body, the last piece. */
  writeAt: u32;
  pieceLeft: u32;
  bodyLeft: u32;
  lastPiece: u32;

  // Confirms (confirm.ts)
  confirming: u32;
  confirmListed: u32;
  confirmNext: u32;
  /** Whole messages and acknowledgements go to the host. */
  transactional: u32;
  confirmed: u64;
  confirmSent: u64;
  /** Numbers (u64) of publishes that were refused and are to be answered by basic.nack: a Fifo. */
  nackFirst: u32;
  nackLast: u32;
  /** Batches that confirms wait for: the first and last of Held; and the number of the last. */
  heldFirst: u32;
  heldLast: u32;
  heldBatch: u32;
  reserved: u32;

  // Deliveries (unacked.ts)
  nextTag: u64;
  unackedFirst: u32;
  unackedLast: u32;
  unackedCursor: u32;
  unacked: u32;

  // Prefetch over the channel (qos global), and its consumers
  prefetch: u32;
  used: u32;
  consumerFirst: u32;

  /** Exchange and routing key of the publish whose header is awaited: where they stand, and the cell that a long key needs. */
  keyLength: u32;
  key: u32;
  keyCell: u32;
}

/** Keys up to CHANNEL_KEY_SIZE octets stand in the channel's own cell. */
export const CHANNEL_KEY: u32 = 192;
export const CHANNEL_KEY_SIZE: u32 = CELL - CHANNEL_KEY - 8;

export const OPEN: u32 = 0;
export const CLOSING: u32 = 1;

export const NOTHING: u32 = 0;
export const HEADER: u32 = 1;
export const BODY: u32 = 2;

@unmanaged export class Consumer extends Waiter {
  channel: u32;
  connection: u32;
  noAck: u32;
  /** Most unacknowledged messages, 0 = no limit; and how many there are. */
  prefetch: u32;
  used: u32;
  siblingNext: u32;
  siblingPrevious: u32;
  parkedNext: u32;
  /** Dead, but still in a list that will free it. */
  linked: u32;
  prefixLength: u32;
}

/** basic.deliver up to the delivery tag: frame head, class, method, consumer tag. The payload's size is written at each delivery. */
const CONSUMER_PREFIX: u32 = 96;
@inline export function prefixOf(consumer: Consumer): usize { return changetype<usize>(consumer) + CONSUMER_PREFIX; }

/** Writes the prefix for a tag of `length` octets at `tag`. */
export function initPrefix(consumer: Consumer, number: u32, tag: usize, length: u32): void {
  const prefix = prefixOf(consumer);
  store<u8>(prefix, 1);
  write16(prefix + 1, number);
  write32(prefix + 7, 0x003c003c);
  store<u8>(prefix + 11, <u8>length);
  memory.copy(prefix + 12, tag, length);
  consumer.prefixLength = 12 + length;
}

// ── Channels by number ─────────────────────────────────────────────────────────────────────────────────────────

/** The channel with a number, or 0. */
@inline export function channelOf(connection: Connection, number: u32): Channel {
  if (number == connection.lastNumber && connection.lastChannel) return changetype<Channel>(connection.lastChannel);
  return lookUpChannel(connection, number);
}

function lookUpChannel(connection: Connection, number: u32): Channel {
  if (number > CHANNEL_MAX) return changetype<Channel>(0);
  const cell = load<u32>(directoryEntry(connection, number));
  if (!cell) return changetype<Channel>(0);
  const channel = load<u32>(cell + (number % DIRECTORY_CELL) * 4);
  if (channel) {
    connection.lastNumber = number;
    connection.lastChannel = channel;
  }
  return changetype<Channel>(channel);
}

@inline function directoryEntry(connection: Connection, number: u32): usize {
  return changetype<usize>(connection) + CONNECTION_DIRECTORY + (number / DIRECTORY_CELL) * 4;
}

/** Enters a channel under its number; false when there is no memory. */
export function enterChannel(connection: Connection, number: u32, channel: usize): bool {
  const entry = directoryEntry(connection, number);
  if (!load<u32>(entry)) {
    const cell = takeCell();
    if (!cell) return false;
    store<u32>(entry, <u32>cell);
  }
  store<u32>(<usize>load<u32>(entry) + (number % DIRECTORY_CELL) * 4, <u32>channel);
  return true;
}

export function forgetChannel(connection: Connection, number: u32): void {
  connection.lastChannel = 0;
  const cell = <usize>load<u32>(directoryEntry(connection, number));
  if (cell) store<u32>(cell + (number % DIRECTORY_CELL) * 4, 0);
}

/** The first channel numbered `from` or higher, or 0. */
export function channelFrom(connection: Connection, from: u32): Channel {
  for (let number = from; number <= CHANNEL_MAX; number++) {
    const cell = <usize>load<u32>(directoryEntry(connection, number));
    if (!cell) { number |= DIRECTORY_CELL - 1; continue; }
    const channel = load<u32>(cell + (number % DIRECTORY_CELL) * 4);
    if (channel) return changetype<Channel>(channel);
  }
  return changetype<Channel>(0);
}

export function freeDirectory(connection: Connection): void {
  for (let i: u32 = 0; i < DIRECTORY; i++) {
    const entry = changetype<usize>(connection) + CONNECTION_DIRECTORY + i * 4;
    if (load<u32>(entry)) giveCell(load<u32>(entry));
    store<u32>(entry, 0);
  }
}

export const LAYOUT_FITS: bool = offsetof<Connection>() <= CONNECTION_DIRECTORY && CONNECTION_DIRECTORY + DIRECTORY * 4 <= CARRY
  && offsetof<Channel>() <= CHANNEL_KEY && offsetof<Consumer>() <= CONSUMER_PREFIX && CONSUMER_PREFIX + 12 + 255 + 8 <= CELL;
