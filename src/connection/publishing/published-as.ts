/**
 * A message that another broker had, published once more by whoever moves it (`leveret migrate`): an exchange with the
 * argument `x-republish` routes it as any other, and queues get it as it was: under the exchange and the routing key that
 * it was first published with, with the octets of the properties that it had. All that stands in its header
 * `x-published-as`. What must hold: nobody passes a message off as another's who may not set another's user-id, and
 * nothing gets into a queue that no client could have published.
 */
import { type AmqpError, channelError, replyCode } from '../../amqp/errors.js';
import { decodeHeader, encodeHeader } from '../../amqp/properties.js';
import { methodId } from '../../amqp/protocol.js';
import type { FieldTable } from '../../amqp/table.js';
import { Writer } from '../../amqp/wire.js';
import { IS_PLAIN_EXPIRATION, parseExpiration } from './expiration.js';
import type { IncomingPublish } from './incoming-publish.js';

const PUBLISHED_AS = 'x-published-as';
const PERSISTENT = 2;
/** What a content header has before its properties: class, weight, size of the body. */
const HEAD_OCTETS = 12;

/** What queues get in place of a message's own key and content header. */
interface Original {
  readonly key: Uint8Array;
  readonly header: Uint8Array;
}

/** The message as queues are to get it; the same, where it says nothing of that. Throws what its client is refused. */
export function asPublished(incoming: IncomingPublish, bodySize: number, isAllowed: boolean): IncomingPublish {
  const field = incoming.properties.headers?.get(PUBLISHED_AS);
  if (field === undefined) return incoming;
  if (!isAllowed) throw refused(replyCode.ACCESS_REFUSED, 'is for users with the tag administrator or impersonator');
  if (field.type !== 'F') throw refused(replyCode.PRECONDITION_FAILED, 'must be a table');
  const { key, header } = originalOf(field.value, bodySize, incoming.properties.deliveryMode === PERSISTENT);
  return { ...incoming, header, storedKey: key };
}

function originalOf(fields: FieldTable, bodySize: number, isPersistent: boolean): Original {
  const exchange = fields.get('exchange');
  const routingKey = fields.get('routing-key');
  const octets = fields.get('properties');
  if (exchange?.type !== 'S' || routingKey?.type !== 'S' || octets?.type !== 'x')
    throw refused(replyCode.PRECONDITION_FAILED, 'needs exchange and routing-key as texts, and properties as octets');
  const header = headerOf(octets.value, bodySize);
  const { properties } = decoded(header);
  // What is logged and what is not is known by the header that came.
  if ((properties.deliveryMode === PERSISTENT) !== isPersistent)
    throw refused(replyCode.PRECONDITION_FAILED, 'has another delivery mode than the message');
  const { expiration } = properties;
  const key = keyOf(exchange.value, routingKey.value);
  if (expiration === undefined || IS_PLAIN_EXPIRATION.test(expiration)) return { key, header };
  const plain = { ...properties, expiration: String(parseExpiration(expiration)) };
  return { key, header: encodeHeader({ bodySize, properties: plain }) };
}

function headerOf(properties: Uint8Array, bodySize: number): Uint8Array {
  const head = encodeHeader({ bodySize, properties: {} }).subarray(0, HEAD_OCTETS);
  return Buffer.concat([head, properties]);
}

function decoded(header: Uint8Array): ReturnType<typeof decodeHeader> {
  try {
    return decodeHeader(header);
  } catch {
    throw refused(replyCode.PRECONDITION_FAILED, 'has properties that cannot be read');
  }
}

function keyOf(exchange: string, routingKey: string): Uint8Array {
  const writer = new Writer();
  try {
    writer.shortText(exchange);
    writer.shortText(routingKey);
  } catch {
    throw refused(replyCode.PRECONDITION_FAILED, 'has a name of more than 255 octets');
  }
  return writer.finish();
}

function refused(code: Parameters<typeof channelError>[0], what: string): AmqpError {
  return channelError(code, `header '${PUBLISHED_AS}' ${what}`, methodId('basic.publish'));
}
