import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AmqpError } from '../../src/amqp/errors.js';
import {
  decodeTable,
  decodeTableEntries,
  encodeTable,
  type FieldTable,
  type FieldValue,
  fieldValue,
  table,
} from '../../src/amqp/table.js';
import { MAX_NESTING } from '../../src/amqp/wire.js';
import { table as anyTable } from './arbitraries.js';

function refusal(bytes: Uint8Array): AmqpError {
  try {
    decodeTable(bytes);
  } catch (error) {
    if (error instanceof AmqpError) return error;
    throw error;
  }
  throw new Error('the table was decoded');
}

/** A table with one field `a` of these bytes. */
function oneField(...value: number[]): Uint8Array {
  const entries = [1, 0x61, ...value];
  return Uint8Array.of(0, 0, 0, entries.length, ...entries);
}

/** A table in a table in a table …, `depth` of them. */
function nested(depth: number): FieldTable {
  let inner: FieldTable = new Map();
  for (let priority = 1; priority < depth; priority++) inner = new Map([['t', { type: 'F', value: inner }]]);
  return inner;
}

/** One field of every type, as RabbitMQ 3.10.8 (`rabbit_binary_generator`) encodes them. */
const EVERY_TYPE: readonly (readonly [name: string, value: FieldValue, hex: string])[] = [
  ['b', { type: 'b', value: -2 }, '016262fe'],
  ['B', { type: 'B', value: 254 }, '014242fe'],
  ['s', { type: 's', value: -3 }, '017373fffd'],
  ['u', { type: 'u', value: 65533 }, '017575fffd'],
  ['I', { type: 'I', value: -4 }, '014949fffffffc'],
  ['i', { type: 'i', value: 4294967292 }, '016969fffffffc'],
  ['l', { type: 'l', value: -5n }, '016c6cfffffffffffffffb'],
  ['T', { type: 'T', value: 1700000000n }, '015454000000006553f100'],
  ['f', { type: 'f', value: 1.5 }, '0166663fc00000'],
  ['d', { type: 'd', value: -2.25 }, '016464c002000000000000'],
  ['D', { type: 'D', value: { scale: 2, unscaled: 314 } }, '014444020000013a'],
  ['S', { type: 'S', value: 'hé' }, '0153530000000368c3a9'],
  ['x', { type: 'x', value: Uint8Array.of(0, 255) }, '0178780000000200ff'],
  [
    'A',
    {
      type: 'A',
      value: [
        { type: 't', value: true },
        { type: 'S', value: 'z' },
      ],
    },
    '01414100000008740153000000017a',
  ],
  ['F', { type: 'F', value: new Map([['n', { type: 'V', value: null }]]) }, '01464600000003016e56'],
  ['t', { type: 't', value: false }, '01747400'],
  ['V', { type: 'V', value: null }, '015656'],
];

describe.each(EVERY_TYPE)('a field of type %s', (name, value, hex) => {
  const entries = Buffer.from(hex, 'hex');
  const bytes = Buffer.concat([Uint8Array.of(0, 0, 0, entries.length), entries]);

  test('is written as RabbitMQ writes it', () => {
    expect(Buffer.from(encodeTable(new Map([[name, value]]))).toString('hex')).toBe(bytes.toString('hex'));
  });

  test('is read as RabbitMQ writes it', () => {
    expect(decodeTable(bytes)).toEqual(new Map([[name, value]]));
  });
});

test('any table comes back the same', () => {
  fc.assert(
    fc.property(anyTable, (table) => {
      expect(decodeTable(encodeTable(table))).toEqual(table);
    }),
  );
});

test('any table survives a message port', () => {
  fc.assert(
    fc.property(anyTable, (table) => {
      expect(structuredClone(table)).toEqual(table);
    }),
  );
});

test('any table is refused wherever it is cut off', () => {
  const cut = fc.property(anyTable, (table) => {
    const bytes = encodeTable(table);
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length))).toMatchObject({ scope: 'connection', code: 501 });
    }
  });
  // Each run tries every length, so shrinking would take longer than reading the example.
  fc.assert(cut, { numRuns: 30, endOnFailure: true });
});

test('any table with changed octets is a table or a connection error', () => {
  const change = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  const mutated = fc.property(anyTable, change, (table, changes) => {
    const bytes = encodeTable(table);
    for (const [place, octet] of changes) bytes[place % bytes.length] = octet;
    try {
      expect(decodeTable(bytes)).toBeInstanceOf(Map);
    } catch (error) {
      expect(error).toBeInstanceOf(AmqpError);
    }
  });
  fc.assert(mutated, { numRuns: 1000 });
});

