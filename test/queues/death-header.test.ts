/**
 * What a dead letter says of its deaths, and when it has come round.
 */
import { describe, expect, test } from 'vitest';
import type { ContentHeader, Properties } from '../../src/amqp/properties.js';
import { type FieldTable, type FieldValue, type PlainObject, table } from '../../src/amqp/table.js';
import { DeadLetterReason } from '../../src/engine/engine.js';
import { type DeathEvent, deadHeader, isCycle } from '../../src/queues/dead-letters/death-header.js';

const NOW = 1_700_000_000_999;

const first: DeathEvent = { reason: DeadLetterReason.EXPIRED, queue: 'q', exchange: 'x', routingKey: 'k', now: NOW };

function message(properties: Properties = {}): ContentHeader {
  return { bodySize: 5, properties };
}

/** The message after these deaths, one after the other. */
function afterDeaths(header: ContentHeader, ...deaths: readonly Partial<DeathEvent>[]): ContentHeader {
  return deaths.reduce<ContentHeader>((before, death) => deadHeader(before, { ...first, ...death }, false), header);
}

function headersOf(header: ContentHeader): FieldTable {
  return header.properties.headers ?? new Map();
}

/** A table without its wire types. */
function plain(fields: FieldTable): Record<string, unknown> {
  return Object.fromEntries([...fields].map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(field: FieldValue): unknown {
  if (field.type === 'F') return plain(field.value);
  if (field.type === 'A') return field.value.map(plainValue);
  return field.value;
}

test('the first death is recorded with its place, and as the first and the last', () => {
  const { bodySize, properties } = afterDeaths(message({ contentType: 'text/plain' }), {});
  expect(bodySize).toBe(5);
  expect(properties.contentType).toBe('text/plain');
  expect(plain(properties.headers ?? new Map())).toEqual({
    'x-death': [
      { count: 1n, reason: 'expired', queue: 'q', time: 1_700_000_000n, exchange: 'x', 'routing-keys': ['k'] },
    ],
    'x-first-death-reason': 'expired',
    'x-first-death-queue': 'q',
    'x-first-death-exchange': 'x',
    'x-last-death-reason': 'expired',
    'x-last-death-queue': 'q',
    'x-last-death-exchange': 'x',
  });
});

test('the types of the record are those that RabbitMQ sends', () => {
  const deaths = headersOf(afterDeaths(message({ expiration: '7' }), {})).get('x-death');
  const [entry] = deaths?.type === 'A' ? deaths.value : [];
  const types = entry?.type === 'F' ? [...entry.value].map(([name, { type }]) => `${name} ${type}`) : [];
  expect(types).toEqual([
    'count l',
    'reason S',
    'queue S',
    'time T',
    'exchange S',
    'routing-keys A',
    'original-expiration S',
  ]);
});

test('the same death again is counted, and keeps the time and the place of the first', () => {
  const again = { now: NOW + 60_000, exchange: 'y', routingKey: 'l' };
  const headers = plain(headersOf(afterDeaths(message({ expiration: '10' }), {}, again)));
  expect(headers).toMatchObject({
    'x-death': [{ count: 2n, time: 1_700_000_000n, exchange: 'x', 'routing-keys': ['k'], 'original-expiration': '10' }],
    'x-first-death-exchange': 'x',
    'x-last-death-exchange': 'y',
  });
});

test('deaths of another queue or reason stand for themselves, the latest first', () => {
  const deaths = [{}, { reason: DeadLetterReason.REJECTED }, { queue: 'r', reason: DeadLetterReason.MAXLEN }, {}];
  const headers = plain(headersOf(afterDeaths(message(), ...deaths)));
  expect(headers).toMatchObject({
    'x-death': [
      { count: 2n, queue: 'q', reason: 'expired' },
      { count: 1n, queue: 'r', reason: 'maxlen' },
      { count: 1n, queue: 'q', reason: 'rejected' },
    ],
    'x-first-death-reason': 'expired',
    'x-last-death-reason': 'expired',
  });
});

test.each([
  [DeadLetterReason.REJECTED, 'rejected'],
  [DeadLetterReason.EXPIRED, 'expired'],
  [DeadLetterReason.MAXLEN, 'maxlen'],
  [DeadLetterReason.DELIVERY_LIMIT, 'delivery_limit'],
])('reason %i is called %s', (reason, name) => {
  expect(plain(headersOf(afterDeaths(message(), { reason })))).toMatchObject({ 'x-last-death-reason': name });
});

describe('what a dead letter leaves behind', () => {
  test('its expiration, which is told in the record', () => {
    const { properties } = afterDeaths(message({ expiration: '50', priority: 3 }), {});
    expect(properties).not.toHaveProperty('expiration');
    expect(properties.priority).toBe(3);
  });

  test('its further keys where its queue gives it another; the record tells those that were open', () => {
    const header = message({ headers: table({ CC: ['a', 'b'], BCC: ['c'], kept: 1 }) });
    const sameKey = plain(headersOf(deadHeader(header, first, false)));
    expect(sameKey).toMatchObject({ CC: ['a', 'b'], kept: 1, 'x-death': [{ 'routing-keys': ['k', 'a', 'b'] }] });
    expect(sameKey).not.toHaveProperty('BCC');
    const otherKey = plain(headersOf(deadHeader(header, first, true)));
    expect(otherKey).toMatchObject({ kept: 1, 'x-death': [{ 'routing-keys': ['k', 'a', 'b'] }] });
    expect(otherKey).not.toHaveProperty('CC');
  });
});

test('a header x-death that is no list of ours is replaced, and no first death is known', () => {
  const headers = plain(headersOf(afterDeaths(message({ headers: table({ 'x-death': 'mine' }) }), {})));
  expect(headers).toMatchObject({ 'x-death': [{ count: 1n, queue: 'q' }], 'x-last-death-queue': 'q' });
  expect(headers).not.toHaveProperty('x-first-death-queue');
});

describe('a dead letter', () => {
  const deaths = (...entries: readonly PlainObject[]): FieldTable => table({ 'x-death': entries });

  test('has come round when it died in the queue before', () => {
    const headers = deaths({ queue: 'b', reason: 'expired' }, { queue: 'a', reason: 'maxlen' });
    expect(isCycle(headers, 'a')).toBe(true);
    expect(isCycle(headers, 'b')).toBe(true);
    expect(isCycle(headers, 'c')).toBe(false);
  });

  test('has not come round by itself when somebody has rejected it since', () => {
    const headers = deaths(
      { queue: 'c', reason: 'expired' },
      { queue: 'b', reason: 'rejected' },
      { queue: 'a', reason: 'expired' },
    );
    expect(isCycle(headers, 'a')).toBe(false);
    expect(isCycle(headers, 'b')).toBe(false);
    expect(isCycle(headers, 'c')).toBe(true);
  });

  test('without a record has not come round', () => {
    expect(isCycle(new Map(), 'a')).toBe(false);
    expect(isCycle(table({ 'x-death': 1 }), 'a')).toBe(false);
    expect(isCycle(table({ 'x-death': [1, { queue: 'a' }] }), 'a')).toBe(false);
  });
});
