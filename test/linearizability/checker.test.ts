/**
 * The checker of histories, on histories whose verdict is known: from the literature, and from a queue that is played
 * one call at a time, as it was and with one thing changed.
 */
import { describe, expect, test } from 'vitest';
import { random } from '../schedules/search/strategies.js';
import { linearize, type Timed } from './linearize.js';
import { linearizeQueue, type QueueCall, SEQUENTIAL_QUEUE } from './sequential-queue.js';

type History = readonly Timed<QueueCall>[];

const NEVER = Number.POSITIVE_INFINITY;
const publish = (message: number): QueueCall => ({ does: 'publish', message });
const take = (message: number, redelivered = false): QueueCall => ({ does: 'take', message, redelivered });
const settle = (message: number): QueueCall => ({ does: 'settle', message });
const requeue = (message: number): QueueCall => ({ does: 'requeue', message });
const nothing: QueueCall = { does: 'find nothing' };
const begin: QueueCall = { does: 'begin to purge' };
const drop: QueueCall = { does: 'drop' };
const end: QueueCall = { does: 'end the purge' };

/** A call from one moment to another, maybe after another one of the history. */
function at(call: QueueCall, began: number, ended: number, after?: number): Timed<QueueCall> {
  return { call, began, ended, ...(after === undefined ? {} : { after: [after] }) };
}

const LINEARIZABLE: [name: string, history: History][] = [
  ['nothing', []],
  ['one after the other', [at(publish(1), 0, 1), at(publish(2), 2, 3), at(take(1), 4, 5), at(take(2), 6, 7)]],
  [
    'two that publish at a time, and come in the other order',
    [at(publish(1), 0, 9), at(publish(2), 1, 8), at(take(2), 10, 11), at(take(1), 12, 13)],
  ],
  ['a message that is taken before its publish has ended', [at(publish(1), 0, 9), at(take(1), 1, 2)]],
  ['nothing found while one is published', [at(publish(1), 0, 9), at(nothing, 1, 2), at(take(1), 3, 4)]],
  [
    'nothing found after a message was taken, though its publish has not ended',
    [at(publish(1), 0, 9), at(take(1), 1, 2), at(nothing, 3, 4)],
  ],
  [
    'what is requeued goes before what is behind it',
    [
      at(publish(1), 0, 1),
      at(publish(2), 2, 3),
      at(take(1), 4, 5),
      at(requeue(1), 6, 7),
      at(take(1, true), 8, 9),
      at(take(2), 10, 11),
    ],
  ],
  [
    'what is behind it is taken while it is requeued',
    [
      at(publish(1), 0, 1),
      at(publish(2), 2, 3),
      at(take(1), 4, 5),
      at(requeue(1), 6, 9),
      at(take(2), 7, 8),
      at(take(1, true), 10, 11),
    ],
  ],
  ['a publish that nobody has heard of, and that happened', [at(publish(1), 0, NEVER), at(take(1), 8, 9)]],
  ['a publish that nobody has heard of, and that did not happen', [at(publish(1), 0, NEVER), at(nothing, 8, 9)]],
  [
    'a purge and a publish at a time',
    [
      at(publish(1), 0, 1),
      at(publish(2), 2, 9),
      at(begin, 3, 8),
      at(drop, 3, 8, 2),
      at(end, 3, 8, 3),
      at(take(2), 10, 11),
    ],
  ],
  [
    'a purge that has begun before another one took what it would have dropped, and leaves what came behind its beginning',
    [
      at(publish(1), 0, 1),
      at(take(1), 2, 3),
      at(publish(2), 4, 5),
      at(requeue(1), 6, 7),
      at(begin, 8, 15),
      at(drop, 8, 15, 4),
      at(end, 8, 15, 5),
      at(publish(3), 8, 9),
      at(take(1, true), 10, 11),
      at(take(3), 16, 17),
    ],
  ],
  [
    'a purge that takes what comes meanwhile',
    [
      at(publish(1), 0, 1),
      at(publish(2), 2, 9),
      at(begin, 3, 8),
      at(drop, 3, 8, 2),
      at(drop, 3, 8, 3),
      at(end, 3, 8, 4),
      at(nothing, 10, 11),
    ],
  ],
];

