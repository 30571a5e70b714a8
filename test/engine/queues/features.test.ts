/** How the features of a queue lie in memory, for both engines. */
import { expect, test } from 'vitest';
import { NO_FEATURES, Overflow, type QueueFeatures } from '../../../src/engine/engine.js';
import { FEATURE_AT, writeFeatures } from '../../../src/engine/queue-features.js';

const ADDRESS = 64;

function written(features: QueueFeatures): Partial<Record<keyof QueueFeatures, number>> {
  const memory = new Float64Array(64);
  writeFeatures(memory, ADDRESS, features);
  return Object.fromEntries(Object.entries(FEATURE_AT).map(([name, at]) => [name, memory[(ADDRESS + at) / 8]]));
}

test('each feature has a place of its own', () => {
  const places = Object.values(FEATURE_AT);
  expect(new Set(places).size).toBe(places.length);
  expect(Object.keys(FEATURE_AT).sort()).toEqual(Object.keys(NO_FEATURES).sort());
  const all = { ttl: 1, maxLength: 2, maxBytes: 3, maxPriority: 4, deliveryLimit: 5 };
  const flags = { overflow: Overflow.REJECT_PUBLISH_DLX, deadLetters: true, deliveryCount: false };
  expect(written({ ...all, ...flags })).toEqual({ ...all, overflow: 2, deadLetters: 1, deliveryCount: 0 });
});

test('a limit that is not given is infinite', () => {
  const { ttl, maxLength, maxBytes, deliveryLimit } = written(NO_FEATURES);
  expect([ttl, maxLength, maxBytes, deliveryLimit]).toEqual(Array(4).fill(Number.POSITIVE_INFINITY));
});
