/**
 * The arguments that exchanges of all types take. Those that belong to one type stand with the type
 * (../routing/exchange-types.ts), which says in words of its own what is wrong with them.
 */
import type { FieldTable } from '../../amqp/table.js';
import type { Refusal } from '../requests/requests.js';
import { type Argument, FLAG, TEXT, type Value } from './argument.js';
import { mustBeFlag } from './argument-checks.js';
import { DEDUPLICATION_ARGUMENTS } from './deduplication-arguments.js';
import { compareArguments } from './equivalence.js';
import { anyText } from './policy-values.js';

/** Where messages go that find no way. Anything but a text is refused before all else. */
export const alternateExchange: Argument<string> = {
  name: 'alternate-exchange',
  ...TEXT,
  compared: true,
  policy: { key: 'alternate-exchange', title: 'alternate exchange name', fits: anyText, operators: false },
};

/** Whether it takes messages that another broker had, and hands them on as they were published there. */
export const republish: Argument<boolean> = { name: 'x-republish', ...FLAG, check: mustBeFlag, compared: true };

export const EXCHANGE_ARGUMENTS: readonly Argument<Value>[] = [
  alternateExchange,
  republish,
  ...DEDUPLICATION_ARGUMENTS,
];

/** Why an exchange that has `current` is not what was declared with `received`; null when it is. */
export function exchangeArgumentsDifference(
  resource: string,
  received: FieldTable,
  current: FieldTable,
): Refusal | null {
  return compareArguments(resource, EXCHANGE_ARGUMENTS, received, current);
}
