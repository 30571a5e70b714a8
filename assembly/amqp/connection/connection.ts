/**
 * This folder is for what a connection, a channel and a consumer are; all of `amqp` and the exports may import it,
 * and it imports neither receiving nor delivering.
 *
 * Connections, channels and consumers: their layouts and how one is found from another. All are private to the worker
 * that owns the socket, except the waiter at the start of a consumer (queue/consumers/run-queue.ts).
 *
 * Connection: a page. Its first half holds the fields, its second half the start of a frame that is not complete
 * (`partial`); a longer frame is carried in a box. Channels are found by number, of which a client may take any (1 …
 * 65535): by the lower 11 bits through a directory of 16 cells with 128 buckets each, then along the bucket's channels,
 * which are 32 at most. A cell of the directory is there only while a channel is found through it. Channel: a cell.
 * Consumer: a cell, with the first octets of its basic.deliver ready to copy.
 */
import { FRAME_METHOD, METHOD_DELIVER } from '../../format/frame';
import { PAGE } from '../../memory/root';
import { CELL, giveCell, takeCell } from '../../memory/units';
import { Waiter } from '../../queue/consumers/run-queue';
import { write16, write32 } from '../../memory/bytes';

/** Cells of the directory, and buckets in each. */
const DIRECTORY: u32 = 16;
const DIRECTORY_CELL: u32 = 128;
const BUCKETS: u32 = DIRECTORY * DIRECTORY_CELL;

@unmanaged export class Connection {
  /** The host's number for it. */
  id: u32;
  vhost: u32;
  /** This participant's block of the vhost's counters; 0: it is not counted. */
  vhostCounters: u32;
  /** Largest frame that may come in, and that may go out. */
  frameMax: u32;
  /** Largest body that may come in. */
  bodyMax: u32;
  lastNumber: u32;
  lastChannel: u32;

  // Input
  /** Octets in `partial`, and its box when the frame is longer than the page has room. */
  partialLength: u32;
  partialBox: u32;
  /** The carried frame is whole and was handed to the host: forget it at the next call. */
  partialDone: u32;
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
  /**
   * Consumers that wait for output: first those that got nothing in their last turn, up to `parkedHungry` (0: there are
   * none), then those that did.
   */
  parkedFirst: u32;
  parkedLast: u32;
  parkedHungry: u32;
  /** Channels with confirms to send. */
  confirmFirst: u32;

  // Content that is sent in parts (long-content.ts)
  partsMessage: u32;
  partsPiece: u32;
  partsOffset: u32;
  /** Octets of body still to be sent. */
  partsLeft: u32;
  partsChannel: u32;
  partsHeader: u32;
  /** How often the message was requeued, if its header is to say so. */
  partsRequeues: u32;
}

/** Addresses of the directory's cells (u32), and behind them how many channels each leads to (u32). */
export const CONNECTION_DIRECTORY: u32 = 256;
const DIRECTORY_COUNTS: u32 = CONNECTION_DIRECTORY + DIRECTORY * 4;
/** What its channels have counted that have ended (channel-counters.ts). */
export const CONNECTION_COUNTERS: u32 = 512;
export const PARTIAL: u32 = 2048;
export const PARTIAL_SIZE: u32 = PAGE - PARTIAL;

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

  /**
   * Whether credit that one consumer gives back is for all of the channel's: there is a prefetch over the channel, or
   * somebody has found it full.
   */
  sharesCredit: u32;

  // Deliveries (unacked.ts)
  nextTag: u64;
  unackedFirst: u32;
  unackedLast: u32;
  unackedCursor: u32;
  unacked: u32;
  /** Amid an acknowledgement of all: the tag before which it ends; else 0. */
  settleEnd: u64;

  // Prefetch over the channel (qos global), and its consumers: under such a prefetch in the order in which they are let
  // to credit
  prefetch: u32;
  used: u32;
  consumerFirst: u32;
  consumerLast: u32;

  /** The next channel of its bucket. */
  bucketNext: u32;

  /** How many deliveries may be unacknowledged; consumers wait when so many are. */
  unackedMax: u32;
  /** How many refusals are in the list at `nackFirst`. */
  nacks: u32;

  /**
   * Exchange and routing key of the publish whose header is awaited: where they stand, and the cell that a long key
   * needs.
   */
  keyLength: u32;
  key: u32;
  keyCell: u32;

  /** When something was last published, delivered or settled (ms since the Unix epoch). */
  activeAt: f64;
}

/** Where its counters stand (channel-counters.ts), and how long they are. */
export const CHANNEL_COUNTERS: u32 = 208;
export const COUNTERS_SIZE: u32 = 88;

/** Keys up to CHANNEL_KEY_SIZE octets stand in the channel's own cell. */
export const CHANNEL_KEY: u32 = CHANNEL_COUNTERS + COUNTERS_SIZE;
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
  /**
   * Since when (ms since the Unix epoch) it has been able to take messages, but for what its socket has yet to take.
   */
  ableSince: f64;
  /** When it was last given messages, and last acknowledged one (memory/moment.ts). */
  deliveredAt: u32;
  acknowledgedAt: u32;
  /** Among those that a look at the channel has found so far (held.ts): its number there, from 1; otherwise 0. */
  found: u32;
  /** Where the round ends in which it has taken its share, of those of its queue. */
  round: u32;
}

