/** What a migration remembers of a queue, read again after whatever moment it was killed at. */
import { copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/migrate/journal.js';
import { cleanUp, directory } from '../support/kept-data.js';

const MEMORY = 'a'.repeat(32);
const digest = (text: string): string => text.padEnd(16, '.');

describe('a journal', () => {
  cleanUp();

  test('knows what was taken, in its order, and what was acknowledged', () => {
    const path = join(directory(), 'journal');
    const journal = Journal.open(path);
    journal.begin(MEMORY);
    const numbers = ['a', 'b', 'c'].map((text) => journal.take(digest(text), null, false).number);
    journal.flush();
    journal.acknowledge(numbers[1] ?? 0);
    journal.close();
    const read = Journal.open(path).taken;
    expect(read.map((one) => [one.digest, one.isThere])).toEqual([
      [digest('a'), true],
      [digest('b'), true],
      [digest('c'), false],
    ]);
  });

  test('does not take what an earlier session left open for acknowledged', () => {
    const path = join(directory(), 'journal');
    const first = Journal.open(path);
    first.begin(MEMORY);
    first.take(digest('a'), null, false);
    first.close();
    const second = Journal.open(path);
    second.begin(MEMORY);
    second.acknowledge(second.take(digest('b'), null, false).number);
    second.close();
    expect(Journal.open(path).taken.map(({ isThere }) => isThere)).toEqual([false, true]);
  });

  test('is read up to the last whole record, wherever it was cut', () => {
    const path = join(directory(), 'journal');
    const journal = Journal.open(path);
    journal.begin(MEMORY);
    for (let index = 0; index < 5; index++) journal.acknowledge(journal.take(digest(`${index}`), null, false).number);
    journal.close();
    const { length } = readFileSync(path);
    for (let end = length; end >= 0; end -= 7) {
      const cut = `${path}.${end}`;
      copyFileSync(path, cut);
      truncateSync(cut, end);
      const read = Journal.open(cut);
      expect(read.taken.length).toBe(Math.floor(Math.max(0, Math.floor(end / 40)) / 2));
      read.close();
      expect(Journal.open(cut).taken.length).toBe(Math.floor(Math.floor(end / 40) / 2));
    }
  });

  test('does not grow without end, and forgets nothing that is open', () => {
    const path = join(directory(), 'journal');
    const journal = Journal.open(path);
    journal.begin(MEMORY);
    journal.take(digest('open'), null, false);
    journal.flush();
    journal.begin(MEMORY);
    for (let index = 0; index < 300_000; index++) {
      const { number } = journal.take(digest(`${index}`), null, false);
      if (index % 100 === 99) journal.acknowledge(number);
      if (index % 100 === 99) journal.flush();
    }
    journal.close();
    expect(readFileSync(path).length).toBeLessThan(40 * 2 * 262_144);
    const open = Journal.open(path).taken.filter(({ isThere }) => !isThere);
    expect(open.map((one) => one.digest)).toEqual([digest('open')]);
  });
});
