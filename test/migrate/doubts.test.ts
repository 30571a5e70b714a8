/**
 * What a source gives out again after a cut, against all that can have become of its messages: a model in which sources,
 * acknowledgements and publishes are cut off anywhere. Contents are few, so that many messages are equal.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Doubts, ROW_MAX, type Verdict } from '../../src/migrate/doubts.js';
import type { Taken } from '../../src/migrate/journal.js';

/** A message of the source: its content, and whether the target has it. */
interface Original {
  readonly digest: string;
  copies: number;
  doubtful: number;
}

/** Plays migrations that are cut off, and returns what the target has. */
function play(contents: readonly string[], cuts: readonly (readonly [number, number, number, number])[]): Original[] {
  const originals = contents.map((digest): Original => ({ digest, copies: 0, doubtful: 0 }));
  const known = new Map<number, { taken: Taken; at: Original }>();
  /** What the target has under each id. */
  const ids = new Map<number, Original>();
  let nextId = 1;
  let head = 0;
  let seen = 0;
  for (const [given, published, confirmed, lost] of [...cuts, [contents.length, contents.length, contents.length, 0]]) {
    const doubts = new Doubts([...known.values()].map(({ taken }) => taken).sort((one, other) => one.id - other.id));
    const out = originals.slice(head, head + (given ?? 0));
    const again = out.slice(0, Math.max(0, seen - head));
    const verdicts: Verdict[] = doubts.isEmpty ? [] : doubts.begin(again.slice(0, ROW_MAX).map(({ digest }) => digest));
    for (const { digest } of again.slice(verdicts.length))
      verdicts.push(doubts.isEmpty ? { kind: 'new' } : doubts.next(digest));
    let acked = head;
    for (const [index, original] of out.entries()) {
      const verdict = verdicts[index] ?? { kind: 'new' };
      const id = verdict.kind === 'there' || verdict.kind === 'again' ? verdict.taken.id : nextId++;
      const isThere = verdict.kind === 'there';
      const isDoubtful = verdict.kind === 'doubtful' || (verdict.kind === 'again' && verdict.taken.isDoubtful);
      known.set(id, { taken: { id, digest: original.digest, isThere, isDoubtful, memory: '' }, at: original });
      if (!isThere && index < (published ?? 0) && !ids.has(id)) {
        ids.set(id, original);
        original.copies += 1;
        if (isDoubtful) original.doubtful += 1;
      }
      const isConfirmed = isThere || (index < (published ?? 0) && index < (confirmed ?? 0));
      if (!isConfirmed || acked !== head + index) continue;
      acked += 1;
      const entry = known.get(id);
      if (entry !== undefined) entry.taken.isThere = true;
    }
    seen = Math.max(seen, head + out.length);
    // The last acknowledgements were on their way.
    head = Math.max(head, acked - (lost ?? 0));
  }
  return originals;
}

describe('after cuts', () => {
  const cut = fc.tuple(fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(6));

  test('messages that differ are at the target once each, or a second time with a mark', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(cut, { maxLength: 6 }), (count, cuts) => {
        for (const { copies, doubtful } of play(
          Array.from({ length: count }, (_, index) => `m${index}`),
          cuts,
        )) {
          expect(copies).toBeGreaterThan(0);
          expect(copies - doubtful).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('of messages that are equal none is lost, and those that are there too often say so', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 }),
        fc.array(cut, { maxLength: 6 }),
        (contents, cuts) => {
          const originals = play(contents, cuts);
          for (const digest of ['a', 'b', 'c']) {
            const equal = originals.filter((one) => one.digest === digest);
            const copies = equal.reduce((sum, one) => sum + one.copies, 0);
            const doubtful = equal.reduce((sum, one) => sum + one.doubtful, 0);
            expect(copies).toBeGreaterThanOrEqual(equal.length);
            expect(copies - doubtful).toBeLessThanOrEqual(equal.length);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('a long row that comes again is known, though all of it was acknowledged', () => {
  const taken = Array.from(
    { length: 40 },
    (_, id): Taken => ({ id, digest: `m${id}`, isThere: true, isDoubtful: false, memory: '' }),
  );
  const verdicts = new Doubts(taken).begin(taken.slice(20).map(({ digest }) => digest));
  expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(['there']));
});

test('a single message that is equal to one that was moved is not left out', () => {
  const taken: Taken[] = [{ id: 1, digest: 'tick', isThere: true, isDoubtful: false, memory: '' }];
  expect(new Doubts(taken).begin(['tick'])).toEqual([{ kind: 'doubtful' }]);
});
