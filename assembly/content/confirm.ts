/**
 * Publisher confirms: a channel counts the publishes that were taken; once a read they are confirmed by one basic.ack, `multiple` when it
 * stands for more than one. A publish that a queue refused is answered by a basic.nack of its own, after those before it. They wait while content is
 * sent in parts, and while there is no box.
 */
import { appendEntry, dropEntry, Fifo, firstEntry, freeFifo } from '../memory/fifo';
import { Channel, Connection } from './connection';
import { encodeConfirm, encodeRefusal } from './encode';
import { filledTo, needService, openBox, outputAt, roomIn } from './output';

const CONFIRM_ROOM: u32 = 32;

const NACK: u32 = 8;
@inline function nacks(channel: Channel): Fifo { return changetype<Fifo>(changetype<usize>(channel) + offsetof<Channel>("nackFirst")); }

/** Counts a publish as refused; the caller has made sure that a page can be taken. */
export function countRefusal(connection: Connection, channel: Channel): void {
  if (!channel.confirming) return;
  countConfirm(connection, channel);
  store<u64>(appendEntry(nacks(channel), NACK), channel.confirmed);
}

/** Counts a publish as taken. */
@inline export function countConfirm(connection: Connection, channel: Channel): void {
  if (!channel.confirming) return;
  channel.confirmed += 1;
  if (channel.confirmListed) return;
  channel.confirmListed = 1;
  channel.confirmNext = connection.confirmFirst;
  connection.confirmFirst = <u32>changetype<usize>(channel);
}

/** Writes the confirms of all channels that owe some. */
export function sendConfirms(connection: Connection): void {
  while (connection.confirmFirst) {
    if (connection.partsMessage) return;
    if (!openBox(connection)) { needService(connection); return; }
    // A box that is full is in flight or about to be: `written` comes back here.
    if (roomIn(connection) < CONFIRM_ROOM) return;
    const channel = changetype<Channel>(connection.confirmFirst);
    if (channel.nackFirst) { sendNext(connection, channel); continue; }
    connection.confirmFirst = channel.confirmNext;
    channel.confirmListed = 0;
    if (channel.confirmSent == channel.confirmed) continue;
    filledTo(connection, encodeConfirm(outputAt(connection), channel.number, channel.confirmed, channel.confirmed - channel.confirmSent > 1));
    channel.confirmSent = channel.confirmed;
  }
}

/** Writes the next refusal, or what must come before it. */
function sendNext(connection: Connection, channel: Channel): void {
  const refused = load<u64>(firstEntry(nacks(channel)));
  if (refused - 1 > channel.confirmSent) {
    filledTo(connection, encodeConfirm(outputAt(connection), channel.number, refused - 1, refused - 1 - channel.confirmSent > 1));
    channel.confirmSent = refused - 1;
    return;
  }
  filledTo(connection, encodeRefusal(outputAt(connection), channel.number, refused));
  channel.confirmSent = refused;
  dropEntry(nacks(channel), NACK);
}

/** Forgets what a channel owes; it is closing. */
export function dropConfirms(connection: Connection, channel: Channel): void {
  freeFifo(nacks(channel));
  if (!channel.confirmListed) return;
  channel.confirmListed = 0;
  const address = <u32>changetype<usize>(channel);
  if (connection.confirmFirst == address) { connection.confirmFirst = channel.confirmNext; return; }
  let before = changetype<Channel>(connection.confirmFirst);
  while (before.confirmNext != address) before = changetype<Channel>(before.confirmNext);
  before.confirmNext = channel.confirmNext;
}
