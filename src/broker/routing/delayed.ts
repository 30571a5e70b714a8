/**
 * Delayed: an exchange that routes as the type in its `x-delayed-type` does, after it has held a message back for as
 * many milliseconds as the message's header `x-delay` says.
 */
import type { Properties } from '../../amqp/properties.js';
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { TIME_MAX } from '../arguments/argument-checks.js';
import { integerOf } from '../arguments/field-values.js';

export const DELAYED_TYPE = 'x-delayed-message';

const INNER_TYPE = 'x-delayed-type';
const DELAY_HEADER = 'x-delay';

/** The type that an exchange of this one routes as; undefined when it names none. */
export function innerType(args: FieldTable): string | undefined {
  const field = args.get(INNER_TYPE);
  return field?.type === 'S' && field.value !== DELAYED_TYPE ? field.value : undefined;
}

export const NO_INNER_TYPE = `Invalid argument, '${INNER_TYPE}' must be an existing exchange type`;

/** How long a message is to be held back (ms); 0: not at all. */
export function delayOf({ headers }: Properties): number {
  const field = headers?.get(DELAY_HEADER);
  const delay = field === undefined ? 0 : millisecondsIn(field);
  return delay > 0 && delay <= Number(TIME_MAX) ? delay : 0;
}

function millisecondsIn(field: FieldValue): number {
  switch (field.type) {
    case 'f':
    case 'd':
      return Math.trunc(field.value);
    case 'S':
      return /^\d{1,12}$/.test(field.value) ? Number(field.value) : 0;
    default:
      return Number(integerOf(field) ?? 0n);
  }
}
