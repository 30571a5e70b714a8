/** Values as they stand in the headers of events: RabbitMQ tells much of them as Erlang writes it. */
import type { FieldTable, FieldValue } from '../../amqp/table.js';
import { erlangTerm, typeName } from '../arguments/field-values.js';
import { atomTerm, term } from '../requests/erlang-terms.js';
import type { VhostMetadata } from '../requests/vhost-metadata.js';

export function text(value: string): FieldValue {
  return { type: 'S', value };
}

export function flag(value: boolean): FieldValue {
  return { type: 't', value };
}

export function whole(value: number): FieldValue {
  return { type: 'l', value: BigInt(value) };
}

export function texts(values: readonly string[]): FieldValue {
  return { type: 'A', value: values.map(text) };
}

/** A table of the wire, each field as Erlang writes it: `{<<"x-max-length">>,long,3}`. */
export function fieldTexts(table: FieldTable): FieldValue {
  return texts([...table].map(([name, field]) => `{${term(name)},${typeName(field)},${erlangTerm(field)}}`));
}

/** A value of JSON. */
export function jsonValue(value: unknown): FieldValue {
  if (typeof value === 'boolean') return flag(value);
  if (typeof value === 'number') return Number.isSafeInteger(value) ? whole(value) : { type: 'f', value };
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return { type: 'A', value: value.map(jsonValue) };
  if (typeof value === 'object' && value !== null) return objectValue(value);
  return text('null');
}

/** Nothing in it looks as an empty list, to RabbitMQ. */
function objectValue(value: object): FieldValue {
  const fields = Object.entries(value).filter(([, one]) => one !== undefined);
  if (fields.length === 0) return { type: 'A', value: [] };
  return { type: 'F', value: new Map(fields.map(([name, one]) => [name, jsonValue(one)])) };
}

/** What is said of a vhost, as an Erlang map. */
export function metadataText(metadata: VhostMetadata): string {
  const { description, tags, defaultQueueType, protectedFromDeletion } = metadata;
  const type = defaultQueueType === null ? '' : `default_queue_type => ${term(defaultQueueType)},`;
  const said = description === '' ? '<<>>' : term(description);
  const kept = protectedFromDeletion ? 'protected_from_deletion => true,' : '';
  return `#{${type}description => ${said},${kept}tags => [${tags.map(atomTerm).join()}]}`;
}
