/**
 * What one user may do in topic exchanges, by routing key: beside the right to write to an exchange, or to read from
 * it, its key must match. As in RabbitMQ, an expression may name its user and vhost; here they stand for themselves,
 * whatever letters they consist of. What must hold: where nothing is set for an exchange every key is allowed.
 */
import { NamePattern, patternError } from './name-pattern.js';

/** To publish under a key, and to bind by one. */
export const TOPIC_RIGHTS = ['write', 'read'] as const;
export type TopicRight = (typeof TOPIC_RIGHTS)[number];

/** For each right, an expression that routing keys match; `''` matches the empty one alone. */
export type TopicPermissions = Readonly<Record<TopicRight | 'user' | 'vhost' | 'exchange', string>>;

interface Entry {
  readonly permissions: TopicPermissions;
  readonly patterns: Readonly<Record<TopicRight, NamePattern>>;
}

export class TopicRules {
  /** By vhosts, by exchanges. */
  readonly #vhosts = new Map<string, Map<string, Entry>>();

  set(permissions: TopicPermissions): void {
    const { vhost, exchange } = permissions;
    const exchanges = this.#vhosts.get(vhost) ?? new Map<string, Entry>();
    this.#vhosts.set(vhost, exchanges);
    const pattern = (right: TopicRight): NamePattern => new NamePattern(expanded(permissions, right));
    exchanges.set(exchange, { permissions, patterns: { write: pattern('write'), read: pattern('read') } });
  }

  clear(vhost: string, exchange: string): void {
    this.#vhosts.get(vhost)?.delete(exchange);
  }

  vhostDeleted(vhost: string): void {
    this.#vhosts.delete(vhost);
  }

  list(): TopicPermissions[] {
    return [...this.#vhosts.values()].flatMap((exchanges) =>
      [...exchanges.values()].map(({ permissions }) => permissions),
    );
  }

  /** What keys must match; null: nothing is set. */
  pattern(right: TopicRight, vhost: string, exchange: string): NamePattern | null {
    return this.#vhosts.get(vhost)?.get(exchange)?.patterns[right] ?? null;
  }
}

/** Why they cannot be set: an expression that is none, with the right that it is for; null: they can. */
export function topicPermissionsError(permissions: TopicPermissions): string | null {
  for (const right of TOPIC_RIGHTS) {
    const error = patternError(expanded(permissions, right));
    if (error !== null) return `invalid regular expression '${permissions[right]}' for ${right}: ${error}`;
  }
  return null;
}

/** AMQP 0-9-1 has no client ids: `{client_id}` stays as it is, as in RabbitMQ. */
const VARIABLES = /\{(username|vhost)\}/g;

function expanded(permissions: TopicPermissions, right: TopicRight): string {
  if (permissions[right] === '') return '^$';
  return permissions[right].replace(VARIABLES, (_, name: string) =>
    quoted(name === 'vhost' ? permissions.vhost : permissions.user),
  );
}

/** An expression for this text and no other: whoever may choose a user's name does not choose what it may do. */
function quoted(text: string): string {
  // Letters and digits are never escaped: most of them would be something else then. Nor are octets beyond ASCII.
  return text.replaceAll(/[^A-Za-z0-9\u0080-\uffff]/g, '\\$&');
}
