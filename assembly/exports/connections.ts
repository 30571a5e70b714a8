/** Connections and channels, and the scan of what their clients send. */
import { enter, leave } from '../memory/epoch';
import { atomicLoad } from '../memory/atomic';
import { ROOT, Root, self } from '../memory/root';
import { listAt } from '../memory/counter-lists';
import { ownBlock } from '../memory/counters';
import { endPromise } from '../memory/units';
import { flushSettlements } from '../queue/chain/settle';
import { sendConfirms } from '../amqp/receiving/confirm';
import { Channel, Connection } from '../amqp/connection/connection';
import { countRead, scan } from '../amqp/ingest';
import { endConnection, forget, newChannel, newConnection, stopChannel } from '../amqp/lifecycle';
import { flushRun } from '../amqp/receiving/run';
import { STOP_TOPOLOGY } from '../amqp/connection/stop';

export function openConnection(id: u32, vhost: u32): usize {
  return newConnection(id, vhost);
}

export function setFrameMax(connection: usize, bytes: u32): void {
  changetype<Connection>(connection).frameMax = bytes;
}

export function setBodyMax(connection: usize, bytes: u32): void {
  changetype<Connection>(connection).bodyMax = bytes;
}

export function setVhost(connection: usize, vhost: u32, counters: u32): void {
  changetype<Connection>(connection).vhost = vhost;
  countForVhost(connection, counters);
}

/** What the connection does is counted in this list of its vhost's from now on; 0: for no vhost. */
export function countForVhost(connection: usize, counters: u32): void {
  const list = listAt(counters);
  changetype<Connection>(connection).vhostCounters = list ? <u32>ownBlock(list) : 0;
}

export function closeConnection(connection: usize): void {
  enter();
  endConnection(changetype<Connection>(connection));
  flushSettlements();
  leave();
}

export function ingest(connection: usize, from: usize, length: u32, work: u32): u32 {
  // Pairs with the addition in `raiseTopology`: routes from before it are not used from the next read on.
  if (atomicLoad(ROOT + offsetof<Root>('topology')) != self.topologyApplied) {
    self.consumed = 0;
    return STOP_TOPOLOGY;
  }
  enter();
  const stop = scan(changetype<Connection>(connection), from, length, work);
  countRead(changetype<Connection>(connection));
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

export function setConfirm(channel: usize): void {
  changetype<Channel>(channel).confirming = 1;
}

export function setTransactional(channel: usize): void {
  changetype<Channel>(channel).transactional = 1;
}
