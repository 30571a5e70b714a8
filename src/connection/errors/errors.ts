/**
 * What a client is refused, as the errors that close channels and connections, and as the fields of the close methods.
 *
 * This folder puts into words what a client does wrong; all that handles what clients send imports it.
 */
import { AmqpError, channelError, connectionError, type ReplyCode, replyCode } from '../../amqp/errors.js';
import { type MethodName, methodId } from '../../amqp/protocol.js';
import type { Refusal } from '../../broker/requests/requests.js';

/**
 * The error that a refusal of the broker layer is; it names the method that was refused. RabbitMQ refuses a channel
 * before it looks at the method that opens it.
 */
export function refusalError(refusal: Refusal, method: MethodName): AmqpError {
  const failed = method === 'channel.open' ? undefined : methodId(method);
  return new AmqpError(refusal.scope, refusal.code, refusal.text, failed);
}

/** An error of the connection, raised by this method. */
export function failure(method: { readonly name: MethodName }, code: ReplyCode, explanation: string): AmqpError {
  return connectionError(code, explanation, methodId(method.name));
}

/** A method that a connection does not take as far as it has come. */
export function unexpected(method: { readonly name: MethodName }, state: string): AmqpError {
  return failure(method, replyCode.CHANNEL_ERROR, `unexpected method in connection state ${state}`);
}

/** What channel.close and connection.close say. */
export interface Reason {
  readonly replyCode: number;
  readonly replyText: string;
  readonly classId: number;
  readonly methodId: number;
}

export function reasonOf(error: AmqpError): Reason {
  return { replyCode: error.code, replyText: error.text, classId: error.classId, methodId: error.methodId };
}

/** A delivery was unacknowledged for too long. */
export function timedOut(channel: number, timeout: number): AmqpError {
  return channelError(
    replyCode.PRECONDITION_FAILED,
    `delivery acknowledgement on channel ${channel} timed out. Timeout value used: ${timeout} ms. ` +
      'This timeout value can be configured, see consumers doc guide to learn more',
  );
}

/** A channel asks for a message and has as many unacknowledged ones as it may; RabbitMQ knows no such limit. */
export function tooManyUnacked(most: number): AmqpError {
  return channelError(
    replyCode.PRECONDITION_FAILED,
    `number of unacknowledged deliveries of the channel has reached the maximum allowed (${most})`,
    methodId('basic.get'),
  );
}