const OTHERS: [name: string, history: History][] = [
  ['a message that was never published', [at(take(1), 0, 1)]],
  ['a message before its publish', [at(take(1), 0, 1), at(publish(1), 2, 3)]],
  ['a message twice', [at(publish(1), 0, 1), at(take(1), 2, 5), at(take(1), 3, 6)]],
  ['two in the wrong order', [at(publish(1), 0, 1), at(publish(2), 2, 3), at(take(2), 4, 5), at(take(1), 6, 7)]],
  [
    'two in the wrong order, taken at a time with a third',
    [at(publish(1), 0, 1), at(publish(2), 2, 3), at(publish(3), 4, 9), at(take(2), 5, 6), at(take(1), 7, 8)],
  ],
  // Herlihy and Wing's example: each of the two orders is refuted by another client.
  [
    'an order that two clients see differently',
    [at(publish(1), 0, 5), at(publish(2), 1, 4), at(take(2), 6, 7), at(requeue(2), 8, 9), at(take(1), 10, 11)],
  ],
  ['nothing, beside a message', [at(publish(1), 0, 1), at(nothing, 2, 3)]],
  [
    'nothing, beside a message behind one that is being published',
    [at(publish(1), 0, 9), at(publish(2), 1, 2), at(nothing, 3, 4)],
  ],
  [
    'nothing, beside what was requeued',
    [at(publish(1), 0, 1), at(take(1), 2, 3), at(requeue(1), 4, 5), at(nothing, 6, 7)],
  ],
  [
    'what was requeued, without its mark',
    [at(publish(1), 0, 1), at(take(1), 2, 3), at(requeue(1), 4, 5), at(take(1), 6, 7)],
  ],
  ['a mark on what nobody has seen', [at(publish(1), 0, 1), at(take(1, true), 2, 3)]],
  [
    'what was requeued comes behind what is younger',
    [at(publish(1), 0, 1), at(publish(2), 2, 3), at(take(1), 4, 5), at(requeue(1), 6, 7), at(take(2), 8, 9)],
  ],
  [
    'what was requeued is passed by what came later, though somebody had begun to take by then',
    [
      at(publish(1), 0, 1),
      at(take(1), 2, 3),
      at(take(2), 4, 9),
      at(requeue(1), 5, 6),
      at(publish(2), 7, 8),
      at(take(1, true), 10, 11),
    ],
  ],
  [
    'a message that came back after it was settled',
    [at(publish(1), 0, 1), at(take(1), 2, 3), at(settle(1), 4, 5), at(take(1, true), 6, 7)],
  ],
  [
    'what was settled and is requeued',
    [at(publish(1), 0, 1), at(take(1), 2, 3), at(settle(1), 4, 5), at(requeue(1), 6, 7)],
  ],
  ['a purge that leaves what was there', [at(publish(1), 0, 1), at(begin, 2, 3), at(end, 2, 3, 1)]],
  [
    'a purge that leaves what was there beside what another one has taken',
    [
      at(publish(1), 0, 1),
      at(publish(2), 2, 3),
      at(begin, 4, 7),
      at(end, 4, 7, 2),
      at(take(1), 5, 6),
      at(take(2), 8, 9),
    ],
  ],
  ['a purge that drops what is not there', [at(begin, 2, 3), at(drop, 2, 3, 0), at(end, 2, 3, 1)]],
  [
    'a row of calls in another order',
    [at(publish(1), 0, 9), at(publish(2), 0, 9, 0), at(take(2), 10, 11), at(take(1), 12, 13)],
  ],
];

/** A checker that believes everything. */
const credulous = { initial: '', step: () => '' };

describe('a history can be explained:', () => {
  test.each(LINEARIZABLE)('%s', (_name, history) => {
    const verdict = linearizeQueue(history);
    expect(verdict.linearizable).toBe(true);
    expectExplained(history, verdict.linearizable ? verdict.order : []);
  });
});

describe('a history cannot be explained:', () => {
  test.each(OTHERS)('%s', (_name, history) => {
    expect(linearizeQueue(history).linearizable).toBe(false);
    // It is the queue that refuses it.
    expect(linearize(history, credulous).linearizable).toBe(true);
  });
});

test('the call that cannot be explained is named, with what it overlapped', () => {
  const history = [at(publish(1), 0, 9), at(publish(2), 1, 2), at(nothing, 3, 4), at(take(1), 10, 11)];
  expect(linearizeQueue(history)).toMatchObject({ linearizable: false, at: 2, pending: [0, 2] });
});

/** The order has every call that has ended, once, none of them before one that had ended when it began; and the queue agrees. */
function expectExplained(history: History, order: readonly number[]): void {
  expect(new Set(order).size).toBe(order.length);
  for (const [i, { ended }] of history.entries()) if (ended !== NEVER) expect(order).toContain(i);
  let state: string | null = SEQUENTIAL_QUEUE.initial;
  for (const [i, number] of order.entries()) {
    const one = history[number];
    if (one === undefined || state === null) throw new Error(`the queue does not agree at ${i}`);
    for (const later of order.slice(i + 1)) expect(history[later]?.ended).toBeGreaterThanOrEqual(one.began);
    state = SEQUENTIAL_QUEUE.step(state, one.call);
  }
  expect(state).not.toBeNull();
}

