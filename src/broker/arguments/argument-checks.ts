/**
 * The checks that arguments of queues, exchanges and consumers are made of: each says in RabbitMQ's words why a value
 * will not do. A check returns the reason as it stands in the text (an Erlang term), or null when the value is fine.
 */
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { integerOf, typeName } from './field-values.js';

/** `args` are all that were given: whether one matters may depend on another. */
export type ArgumentCheck = (field: FieldValue, args: FieldTable) => string | null;

/** A check that looks at the field alone. */
type FieldCheck = (field: FieldValue) => string | null;

/** Times are at most ten years, in milliseconds. */
export const TIME_MAX = 10n * 365n * 86_400_000n;

export function mustBeInteger(field: FieldValue): string | null {
  return integerOf(field) === undefined ? `"expected integer, got ${typeName(field)}"` : null;
}

export const nonNegative = integerWhere((value) => (value < 0n ? `{value_negative,${value}}` : null));

export const positive = integerWhere((value) => {
  if (value === 0n) return '{value_zero,0}';
  return value < 0n ? `{value_negative,${value}}` : null;
});

/** An integer that passes `atLeast` and is not above `max`; `tooLarge` is the word for one that is. */
export function atMost(max: bigint, atLeast: FieldCheck, tooLarge: string): FieldCheck {
  return (field) => atLeast(field) ?? exceeds(field, max, tooLarge);
}

/** One of a few integers; `what` names the thing in the reason. */
export function oneOfIntegers(values: readonly bigint[], what: string): FieldCheck {
  return (field) =>
    nonNegative(field) ??
    integerWhere((value) => (values.includes(value) ? null : `"unsupported ${what} '${value}'"`))(field);
}

export function mustBeText(field: FieldValue): string | null {
  return field.type === 'S' ? null : `{unacceptable_type,${typeName(field)}}`;
}

export function mustBeFlag(field: FieldValue): string | null {
  return field.type === 't' ? null : `{unacceptable_type,${typeName(field)}}`;
}

/** One of a few words; `otherwise` is the reason for any other. */
export function oneOfTexts(values: readonly string[], otherwise: (value: string) => string): FieldCheck {
  return (field) => {
    if (field.type !== 'S') return mustBeText(field);
    return values.includes(field.value) ? null : otherwise(field.value);
  };
}

function integerWhere(check: (value: bigint) => string | null): FieldCheck {
  return (field) => {
    const value = integerOf(field);
    return value === undefined ? mustBeInteger(field) : check(value);
  };
}

function exceeds(field: FieldValue, max: bigint, reason: string): string | null {
  const value = integerOf(field);
  return value !== undefined && value > max ? `{${reason},${value}}` : null;
}
