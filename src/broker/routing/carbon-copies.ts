/**
 * The headers CC and BCC: more keys under which a message is routed. BCC is for routing alone: who takes a message out
 * of a queue must not see it.
 */
import type { Properties } from '../../amqp/properties.js';
import { typeName } from '../arguments/field-values.js';
import { precondition } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';

const CARBON_COPY = 'CC';
export const BLIND_CARBON_COPY = 'BCC';

/** Why a message with these headers is refused; null when it is not. */
export function copiesRefusal({ headers }: Properties): Refusal | null {
  for (const name of [CARBON_COPY, BLIND_CARBON_COPY]) {
    const field = headers?.get(name);
    if (field === undefined || field.type === 'A') continue;
    return precondition(`invalid message: {unacceptable_type_in_header,"${name}",${typeName(field)}}`);
  }
  return null;
}

/** The keys that a message is routed by: its own first. What is no text is passed over. */
export function routingKeys(routingKey: string, { headers }: Properties): string[] {
  const keys = new Set([routingKey]);
  for (const name of [CARBON_COPY, BLIND_CARBON_COPY]) {
    const field = headers?.get(name);
    if (field?.type !== 'A') continue;
    for (const key of field.value) if (key.type === 'S') keys.add(key.value);
  }
  return [...keys];
}
