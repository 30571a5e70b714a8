/**
 * How much there may be of what, by vhost and by user, and of all. What is set for a vhost or a user takes the place of
 * what the node allows each of them: a negative limit is none; 0 allows nothing.
 */
import { term, terms } from '../requests/erlang-terms.js';
import type { NodeLimit, NodeLimits } from '../requests/node-limits.js';

const LIMITS = {
  vhost: { names: ['max-connections', 'max-queues'], title: 'limits' },
  user: { names: ['max-connections', 'max-channels'], title: 'user-limits' },
} as const;

export type LimitScope = keyof typeof LIMITS;
export type LimitName = (typeof LIMITS)[LimitScope]['names'][number];
export type LimitSet = { readonly [N in LimitName]?: number };

/** What the node allows each vhost and each user for which nothing is set. */
const OF_EACH = {
  vhost: { 'max-connections': 'connectionMaxPerVhost', 'max-queues': 'queueMaxPerVhost', 'max-channels': null },
  user: { 'max-connections': 'connectionMaxPerUser', 'max-channels': 'channelMaxPerUser', 'max-queues': null },
} as const satisfies Record<LimitScope, Record<LimitName, NodeLimit | null>>;

export class Limits {
  #node: NodeLimits;
  readonly #sets: Readonly<Record<LimitScope, Map<string, LimitSet>>> = { vhost: new Map(), user: new Map() };

  constructor(node: NodeLimits) {
    this.#node = node;
  }

  /** The node's limits are others from now on; what is there stays. */
  change(node: NodeLimits): void {
    this.#node = node;
  }

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
    const node = OF_EACH[scope][limit];
    const most = this.of(scope, name)[limit] ?? (node === null ? -1 : this.#node[node]);
    return most >= 0 && count >= most ? most : null;
  }

  /** The same of what the node allows in all, or in each vhost, whatever is set for one of them. */
  nodeReached(limit: NodeLimit, count: number): number | null {
    const most = this.#node[limit];
    return count >= most ? most : null;
  }
}

/** Why such limits cannot be set; null: they can. */
export function limitsError(scope: LimitScope, limits: Readonly<Record<string, unknown>>): string | null {
  const { names, title } = LIMITS[scope];
  const unknown = Object.entries(limits).filter(([name]) => !(names as readonly string[]).includes(name));
  if (unknown.length > 0) return `Unrecognised terms ${terms(unknown)} in ${title}`;
  const wrong = Object.entries(limits).find(([, value]) => !Number.isSafeInteger(value));
  return wrong === undefined ? null : `${wrong[0]} should be a number, actually was ${term(wrong[1])}`;
}
