/**
 * Whoever is logged in at a connection, and what that may do: one face for users, whose permissions the accounts hold,
 * and for others who bring their rights along. What must hold: all that is asked about rights is asked here, and what
 * has the same key has the same rights at all times, so that caches can go by it.
 */
import { type Accounts, ADMINISTRATOR, IMPERSONATOR, type Right } from './accounts.js';
import type { TopicRight } from './topic-permissions.js';

/** What routing keys must match. */
export interface KeyPattern {
  matches(key: string): boolean;
}

export interface Principal {
  /** The name of the user. */
  readonly name: string;
  readonly key: string;
  /** Whether it may enter a vhost. */
  mayEnter(vhost: string): boolean;
  /** Whether it has a right on the queue or exchange of that name. */
  may(right: Right, vhost: string, name: string): boolean;
  /** What the keys must match under which it publishes to a topic exchange, or binds to it; null: any. */
  topicPattern(right: TopicRight, vhost: string, exchange: string): KeyPattern | null;
  hasTag(tag: string): boolean;
}

/** Who has not come in. */
export const NOBODY: Principal = {
  name: '',
  key: '',
  mayEnter: () => false,
  may: () => false,
  topicPattern: () => ({ matches: () => false }),
  hasTag: () => false,
};

/** The broker itself, where it asks as clients do. */
export const ITSELF: Principal = {
  name: '',
  key: 'broker',
  mayEnter: () => true,
  may: () => true,
  topicPattern: () => null,
  hasTag: () => true,
};

/** A user of the accounts: has at each moment what they say then, and nothing once it is deleted. */
export function principalOfUser(accounts: Accounts, name: string): Principal {
  return {
    name,
    key: `user:${name}`,
    mayEnter: (vhost) => accounts.mayEnter(name, vhost),
    may: (right, vhost, resource) => accounts.may(name, right, vhost, resource),
    topicPattern: (right, vhost, exchange) => accounts.topicPattern(name, right, vhost, exchange),
    hasTag: (tag) => accounts.user(name)?.tags.includes(tag) ?? false,
  };
}

/** Whether it may set a `user-id` that is not its own. */
export function mayImpersonate(principal: Principal): boolean {
  return principal.hasTag(IMPERSONATOR);
}

/** Whether it may publish what others have published, as if those had done so here. */
export function mayRepublish(principal: Principal): boolean {
  return mayImpersonate(principal) || principal.hasTag(ADMINISTRATOR);
}
