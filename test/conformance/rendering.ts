/**
 * What a broker sent, as one line of text each: the method, its fields, and the message it brings. Fields that say
 * nothing (false, 0 reply ids) are left out; what a broker makes up is shown as `*`: generated names and the times of
 * deaths.
 */
import { methodName } from '../../src/amqp/protocol.js';
import type { FieldTable, FieldValue } from '../../src/amqp/table.js';
import type { Arrival } from '../support/raw-channel.js';

/**
 * What differs from run to run, and what stands for it; the lines that Erlang breaks long terms into; and what RabbitMQ
 * says of a deleted vhost, by which of its processes a connection hears of it first.
 */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/\n\s+/g, ''],
  [/amq\.(gen|ctag)-[\w-]{22}/g, 'amq.$1-*'],
  [/(vhost '[^']*') is down/g, '$1 is deleted'],
  [/(amq\.rabbitmq\.reply-to\.)[\w.+/=-]+/g, '$1*'],
];

/** A line in which nothing is left that changes from run to run. */
export function normalise(line: string): string {
  return VOLATILE.reduce((text, [found, shown]) => text.replace(found, shown), line);
}

export function renderArrival(arrival: Arrival): string {
  if (arrival.name === 'channel.close' || arrival.name === 'connection.close') return renderClose(arrival);
  const { name, ...rest } = arrival;
  if (!('properties' in rest)) return [name, ...renderFields(rest)].join(' ');
  const { properties, body, ...fields } = rest;
  return [name, ...renderFields(fields), renderBody(body), ...renderFields(properties)].join(' ');
}

interface Close {
  readonly name: string;
  readonly replyCode: number;
  readonly replyText: string;
  readonly classId: number;
  readonly methodId: number;
}

export function renderClose({ name, replyCode, replyText, classId, methodId }: Close): string {
  const failed = classId === 0 ? '' : ` in ${methodName(classId, methodId) ?? `${classId}/${methodId}`}`;
  return `${name} ${replyCode}${failed}: ${replyText}`;
}

function renderFields(fields: object): string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== false && value !== undefined)
    .map(([name, value]) => (value === true ? name : `${name}=${renderValue(value)}`));
}

function renderValue(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return value instanceof Map ? renderTable(value as FieldTable) : String(value);
}

function renderBody(body: Buffer): string {
  const text = body.toString();
  return text.length > 100 ? `<${body.length} octets>` : `<${text}>`;
}

/** A table with its type letters; the order of its entries means nothing, so they are sorted. */
export function renderTable(table: FieldTable): string {
  const entries = [...table].map(([name, field]) => `${name}: ${renderField(name, field)}`);
  return `{${entries.sort().join(', ')}}`;
}

function renderField(name: string, field: FieldValue): string {
  switch (field.type) {
    case 'S':
      return `'${field.value}'`;
    case 'F':
      return renderTable(field.value);
    case 'A':
      return `[${field.value.map((item) => renderField('', item)).join(', ')}]`;
    case 'T':
      return name === 'time' ? 'T*' : `T${field.value}`;
    case 'D':
      return `D${field.value.unscaled}e-${field.value.scale}`;
    case 'V':
      return 'V';
    default:
      return `${field.type}${field.value}`;
  }
}
