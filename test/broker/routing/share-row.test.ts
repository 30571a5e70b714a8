/** Shares in a row: beside a plain list that is walked, and in steps that do not grow with the row. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShareRow } from '../../../src/broker/routing/share-row.js';

/** The same, walked from the front. */
class PlainRow {
  #owners: { key: number; weight: number }[] = [];

  add(key: number, weight: number): void {
    this.#owners.push({ key, weight });
  }
  remove(key: number): void {
    this.#owners = this.#owners.filter((owner) => owner.key !== key);
  }
  ownerOf(share: number): number | undefined {
    let end = 0;
    for (const { key, weight } of this.#owners) {
      end += weight;
      if (share < end) return key;
    }
    return undefined;
  }
  get total(): number {
    return this.#owners.reduce((sum, { weight }) => sum + weight, 0);
  }
}

test('each share has the owner that a walk along the row finds, whoever came and went before', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 40 }), weight: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const row = new ShareRow<number, number>();
      const plain = new PlainRow();
      for (const { key, weight } of steps) {
        if (row.has(key)) {
          row.remove(key);
          plain.remove(key);
        } else {
          row.add(key, key, weight);
          plain.add(key, weight);
        }
        expect(row.total).toBe(plain.total);
        for (let share = 0; share <= row.total; share++) expect(row.ownerOf(share)).toBe(plain.ownerOf(share));
      }
    }),
    { numRuns: 50 },
  );
});

test('shares of the heaviest owners are told apart', () => {
  const row = new ShareRow<string, string>();
  for (const key of ['a', 'b', 'c']) row.add(key, key, 2 ** 31);
  expect(row.ownerOf(2 ** 31 - 1)).toBe('a');
  expect(row.ownerOf(2 ** 31)).toBe('b');
  row.remove('b');
  expect(row.ownerOf(2 ** 31)).toBe('c');
  expect(row.ownerOf(2 ** 32)).toBeUndefined();
});
