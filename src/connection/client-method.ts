/**
 * The methods that a client may send, out of a frame's payload.
 */
import { type AmqpError, replyCode } from '../amqp/errors.js';
import { decodeMethod } from '../amqp/frames.js';
import { type ClientMethod, fromClient, type Method } from '../amqp/protocol.js';
import type { ChannelMethod } from './channel.js';
import { failure } from './errors/errors.js';

/** Decodes a method that a client may send. */
export function clientMethod(payload: Uint8Array): ClientMethod {
  const method = decodeMethod(payload);
  if (isClientMethod(method)) return method;
  throw unimplemented(method);
}

export function isClientMethod(method: Method): method is ClientMethod {
  return fromClient(method.name);
}

export function isChannelMethod(method: ClientMethod): method is ChannelMethod {
  return !method.name.startsWith('connection.');
}

export function unimplemented(method: Method): AmqpError {
  return failure(method, replyCode.COMMAND_INVALID, 'unimplemented method');
}
