/**
 * Peek: what lies in a queue, page by page, without taking it out. What must hold: a request looks at a bounded number of
 * messages for a bounded time, and says where the next one goes on; it needs the rights that a basic.get does.
 */
import { effectiveArguments } from '../../../broker/arguments/effective-arguments.js';
import { queueTypeOf } from '../../../broker/arguments/queue-arguments.js';
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { BrowsedMessage } from '../../../engine/browsing.js';
import { type Cursor, cursorOf, cursorText } from '../../browsing/cursor.js';
import { BODY_SEARCHED, type FilterSpec, MessageFilter, readMessage } from '../../browsing/message-filter.js';
import { QueueWalk } from '../../browsing/queue-walk.js';
import { COUNT_MAX } from '../../contract/messages.js';
import { badRequest } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { type Encoding, payloadJson, shownProperties } from '../base/message-json.js';
import { namedQueue, namedVhost, noQueue } from '../base/named.js';
import { checkRight, principalOfCaller } from '../base/principals.js';

/** Messages of one page, if nothing is said. */
const COUNT = 100;
/** Octets of a payload that are shown, if nothing is said, and at most. */
const SHOWN = 50_000;
const SHOWN_MAX = 512 * 1024;
/** Octets of payloads in one answer, but for what its last message has too much. */
const OCTETS_MAX = 16 * 1024 * 1024;
/** How many messages one request looks at, and how long (ms). */
const LOOKED_MAX = 200_000;
const TIME_MAX = 2_000;
/** Messages that are searched before others have a turn. */
const SEARCHED = 64;

interface Query extends Readonly<Record<string, string | undefined>> {
  readonly from?: string;
  readonly count?: string;
  readonly encoding?: Encoding;
  readonly truncate?: string;
}

/** What is to be shown. */
interface Wish {
  readonly count: number;
  readonly encoding: Encoding;
  readonly truncate: number;
  readonly filter: MessageFilter;
  /** A message's time to live by its queue's rules (ms). */
  readonly ttl: number;
  /** When it is (ms since the Unix epoch). */
  readonly now: number;
}

export function peekRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/queues/:vhost/:name/messages', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params, query }) => {
        const vhost = namedVhost(broker, caller, params);
        const { name } = params as { readonly name: string };
        checkRight(principalOfCaller(broker, caller), 'read', { kind: 'queue', vhost, name });
        const queue = namedQueue(broker, vhost, name);
        const given = query as Query;
        const filter = new MessageFilter(filterOf(given));
        const walk = new QueueWalk(broker, queue);
        const from = given.from === undefined || given.from === '' ? walk.begin() : cursorOf(given.from);
        const ttl = await ttlOf(broker, queue);
        return peeked(queue, walk, from, { ...wishOf(given), filter, ttl, now: broker.clock.now() });
      },
    },
  });
}

function wishOf({ count, encoding = 'auto', truncate }: Query): Pick<Wish, 'count' | 'encoding' | 'truncate'> {
  const wanted = Number(count ?? COUNT);
  if (wanted < 1 || wanted > COUNT_MAX) throw badRequest(`count must be from 1 to ${COUNT_MAX}`);
  return { count: wanted, encoding, truncate: Math.min(Number(truncate ?? SHOWN), SHOWN_MAX) };
}

function filterOf(query: Query): FilterSpec {
  const { match = '', key = '', exchange = '', body = '', use_regex } = query;
  return {
    match,
    key,
    exchange,
    body,
    headers: named(query, 'header.'),
    properties: named(query, 'property.'),
    useRegex: use_regex === 'true',
  };
}

/** What is asked of names with a prefix. */
function named(query: Query, prefix: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(query))
    if (name.startsWith(prefix) && name.length > prefix.length && value !== undefined)
      found[name.slice(prefix.length)] = value;
  return found;
}

async function ttlOf({ administration }: Pick<ManagedBroker, 'administration'>, queue: QueueEntry): Promise<number> {
  const { vhost, name } = queue;
  const subject = { kind: 'queue', vhost, name, type: queueTypeOf(queue.arguments) } as const;
  const policies = await Promise.all([
    administration.policyOf('operator policy', subject),
    administration.policyOf('policy', subject),
  ]);
  const settings = policies.flatMap((policy) => (policy === null ? [] : [policy.definition]));
  return effectiveArguments(queue.arguments, settings).features.ttl ?? Number.POSITIVE_INFINITY;
}

async function peeked({ vhost, name }: QueueEntry, walk: QueueWalk, from: Cursor, wish: Wish): Promise<JsonObject> {
  const { filter, count, truncate } = wish;
  const bodyMost = Math.max(truncate, filter.searchesBody ? BODY_SEARCHED : 0);
  const begun = performance.now();
  const messages: JsonObject[] = [];
  let octets = 0;
  let looked = 0;
  let next = from;
  for (;;) {
    const step = await walk.step(next, bodyMost);
    if (step.state === 'gone') throw noQueue(vhost, name);
    for (const [index, message] of step.messages.entries()) {
      const { position } = message;
      const { priority } = next;
      if (messages.length === count || octets >= OCTETS_MAX)
        return page(messages, { priority, position }, false, looked);
      looked += 1;
      if (!filter.isEmpty && index % SEARCHED === SEARCHED - 1) await new Promise((resolve) => setImmediate(resolve));
      const read = readMessage(message);
      if (!filter.matches(read, message.body)) continue;
      octets += Math.min(message.body.length, truncate);
      messages.push(peekedJson(message, priority, read, wish));
    }
    next = step.next;
    if (step.state === 'end') return page(messages, next, true, looked);
    const isOver = looked >= LOOKED_MAX || performance.now() - begun > TIME_MAX;
    if (step.state === 'stuck' || isOver || messages.length === count) return page(messages, next, false, looked);
    // Other requests have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function page(messages: readonly JsonObject[], next: Cursor, isAtEnd: boolean, looked: number): JsonObject {
  return { messages, next: cursorText(next), at_end: isAtEnd, looked_at: looked };
}

function peekedJson(
  message: BrowsedMessage,
  priority: number,
  read: ReturnType<typeof readMessage>,
  { encoding, truncate, ttl, now }: Wish,
): JsonObject {
  const { position, redelivered, requeues, arrival, bodySize, body } = message;
  const shown = body.subarray(0, truncate);
  const { exchange = '', routingKey = '', properties = {} } = read ?? {};
  const life = Math.min(ttl, lifeOf(properties.expiration));
  return {
    position: cursorText({ priority, position }),
    state: 'ready',
    priority,
    arrived_at: Math.round(arrival),
    age: Math.max(0, Math.round(now - arrival)),
    expires_at: Number.isFinite(life) ? Math.round(arrival + life) : null,
    payload_bytes: bodySize,
    redelivered,
    requeues,
    exchange,
    routing_key: routingKey,
    properties: shownProperties(properties),
    ...payloadJson(shown, encoding),
    truncated: shown.length < bodySize,
  };
}

function lifeOf(expiration: string | undefined): number {
  return expiration !== undefined && /^\d{1,12}$/.test(expiration) ? Number(expiration) : Number.POSITIVE_INFINITY;
}
