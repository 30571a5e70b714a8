/**
 * Field tables as JSON, and back, as RabbitMQ's HTTP API writes them: integers are numbers, texts are texts, lists and
 * objects are arrays and tables. What JSON cannot tell apart (widths of integers, bytes and text) is told in the widest
 * usual way.
 */
import type { FieldTable, FieldValue } from '../../../amqp/table.js';
import { type Plain, table } from '../../../amqp/table.js';
import { badRequest } from '../../http/errors.js';
import type { Json, JsonObject } from '../../http/listings.js';

export function tableToJson(fields: FieldTable): JsonObject {
  return Object.fromEntries([...fields].map(([name, value]) => [name, valueToJson(value)]));
}

function valueToJson({ type, value }: FieldValue): Json {
  switch (type) {
    case 'F':
      return tableToJson(value);
    case 'A':
      return value.map(valueToJson);
    case 'x':
      return Buffer.from(value).toString('utf8');
    case 'D':
      return value.unscaled / 10 ** value.scale;
    case 'l':
    case 'L':
    case 'T':
      return Number(value);
    default:
      return value;
  }
}

/** Rejects what is no object. */
export function tableFromJson(name: string, given: unknown): FieldTable {
  if (given === undefined || given === null) return new Map();
  // Old tools say an empty table as an empty list, as Erlang does.
  if (Array.isArray(given) && given.length === 0) return new Map();
  if (typeof given !== 'object' || Array.isArray(given)) throw badRequest(`${name} must be an object`);
  return table(given as { readonly [field: string]: Plain });
}
