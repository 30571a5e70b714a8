/** Random values of the protocol for fast-check: fields, tables, properties, and every method from its description. */
import fc from 'fast-check';
import type { Properties } from '../../src/amqp/properties.js';
import { METHODS, type Method, type MethodName, type MethodSpec, type WireType } from '../../src/amqp/protocol.js';
import type { FieldTable, FieldValue } from '../../src/amqp/table.js';

/** Any text that fits a short string: at most 4 bytes a character. */
export const shortText = fc.string({ unit: 'binary', maxLength: 63 });
const longText = fc.string({ unit: 'binary', maxLength: 300 });
const bytes = fc.uint8Array({ maxLength: 300 });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

function unsigned(bits: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 2 ** bits - 1 });
}

function signed(bits: number): fc.Arbitrary<number> {
  return fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 });
}

function field<T extends FieldValue['type'], V>(type: T, value: fc.Arbitrary<V>): fc.Arbitrary<{ type: T; value: V }> {
  return fc.record({ type: fc.constant(type), value }, { noNullPrototype: true });
}

export const { table } = fc.letrec<{ table: FieldTable; value: FieldValue }>((tie) => ({
  table: fc
    .array(fc.tuple(shortText, tie('value')), { maxLength: 4, depthIdentifier: 'table' })
    .map((entries) => new Map(entries)),
  value: fc.oneof(
    { depthSize: 'small', depthIdentifier: 'table' },
    field('t', fc.boolean()),
    field('b', signed(8)),
    field('B', unsigned(8)),
    field('s', signed(16)),
    field('u', unsigned(16)),
    field('I', signed(32)),
    field('i', unsigned(32)),
    field('l', int64),
    field('L', int64),
    field('T', uint64),
    field('f', fc.float()),
    field('d', fc.double()),
    field('D', fc.record({ scale: unsigned(8), unscaled: unsigned(32) }, { noNullPrototype: true })),
    field('S', longText),
    field('x', bytes),
    field('V', fc.constant(null)),
    field('A', fc.array(tie('value'), { maxLength: 4, depthIdentifier: 'table' })),
    field('F', tie('table')),
  ),
}));

const WIRE: { readonly [T in WireType]: fc.Arbitrary<unknown> } = {
  bit: fc.boolean(),
  octet: unsigned(8),
  short: unsigned(16),
  long: unsigned(32),
  longlong: uint64,
  shortstr: shortText,
  longstr: longText,
  bytes,
  table,
};

/** Any method of this name. */
export function methodOf(name: MethodName): fc.Arbitrary<Method> {
  const spec: MethodSpec = METHODS[name];
  const fields = Object.entries(spec.fields).filter((entry): entry is [string, WireType] => entry[1] in WIRE);
  const arbitraries = Object.fromEntries(fields.map(([field, type]) => [field, WIRE[type]]));
  // Built from the description that the type is inferred from.
  return fc
    .record({ name: fc.constant(name), ...arbitraries }, { noNullPrototype: true })
    .map((method) => method as unknown as Method);
}

const allProperties: fc.Arbitrary<Required<Properties>> = fc.record(
  {
    contentType: shortText,
    contentEncoding: shortText,
    headers: table,
    deliveryMode: unsigned(8),
    priority: unsigned(8),
    correlationId: shortText,
    replyTo: shortText,
    expiration: shortText,
    messageId: shortText,
    timestamp: uint64,
    type: shortText,
    userId: shortText,
    appId: shortText,
    clusterId: shortText,
  },
  { noNullPrototype: true },
);

/** Any subset of the properties. */
export const properties: fc.Arbitrary<Properties> = fc
  .tuple(allProperties, unsigned(14))
  .map(([all, subset]) => Object.fromEntries(Object.entries(all).filter((_, index) => (subset >> index) & 1)));
