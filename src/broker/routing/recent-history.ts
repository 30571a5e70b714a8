/**
 * Recent history: routes as fanout does, and remembers the last messages for queues that are bound later. A message
 * that says `x-recent-history-no-store` is not remembered.
 */
import type { Properties } from '../../amqp/properties.js';
import type { FieldTable } from '../../amqp/table.js';
import { erlangTerm, integerOf } from '../arguments/field-values.js';

const LENGTH = 'x-recent-history-length';
const NO_STORE = 'x-recent-history-no-store';

const LENGTH_DEFAULT = 20;

/** Integers of other types are none for RabbitMQ's plugin. */
const INTEGERS = ['b', 's', 'I', 'l', 'L'];

export function historyArgumentsError(args: FieldTable): string | null {
  const field = args.get(LENGTH);
  if (field === undefined || (INTEGERS.includes(field.type) && (integerOf(field) ?? 0n) > 0n)) return null;
  return `Invalid argument ${erlangTerm(field)}, '${LENGTH}' must be a positive integer`;
}

/** How many messages are remembered; of arguments that are in order. */
export function historyLength(args: FieldTable): number {
  const field = args.get(LENGTH);
  return field === undefined ? LENGTH_DEFAULT : Number(integerOf(field));
}

/** Why an exchange is refused whose history has no room. */
export function historyTooLong(args: FieldTable): string {
  return `Invalid argument ${historyLength(args)}, there is no memory for a history of '${LENGTH}' messages`;
}

/** Whether a message may be remembered. */
export function mayBeStored({ headers }: Properties): boolean {
  return headers?.get(NO_STORE)?.value !== true;
}
