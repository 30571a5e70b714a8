/**
 * This folder says what arguments mean, whoever has them; routing and all folders that stand above it may import it,
 * and so may connections.
 *
 * The form in which an argument is described: its name, how it is checked, whether a redeclaration must say the same,
 * whether policies may set it, and how what several say of it comes to one value. The tables of arguments
 * (queue-arguments.ts, exchange-arguments.ts, consumer-arguments.ts) are made of this, and so are the settings of
 * policies.
 */
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { invalidArgument, precondition } from '../requests/refusals.js';
import type { Refusal } from '../requests/requests.js';
import type { ArgumentCheck } from './argument-checks.js';
import { integerOf, typeName } from './field-values.js';

/** The value of a field; undefined: it is of another type, which means nothing. */
export type Reading<V> = (field: FieldValue) => V | undefined;

/** What arguments that mean something are. */
export type Value = string | number | boolean;

/** An argument as policies set it. */
export interface PolicySetting<V extends Value> {
  /** What it is called there. */
  readonly key: string;
  /** What it is called where a value is refused. */
  readonly title: string;
  fits(value: unknown): value is V;
  /** Whether operators may set it, over everybody's head. */
  readonly operators: boolean;
}

export interface Argument<V extends Value> {
  readonly name: string;
  readonly read: Reading<V>;
  /** Undefined: any value is accepted. */
  readonly check?: ArgumentCheck;
  /** A redeclaration must say the same. */
  readonly compared?: true;
  /** What it is, for a comparison, where it is left out. */
  readonly otherwise?: FieldValue;
  /** What counts of what several say, in this order: the argument, operators, policies. */
  combine(given: readonly V[]): V | undefined;
  /** Undefined: policies cannot set it. */
  readonly policy?: PolicySetting<V>;
}

type Typed<V extends Value> = Pick<Argument<V>, 'read' | 'combine'>;

/** What a policy sets, by the names that it has for it. The values have been checked. */
export type PolicySettings = Readonly<Record<string, Value | undefined>>;

const integer: Reading<number> = (field) => {
  const value = integerOf(field);
  return value === undefined ? undefined : Number(value);
};

const first = <V>(given: readonly V[]): V | undefined => given[0];

/** The types of arguments: of numbers the smallest counts, of all else what was said first. */
export const NUMBER: Typed<number> = {
  read: integer,
  combine: (given) => (given.length === 0 ? undefined : Math.min(...given)),
};
export const TEXT: Typed<string> = { read: (field) => (field.type === 'S' ? field.value : undefined), combine: first };
export const FLAG: Typed<boolean> = { read: (field) => (field.type === 't' ? field.value : undefined), combine: first };

/** What is declared; undefined: nothing, or nothing that means anything. */
export function declaredValue<V extends Value>({ name, read }: Argument<V>, args: FieldTable): V | undefined {
  const field = args.get(name);
  return field === undefined ? undefined : read(field);
}

/** What counts, of what is declared and what policies say, those of operators before others. */
export function effectiveValue<V extends Value>(
  argument: Argument<V>,
  args: FieldTable,
  policies: readonly PolicySettings[],
): V | undefined {
  const { policy } = argument;
  const own = declaredValue(argument, args);
  const given: V[] = own === undefined ? [] : [own];
  if (policy === undefined) return argument.combine(given);
  for (const settings of policies) {
    const value = settings[policy.key];
    if (policy.fits(value)) given.push(value);
  }
  return argument.combine(given);
}

/**
 * Why the first of these arguments that will not do is refused; null when all do. What is not given passes.
 * `resource` is in words.
 */
export function argumentRefusal(
  all: readonly Pick<Argument<Value>, 'name' | 'check'>[],
  args: FieldTable,
  resource: string,
): Refusal | null {
  for (const { name, check } of all) {
    const field = args.get(name);
    const reason = field === undefined ? null : (check?.(field, args) ?? null);
    if (reason !== null) return invalidArgument(name, resource, reason);
  }
  return null;
}

/** RabbitMQ resolves a name of an exchange before it checks anything else, and words a fault differently. */
export function exchangeNameRefusal({ name }: Argument<string>, args: FieldTable, resource: string): Refusal | null {
  const field = args.get(name);
  if (field === undefined || field.type === 'S') return null;
  return precondition(`invalid type '${typeName(field)}' for arg '${name}' in ${resource}`);
}
