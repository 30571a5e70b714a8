/**
 * Where a message was published to, as the core keeps it with the message: exchange and routing key, as they stood in
 * basic.publish.
 */
import { AmqpError } from './errors.js';
import { methodId } from './protocol.js';
import { Reader } from './wire.js';

/** Exchange and routing key as two short strings. Throws when they are not UTF-8. */
export function decodeKey(key: Uint8Array): { readonly exchange: string; readonly routingKey: string } {
  try {
    const reader = new Reader(key);
    return { exchange: reader.shortstr(), routingKey: reader.shortstr() };
  } catch (error) {
    throw error instanceof AmqpError ? error.during(methodId('basic.publish')) : error;
  }
}
