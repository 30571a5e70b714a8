/** How old what a queue holds is. What must hold: the queue is in the view, in the same turn of the event loop. */
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { JsonObject } from '../../http/listings.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import type { QueueClients } from '../clients/queue-clients.js';

/**
 * Ages in ms, null where there is nothing; also of a message that has been on disk since the start: with `asks` it is
 * asked back, and known soon.
 */
export function agesOf(
  { engine, clock }: Pick<ManagedBroker, 'engine' | 'clock'>,
  queue: QueueEntry,
  clients: Pick<QueueClients, 'oldestDelivery'>,
  asks: boolean,
): JsonObject {
  const front = engine.frontOf(queue.ref, asks);
  return {
    head_message_timestamp: front?.timestamp ?? null,
    oldest_message_age: ageOf(front?.arrival ?? null, clock.now()),
    oldest_unacknowledged_age: ageOf(clients.oldestDelivery(queue), clock.now()),
  };
}

function ageOf(time: number | null, now: number): number | null {
  return time === null ? null : Math.max(0, Math.round(now - time));
}
