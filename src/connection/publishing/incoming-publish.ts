/**
 * A message whose way the host decides: what it says of itself, checked in RabbitMQ's order, and what is changed in it.
 * An incoming publish owns its message in the core until it is sent or dropped. What must hold: whoever is refused has
 * let go of the message; what a reader may not see (BCC) or could not use (the name by which replies were asked for)
 * is rewritten before any queue has it.
 */
import { type AmqpError, channelError, replyCode } from '../../amqp/errors.js';
import { decodeHeader, encodeHeader, type Properties } from '../../amqp/properties.js';
import { methodId } from '../../amqp/protocol.js';
import { decodeKey } from '../../amqp/publish-key.js';
import type { FieldTable } from '../../amqp/table.js';
import { REPLY_TO } from '../../broker/requests/names.js';
import { BLIND_CARBON_COPY, copiesRefusal } from '../../broker/routing/carbon-copies.js';
import type { Publication } from '../../broker/topology/routes.js';
import type { Engine, Message } from '../../engine/engine.js';
import { refusalError } from '../errors/errors.js';
import { IS_PLAIN_EXPIRATION, parseExpiration } from './expiration.js';
import { asPublished } from './published-as.js';

/** Who publishes. */
export interface Author {
  readonly user: string;
  /** May set a user-id that is not their own. */
  readonly mayImpersonate: boolean;
  /** May publish what others have published, at exchanges that take that. */
  readonly mayRepublish: boolean;
  readonly vhost: string;
  /** Where replies to this channel go; null: it has not asked for any. */
  readonly replyQueue: string | null;
}

export interface IncomingPublish extends Publication {
  readonly message: Message;
  /** Exchange and routing key as two short strings. */
  readonly key: Uint8Array;
  /** The payload of the content header that queues get, where it is not the client's own. */
  readonly header: Uint8Array | null;
  /** The key that queues get, where it is not the one that it was published with. */
  readonly storedKey: Uint8Array | null;
  readonly mandatory: boolean;
}

/**
 * Takes over the message that `Stop.MESSAGE` gave out. `republishes`: whether an exchange takes messages that another
 * broker had. Throws what the client is refused.
 */
export function takeIncomingPublish(
  engine: Engine,
  message: Message,
  author: Author,
  republishes: (exchange: string) => boolean,
): IncomingPublish {
  try {
    const key = new Uint8Array(engine.messageKey(message));
    const { bodySize, properties } = decodeHeader(new Uint8Array(engine.messageHeader(message)));
    checkProperties(properties, author);
    const rewritten = rewrittenProperties(properties, author);
    const incoming: IncomingPublish = {
      message,
      vhost: author.vhost,
      key,
      ...decodeKey(key),
      properties,
      header: rewritten === properties ? null : encodeHeader({ bodySize, properties: rewritten }),
      storedKey: null,
      mandatory: engine.messageMandatory(message),
    };
    return republishes(incoming.exchange) ? asPublished(incoming, bodySize, author.mayRepublish) : incoming;
  } catch (error) {
    // The message must have left the core's hands before its channel is closed.
    engine.releaseMessage(message);
    throw error;
  }
}

/** In RabbitMQ's order. */
function checkProperties(properties: Properties, author: Author): void {
  const { replyTo, userId, expiration } = properties;
  if (replyTo === REPLY_TO && author.replyQueue === null) throw refused('fast reply consumer does not exist');
  if (userId !== undefined && userId !== author.user && !author.mayImpersonate) {
    throw refused(`user_id property set to '${userId}' but authenticated user was '${author.user}'`);
  }
  if (expiration !== undefined) parseExpiration(expiration);
  const refusal = copiesRefusal(properties);
  if (refusal !== null) throw refusalError(refusal, 'basic.publish');
}

function refused(explanation: string): AmqpError {
  return channelError(replyCode.PRECONDITION_FAILED, explanation, methodId('basic.publish'));
}

/** The properties as queues get them: the same object where nothing is to be changed. */
function rewrittenProperties(properties: Properties, author: Author): Properties {
  const { replyTo, headers, expiration } = properties;
  let rewritten = properties;
  if (replyTo === REPLY_TO && author.replyQueue !== null) rewritten = { ...rewritten, replyTo: author.replyQueue };
  if (headers?.has(BLIND_CARBON_COPY)) rewritten = { ...rewritten, headers: without(headers, BLIND_CARBON_COPY) };
  if (expiration !== undefined && !IS_PLAIN_EXPIRATION.test(expiration)) {
    rewritten = { ...rewritten, expiration: String(parseExpiration(expiration)) };
  }
  return rewritten;
}

function without(headers: FieldTable, name: string): FieldTable {
  return new Map([...headers].filter(([other]) => other !== name));
}