/** What a queue did that was played one call at a time, each of which was told to take longer than it did. */
function played(seed: number, calls: number, clients: number): Timed<QueueCall>[] {
  const below = random(seed);
  let state = SEQUENTIAL_QUEUE.initial;
  let published = 1;
  const taken: number[] = [];
  const history: Timed<QueueCall>[] = [];
  const free = Array.from({ length: clients }, () => 0);
  for (let moment = 10; history.length < calls; moment += 10) {
    const client = below(clients);
    // A client does one thing at a time.
    const began = Math.max((free[client] ?? 0) + 1, moment - below(10 * clients));
    const ended = moment + below(10 * clients);
    if (began > moment) continue;
    const call = chosen();
    if (call === null) continue;
    free[client] = ended;
    history.push({ call, began, ended });
  }
  return history;

  function chosen(): QueueCall | null {
    const kind = below(8);
    const candidates: QueueCall[] = [];
    if (kind < 3 && published < 60_000) candidates.push(publish(published));
    else if (kind < 6)
      for (let message = 1; message < published; message++) candidates.push(take(message), take(message, true));
    else for (const message of taken) candidates.push(kind === 6 ? settle(message) : requeue(message));
    if (kind >= 3 && kind < 6) candidates.push(nothing);
    for (const call of candidates) {
      const next = SEQUENTIAL_QUEUE.step(state, call);
      if (next === null) continue;
      state = next;
      if (call.does === 'publish') published += 1;
      if (call.does === 'take') taken.push(call.message);
      if (call.does === 'settle' || call.does === 'requeue') taken.splice(taken.indexOf(call.message), 1);
      return call;
    }
    return null;
  }
}

/** Some ways in which a queue can be wrong, done to a history; null: it has nothing of that. */
const CHANGES: [
  name: string,
  change: (history: Timed<QueueCall>[], below: (most: number) => number) => History | null,
][] = [
  ['a publish is forgotten', (history, below) => without(history, 'publish', below)],
  [
    'a message is taken twice',
    (history, below) => {
      const back = new Set(history.map(({ call }) => (call.does === 'requeue' ? call.message : 0)));
      const once = history.filter(({ call }) => call.does === 'take' && !back.has(call.message));
      const one = some(once, 'take', below);
      return one && [...history, { ...one, began: 1e9, ended: 1e9 + 1 }];
    },
  ],
  [
    'a message is missed that nobody has taken',
    (history) => {
      const gone = new Set(history.flatMap(({ call }) => (call.does === 'take' ? [call.message] : [])));
      const left = history.some(({ call }) => call.does === 'publish' && !gone.has(call.message));
      return left ? [...history, at(nothing, 1e9, 1e9 + 1)] : null;
    },
  ],
  [
    'a mark is turned around',
    (history, below) => {
      const one = some(history, 'take', below);
      if (one === null || one.call.does !== 'take') return null;
      const call = { ...one.call, redelivered: !one.call.redelivered };
      return history.map((other) => (other === one ? { ...one, call } : other));
    },
  ],
];

function some(history: History, does: QueueCall['does'], below: (most: number) => number): Timed<QueueCall> | null {
  const those = history.filter(({ call }) => call.does === does);
  return those[below(Math.max(1, those.length))] ?? null;
}

function without(history: History, does: QueueCall['does'], below: (most: number) => number): History | null {
  const taken = new Set(history.flatMap(({ call }) => (call.does === 'take' ? [call.message] : [])));
  const one = some(
    history.filter(({ call }) => call.does === does && 'message' in call && taken.has(call.message)),
    does,
    below,
  );
  return one && history.filter((other) => other !== one);
}

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);

test('histories of a queue are explained, however long the calls are said to take', () => {
  console.log(`LEVERET_SEED=${SEED}`);
  for (let seed = SEED; seed < SEED + 40; seed++) {
    const history = played(seed, 50, 4);
    const verdict = linearizeQueue(history);
    expect({ seed, linearizable: verdict.linearizable }).toEqual({ seed, linearizable: true });
    if (verdict.linearizable) expectExplained(history, verdict.order);
  }
});

test('what is done to make the search shorter changes no verdict', () => {
  const verdicts = new Set<boolean | null>();
  for (let seed = SEED; seed < SEED + 100; seed++) {
    const history = played(seed, 14, 3);
    for (const one of [history, ...CHANGES.map(([, change]) => change(history, random(seed)))]) {
      if (one === null) continue;
      const { linearizable } = linearizeQueue(one);
      verdicts.add(linearizable);
      expect({ seed, linearizable }).toEqual({ seed, linearizable: linearize(one, SEQUENTIAL_QUEUE).linearizable });
    }
  }
  expect(verdicts.size).toBe(2);
});

test.each(CHANGES)('histories are not explained once %s', (_name, change) => {
  let changed = 0;
  for (let seed = SEED; seed < SEED + 40; seed++) {
    const history = change(played(seed, 50, 4), random(seed));
    if (history === null) continue;
    changed += 1;
    const { linearizable } = linearizeQueue(history);
    expect({ seed, linearizable }).toEqual({ seed, linearizable: false });
  }
  expect(changed).toBeGreaterThan(10);
});
