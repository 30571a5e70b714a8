/** Lists, short and long, beside what a plain reading of the rules makes of the same rows. */
import { buffer, text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type JsonObject,
  type Listed,
  type ListQuery,
  listed,
  listedRows,
} from '../../src/management/http/listings.js';
import { inOrder } from '../../src/management/http/ordering.js';
import { StreamedJson } from '../../src/management/http/streaming.js';
import { Turns } from '../../src/management/http/turns.js';

const rowsOf = (count: number): JsonObject[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `row-${index}`,
    index,
    stats: { rank: (index * 7919) % 1009 },
  }));

const fail = (error: unknown): void => {
  throw error;
};

/** The rows of an answer, however it is told. */
async function told(answer: Listed): Promise<unknown> {
  return answer instanceof StreamedJson ? (JSON.parse(await text(answer.open(fail))) as unknown) : answer;
}

describe('a list', () => {
  it('says the same, as long as it may be, as a short one by the same rules', async () => {
    const names = fc.constantFrom('a', 'B', 'ab', 'c', '');
    const row = fc.record(
      { name: names, count: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(null)), tag: names },
      { requiredKeys: ['name'] },
    );
    const query = fc.record(
      {
        name: fc.constantFrom('a', 'B', ''),
        sort: fc.constantFrom('name', 'count', 'tag'),
        sort_reverse: fc.constantFrom('true', 'false'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { maxLength: 20 }),
        query,
        fc.integer({ min: 1, max: 80 }),
        async (few, asked, times) => {
          const all = Array.from({ length: times }, (_, time) => few.map((one) => ({ ...one, time }))).flat();
          expect(await told(await listed(all, asked))).toEqual(plain(all, asked));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is sent in pieces where it is long, and whole where it is short', async () => {
    expect(await listed(rowsOf(500), {})).toEqual(rowsOf(500));
    const long = await listed(rowsOf(20_000), { columns: 'name' });
    expect(long).toBeInstanceOf(StreamedJson);
    const pieces: unknown[] = [];
    for await (const piece of (long as StreamedJson).open(fail)) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(4);
    expect(JSON.parse(Buffer.concat(pieces as Buffer[]).toString())).toEqual(
      rowsOf(20_000).map(({ name }) => ({ name })),
    );
  });

  it('leaves out what has gone since, and makes nothing complete that is on no page', async () => {
    const made: unknown[] = [];
    const rows = {
      brief: (row: JsonObject) => row,
      whole: (row: JsonObject) => {
        made.push(row);
        return row.index === 7 ? null : row;
      },
    };
    const page = await listedRows(rowsOf(2_000), { page: '1', page_size: '10', sort: 'index' }, rows);
    expect(page).toMatchObject({ item_count: 9, filtered_count: 2_000, total_count: 2_000, page_count: 200 });
    expect(made).toHaveLength(10);
    const whole = (await told(await listedRows(rowsOf(2_000), {}, rows))) as readonly JsonObject[];
    expect(whole).toHaveLength(1_999);
  });

  it('lets others have their turns while it is gathered, sorted and told', async () => {
    const turns = { count: 0, isDone: false };
    const count = (): void => {
      turns.count += 1;
      if (!turns.isDone) setImmediate(count);
    };
    setImmediate(count);
    const answer = (await listed(rowsOf(50_000), { sort: 'stats.rank' })) as StreamedJson;
    await buffer(answer.open(fail));
    turns.isDone = true;
    expect(turns.count).toBeGreaterThan(10);
  });

  it('is made no further when whoever asked has gone', async () => {
    let made = 0;
    const whole = (row: JsonObject): JsonObject => {
      made += 1;
      return row;
    };
    const answer = (await listedRows(rowsOf(50_000), {}, { brief: whole, whole })) as StreamedJson;
    const stream = answer.open(fail);
    for await (const _piece of stream) break;
    expect(stream.destroyed).toBe(true);
    expect(made).toBeLessThan(5_000);
    // Also before the first piece is there.
    made = 0;
    const sorted = (await listedRows(rowsOf(50_000), { sort: 'index' }, { brief: whole, whole })) as StreamedJson;
    const unread = sorted.open(fail);
    unread.read();
    const closed = new Promise((resolve) => unread.once('close', resolve));
    unread.destroy();
    await closed;
    expect(made).toBeLessThan(50_000);
  });

  it('is made no faster than it is read', async () => {
    let made = 0;
    const whole = (row: JsonObject): JsonObject => {
      made += 1;
      return row;
    };
    const answer = (await listedRows(rowsOf(50_000), {}, { brief: whole, whole })) as StreamedJson;
    const stream = answer.open(fail);
    await new Promise((resolve) => stream.once('readable', resolve));
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(made).toBeLessThan(5_000);
    stream.destroy();
  });

  it('tells of a defect by an answer that ends in the middle', async () => {
    const defect = new Error('a row cannot be told');
    const whole = (row: JsonObject): JsonObject => {
      if (row.index === 19_000) throw defect;
      return row;
    };
    const answer = (await listedRows(rowsOf(20_000), {}, { brief: whole, whole })) as StreamedJson;
    const heard: unknown[] = [];
    await expect(text(answer.open((error) => heard.push(error)))).rejects.toBe(defect);
    expect(heard).toEqual([defect]);
  });
});

describe('an order', () => {
  it('leaves alike rows as they came, and mixes numbers and texts as they are written', async () => {
    const items = Array.from({ length: 5_000 }, (_, index) => ({ index, key: index % 3 }));
    for (const isReversed of [false, true]) {
      const ordered = await inOrder(items, ({ key }) => key, isReversed, new Turns());
      const sign = isReversed ? -1 : 1;
      expect(ordered).toEqual(items.toSorted((one, other) => sign * (one.key - other.key)));
    }
    const mixed = await inOrder([true, 'b', null, 10, 9], (value) => value, false, new Turns());
    expect(mixed).toEqual([null, 9, 10, 'b', true]);
  });
});

/** As the rules are written. */
function plain(
  all: readonly JsonObject[],
  { name = '', sort, sort_reverse: reverse }: ListQuery,
): readonly JsonObject[] {
  const named = all.filter((row) => String(row.name).toLowerCase().includes(name.toLowerCase()));
  if (sort === undefined) return named;
  const sign = reverse === 'true' ? -1 : 1;
  const written = (row: JsonObject): string => String(row[sort] ?? '');
  return named.toSorted((one, other) => {
    const [a, b] = [one[sort], other[sort]];
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return written(one) < written(other) ? -sign : written(one) > written(other) ? sign : 0;
  });
}
