/** Each statement on a scene that makes it true and on one that makes it false; all others must be as they were. */
import { expect, it } from 'vitest';
import { NO_FEATURES, Overflow } from '../../../src/engine/engine.js';
import { explain } from '../../../src/management/api/explain/explain.js';
import type { ConsumerScene, Scene } from '../../../src/management/api/explain/scene.js';

const NOW = Date.parse('2026-03-01T03:00:00Z');
const ago = (seconds: number): number => NOW - seconds * 1000;

const CONSUMER: ConsumerScene = {
  tag: 'worker',
  connection: '10.0.0.7:40000 -> 10.0.0.1:5672',
  channel: 1,
  user: 'app',
  noAck: false,
  prefetch: 10,
  globalPrefetch: 0,
  priority: 0,
  ability: 'able',
  unacknowledged: 0,
  oldestDelivery: null,
  consumingSince: ago(3600),
  lastDelivery: ago(1),
  lastAcknowledgement: ago(1),
  unsent: 0,
};

/** A queue that is well: messages come and go, and wait for a moment. */
const WELL: Scene = {
  now: NOW,
  name: 'orders',
  vhost: '/',
  isPaused: false,
  features: NO_FEATURES,
  ready: 100,
  unacknowledged: 0,
  readyOctets: 100_000,
  averageOctets: 1000,
  front: { arrival: ago(2), timestamp: null },
  totals: { enqueued: 6000, delivered: 5900, acknowledged: 5900, redelivered: 0 },
  died: { rejected: 0, expired: 0, maxlen: 0, limit: 0 },
  past: [past(5, 100, 5500), past(60, 100, 0)],
  consumers: [CONSUMER],
  kept: [],
  blocked: [],
  inFlow: [],
  isLowOnDisk: false,
  isShortOfMemory: false,
  disk: null,
  deadLetters: null,
  others: { paused: [], unconsumed: [], growing: [] },
};

function past(seconds: number, messages: number, enqueued: number): Scene['past'][number] {
  return {
    time: ago(seconds),
    messages,
    enqueued,
    delivered: enqueued,
    acknowledged: enqueued,
    redelivered: 0,
  };
}

const GROWING: Partial<Scene> = {
  ready: 700,
  past: [past(5, 650, 5500), past(60, 100, 0), past(600, 40, 0), past(900, 40, 0), past(1200, 900, 0)],
};

function withConsumer(part: Partial<ConsumerScene>, ...others: readonly Partial<ConsumerScene>[]): Partial<Scene> {
  return { consumers: [part, ...others].map((one) => ({ ...CONSUMER, ...one })) };
}

/** By code: what makes it true; what makes it false, unless that is the queue that is well; and what the text says. */
interface Case {
  readonly code: string;
  readonly isTrue: Partial<Scene>;
  readonly isFalse?: Partial<Scene>;
  readonly says: string;
  readonly figures?: Readonly<Record<string, unknown>>;
  readonly next?: string;
}

