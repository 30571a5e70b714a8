/**
 * Arguments in JSON, as RabbitMQ writes and reads them: types of numbers and texts are told no finer than JSON has
 * them. What must hold: what was read can go over the wire, and is written as it was.
 */
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { decodeText } from '../../amqp/text.js';
import { MAX_NESTING } from '../../amqp/wire.js';
import { fitsName } from '../requests/names.js';
import { DefinitionsError, type Fields } from './fields.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function argumentsIn(fields: Fields): FieldTable {
  return tableOf(fields.record('arguments') as { readonly [name: string]: Json }, fields.placeOf('arguments'), 1);
}

function tableOf(values: { readonly [name: string]: Json }, place: string, depth: number): FieldTable {
  return new Map(
    Object.entries(values).map(([name, value]) => {
      if (!fitsName(name)) throw new DefinitionsError(place, 'has a name that is longer than 255 octets');
      return [name, fieldOf(value, `${place}.${name}`, depth)];
    }),
  );
}

/** Whole numbers are 64 bits long, as in RabbitMQ. */
function fieldOf(value: Json, place: string, depth: number): FieldValue {
  if (value === null) return { type: 'V', value };
  if (typeof value === 'string') return { type: 'S', value };
  if (typeof value === 'boolean') return { type: 't', value };
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? { type: 'l', value: BigInt(value) } : { type: 'd', value };
  }
  if (depth === MAX_NESTING) throw new DefinitionsError(place, `must be at most ${MAX_NESTING} lists and tables deep`);
  if (isList(value)) return { type: 'A', value: value.map((one) => fieldOf(one, place, depth + 1)) };
  return { type: 'F', value: tableOf(value, place, depth + 1) };
}

export function jsonOf(table: FieldTable): { readonly [name: string]: Json } {
  return Object.fromEntries([...table].map(([name, field]) => [name, jsonValue(field)]));
}

function jsonValue(field: FieldValue): Json {
  switch (field.type) {
    case 'A':
      return field.value.map(jsonValue);
    case 'F':
      return jsonOf(field.value);
    case 'x':
      return decodeText(field.value);
    case 'D':
      return field.value.unscaled / 10 ** field.value.scale;
    default:
      return typeof field.value === 'bigint' ? Number(field.value) : field.value;
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
