/**
 * Beginning and end of connections and channels: what must be given back when one goes.
 */
import { BODY_MAX, FRAME_MAX_INITIAL } from '../format/frame';
import { self } from '../memory/root';
import { giveCell, givePage, takeCell, takePage } from '../memory/units';
import { flushRun } from './receiving/run';
import { dropConfirms } from './receiving/confirm';
import {
  anyChannel,
  Channel,
  CLOSING,
  Connection,
  Consumer,
  enterChannel,
  forgetChannel,
  OPEN,
} from './connection/connection';
import { keepCounters } from './connection/channel-counters';
import { endConsumer } from './delivering/consumer';
import { acknowledge, REQUEUE } from './delivering/ack';
import { forgetPartial } from './ingest';
import { dropOutput, unpark } from './delivering/output';
import { endParts } from './delivering/long-content';
import { dropContent } from './receiving/receive';
import { freeUnacked } from './delivering/unacked';

/** Input limit until tune-ok (octets): enough for a start-ok with a long token. */

export function newConnection(id: u32, vhost: u32): usize {
  const page = takePage();
  if (!page) return 0;
  memory.fill(page, 0, 2048);
  const connection = changetype<Connection>(page);
  connection.id = id;
  connection.vhost = vhost;
  connection.frameMax = FRAME_MAX_INITIAL;
  connection.bodyMax = BODY_MAX;
  return page;
}

export function newChannel(connection: Connection, number: u32): usize {
  const cell = takeCell();
  if (!cell) return 0;
  const channel = changetype<Channel>(cell);
  channel.connection = <u32>changetype<usize>(connection);
  channel.number = number;
  channel.nextTag = 1;
  channel.unackedMax = u32.MAX_VALUE;
  channel.activeAt = self.now;
  if (!enterChannel(connection, channel)) {
    giveCell(cell);
    return 0;
  }
  return cell;
}

/**
 * Ends what a channel does: its consumers, the message half received, its unacknowledged deliveries (they are requeued,
 * in order).
 */
export function stopChannel(channel: Channel): void {
  if (channel.state == CLOSING) return;
  const connection = changetype<Connection>(channel.connection);
  flushRun();
  channel.state = CLOSING;
  dropContent(connection, channel);
  dropConfirms(connection, channel);
  while (channel.consumerFirst) endConsumer(changetype<Consumer>(channel.consumerFirst));
  acknowledge(channel, 0, true, REQUEUE);
  freeUnacked(channel);
}

export function forget(channel: Channel): void {
  if (channel.state == OPEN) stopChannel(channel);
  const connection = changetype<Connection>(channel.connection);
  if (connection.bodyChannel == <u32>changetype<usize>(channel)) connection.bodyChannel = 0;
  forgetChannel(connection, channel);
  keepCounters(connection, channel);
  if (channel.keyCell) giveCell(channel.keyCell);
  giveCell(changetype<usize>(channel));
}

export function endConnection(connection: Connection): void {
  while (true) {
    const channel = anyChannel(connection);
    if (!changetype<usize>(channel)) break;
    forget(channel);
  }
  endParts(connection);
  // Only dead consumers are parked by now.
  unpark(connection);
  forgetPartial(connection);
  dropOutput(connection);
  givePage(changetype<usize>(connection));
}
