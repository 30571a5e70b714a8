/**
 * How much there may be of what, by vhost and by user. A limit that is not set, or is negative, is none; 0 allows
 * nothing.
 */
import type { AccountChange } from '../access/accounts.js';
import { term, terms } from '../requests/erlang-terms.js';

const LIMITS = {
  vhost: { names: ['max-connections', 'max-queues'], title: 'limits' },
  user: { names: ['max-connections', 'max-channels'], title: 'user-limits' },
} as const;

export type LimitScope = keyof typeof LIMITS;
export type LimitName = (typeof LIMITS)[LimitScope]['names'][number];
export type LimitSet = { readonly [N in LimitName]?: number };

export class Limits {
  readonly #sets: Readonly<Record<LimitScope, Map<string, LimitSet>>> = { vhost: new Map(), user: new Map() };

  /** Sets the limits of a vhost or a user, in place of those it had; returns why they cannot be, or null. */
  set(scope: LimitScope, name: string, limits: Readonly<Record<string, unknown>>): string | null {
    const error = limitsError(scope, limits);
    if (error === null) this.#sets[scope].set(name, limits);
    return error;
  }

  clear(scope: LimitScope, name: string): void {
    this.#sets[scope].delete(name);
  }

  of(scope: LimitScope, name: string): LimitSet {
    return this.#sets[scope].get(name) ?? {};
  }

  /** The limit when `count` is all that it allows; null: there may be one more. */
  reached(scope: LimitScope, name: string, limit: LimitName, count: number): number | null {
    const most = this.of(scope, name)[limit] ?? -1;
    return most >= 0 && count >= most ? most : null;
  }
}

/** What workers are to know of a user's limits. */
export function limitChange(limits: Limits, user: string): AccountChange {
  const most = limits.of('user', user)['max-channels'] ?? -1;
  return { kind: 'user.limited', user, limited: most >= 0 };
}

function limitsError(scope: LimitScope, limits: Readonly<Record<string, unknown>>): string | null {
  const { names, title } = LIMITS[scope];
  const unknown = Object.entries(limits).filter(([name]) => !(names as readonly string[]).includes(name));
  if (unknown.length > 0) return `Unrecognised terms ${terms(unknown)} in ${title}`;
  const wrong = Object.entries(limits).find(([, value]) => !Number.isSafeInteger(value));
  return wrong === undefined ? null : `${wrong[0]} should be a number, actually was ${term(wrong[1])}`;
}
