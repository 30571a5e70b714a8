/**
 * How values of field tables compare, and how RabbitMQ writes them in its texts.
 * What must hold: integers of all widths are one type, and so are both floats; two values are the same exactly when
 * their canonical texts are, however deep they are nested.
 */
import type { FieldTable, FieldType, FieldValue } from '../../amqp/table.js';
import { decodeText } from '../../amqp/text.js';
import { floatTerm, term } from '../requests/erlang-terms.js';

/** Erlang's names of the wire types, which stand in error texts. */
const TYPE_NAMES: Record<FieldType, string> = {
  t: 'bool',
  b: 'byte',
  B: 'unsignedbyte',
  s: 'short',
  u: 'unsignedshort',
  I: 'signedint',
  i: 'unsignedint',
  l: 'long',
  L: 'long',
  f: 'float',
  d: 'double',
  D: 'decimal',
  T: 'timestamp',
  S: 'longstr',
  x: 'binary',
  A: 'array',
  F: 'table',
  V: 'void',
};

export function typeName(field: FieldValue): string {
  return TYPE_NAMES[field.type];
}

/** The value of an integer of any width; undefined for anything else. */
export function integerOf(field: FieldValue): bigint | undefined {
  switch (field.type) {
    case 'b':
    case 'B':
    case 's':
    case 'u':
    case 'I':
    case 'i':
    case 'l':
    case 'L':
      return BigInt(field.value);
    default:
      return undefined;
  }
}

/** One text for each value, types included: equal texts mean equal values. */
export function canonical(field: FieldValue): string {
  const integer = integerOf(field);
  if (integer !== undefined) return `i${integer}`;
  switch (field.type) {
    case 'f':
    case 'd':
      return `f${field.value}`;
    case 'S':
      return JSON.stringify(field.value);
    case 'x':
      return `x${Buffer.from(field.value).toString('hex')}`;
    case 'D':
      return `D${field.value.unscaled}e${field.value.scale}`;
    case 'A':
      return `[${field.value.map(canonical).join()}]`;
    case 'F':
      return canonicalTable(field.value);
    default:
      return `${field.type}${field.value}`;
  }
}

/**
 * One text for each value as headers compare: numbers by their value, whatever their types, and bytes as the string
 * they spell.
 */
export function comparable(field: FieldValue): string {
  switch (field.type) {
    case 'f':
    case 'd':
    case 'T':
      return `i${field.value}`;
    case 'x':
      return JSON.stringify(decodeText(field.value));
    default:
      return canonical(field);
  }
}

/** A table's canonical text does not depend on the order of its fields. */
export function canonicalTable(table: FieldTable): string {
  const names = [...table.keys()].sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalOf(table, name)}`).join()}}`;
}

function canonicalOf(table: FieldTable, name: string): string {
  const field = table.get(name);
  return field === undefined ? '' : canonical(field);
}

/** The value as a text shows it to people: strings bare, all else canonical. */
export function display(field: FieldValue): string {
  switch (field.type) {
    case 'S':
      return field.value;
    case 'f':
    case 'd':
      return floatTerm(field.value);
    case 't':
    case 'T':
      return String(field.value);
    case 'V':
      return 'undefined';
    default:
      return String(integerOf(field) ?? canonical(field));
  }
}

/** The value as Erlang writes it, types of nested values included. */
export function erlangTerm(field: FieldValue): string {
  switch (field.type) {
    case 'S':
      return term(field.value);
    case 'x':
      return term(decodeText(field.value));
    case 'A':
      return `[${field.value.map((item) => `{${typeName(item)},${erlangTerm(item)}}`).join()}]`;
    case 'F':
      return `[${[...field.value].map(([name, item]) => `{${term(name)},${typeName(item)},${erlangTerm(item)}}`).join()}]`;
    default:
      return display(field);
  }
}
