/** One random sequence of operations, both engines: what clients read, what dies, what is counted and why reads stop must be equal. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Overflow, type QueueRules } from '../../src/engine/engine.js';
import { Bench, ENGINES } from './support/bench.js';
import { type Operation, operations, Play, QUEUES } from './support/play.js';

const SMALL = [0, 1, 16, 1_000];
const ALL_SIZES = [...SMALL, 131_064, 131_065, 300_000];

/** Rules that leave a queue as long as it is. */
const patient = {
  ttl: fc.constantFrom(0, 20, 200),
  deadLetters: fc.boolean(),
  deliveryLimit: fc.nat(2),
  deliveryCount: fc.boolean(),
};
/** How much a consumer takes at once depends on an engine's boxes, and what it leaves may be too much: only for small bodies. */
const all = {
  ...patient,
  maxLength: fc.constantFrom(0, 1, 5, 12),
  maxBytes: fc.constantFrom(0, 100, 2_000, 300_000),
  overflow: fc.constantFrom(Overflow.DROP_HEAD, Overflow.REJECT_PUBLISH, Overflow.REJECT_PUBLISH_DLX),
};

/** Each queue's first rules; priorities are given with those only. */
function firstRules(rules: fc.Arbitrary<Partial<QueueRules>>): fc.Arbitrary<(Partial<QueueRules> | null)[]> {
  const maxPriority = fc.constantFrom(0, 0, 1, 4, 255);
  const one = fc
    .tuple(fc.option(rules), maxPriority)
    .map(([given, priority]) => given && { ...given, maxPriority: priority });
  return fc.array(one, { minLength: QUEUES.length, maxLength: QUEUES.length });
}

async function compare(first: readonly (Partial<QueueRules> | null)[], played: readonly Operation[]): Promise<void> {
  const [one, other] = await Promise.all(
    ENGINES.map(async (kind) => new Play(await Bench.open(kind, { mebibytes: 64 }), first)),
  );
  if (one === undefined || other === undefined) throw new Error('two engines are compared');
  for (const operation of played) {
    one.step(operation);
    other.step(operation);
    expect({ operation, transcript: other.transcript }).toEqual({ operation, transcript: one.transcript });
    one.transcript.length = 0;
    other.transcript.length = 0;
  }
}

test.each([
  ['of messages of all sizes', ALL_SIZES, fc.record(patient, { requiredKeys: [] })],
  ['in queues with all rules', SMALL, fc.record(all, { requiredKeys: [] })],
])(
  'any sequence of operations %s is answered alike by both engines',
  { timeout: 300_000 },
  async (_what, sizes, rules) => {
    const sequences = fc.asyncProperty(firstRules(rules), operations(sizes, rules), compare);
    await fc.assert(sequences, { numRuns: Number(process.env.LEVERET_RUNS ?? 150) });
  },
);
