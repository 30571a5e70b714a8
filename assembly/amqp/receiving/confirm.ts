/**
 * Publisher confirms: a channel counts the publishes that were taken; once a read they are confirmed by one basic.ack,
 * `multiple` when it stands for more than one. A publish that a queue refused is answered by a basic.nack of its own,
 * after those before it. They wait while content is sent in parts, and while there is no box. A publish that is in the
 * log is confirmed when its batch is done; those behind it wait with it. Ownership: the channel's worker alone.
 */
import { appendPromised, dropEntry, Fifo, firstEntry, freeFifo } from '../../memory/fifo';
import { CONFIRMED, countInVhost } from '../../memory/counters';
import { self } from '../../memory/root';
import { Batch, gathering, heldIn } from '../../log/batch';
import { CONFIRMED as CHANNEL_CONFIRMED, countChannel } from '../connection/channel-counters';
import { Channel, Connection } from '../connection/connection';
import { encodeConfirm, encodeRefusal } from '../delivering/encode';
import { filledTo, needService, openBox, outputAt, roomIn } from '../delivering/output';

const CONFIRM_ROOM: u32 = 32;

const NACK: u32 = 8;
/** Refusals that a channel may have to say: a client that does not read them is not read from. */
export const REFUSED_MAX: u32 = 65536;

/** A channel has confirms that wait for a batch; in that batch's list. */
@unmanaged class Held {
  /** 0 when it is closed. */
  channel: u32;
  /** The channel's next, in a later batch. */
  next: u32;
  /** Number of its first publish in the batch. */
  publish: u64;
}
const HELD: u32 = 16;

@inline function nacks(channel: Channel): Fifo {
  return changetype<Fifo>(changetype<usize>(channel) + offsetof<Channel>('nackFirst'));
}

/** Counts a publish as refused; a page is promised. */
export function countRefusal(connection: Connection, channel: Channel): void {
  if (!channel.confirming) return;
  countConfirm(connection, channel);
  store<u64>(appendPromised(nacks(channel), NACK), channel.confirmed);
  channel.nacks += 1;
}

/** Counts a publish as taken. */
@inline export function countConfirm(connection: Connection, channel: Channel): void {
  if (!channel.confirming) return;
  channel.confirmed += 1;
  self.confirming += 1;
  list(connection, channel);
}

/** Enters a channel among those that owe confirms. */
@inline function list(connection: Connection, channel: Channel): void {
  if (channel.confirmListed) return;
  channel.confirmListed = 1;
  channel.confirmNext = connection.confirmFirst;
  connection.confirmFirst = <u32>changetype<usize>(channel);
}

/** Counts a publish as taken, to be confirmed when the gathering batch is done. A page is promised. */
export function holdConfirm(connection: Connection, channel: Channel): void {
  if (!channel.confirming) return;
  const batch = gathering();
  if (channel.heldFirst && channel.heldBatch == batch.number) {
    countConfirm(connection, channel);
    return;
  }
  const held = changetype<Held>(appendPromised(heldIn(batch), HELD));
  countConfirm(connection, channel);
  held.channel = <u32>changetype<usize>(channel);
  held.next = 0;
  held.publish = channel.confirmed;
  if (channel.heldLast) changetype<Held>(channel.heldLast).next = <u32>changetype<usize>(held);
  else channel.heldFirst = <u32>changetype<usize>(held);
  channel.heldLast = <u32>changetype<usize>(held);
  channel.heldBatch = batch.number;
}

/** A batch is done: sends what waited for it. */
export function confirmHeld(batch: Batch): void {
  const fifo = heldIn(batch);
  for (
    let held = changetype<Held>(firstEntry(fifo));
    changetype<usize>(held);
    held = changetype<Held>(firstEntry(fifo))
  ) {
    const channel = changetype<Channel>(held.channel);
    if (changetype<usize>(channel)) {
      // Batches are done in order, so this is the channel's first.
      channel.heldFirst = held.next;
      if (!held.next) channel.heldLast = 0;
      const connection = changetype<Connection>(channel.connection);
      list(connection, channel);
      sendConfirms(connection);
    }
    dropEntry(fifo, HELD);
  }
}

/** The last publish that may be answered. */
@inline function answerable(channel: Channel): u64 {
  return channel.heldFirst ? changetype<Held>(channel.heldFirst).publish - 1 : channel.confirmed;
}

/** Writes the confirms of all channels that owe some. */
export function sendConfirms(connection: Connection): void {
  while (connection.confirmFirst) {
    if (connection.partsMessage) return;
    if (!openBox(connection)) {
      needService(connection);
      return;
    }
    // A box that is full is in flight or about to be: `written` comes back here.
    if (roomIn(connection) < CONFIRM_ROOM) return;
    const channel = changetype<Channel>(connection.confirmFirst);
    const last = answerable(channel);
    if (channel.nackFirst && load<u64>(firstEntry(nacks(channel))) <= last) {
      sendNext(connection, channel);
      continue;
    }
    connection.confirmFirst = channel.confirmNext;
    channel.confirmListed = 0;
    if (channel.confirmSent >= last) continue;
    sendConfirm(connection, channel, last);
  }
}

/** Confirms all up to a publish that have no answer yet. */
function sendConfirm(connection: Connection, channel: Channel, last: u64): void {
  const count = last - channel.confirmSent;
  filledTo(connection, encodeConfirm(outputAt(connection), channel.number, last, count > 1));
  channel.confirmSent = last;
  countInVhost(connection.vhostCounters, CONFIRMED, count);
  countChannel(channel, CHANNEL_CONFIRMED, count);
}

/** Writes the next refusal, or what must come before it. */
function sendNext(connection: Connection, channel: Channel): void {
  const refused = load<u64>(firstEntry(nacks(channel)));
  if (refused - 1 > channel.confirmSent) {
    sendConfirm(connection, channel, refused - 1);
    return;
  }
  filledTo(connection, encodeRefusal(outputAt(connection), channel.number, refused));
  channel.confirmSent = refused;
  dropEntry(nacks(channel), NACK);
  channel.nacks -= 1;
}

/** Forgets what a channel owes; it is closing. */
export function dropConfirms(connection: Connection, channel: Channel): void {
  freeFifo(nacks(channel));
  channel.nacks = 0;
  for (let at = <usize>channel.heldFirst; at; at = changetype<Held>(at).next) changetype<Held>(at).channel = 0;
  channel.heldFirst = 0;
  channel.heldLast = 0;
  if (!channel.confirmListed) return;
  channel.confirmListed = 0;
  const address = <u32>changetype<usize>(channel);
  if (connection.confirmFirst == address) {
    connection.confirmFirst = channel.confirmNext;
    return;
  }
  let before = changetype<Channel>(connection.confirmFirst);
  while (before.confirmNext != address) before = changetype<Channel>(before.confirmNext);
  before.confirmNext = channel.confirmNext;
}
