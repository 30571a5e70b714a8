/**
 * A worker's pass: what others granted is taken in, connections that lacked memory go on, and ready consumers pull one
 * after the other. At its end queues that are over their limit are cut. Bounded: after so many turns the rest waits for
 * the next call, so that sockets are read in between.
 */
import { atomicExchange, atomicLoad, atomicStore } from '../memory/atomic';
import { AWAKE, Participant, self, SLEEPING } from '../memory/root';
import { isStarvedNoMore } from '../memory/units';
import { noneDead } from '../queue/rules/dead-letters';
import { keepLimits } from '../queue/rules/length';
import { DEAD, drainInbox, nextToRun } from '../queue/consumers/run-queue';
import { sendConfirms } from './receiving/confirm';
import { Connection, Consumer } from './connection/connection';
import { freeIfDone } from './delivering/consumer';
import { pull } from './delivering/deliver';
import { unpark } from './delivering/output';
import { continueParts } from './delivering/long-content';

const TURNS: u32 = 1024;

/** True when there is more to do. */
export function serveTurns(): bool {
  const more = takeTurns();
  if (self.overCount) keepLimits();
  return more;
}

function takeTurns(): bool {
  drainInbox();
  if (self.serviceFirst) serviceConnections();
  for (let turn: u32 = 0; turn < TURNS; turn++) {
    const consumer = changetype<Consumer>(changetype<usize>(nextToRun()));
    if (!changetype<usize>(consumer)) return self.serviceFirst != 0;
    if (consumer.state == DEAD) {
      consumer.linked = 0;
      freeIfDone(consumer);
    } else pull(consumer);
  }
  return true;
}

/** Connections that lacked a box or a page try again, once each. */
function serviceConnections(): void {
  let at = <usize>self.serviceFirst;
  self.serviceFirst = 0;
  self.serviceLast = 0;
  while (at) {
    const connection = changetype<Connection>(at);
    at = connection.serviceNext;
    connection.inService = 0;
    resume(connection);
  }
}

/** The output of a connection has moved: what waited for it goes on. */
export function resume(connection: Connection): void {
  if (connection.partsMessage) continueParts(connection);
  if (connection.partsMessage) return;
  sendConfirms(connection);
  unpark(connection);
}

/**
 * False when there is work: output that the sockets took at once lets consumers go on, and others may have left some
 * meanwhile.
 */
export function fallAsleep(): bool {
  if (self.runFirst || self.serviceFirst || self.outputFirst || self.overSoon || self.pageInFirst || !noneDead())
    return false;
  const address = changetype<usize>(self);
  // Pairs with the compare-and-swap in `ring`: whoever leaves work rings behind that.
  atomicStore(address + offsetof<Participant>('state'), SLEEPING);
  // After the store: whoever leaves work from now on sees us asleep and rings; what was left before is seen here.
  const work =
    atomicLoad(address + offsetof<Participant>('inbox')) != 0 ||
    atomicExchange(address + offsetof<Participant>('back'), 0) != 0 ||
    atomicLoad(address + offsetof<Participant>('pageInRequests')) != 0 ||
    isStarvedNoMore();
  if (!work) return true;
  atomicStore(address + offsetof<Participant>('state'), AWAKE);
  return false;
}

export function wakeUp(): void {
  const address = changetype<usize>(self) + offsetof<Participant>('state');
  // Pairs with the compare-and-swap in `ring`, which finds nobody asleep from now on.
  if (atomicLoad(address) != AWAKE) atomicStore(address, AWAKE);
}
