/**
 * One random sequence of operations, both engines: what clients read, what dies, what is counted and why reads stop
 * must be equal.
 */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EngineKind, Overflow, type QueueFeatures } from '../../src/engine/engine.js';
import { Bench, ENGINES } from './support/bench.js';
import { type Logged, logIdOf, type Operation, operations, Play, QUEUES } from './support/play.js';

const SMALL = [0, 1, 16, 1_000];
const ALL_SIZES = [...SMALL, 131_064, 131_065, 300_000];

/** Rules that leave a queue as long as it is. */
const patient = {
  ttl: fc.constantFrom(0, 20, 200),
  deadLetters: fc.boolean(),
  deliveryLimit: fc.nat(2),
  deliveryCount: fc.boolean(),
};
/**
 * How much a consumer takes at once depends on an engine's boxes, and what it leaves may be too much: only for small
 * bodies.
 */
const all = {
  ...patient,
  maxLength: fc.constantFrom(0, 1, 5, 12),
  maxBytes: fc.constantFrom(0, 100, 2_000, 300_000),
  overflow: fc.constantFrom(Overflow.DROP_HEAD, Overflow.REJECT_PUBLISH, Overflow.REJECT_PUBLISH_DLX),
};

/** Each queue's first features; priorities are given with those only. */
function firstFeatures(
  features: fc.Arbitrary<Partial<QueueFeatures>>,
): fc.Arbitrary<(Partial<QueueFeatures> | null)[]> {
  const maxPriority = fc.constantFrom(0, 0, 1, 4, 255);
  const one = fc
    .tuple(fc.option(features), maxPriority)
    .map(([given, priority]) => given && { ...given, maxPriority: priority });
  return fc.array(one, { minLength: QUEUES.length, maxLength: QUEUES.length });
}

/** Which queues the log knows. */
const logged = fc.array(fc.boolean(), { minLength: QUEUES.length, maxLength: QUEUES.length });

async function compare(
  kinds: readonly EngineKind[],
  first: readonly (Partial<QueueFeatures> | null)[],
  log: Logged,
  played: readonly Operation[],
  spill = false,
): Promise<void> {
  const plays = await Promise.all(
    kinds.map(async (kind) => new Play(await Bench.open(kind, { mebibytes: 64 }), first, log, spill)),
  );
  const [one] = plays;
  for (const operation of played) {
    for (const play of plays) play.step(operation);
    for (const other of plays) {
      // To compare is cheap, to expect is not.
      if (!isDeepStrictEqual(other.transcript, one?.transcript))
        expect({ operation, transcript: other.transcript }).toEqual({ operation, transcript: one?.transcript });
    }
    for (const play of plays) play.transcript.length = 0;
  }
  for (const play of plays) if (log !== null) checkLeft(play, log);
}

/** What the log says that its queues hold is what they do hold. */
function checkLeft(play: Play, log: readonly boolean[]): void {
  const held = play.end();
  for (const [i, name] of QUEUES.entries()) {
    const left = play.ledger.left(logIdOf(i), 255).map((one) => one.body.subarray(0, 12).toString());
    // Nobody can tell of an empty body what it was.
    expect([name, left.filter((body) => body !== '')]).toEqual([name, log[i] ? held[i] : []]);
  }
}

const KINDS: [what: string, sizes: readonly number[], features: fc.Arbitrary<Partial<QueueFeatures>>][] = [
  ['of messages of all sizes', ALL_SIZES, fc.record(patient, { requiredKeys: [] })],
  ['in queues with all features', SMALL, fc.record(all, { requiredKeys: [] })],
];
/** Queues that may be as long as some blocks of messages. */
const SPILLED: typeof KINDS = [
  ['of small messages', [0, 16, 300], fc.record(patient, { requiredKeys: [] })],
  [
    'in long queues with all features',
    [0, 16],
    fc.record(
      { ...all, maxLength: fc.constantFrom(5, 700, 2_000), maxBytes: fc.constantFrom(2_000, 20_000, 300_000) },
      { requiredKeys: [] },
    ),
  ],
];
const numRuns = Number(process.env.LEVERET_RUNS ?? 150);

test.each(KINDS)(
  'any sequence of operations %s is answered alike by both engines',
  { timeout: 300_000 },
  async (_what, sizes, features) => {
    const sequences = fc.asyncProperty(firstFeatures(features), operations(sizes, features), (first, played) =>
      compare(ENGINES, first, null, played),
    );
    await fc.assert(sequences, { numRuns });
  },
);

test.each(KINDS)(
  'any sequence of operations %s is recorded alike by both engines, as what queues hold',
  { timeout: 300_000 },
  async (_what, sizes, features) => {
    const sequences = fc.asyncProperty(
      firstFeatures(features),
      logged,
      operations(sizes, features, { log: true }),
      (first, log, played) => compare(ENGINES, first, log, played),
    );
    await fc.assert(sequences, { numRuns });
  },
);

test.each(SPILLED)(
  'any sequence of operations %s is answered alike while blocks of messages leave memory and come back',
  { timeout: 300_000 },
  async (_what, sizes, features) => {
    const played = operations(sizes, features, { log: true, spill: true });
    const sequences = fc.asyncProperty(firstFeatures(features), logged, played, (first, log, steps) =>
      compare(ENGINES, first, log, steps, true),
    );
    await fc.assert(sequences, { numRuns: Math.ceil(numRuns / 6) });
  },
);