/**
 * basic.deliver up to the delivery tag: frame head, class, method, consumer tag. The payload's size is written at each
 * delivery.
 */
const CONSUMER_PREFIX: u32 = 128;

// Looked at while the core is compiled.
if (offsetof<Consumer>() > CONSUMER_PREFIX) ERROR('a consumer reaches into its prefix');

@inline export function prefixOf(consumer: Consumer): usize {
  return changetype<usize>(consumer) + CONSUMER_PREFIX;
}

/** Writes the prefix for a tag of `length` octets at `tag`. */
export function initPrefix(consumer: Consumer, number: u32, tag: usize, length: u32): void {
  const prefix = prefixOf(consumer);
  store<u8>(prefix, FRAME_METHOD);
  write16(prefix + 1, number);
  write32(prefix + 7, METHOD_DELIVER);
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
  let channel = firstIn(connection, number % BUCKETS);
  while (changetype<usize>(channel) && channel.number != number) channel = changetype<Channel>(channel.bucketNext);
  if (changetype<usize>(channel)) {
    connection.lastNumber = number;
    connection.lastChannel = <u32>changetype<usize>(channel);
  }
  return channel;
}

@inline function cellEntry(connection: Connection, bucket: u32): usize {
  return changetype<usize>(connection) + CONNECTION_DIRECTORY + (bucket / DIRECTORY_CELL) * 4;
}

@inline function countEntry(connection: Connection, bucket: u32): usize {
  return changetype<usize>(connection) + DIRECTORY_COUNTS + (bucket / DIRECTORY_CELL) * 4;
}

/** Where a bucket's first channel stands; its cell is there. */
@inline function bucketEntry(connection: Connection, bucket: u32): usize {
  return <usize>load<u32>(cellEntry(connection, bucket)) + (bucket % DIRECTORY_CELL) * 4;
}

@inline function firstIn(connection: Connection, bucket: u32): Channel {
  return changetype<Channel>(load<u32>(cellEntry(connection, bucket)) ? load<u32>(bucketEntry(connection, bucket)) : 0);
}

/** Enters a channel under its number; false when there is no memory. */
export function enterChannel(connection: Connection, channel: Channel): bool {
  const bucket = channel.number % BUCKETS;
  const entry = cellEntry(connection, bucket);
  if (!load<u32>(entry)) {
    const cell = takeCell();
    if (!cell) return false;
    store<u32>(entry, <u32>cell);
  }
  channel.bucketNext = load<u32>(bucketEntry(connection, bucket));
  store<u32>(bucketEntry(connection, bucket), <u32>changetype<usize>(channel));
  store<u32>(countEntry(connection, bucket), load<u32>(countEntry(connection, bucket)) + 1);
  return true;
}

export function forgetChannel(connection: Connection, channel: Channel): void {
  const bucket = channel.number % BUCKETS;
  connection.lastChannel = 0;
  let link = bucketEntry(connection, bucket);
  while (load<u32>(link) != <u32>changetype<usize>(channel))
    link = <usize>load<u32>(link) + offsetof<Channel>('bucketNext');
  store<u32>(link, channel.bucketNext);
  const left = load<u32>(countEntry(connection, bucket)) - 1;
  store<u32>(countEntry(connection, bucket), left);
  if (left) return;
  giveCell(load<u32>(cellEntry(connection, bucket)));
  store<u32>(cellEntry(connection, bucket), 0);
}

/** A channel of the connection, or 0 when there is none any more. */
export function anyChannel(connection: Connection): Channel {
  for (let first: u32 = 0; first < BUCKETS; first += DIRECTORY_CELL) {
    if (!load<u32>(cellEntry(connection, first))) continue;
    for (let i: u32 = 0; i < DIRECTORY_CELL; i++) {
      const channel = firstIn(connection, first + i);
      if (changetype<usize>(channel)) return channel;
    }
  }
  return changetype<Channel>(0);
}

// Looked at while the core is compiled.
if (offsetof<Connection>() > CONNECTION_DIRECTORY) ERROR('a connection is longer than the room before its directory');
if (DIRECTORY_COUNTS + DIRECTORY * 4 > CONNECTION_COUNTERS) ERROR('the directory of channels is too long');
if (CONNECTION_COUNTERS + COUNTERS_SIZE > PARTIAL) ERROR("a connection's counters are too long");
if (offsetof<Channel>() > CHANNEL_COUNTERS) ERROR('a channel is longer than the room before its counters');
if (offsetof<Consumer>() > CONSUMER_PREFIX) ERROR('a consumer is longer than the room before its prefix');
if (CONSUMER_PREFIX + 12 + 255 + 8 > CELL) ERROR('the longest prefix is too long for a consumer');
