/** Payloads and properties of messages, as RabbitMQ's HTTP API shows them. */
import type { Properties } from '../../../amqp/properties.js';
import type { Json, JsonObject } from '../../http/listings.js';
import { propertiesToJson } from './message-properties.js';

export type Encoding = 'auto' | 'base64';

/** RabbitMQ shows none as an empty list. */
export function shownProperties(properties: Properties): Json {
  const shown = propertiesToJson(properties);
  return Object.keys(shown).length === 0 ? [] : shown;
}

/** Text where it is UTF-8, if that is wanted. */
export function payloadJson(payload: Uint8Array, encoding: Encoding): JsonObject {
  const text = encoding === 'auto' ? utf8(payload) : null;
  return text === null
    ? { payload: Buffer.from(payload).toString('base64'), payload_encoding: 'base64' }
    : { payload: text, payload_encoding: 'string' };
}

function utf8(octets: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets);
  } catch {
    return null;
  }
}
