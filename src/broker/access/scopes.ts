/**
 * What the scopes of a token give, as RabbitMQ reads them: `read:VHOST/NAME`, `write:…`, `configure:…`, each part with
 * `*` for anything and percent-encoded where it holds `*`, `%` or `/` itself; behind another `/` the routing keys of a
 * topic exchange, where without one none is allowed; and `tag:TAG`. What must hold: a scope
 * that is none of these gives nothing; to match takes no longer than the name and the pattern are long.
 */
import { createHash } from 'node:crypto';
import { RIGHTS, type Right } from './accounts.js';
import type { Principal } from './principal.js';

/** What a token says, once it is verified: plain values, that can go to another thread. */
export interface Grant {
  /** The name of the user. */
  readonly name: string;
  /** Without the prefix that says that they are for this broker. */
  readonly scopes: readonly string[];
  /** When all of it ends (ms since 1970). */
  readonly expiresAt: number;
}

const TAG_PREFIX = 'tag:';

interface Permission {
  readonly right: Right;
  readonly vhost: Wildcard;
  readonly name: Wildcard;
  /** For the keys of a topic exchange; null: the scope says nothing of them. */
  readonly routingKey: Wildcard | null;
}

/** The bearer of a token: has what the scopes say, and nothing that a user of the same name has. */
export function principalOfGrant({ name, scopes }: Grant): Principal {
  const permissions = scopes.flatMap((scope) => permissionOf(scope) ?? []);
  const tags = new Set(
    scopes.filter((scope) => scope.startsWith(TAG_PREFIX)).map((scope) => scope.slice(TAG_PREFIX.length)),
  );
  return {
    name,
    key: `token:${createHash('sha256')
      .update(JSON.stringify([name, scopes]))
      .digest('base64')}`,
    mayEnter: (vhost) => permissions.some((one) => one.vhost.matches(vhost)),
    may: (right, vhost, resource) => permissions.some((one) => one.right === right && covers(one, vhost, resource)),
    topicPattern: (right, vhost, exchange) => {
      const patterns = permissions.filter((one) => one.right === right && covers(one, vhost, exchange));
      return { matches: (key) => patterns.some(({ routingKey }) => routingKey?.matches(key) === true) };
    },
    hasTag: (tag) => tags.has(tag),
  };
}

function covers({ vhost, name }: Permission, inVhost: string, resource: string): boolean {
  return vhost.matches(inVhost) && name.matches(resource);
}

/** Null: the scope is about something else, or cannot be read. */
function permissionOf(scope: string): Permission | null {
  const colon = scope.indexOf(':');
  const right = RIGHTS.find((one) => one === scope.slice(0, colon));
  const parts = scope.slice(colon + 1).split('/');
  if (right === undefined || parts.length < 2 || parts.length > 3) return null;
  const [vhost, name, key] = parts.map(Wildcard.parse);
  if (vhost == null || name == null || key === null) return null;
  return { right, vhost, name, routingKey: key ?? null };
}

/** A text in which each `*` stands for any text, or none. */
export class Wildcard {
  /** What stands before, between and behind the wildcards. */
  readonly #parts: readonly string[];

  private constructor(parts: readonly string[]) {
    this.#parts = parts;
  }

  /** Null when it is not encoded as it should be. */
  static parse(this: void, text: string): Wildcard | null {
    try {
      return new Wildcard(text.split('*').map((part) => decodeURIComponent(part.replaceAll('+', ' '))));
    } catch {
      return null;
    }
  }

  matches(text: string): boolean {
    const [first = '', ...others] = this.#parts;
    const last = others.pop();
    if (last === undefined) return text === first;
    const end = text.length - last.length;
    if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of others) {
      const found = text.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  }
}
