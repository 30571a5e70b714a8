/**
 * Field tables: the typed maps of arguments, headers and peer properties, with RabbitMQ's set of type letters.
 * Values keep their wire type, so that a table which is read and written again is the same; names and strings that are
 * not UTF-8 survive too (see text.ts). Tables are plain data: they can be cloned across a message port.
 * What must hold: no input makes the decoder read past its bytes or recurse without bound (the reader sees to both).
 */
import { Reader, Writer } from './wire.js';

/** The JavaScript type of each type letter. Timestamps (T) are seconds; `l` and `L` are the same to RabbitMQ. */
interface FieldTypes {
  /** Truth value. */
  t: boolean;
  /** Integers of 8, 16, 32 and 64 bits, signed and unsigned. */
  b: number;
  B: number;
  s: number;
  u: number;
  I: number;
  i: number;
  l: bigint;
  L: bigint;
  T: bigint;
  /** Floating point of 32 and 64 bits, and decimal. */
  f: number;
  d: number;
  D: Decimal;
  /** Text, bytes, array, table, nothing. */
  S: string;
  x: Uint8Array;
  A: readonly FieldValue[];
  F: FieldTable;
  V: null;
}
export type FieldType = keyof FieldTypes;

/** A value with its type letter on the wire. */
export type FieldValue = { [T in FieldType]: { readonly type: T; readonly value: FieldTypes[T] } }[FieldType];

/** `unscaled` / 10^`scale`. */
export interface Decimal {
  readonly scale: number;
  readonly unscaled: number;
}

export type FieldTable = ReadonlyMap<string, FieldValue>;

export const EMPTY_TABLE: FieldTable = new Map();

/** Encodes a table with its length. */
export function encodeTable(table: FieldTable): Uint8Array {
  const writer = new Writer();
  writeTable(writer, table);
  return writer.finish();
}

/** Decodes a table with its length; nothing may follow it. */
export function decodeTable(bytes: Uint8Array): FieldTable {
  const reader = new Reader(bytes);
  const table = readTable(reader);
  reader.finish();
  return table;
}

/** Decodes the entries of a table without its length, as an AMQPLAIN response brings them. */
export function decodeTableEntries(bytes: Uint8Array): FieldTable {
  return readEntries(new Reader(bytes));
}

export function readTable(reader: Reader): FieldTable {
  return reader.within(reader.long(), () => readEntries(reader));
}

export function writeTable(writer: Writer, table: FieldTable): void {
  writer.prefixed(() => {
    for (const [name, value] of table) {
      writer.shortText(name);
      writeValue(writer, value);
    }
  });
}

function readEntries(reader: Reader): FieldTable {
  const table = new Map<string, FieldValue>();
  while (reader.remaining > 0) {
    const name = reader.shortText();
    const value = readValue(reader);
    // Of two fields with one name the first counts, as in RabbitMQ's lookups.
    if (!table.has(name)) table.set(name, value);
  }
  return table;
}

function readArray(reader: Reader): FieldValue[] {
  return reader.within(reader.long(), () => {
    const values: FieldValue[] = [];
    while (reader.remaining > 0) values.push(readValue(reader));
    return values;
  });
}

function writeArray(writer: Writer, values: readonly FieldValue[]): void {
  writer.prefixed(() => {
    for (const value of values) writeValue(writer, value);
  });
}

interface Codec<T> {
  readonly read: (reader: Reader) => T;
  readonly write: (writer: Writer, value: T) => void;
}

const CODECS: { readonly [T in FieldType]: Codec<FieldTypes[T]> } = {
  t: { read: (reader) => reader.octet() !== 0, write: (writer, value) => writer.octet(Number(value)) },
  b: { read: (reader) => reader.int8(), write: (writer, value) => writer.int8(value) },
  B: { read: (reader) => reader.octet(), write: (writer, value) => writer.octet(value) },
  s: { read: (reader) => reader.int16(), write: (writer, value) => writer.int16(value) },
  u: { read: (reader) => reader.short(), write: (writer, value) => writer.short(value) },
  I: { read: (reader) => reader.int32(), write: (writer, value) => writer.int32(value) },
  i: { read: (reader) => reader.long(), write: (writer, value) => writer.long(value) },
  l: { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value) },
  L: { read: (reader) => reader.int64(), write: (writer, value) => writer.int64(value) },
  T: { read: (reader) => reader.longlong(), write: (writer, value) => writer.longlong(value) },
  f: { read: (reader) => reader.float(), write: (writer, value) => writer.float(value) },
  d: { read: (reader) => reader.double(), write: (writer, value) => writer.double(value) },
  D: {
    read: (reader) => ({ scale: reader.octet(), unscaled: reader.long() }),
    write: (writer, { scale, unscaled }) => {
      writer.octet(scale);
      writer.long(unscaled);
    },
  },
  S: { read: (reader) => reader.longText(), write: (writer, value) => writer.longText(value) },
  x: { read: (reader) => reader.longBytes(), write: (writer, value) => writer.longBytes(value) },
  A: { read: readArray, write: writeArray },
  F: { read: readTable, write: writeTable },
  V: { read: () => null, write: () => {} },
};

function isFieldType(letter: string): letter is FieldType {
  return Object.hasOwn(CODECS, letter);
}

function readValue(reader: Reader): FieldValue {
  const type = String.fromCharCode(reader.octet());
  if (!isFieldType(type)) throw reader.undecodable();
  // The codec of a letter yields that letter's type, which the compiler does not follow through the union.
  return { type, value: CODECS[type].read(reader) } as FieldValue;
}

function writeValue(writer: Writer, { type, value }: FieldValue): void {
  const codec = CODECS[type] as Codec<FieldTypes[FieldType]>;
  writer.octet(type.charCodeAt(0));
  codec.write(writer, value);
}

/** What `table` makes fields of: JavaScript values of one obvious wire type. */
export type Plain = boolean | number | bigint | string | Uint8Array | Date | null | readonly Plain[] | PlainObject;
export interface PlainObject {
  readonly [name: string]: Plain;
}

/** Builds a table from plain values: `table({ product: 'x', capabilities: { publisher_confirms: true } })`. */
export function table(fields: PlainObject): FieldTable {
  return new Map(Object.entries(fields).map(([name, value]) => [name, fieldValue(value)]));
}

/** A plain value with the type letter that most clients would choose for it. */
export function fieldValue(value: Plain): FieldValue {
  if (value === null) return { type: 'V', value };
  if (typeof value === 'string') return { type: 'S', value };
  if (typeof value === 'boolean') return { type: 't', value };
  if (typeof value === 'bigint') return { type: 'l', value };
  if (typeof value === 'number') return numberValue(value);
  if (value instanceof Uint8Array) return { type: 'x', value };
  if (value instanceof Date) return { type: 'T', value: BigInt(Math.floor(value.getTime() / 1000)) };
  if (isArray(value)) return { type: 'A', value: value.map(fieldValue) };
  return { type: 'F', value: table(value) };
}

function numberValue(value: number): FieldValue {
  if (!Number.isSafeInteger(value)) return { type: 'd', value };
  if (value === (value | 0)) return { type: 'I', value };
  return { type: 'l', value: BigInt(value) };
}

/** `Array.isArray` does not narrow to read-only arrays. */
function isArray(value: readonly Plain[] | PlainObject): value is readonly Plain[] {
  return Array.isArray(value);
}
