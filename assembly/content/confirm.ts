/**
 * Publisher confirms: a channel counts the publishes that were taken; once a read they are confirmed by one basic.ack, `multiple` when it
 * stands for more than one. They wait while content is sent in parts, and while there is no box.
 */
import { Channel, Connection } from './connection';
import { encodeConfirm } from './encode';
import { filledTo, needService, openBox, outputAt, roomIn } from './output';

const CONFIRM_ROOM: u32 = 32;

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
    connection.confirmFirst = channel.confirmNext;
    channel.confirmListed = 0;
    filledTo(connection, encodeConfirm(outputAt(connection), channel.number, channel.confirmed, channel.confirmed - channel.confirmSent > 1));
    channel.confirmSent = channel.confirmed;
  }
}

/** Forgets what a channel owes; it is closing. */
export function dropConfirms(connection: Connection, channel: Channel): void {
  if (!channel.confirmListed) return;
  channel.confirmListed = 0;
  const address = <u32>changetype<usize>(channel);
  if (connection.confirmFirst == address) { connection.confirmFirst = channel.confirmNext; return; }
  let before = changetype<Channel>(connection.confirmFirst);
  while (before.confirmNext != address) before = changetype<Channel>(before.confirmNext);
  before.confirmNext = channel.confirmNext;
}
