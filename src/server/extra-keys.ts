/**
 * The headers CC and BCC: further routing keys that a message brings along. Pure.
 */
import { type AmqpError, channelError, replyCode } from '../amqp/errors.js';
import { methodId } from '../amqp/protocol.js';
import type { FieldTable, FieldValue } from '../amqp/table.js';
import { typeName } from '../broker/field-values.js';

const NAMES = ['CC', 'BCC'] as const;
type KeyHeader = (typeof NAMES)[number];

/** The keys in one of the headers; what is no text in it is no key. */
export function routingKeysIn(headers: FieldTable, name: KeyHeader): readonly string[] {
  const field = headers.get(name);
  return field?.type === 'A' ? field.value.flatMap((key) => (key.type === 'S' ? [key.value] : [])) : [];
}

/** Refuses headers CC and BCC that are no arrays, with RabbitMQ's words. */
export function checkKeyHeaders(headers: FieldTable): void {
  for (const name of NAMES) {
    const field = headers.get(name);
    if (field !== undefined && field.type !== 'A') throw unacceptable(name, field);
  }
}

function unacceptable(name: KeyHeader, field: FieldValue): AmqpError {
  const explanation = `invalid message: {unacceptable_type_in_header,"${name}",${typeName(field)}}`;
  return channelError(replyCode.PRECONDITION_FAILED, explanation, methodId('basic.publish'));
}
