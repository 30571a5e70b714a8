/**
 * What an exchange remembers goes out along each new binding, sent by the worker whose client binds. What must hold: it
 * goes from the oldest to the newest, before the client hears that it is bound; a replay that finds no memory waits for
 * it, as a publisher does.
 */
import { decodeHeader } from '../../amqp/properties.js';
import { decodeKey } from '../../amqp/publish-key.js';
import type { Remembered } from '../../broker/history/history.js';
import { cleanName } from '../../broker/requests/names.js';
import type { Request } from '../../broker/requests/requests.js';
import type { QueueEntry } from '../../broker/topology/topology-entries.js';
import type { Engine } from '../../engine/engine.js';
import type { Host, Session } from '../session/session.js';

const PERSISTENT = 2;

/** Messages that are sent again in one turn. */
const PORTION = 128;

/** Sends what an exchange remembers along a binding that has just been made. */
export async function replay({ host, vhost }: Session, bind: Request, isEnded: () => boolean): Promise<void> {
  host.syncTopology();
  host.eventLoop.begin();
  const source = bind.op === 'exchange.bind' ? bind.source : bind.op === 'queue.bind' ? bind.exchange : '';
  const messages = host.view.exchange(vhost, cleanName(source))?.history?.messages() ?? [];
  for (const [index, remembered] of messages.entries()) {
    if (index % PORTION === PORTION - 1) await host.eventLoop.next();
    if (isEnded()) return;
    const { properties } = decodeHeader(remembered.header);
    const persistent = properties.deliveryMode === PERSISTENT;
    let queues = queuesOf(host, vhost, bind, remembered);
    while (queues.length > 0 && !sent(host.engine, remembered, persistent, queues)) {
      await host.eventLoop.relief();
      host.eventLoop.begin();
      if (isEnded()) return;
      // One that is gone has left its memory to others.
      queues = queues.filter((queue) => host.view.queueByRef(queue.ref) === queue);
    }
  }
}

/**
 * The queues behind the new binding that a message reaches. An exchange there takes it as one that has waited: nothing
 * is held back once more.
 */
function queuesOf({ view }: Host, vhost: string, bind: Request, remembered: Remembered): readonly QueueEntry[] {
  if (bind.op === 'queue.bind') {
    const queue = view.queue(vhost, cleanName(bind.queue));
    return queue === undefined ? [] : [queue];
  }
  if (bind.op !== 'exchange.bind') return [];
  const { properties } = decodeHeader(remembered.header);
  const { routingKey } = decodeKey(remembered.key);
  const exchange = cleanName(bind.destination);
  const { queues, histories } = view.routeMessage({ vhost, exchange, routingKey, properties, waited: true });
  for (const history of histories) history.add(remembered);
  return queues.flatMap((ref) => view.queueByRef(ref) ?? []);
}

/** False: no memory. */
function sent(
  engine: Engine,
  { key, header, body }: Remembered,
  persistent: boolean,
  queues: readonly QueueEntry[],
): boolean {
  const refs = queues.map(({ ref }) => ref);
  return engine.compose(key, header, body, persistent, refs) !== null;
}
