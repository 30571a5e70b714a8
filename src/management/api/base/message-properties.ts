/** Properties of messages as JSON, by RabbitMQ's names, and back. */
import type { Properties } from '../../../amqp/properties.js';
import { Body } from '../../http/bodies.js';
import { badRequest } from '../../http/errors.js';
import type { Json, JsonObject } from '../../http/listings.js';
import { tableFromJson, tableToJson } from './tables.js';

const TEXTS = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'type',
  'userId',
  'appId',
  'clusterId',
] as const;
const OCTETS = ['deliveryMode', 'priority'] as const;

export function propertiesToJson(properties: Properties): JsonObject {
  const shown: Record<string, Json> = {};
  for (const [name, value] of Object.entries(properties)) {
    const plain = typeof value === 'bigint' ? Number(value) : value;
    shown[snake(name)] = typeof plain === 'object' ? tableToJson(plain) : plain;
  }
  return shown;
}

export function propertiesFromJson(given: unknown): Properties {
  const fields = new Body(Array.isArray(given) && given.length === 0 ? {} : given);
  const properties: { -readonly [P in keyof Properties]: Properties[P] } = {};
  for (const name of TEXTS) if (fields.value(snake(name)) !== undefined) properties[name] = shortText(fields, name);
  for (const name of OCTETS) if (fields.value(snake(name)) !== undefined) properties[name] = octet(fields, name);
  if (fields.value('timestamp') !== undefined) properties.timestamp = BigInt(fields.whole('timestamp'));
  if (fields.value('headers') !== undefined) properties.headers = tableFromJson('headers', fields.value('headers'));
  return properties;
}

function shortText(fields: Body, name: string): string {
  const text = fields.text(snake(name));
  if (Buffer.byteLength(text) > 255) throw badRequest(`${snake(name)} is longer than 255 octets`);
  return text;
}

function octet(fields: Body, name: string): number {
  const number = fields.whole(snake(name));
  if (number < 0 || number > 255) throw badRequest(`${snake(name)} must be from 0 to 255`);
  return number;
}

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
