/**
 * The record that a message carries of its deaths: the header `x-death` and those beside it, as RabbitMQ writes them.
 * Pure: a content header in, the one of the dead letter out. What must hold: one entry for each queue and reason, the
 * latest first; what only said how the message was published (expiration, BCC, and CC where another key takes its
 * place) does not outlive it.
 */
import type { ContentHeader } from '../../amqp/properties.js';
import { EMPTY_TABLE, type FieldTable, type FieldValue, fieldValue } from '../../amqp/table.js';
import { DeadLetterReason } from '../../engine/engine.js';

const X_DEATH = 'x-death';

const REASONS: Readonly<Record<DeadLetterReason, string>> = {
  [DeadLetterReason.REJECTED]: 'rejected',
  [DeadLetterReason.EXPIRED]: 'expired',
  [DeadLetterReason.MAXLEN]: 'maxlen',
  [DeadLetterReason.DELIVERY_LIMIT]: 'delivery_limit',
};

/** How and where a message died. */
export interface DeathEvent {
  readonly reason: DeadLetterReason;
  readonly queue: string;
  /** What it was published to, and with which key. */
  readonly exchange: string;
  readonly routingKey: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * The content header that the message has as a dead letter. `otherKey`: it goes on with a key that its queue gives it.
 */
export function deadHeader(header: ContentHeader, death: DeathEvent, otherKey: boolean): ContentHeader {
  const { expiration, headers: before = EMPTY_TABLE, ...properties } = header.properties;
  const headers = new Map(recordDeath(before, death, expiration));
  headers.delete('BCC');
  if (otherKey) headers.delete('CC');
  return { bodySize: header.bodySize, properties: { ...properties, headers } };
}

/**
 * Whether a dead letter has come round to this queue by itself: it died here before, and nobody has rejected it since.
 */
export function isCycle(headers: FieldTable, queue: string): boolean {
  const deaths = headers.get(X_DEATH);
  if (deaths?.type !== 'A') return false;
  for (const death of deaths.value) {
    // What no broker writes was put there by a client: the message did not come by itself.
    if (death.type !== 'F' || textOf(death.value, 'reason') === REASONS[DeadLetterReason.REJECTED]) return false;
    if (textOf(death.value, 'queue') === queue) return true;
  }
  return false;
}

function recordDeath(headers: FieldTable, death: DeathEvent, expiration: string | undefined): FieldTable {
  const reason = REASONS[death.reason];
  const { queue, exchange } = death;
  const last = marks('x-last-death', reason, queue, exchange);
  const deaths = headers.get(X_DEATH);
  if (deaths?.type !== 'A') {
    // Whoever has put something there himself has no first death, as in RabbitMQ.
    const first = deaths === undefined ? marks('x-first-death', reason, queue, exchange) : [];
    const entry = newEntry(headers, death, expiration);
    return new Map([...headers, [X_DEATH, { type: 'A', value: [entry] }], ...first, ...last]);
  }
  const told = oncePerDeath(deaths.value);
  const isSame = (entry: FieldValue): boolean =>
    entry.type === 'F' && textOf(entry.value, 'queue') === queue && textOf(entry.value, 'reason') === reason;
  const same = told.find(isSame);
  const others = told.filter((entry) => !isSame(entry));
  const entry = same?.type === 'F' ? countedOnce(same.value) : newEntry(headers, death, expiration);
  return new Map([...headers, [X_DEATH, { type: 'A', value: [entry, ...others] }], ...last]);
}

/**
 * Brokers once wrote an entry for each death, without a count, and clients publish what they got then: of those of one
 * queue and reason one is left, which says how many they were. One entry by itself stays as it is, as in RabbitMQ.
 */
function oncePerDeath(deaths: readonly FieldValue[]): readonly FieldValue[] {
  if (deaths.length < 2) return deaths;
  const groups = new Map<FieldValue | string, FieldValue[]>();
  for (const entry of deaths) {
    const key =
      entry.type === 'F' ? JSON.stringify([textOf(entry.value, 'queue'), textOf(entry.value, 'reason')]) : entry;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].flatMap(([first, ...more]) =>
    first === undefined ? [] : withCount(first, 1 + more.length),
  );
}

/** The entry with a count, if it has none of its own. */
function withCount(entry: FieldValue, count: number): FieldValue {
  if (entry.type !== 'F' || entry.value.has('count')) return entry;
  return { type: 'F', value: new Map([['count', { type: 'l', value: BigInt(count) }], ...entry.value]) };
}

function marks(prefix: string, reason: string, queue: string, exchange: string): readonly [string, FieldValue][] {
  return [
    [`${prefix}-reason`, fieldValue(reason)],
    [`${prefix}-queue`, fieldValue(queue)],
    [`${prefix}-exchange`, fieldValue(exchange)],
  ];
}

function newEntry(headers: FieldTable, death: DeathEvent, expiration: string | undefined): FieldValue {
  const { reason, queue, exchange, routingKey, now } = death;
  const entry = new Map<string, FieldValue>([
    ['count', { type: 'l', value: 1n }],
    ['reason', fieldValue(REASONS[reason])],
    ['queue', fieldValue(queue)],
    ['time', fieldValue(new Date(now))],
    ['exchange', fieldValue(exchange)],
    ['routing-keys', fieldValue([routingKey, ...openCopies(headers)])],
  ]);
  if (expiration !== undefined) entry.set('original-expiration', fieldValue(expiration));
  return { type: 'F', value: entry };
}

/** The same death once more: everything but the count stays as it was at the first. */
function countedOnce(entry: FieldTable): FieldValue {
  const count = entry.get('count')?.value;
  const before = typeof count === 'bigint' ? count : typeof count === 'number' ? BigInt(count) : 0n;
  return { type: 'F', value: new Map([...entry, ['count', { type: 'l', value: before + 1n }]]) };
}

function textOf(table: FieldTable, name: string): string | undefined {
  const field = table.get(name);
  return field?.type === 'S' ? field.value : undefined;
}

/** The further keys that everybody may see. */
function openCopies(headers: FieldTable): readonly string[] {
  const field = headers.get('CC');
  return field?.type === 'A' ? field.value.flatMap((key) => (key.type === 'S' ? [key.value] : [])) : [];
}
