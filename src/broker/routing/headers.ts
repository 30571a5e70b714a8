/**
 * Headers: a binding's arguments are what a message's headers must say, all of it or any of it (`x-match`).
 * A void argument asks for presence only. Arguments that start with `x-` count only for `all-with-x` and `any-with-x`;
 * `x-match` itself never does. `all` of nothing is true, `any` of nothing is not.
 */
import { EMPTY_TABLE, type FieldTable } from '../../amqp/table.js';
import { comparable, display, typeName } from '../arguments/field-values.js';
import type { Bound, Routable, Router } from './router.js';

const MATCH_ARGUMENT = 'x-match';
const HIDDEN_PREFIX = 'x-';
const DEFAULT_MODE = 'all';

const MODES = {
  all: { every: true, withX: false },
  any: { every: false, withX: false },
  'all-with-x': { every: true, withX: true },
  'any-with-x': { every: false, withX: true },
} as const;

/** What one field must be; null: it must only be there. */
type Condition = readonly [name: string, value: string | null];

interface Rule {
  readonly every: boolean;
  readonly conditions: readonly Condition[];
}

export class HeadersRouter<B extends Bound> implements Router<B> {
  readonly #rules = new Map<B, Rule>();

  add(binding: B): void {
    this.#rules.set(binding, ruleOf(binding.arguments));
  }

  remove(binding: B): void {
    this.#rules.delete(binding);
  }

  match({ properties }: Routable, found: (binding: B) => void): void {
    const message = new MessageHeaders(properties.headers ?? EMPTY_TABLE);
    for (const [binding, rule] of this.#rules) {
      if (holds(rule, message)) found(binding);
    }
  }
}

/** Why RabbitMQ would not bind with these arguments; null when it would. */
export function headersArgumentsError(args: FieldTable): string | null {
  const mode = args.get(MATCH_ARGUMENT);
  if (mode === undefined) return null;
  if (mode.type !== 'S') {
    return `Invalid x-match field type ${typeName(mode)} (value ${display(mode)}); expected longstr`;
  }
  if (Object.hasOwn(MODES, mode.value)) return null;
  return `Invalid x-match field value <<"${mode.value}">>; expected all, any, all-with-x, or any-with-x`;
}

/** A message's headers, each made comparable once, however many bindings ask for it. */
class MessageHeaders {
  readonly #comparable = new Map<string, string>();

  constructor(readonly headers: FieldTable) {}

  meets([name, wanted]: Condition): boolean {
    const field = this.headers.get(name);
    if (field === undefined) return false;
    if (wanted === null) return true;
    let value = this.#comparable.get(name);
    if (value === undefined) {
      value = comparable(field);
      this.#comparable.set(name, value);
    }
    return value === wanted;
  }
}

function holds(rule: Rule, message: MessageHeaders): boolean {
  if (rule.every) return rule.conditions.every((condition) => message.meets(condition));
  return rule.conditions.some((condition) => message.meets(condition));
}

function ruleOf(args: FieldTable): Rule {
  const { every, withX } = modeOf(args);
  const conditions: Condition[] = [];
  for (const [name, field] of args) {
    if (name === MATCH_ARGUMENT || (!withX && name.startsWith(HIDDEN_PREFIX))) continue;
    conditions.push([name, field.type === 'V' ? null : comparable(field)]);
  }
  return { every, conditions };
}

function modeOf(args: FieldTable): (typeof MODES)[keyof typeof MODES] {
  const mode = args.get(MATCH_ARGUMENT);
  if (mode?.type === 'S' && Object.hasOwn(MODES, mode.value)) return MODES[mode.value as keyof typeof MODES];
  return MODES[DEFAULT_MODE];
}
