/**
 * What the HTTP API answers when it does not do what was asked: a status, and RabbitMQ's `{"error", "reason"}`. The one
 * place where a refusal of the broker becomes a status.
 */
import { replyCode } from '../../amqp/errors.js';
import { NoAnswer } from '../clients/inspections.js';
import { Refused, SessionLost } from '../sessions/amqp-session.js';

/** RabbitMQ's word for what a client's session did not find. */
const NOT_FOUND = 'not_found';

export class HttpError extends Error {
  constructor(
    readonly status: number,
    /** RabbitMQ's word for it. */
    readonly error: string,
    reason: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(reason);
  }
}

/** RabbitMQ's answer, which does not say what is missing: for the routes that RabbitMQ has. */
export function notFound(): HttpError {
  return new HttpError(404, 'Object Not Found', 'Not Found');
}

/** For routes that RabbitMQ has not. `what`: what is missing, and where: `no queue 'q' in vhost '/'`. */
export function missing(what: string): HttpError {
  return new HttpError(404, NOT_FOUND, what);
}

export function badRequest(reason: string): HttpError {
  return new HttpError(400, 'bad_request', reason);
}

export function preconditionFailed(reason: string): HttpError {
  return new HttpError(412, 'precondition_failed', reason);
}

export function notAuthorised(reason: string): HttpError {
  return new HttpError(401, 'not_authorised', reason);
}

/** It cannot be said whether it would be done: the one to do it has gone, or does not answer. */
function unavailable(reason: string): HttpError {
  return new HttpError(503, 'unavailable', reason);
}

/** What AMQP calls a refusal, as RabbitMQ's HTTP API tells it: without the reply code's name. */
export function fromRefusal({ code, message }: Refused): HttpError {
  const reason = message.replace(/^[A-Z_]+ - /, '');
  if (code === replyCode.NOT_FOUND) return missing(reason);
  if (code === replyCode.CONNECTION_FORCED) return unavailable(reason);
  if (code === replyCode.ACCESS_REFUSED || code === replyCode.NOT_ALLOWED) return notAuthorised(reason);
  return badRequest(reason);
}

export function asHttpError(error: unknown): HttpError | null {
  if (error instanceof HttpError) return error;
  if (error instanceof NoAnswer || error instanceof SessionLost) return unavailable(error.message);
  return error instanceof Refused ? fromRefusal(error) : null;
}
