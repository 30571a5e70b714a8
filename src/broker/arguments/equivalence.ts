/**
 * Redeclaring: a declaration of what exists already is fine when it says the same, and is told the first difference
 * otherwise. Only arguments that say so in their tables are compared; integers are equal whatever their width.
 */
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { precondition } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import type { Argument, Value } from './argument.js';
import { canonical, display, typeName } from './field-values.js';

/** One property of a declaration beside what it currently is. */
export interface Property {
  /** As RabbitMQ names it in texts. */
  readonly name: string;
  readonly received: string | boolean;
  readonly current: string | boolean;
}

/** The first property that differs; null when none does. `resource` is in words. */
export function compareProperties(resource: string, properties: readonly Property[]): Refusal | null {
  const different = properties.find(({ received, current }) => received !== current);
  if (different === undefined) return null;
  const { name, received, current } = different;
  return precondition(`inequivalent arg '${name}' for ${resource}: received '${received}' but current is '${current}'`);
}

/** The first of the arguments that is compared and differs; null when none does. */
export function compareArguments(
  resource: string,
  all: readonly Argument<Value>[],
  received: FieldTable,
  current: FieldTable,
): Refusal | null {
  for (const { name, compared, otherwise } of all) {
    const [one, other] = [received.get(name), current.get(name)];
    if (!compared || isSame(one ?? otherwise, other ?? otherwise)) continue;
    return precondition(`inequivalent arg '${name}' for ${resource}: ${difference(one, other)}`);
  }
  return null;
}

function isSame(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonical(a) === canonical(b);
}

/** RabbitMQ names the type of a value only when there is nothing on the other side. */
function difference(received: FieldValue | undefined, current: FieldValue | undefined): string {
  if (received !== undefined && current !== undefined) {
    return `received ${valueAlone(received)} but current is ${valueAlone(current)}`;
  }
  return `received ${valueOrNone(received)} but current is ${valueOrNone(current)}`;
}

/** Beside another value, nothing is none. */
function valueAlone(field: FieldValue): string {
  return field.type === 'V' ? 'none' : `'${display(field)}'`;
}

function valueOrNone(field: FieldValue | undefined): string {
  return field === undefined ? 'none' : `the value '${display(field)}' of type '${typeName(field)}'`;
}