test('64-bit integers of both letters are signed, timestamps are not', () => {
  const ones = Array<number>(8).fill(0xff);
  expect(decodeTable(oneField(0x4c, ...ones)).get('a')).toEqual({ type: 'L', value: -1n });
  expect(decodeTable(oneField(0x54, ...ones)).get('a')).toEqual({ type: 'T', value: 2n ** 64n - 1n });
});

test('any octet but zero is true', () => {
  expect(decodeTable(oneField(0x74, 2)).get('a')).toEqual({ type: 't', value: true });
});

test('of two fields with one name the first counts', () => {
  const twice = Uint8Array.of(0, 0, 0, 8, 1, 0x61, 0x74, 1, 1, 0x61, 0x74, 0);
  expect(decodeTable(twice)).toEqual(new Map([['a', { type: 't', value: true }]]));
});

test('names and strings that are not UTF-8 come back octet by octet', () => {
  const latin1 = Uint8Array.of(0, 0, 0, 10, 2, 0xe9, 0x61, 0x53, 0, 0, 0, 2, 0xc3, 0x28);
  expect(encodeTable(decodeTable(latin1))).toEqual(latin1);
});

test('an unknown type letter is refused', () => {
  expect(refusal(oneField(0x71, 1))).toMatchObject({ code: 501 });
});

test('a zero octet is no type letter', () => {
  expect(refusal(oneField(0x00))).toMatchObject({ code: 501 });
});

test('a length beyond the table is refused, however large', () => {
  expect(refusal(oneField(0x53, 0xff, 0xff, 0xff, 0xff))).toMatchObject({ code: 501 });
  expect(refusal(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toMatchObject({ code: 501 });
});

test('a field that reaches beyond its table is refused even if bytes follow', () => {
  const inner = [0x46, 0, 0, 0, 3, 1, 0x62, 0x49];
  expect(refusal(oneField(...inner, 0, 0, 0, 1))).toMatchObject({ code: 501 });
});

test('tables may nest as deep as the limit and no deeper', () => {
  expect(decodeTable(encodeTable(nested(MAX_NESTING)))).toEqual(nested(MAX_NESTING));
  expect(refusal(encodeTable(nested(MAX_NESTING + 1)))).toMatchObject({ code: 501 });
});

test('nesting as deep as a frame allows does not exhaust the stack', () => {
  const priorities = 20_000;
  const bytes = new Uint8Array(priorities * 6 + 4);
  const view = new DataView(bytes.buffer);
  for (let priority = 0; priority <= priorities; priority++) {
    view.setUint32(priority * 6, (priorities - priority) * 6);
    if (priority < priorities) view.setUint16(priority * 6 + 4, 0x0046);
  }
  expect(refusal(bytes)).toMatchObject({ code: 501 });
});

test('AMQPLAIN’s response is a table without its length', () => {
  const credentials = table({ LOGIN: 'guest', PASSWORD: 'guest' });
  expect(decodeTableEntries(encodeTable(credentials).subarray(4))).toEqual(credentials);
});

test('plain values become the fields that clients would send', () => {
  const built = table({
    product: 'x',
    capabilities: { publisher_confirms: true },
    small: 5,
    large: 5_000_000_000,
    fraction: 0.5,
    exact: 7n,
    nothing: null,
    list: ['a', 1],
    raw: Uint8Array.of(1),
    at: new Date(1_700_000_000_999),
  });
  expect(built).toEqual(
    new Map<string, FieldValue>([
      ['product', { type: 'S', value: 'x' }],
      ['capabilities', { type: 'F', value: new Map([['publisher_confirms', { type: 't', value: true }]]) }],
      ['small', { type: 'I', value: 5 }],
      ['large', { type: 'l', value: 5_000_000_000n }],
      ['fraction', { type: 'd', value: 0.5 }],
      ['exact', { type: 'l', value: 7n }],
      ['nothing', { type: 'V', value: null }],
      ['list', { type: 'A', value: [fieldValue('a'), fieldValue(1)] }],
      ['raw', { type: 'x', value: Uint8Array.of(1) }],
      ['at', { type: 'T', value: 1_700_000_000n }],
    ]),
  );
});
