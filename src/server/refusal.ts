/**
 * Refusals of the broker layer as the errors that close channels and connections.
 */
import { AmqpError } from '../amqp/errors.js';
import { type MethodName, methodId } from '../amqp/protocol.js';
import type { Refusal } from '../broker/requests.js';

/** The error that a refusal is; it names the method that was refused. */
export function refusalError(refusal: Refusal, method: MethodName): AmqpError {
  return new AmqpError(refusal.scope, refusal.code, refusal.text, methodId(method));
}