const CASES: readonly Case[] = [
  { code: 'paused', isTrue: { isPaused: true }, says: 'paused', next: 'leveret ctl resume_queue orders' },
  {
    code: 'paused',
    isTrue: { isPaused: true, vhost: 'a b', name: "it's" },
    says: 'paused',
    next: "leveret ctl resume_queue -p 'a b' 'it'\\''s'",
  },
  { code: 'empty', isTrue: { ready: 0, front: null }, says: 'The queue is empty.' },
  {
    code: 'backlog',
    isTrue: { ready: 1, unacknowledged: 3 },
    isFalse: { ready: 0, front: null },
    says: '1 message waits, 3 more are with consumers',
  },
  {
    code: 'oldest-message',
    isTrue: { front: { arrival: ago(7500), timestamp: null } },
    isFalse: { front: null },
    says: 'has waited for 2 h 5 min, since 2026-03-01T00:55:00Z',
    figures: { oldest_message_age: 7_500_000 },
  },
  { code: 'age-unknown', isTrue: { front: { arrival: null, timestamp: null } }, says: 'on disk' },
  {
    code: 'growing',
    isTrue: GROWING,
    says: 'has grown since 2026-03-01T02:50:00Z, now by 10 a second: 100 a second come, 90 a second go',
    figures: { since: ago(600), messages_per_second: 10, published_per_second: 100, gone_per_second: 90 },
  },
  { code: 'growing', isTrue: GROWING, isFalse: { ...GROWING, ready: 101 }, says: 'has grown' },
  { code: 'growing', isTrue: GROWING, isFalse: { ...GROWING, past: [past(1, 0, 0)] }, says: 'has grown' },
  {
    code: 'shrinking',
    isTrue: { ready: 100, past: [past(60, 700, 6000)] },
    says: 'shrinks by 10 a second (0.0 a minute come, 10 a second go) and will be gone in about 10 s',
    figures: { empty_in_ms: 10_000 },
  },
  {
    code: 'standing-still',
    isTrue: { past: [past(60, 100, 6000), past(120, 100, 6000), past(180, 400, 5000)] },
    says: 'Nothing has come or gone since 2026-03-01T02:58:00Z',
  },
  {
    code: 'full',
    isTrue: { features: { ...NO_FEATURES, maxLength: 100 } },
    isFalse: { features: { ...NO_FEATURES, maxLength: 101 } },
    says: 'it may hold 100 messages. From now on the oldest messages are dropped.',
  },
  {
    code: 'full',
    isTrue: { features: { ...NO_FEATURES, maxBytes: 99_999, overflow: Overflow.REJECT_PUBLISH } },
    isFalse: { features: { ...NO_FEATURES, maxBytes: 100_001 } },
    says: 'it may hold 99,999 octets. From now on new messages are refused.',
  },
  {
    code: 'will-be-full',
    isTrue: { ...GROWING, features: { ...NO_FEATURES, maxLength: 1300 } },
    isFalse: { features: { ...NO_FEATURES, maxLength: 1300 } },
    says: 'It will hold the 1,300 messages that it may in about 1 min.',
    figures: { full_in_ms: 60_000 },
  },
  {
    code: 'disk-will-be-full',
    isTrue: { ...GROWING, disk: { free: 1_000_000, least: 400_000 } },
    isFalse: { ...GROWING, disk: { free: 1e15, least: 400_000 } },
    says: 'the disk is full in about 1 min',
  },
  { code: 'no-consumers', isTrue: { consumers: [] }, says: 'Nobody consumes from the queue, and 100 messages wait.' },
  {
    code: 'consumer-at-prefetch',
    isTrue: withConsumer({
      ability: 'without credit',
      unacknowledged: 10,
      oldestDelivery: ago(130),
      lastAcknowledgement: ago(200),
    }),
    says: 'holds 10 messages unacknowledged, and its prefetch is 10. It has acknowledged nothing for 2 min.',
    figures: { acknowledged_nothing_for: 130_000, prefetch_count: 10, connection: CONSUMER.connection },
  },
  {
    code: 'consumer-not-reading',
    isTrue: withConsumer({ ability: 'without output', unsent: 70_000 }),
    says: 'does not read: 70,000 octets that were sent wait for its client',
  },
  {
    code: 'consumer-outranked',
    isTrue: withConsumer({ priority: 1 }, { tag: 'first', priority: 2 }),
    isFalse: withConsumer({ priority: 1 }, { tag: 'first', priority: 2, ability: 'without credit' }),
    says: 'is outranked: its priority is 1, and first with 2 could take all',
    figures: { outranked_by: 'first' },
  },
  {
    code: 'consumer-standing-by',
    isTrue: withConsumer({ ability: 'standing by' }),
    says: 'stands by: the queue has a single active consumer',
  },
  {
    code: 'consumer-silent',
    isTrue: withConsumer({
      prefetch: 0,
      unacknowledged: 900,
      oldestDelivery: ago(86_400),
      lastAcknowledgement: null,
      consumingSince: ago(86_400),
    }),
    isFalse: withConsumer({ unacknowledged: 9, oldestDelivery: ago(86_400), lastAcknowledgement: ago(1) }),
    says: 'acknowledges nothing: it holds 900 messages. It has acknowledged nothing since it began 1 d ago.',
  },
  {
    code: 'consumer-able',
    isTrue: {},
    isFalse: { consumers: [] },
    says: 'Consumer worker of app at 10.0.0.7:40000 -> 10.0.0.1:5672, channel 1, takes messages.',
  },
  {
    code: 'consumer-able',
    isTrue: { ready: 0, front: null, ...withConsumer({ noAck: true }) },
    isFalse: { consumers: [] },
    says: 'waits for messages. It acknowledges nothing, as it has asked for.',
  },
  {
    code: 'more-consumers',
    isTrue: { consumers: Array.from({ length: 23 }, (_, i) => ({ ...CONSUMER, tag: `${i}`, ability: 'standing by' })) },
    says: 'Of 3 more consumers 0 are at their prefetch, 0 do not read, 3 stand by.',
  },
  {
    code: 'kept-without-consumer',
    isTrue: { kept: [{ connection: 'a -> b', channel: 3, count: 2, since: ago(61) }] },
    says: 'Channel 3 of a -> b keeps 2 messages that no consumer has',
  },
  {
    code: 'publishers-held-by-disk',
    isTrue: { isLowOnDisk: true, blocked: ['a'], disk: { free: 1, least: 2 } },
    isFalse: { isShortOfMemory: true },
    says: 'the disk has too little room. 1 connection of this vhost is held.',
  },
  {
    code: 'publishers-held-by-memory',
    isTrue: { isShortOfMemory: true, blocked: ['a', 'b'] },
    isFalse: { isLowOnDisk: true },
    says: 'Publishers wait for memory. 2 connections of this vhost are held.',
  },
  { code: 'publishers-in-flow', isTrue: { inFlow: ['a'] }, says: '1 connection of this vhost is held back' },
  {
    code: 'publishes-refused',
    isTrue: { features: { ...NO_FEATURES, maxLength: 100, overflow: Overflow.REJECT_PUBLISH } },
    isFalse: { features: { ...NO_FEATURES, maxLength: 100 } },
    says: 'is refused',
  },
  {
    code: 'redelivered-over-and-over',
    isTrue: {
      totals: { enqueued: 6000, delivered: 100, acknowledged: 0, redelivered: 90 },
      past: [past(60, 100, 0)],
    },
    isFalse: {
      totals: { enqueued: 6000, delivered: 100, acknowledged: 0, redelivered: 40 },
      past: [past(60, 100, 0)],
    },
    says: '90 of 100 deliveries in the last 1 min were of messages that had been delivered before. None was acknowledged',
  },
  {
    code: 'expiring',
    isTrue: {
      died: { ...WELL.died, expired: 7 },
      features: { ...NO_FEATURES, ttl: 60_000 },
    },
    says: '7 messages of 6,000 died of age: after 1 min, as the queue asks for. They are gone.',
  },
  {
    code: 'dropped-for-length',
    isTrue: { died: { ...WELL.died, maxlen: 1 } },
    says: '1 message had no room in the queue: they are gone.',
  },
  {
    code: 'dead-letters-go-nowhere',
    isTrue: {
      deadLetters: { exchange: 'dlx', routingKey: null, fault: 'no exchange' },
      died: { ...WELL.died, rejected: 4 },
    },
    isFalse: { deadLetters: { exchange: 'dlx', routingKey: null, fault: null } },
    says: "goes to exchange 'dlx', and is lost: there is no such exchange. 4 messages died so far.",
  },
  {
    code: 'others-paused',
    isTrue: { isPaused: true, others: { paused: ['a', 'b'], unconsumed: [], growing: [] } },
    isFalse: { others: { paused: ['a', 'b'], unconsumed: [], growing: [] } },
    says: '2 other queues of this vhost are paused, too: a, b.',
  },
  {
    code: 'others-without-consumers',
    isTrue: { consumers: [], others: { paused: [], unconsumed: ['a'], growing: [] } },
    isFalse: { others: { paused: [], unconsumed: ['a'], growing: [] } },
    says: '1 other queue of this vhost has messages and no consumers, too: a.',
  },
  {
    code: 'others-growing',
    isTrue: {
      ...GROWING,
      others: { paused: [], unconsumed: [], growing: Array.from({ length: 12 }, (_, i) => `q${i}`) },
    },
    isFalse: { others: { paused: [], unconsumed: [], growing: ['a'] } },
    says: '12 other queues of this vhost grow, too: q0, q1, q2, q3, q4, q5, q6, q7, q8, q9 and more.',
  },
];

it('a queue that is well is told of without anything to do', () => {
  const said = explain(WELL);
  expect(said.map(({ code }) => code)).toEqual(['backlog', 'oldest-message', 'consumer-able']);
  expect(said.every(({ next }) => next === null)).toBe(true);
});

it.each(CASES)('$code: $says', ({ code, isTrue, isFalse = {}, says, figures = {}, next }) => {
  const said = explain({ ...WELL, ...isTrue }).filter((one) => one.code === code);
  expect(said[0]?.text).toContain(says);
  expect(said[0]?.figures).toMatchObject(figures);
  if (next !== undefined) expect(said[0]?.next).toBe(next);
  expect(explain({ ...WELL, ...isFalse }).map((one) => one.code)).not.toContain(code);
});
