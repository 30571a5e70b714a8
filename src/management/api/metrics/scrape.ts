/**
 * What the endpoints tell, as text that is made while it is read. What must hold: a name comes once in a scrape; a
 * family of which somebody does not answer is left out, and the others are told.
 */
import { NoAnswer } from '../../clients/inspections.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { ALARMS, BROKER_FAMILIES, OBJECTS, TOPOLOGY_FAMILIES } from './broker-families.js';
import { CLIENT_FAMILIES } from './client-families.js';
import { CLUSTER_FAMILY } from './cluster-families.js';
import type { Family, Vhosts } from './family.js';
import { identity } from './identity.js';
import { GLOBAL } from './message-families.js';
import { OWN_FAMILIES } from './own-families.js';
import { QUEUE_CONSUMERS, QUEUE_FAMILIES } from './queue-families.js';
import { Reading } from './reading.js';
import { SPANS } from './span-families.js';

export const PREFIX = 'rabbitmq_';
export const DETAILED_PREFIX = 'rabbitmq_detailed_';

/** Told by `/metrics` and `/metrics/per-object`. */
const FAMILIES: readonly Family[] = [
  ...BROKER_FAMILIES,
  ...QUEUE_FAMILIES,
  ...CLIENT_FAMILIES,
  ...OWN_FAMILIES,
  SPANS,
  CLUSTER_FAMILY,
];

/** What `family` may name. */
export const DETAILED_FAMILIES: readonly Family[] = [...FAMILIES, QUEUE_CONSUMERS, ...TOPOLOGY_FAMILIES];
const BY_NAME: ReadonlyMap<string, Family> = new Map(DETAILED_FAMILIES.map((family) => [family.name, family]));

/** What is asked for by no name. */
export const OTHER_FAMILIES: readonly Family[] = [ALARMS, OBJECTS, GLOBAL, identity('aggregated')];

/** All as sums. */
export async function* aggregated(broker: ManagedBroker): AsyncIterable<string> {
  const reading = new Reading(broker, 'channels');
  for (const family of [ALARMS, ...FAMILIES, OBJECTS, identity('aggregated'), GLOBAL])
    yield* told(family.totals(reading, family.prefix ?? PREFIX));
}

/** All of each queue, connection and channel. */
export async function* perObject(broker: ManagedBroker): AsyncIterable<string> {
  const reading = new Reading(broker, 'consumers');
  for (const family of [ALARMS, ...FAMILIES, OBJECTS, identity('per-object'), GLOBAL])
    yield* told(family.each(reading, family.prefix ?? PREFIX, null));
}

/** Families by their names, of these vhosts' queues. Names of none tell nothing. */
export async function* detailed(
  broker: ManagedBroker,
  names: ReadonlySet<string>,
  vhosts: Vhosts,
): AsyncIterable<string> {
  const reading = new Reading(broker, 'consumers');
  for (const name of names) {
    const family = BY_NAME.get(name);
    // All of it is told already.
    if (family === undefined || (family === QUEUE_CONSUMERS && names.has('queue_metrics'))) continue;
    yield* told(family.each(reading, family.prefix ?? DETAILED_PREFIX, vhosts));
  }
  yield* told(identity('detailed').totals(reading, PREFIX));
}

async function* told(text: AsyncIterable<string>): AsyncIterable<string> {
  try {
    yield* text;
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
  }
}
