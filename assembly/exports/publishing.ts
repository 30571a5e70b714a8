/** Routes, and messages that the host publishes itself. */
import { flushReleases, LOGGABLE, Message, release } from '../memory/message';
import { listAt } from '../memory/counter-lists';
import { countInVhost, ownBlock, RECEIVED } from '../memory/counters';
import { enter, leave } from '../memory/epoch';
import { self } from '../memory/root';
import { endPromise, promisePages, yieldPromised } from '../memory/units';
import { endReserve, isRecorded, pagesFor, reserve } from '../log/journal';
import { ANSWER_PAGES, guardedPages, runPages } from '../queue/publish';
import { Queue, Slot } from '../queue/chain/queue';
import { flushSettlements } from '../queue/chain/settle';
import { countConfirm, countRefusal, holdConfirm, sendConfirms } from '../amqp/receiving/confirm';
import { admit } from '../amqp/receiving/guarded-publish';
import { countChannel, PUBLISHED } from '../amqp/connection/channel-counters';
import { Channel, Connection } from '../amqp/connection/connection';
import { sendContent } from '../amqp/delivering/deliver';
import { encodeReturn } from '../amqp/delivering/encode';
import { filledTo, openBox, outputAt } from '../amqp/delivering/output';
import { addRoute } from '../amqp/receiving/route';
import { countGuarded } from '../amqp/connection/work';

/**
 * Installs the route that the last stop asked for; `count` queues stand at `scratch`, at most a page of them;
 * `counters` is the exchange's list.
 */
export function installRoute(connection: usize, count: u32, flags: u32, counters: u32): void {
  const list = listAt(counters);
  addRoute(
    changetype<Connection>(connection).vhost,
    self.frameOffset,
    self.frameLength,
    self.scratch,
    count,
    flags,
    runPages(),
    list ? <u32>ownBlock(list) : 0,
  );
}

/** A message that no queue has yet goes to its queues now: its life begins, however long the host has kept it. */
export function beginLife(message: usize): void {
  changetype<Message>(message).arrival = self.stamp;
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

/** The host is done with the message: lets go of it and counts it for the confirm. */
export function endPublish(channel: usize, message: usize, taken: bool): void {
  const one = changetype<Channel>(channel);
  const connection = changetype<Connection>(one.connection);
  const recorded = isRecorded(changetype<Message>(message));
  release(changetype<Message>(message));
  flushReleases();
  countChannel(one, PUBLISHED, 1);
  countInVhost(connection.vhostCounters, RECEIVED, 1);
  if (!taken) countRefusal(connection, one);
  else if (recorded) holdConfirm(connection, one);
  else countConfirm(connection, one);
  endPromise();
  sendConfirms(connection);
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
