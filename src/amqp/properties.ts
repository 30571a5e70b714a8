/**
 * The content header: body size and the properties of a basic message, as the payload of a header frame.
 * What must hold: a header that is decoded and encoded again is the same message, so strings that are not UTF-8 are
 * kept (see text.ts), as RabbitMQ keeps them.
 */
import { type AmqpError, connectionError, replyCode } from './errors.js';
import { type FieldTable, readTable, writeTable } from './table.js';
import { Reader, Writer } from './wire.js';

const BASIC_CLASS = 60;

interface PropertyTypes {
  shortstr: string;
  octet: number;
  longlong: bigint;
  table: FieldTable;
}

/** In wire order; the first has the highest bit of the flags. */
const PROPERTIES = {
  contentType: 'shortstr',
  contentEncoding: 'shortstr',
  headers: 'table',
  deliveryMode: 'octet',
  priority: 'octet',
  correlationId: 'shortstr',
  replyTo: 'shortstr',
  expiration: 'shortstr',
  messageId: 'shortstr',
  timestamp: 'longlong',
  type: 'shortstr',
  userId: 'shortstr',
  appId: 'shortstr',
  clusterId: 'shortstr',
} as const satisfies { readonly [name: string]: keyof PropertyTypes };

type PropertyName = keyof typeof PROPERTIES;
type PropertyType = keyof PropertyTypes;

/** Properties that are not there were not sent. `timestamp` is in seconds. */
export type Properties = { readonly [P in PropertyName]?: PropertyTypes[(typeof PROPERTIES)[P]] };

export interface ContentHeader {
  readonly bodySize: number;
  readonly properties: Properties;
}

const NAMES = Object.keys(PROPERTIES) as PropertyName[];

/** Flags fill 16 bits from the top; the lowest two are not properties and are ignored, as RabbitMQ ignores them. */
function flagOf(index: number): number {
  return 0x8000 >> index;
}

export function encodeHeader(header: ContentHeader): Uint8Array {
  const writer = new Writer();
  writer.short(BASIC_CLASS);
  writer.short(0);
  writer.longlong(BigInt(header.bodySize));
  writeProperties(writer, header.properties);
  return writer.finish();
}

/** What follows the body's size in the payload of a header frame. */
export function encodeProperties(properties: Properties): Uint8Array {
  const writer = new Writer();
  writeProperties(writer, properties);
  return writer.finish();
}

/** Decodes the payload of a header frame. Throws `AmqpError`. */
export function decodeHeader(payload: Uint8Array): ContentHeader {
  const reader = new Reader(payload);
  const classId = reader.short();
  const weight = reader.short();
  const bodySize = reader.longlong();
  if (weight !== 0) throw unexpected('got non content header frame instead');
  if (classId !== BASIC_CLASS) throw unexpected(`got one for class ${classId} instead`);
  // Beyond what a number holds exactly, and beyond what any broker stores.
  if (bodySize > Number.MAX_SAFE_INTEGER) throw reader.undecodable();
  return { bodySize: Number(bodySize), properties: readProperties(reader) };
}

function unexpected(what: string): AmqpError {
  return connectionError(replyCode.UNEXPECTED_FRAME, `expected content header for class ${BASIC_CLASS}, ${what}`);
}

function readProperties(reader: Reader): Properties {
  const flags = reader.short();
  const present = NAMES.filter((_, index) => (flags & flagOf(index)) !== 0);
  const properties = Object.fromEntries(present.map((name) => [name, READERS[PROPERTIES[name]](reader)]));
  reader.finish();
  return properties;
}

type PropertyReaders = { readonly [T in PropertyType]: (reader: Reader) => PropertyTypes[T] };

const READERS: PropertyReaders = {
  shortstr: (reader) => reader.shortText(),
  octet: (reader) => reader.octet(),
  longlong: (reader) => reader.longlong(),
  table: readTable,
};

function writeProperties(writer: Writer, properties: Properties): void {
  const flags = NAMES.reduce((sum, name, index) => (properties[name] === undefined ? sum : sum | flagOf(index)), 0);
  writer.short(flags);
  for (const name of NAMES) {
    const value = properties[name];
    if (value !== undefined) writeProperty(writer, value);
  }
}

/** The type of the value tells its wire type: no two property types share one. */
function writeProperty(writer: Writer, value: PropertyTypes[PropertyType]): void {
  if (typeof value === 'string') writer.shortText(value);
  else if (typeof value === 'number') writer.octet(value);
  else if (typeof value === 'bigint') writer.longlong(value);
  else writeTable(writer, value);
}
