/**
 * Every refusal of the topology with RabbitMQ's code and words: clients match on both.
 * A text is the part after `NAME - `; what cuts it to the wire's length is the protocol layer.
 */
import { type ReplyCode, replyCode } from '../../amqp/errors.js';
import { describe, NODE_NAME } from './names.js';
import type { Refusal } from './requests.js';

export type Refused = { readonly ok: false; readonly refusal: Refusal };

export function refused(refusal: Refusal): Refused {
  return { ok: false, refusal };
}

function onChannel(code: ReplyCode, text: string): Refusal {
  return { scope: 'channel', code, text };
}

export function precondition(text: string): Refusal {
  return onChannel(replyCode.PRECONDITION_FAILED, text);
}

export function noQueue(vhost: string, queue: string): Refusal {
  return onChannel(replyCode.NOT_FOUND, `no ${describe('queue', vhost, queue)}`);
}

export function noExchange(vhost: string, exchange: string): Refusal {
  return onChannel(replyCode.NOT_FOUND, `no ${describe('exchange', vhost, exchange)}`);
}

function notAllowed(text: string): Refusal {
  return { scope: 'connection', code: replyCode.NOT_ALLOWED, text };
}

export function noVhost(vhost: string): Refusal {
  return notAllowed(`vhost ${vhost} not found`);
}

export function noVhostAccess(vhost: string, user: string): Refusal {
  return notAllowed(`access to vhost '${vhost}' refused for user '${user}'`);
}

export function nodeConnectionLimit(most: number): Refusal {
  return notAllowed(`connection refused: node connection limit (${most}) is reached`);
}

export function vhostConnectionLimit(vhost: string, user: string, most: number): Refusal {
  return notAllowed(`access to vhost '${vhost}' refused for user '${user}': connection limit (${most}) is reached`);
}

export function userConnectionLimit(user: string, most: number): Refusal {
  return notAllowed(`connection refused for user '${user}': user connection limit (${most}) is reached`);
}

export function nodeChannelLimit(most: number): Refusal {
  const reached = `has reached the maximum allowed limit of (${most})`;
  return notAllowed(`number of channels opened on node '${NODE_NAME}' ${reached}`);
}

export function channelLimit(user: string, most: number): Refusal {
  const reached = `has reached the maximum allowed user limit of (${most})`;
  return notAllowed(`number of channels opened for user '${user}' ${reached}`);
}

export function queueLimit(vhost: string, queue: string, most: number): Refusal {
  return precondition(`cannot declare queue '${queue}': queue limit in vhost '${vhost}' (${most}) is reached`);
}

export function clusterQueueLimit(queue: string, most: number): Refusal {
  return precondition(`cannot declare queue '${queue}': queue limit in cluster (${most}) is reached`);
}

export function exchangeLimit(vhost: string, exchange: string, most: number): Refusal {
  return precondition(`cannot declare exchange '${exchange}': exchange limit in vhost '${vhost}' (${most}) is reached`);
}

export function clusterExchangeLimit(vhost: string, exchange: string, most: number): Refusal {
  return precondition(
    `cannot declare exchange '${exchange}' in vhost '${vhost}': exchange limit of ${most} is reached`,
  );
}

/** RabbitMQ knows no such limit. */
export function bindingLimit(kind: 'queue' | 'exchange', vhost: string, name: string, most: number): Refusal {
  return precondition(`cannot bind ${kind} '${name}': binding limit in vhost '${vhost}' (${most}) is reached`);
}

/** An empty queue name stands for the queue last declared on the channel; there was none. */
export function noPreviousQueue(): Refusal {
  return onChannel(replyCode.NOT_FOUND, 'no previously declared queue');
}

export function reservedName(kind: 'queue' | 'exchange', name: string): Refusal {
  return onChannel(replyCode.ACCESS_REFUSED, `${kind} name '${name}' contains reserved prefix 'amq.*'`);
}

/** The user has no such right; the text does not say which. */
export function accessRefused(kind: 'queue' | 'exchange', vhost: string, name: string, user: string): Refusal {
  return onChannel(replyCode.ACCESS_REFUSED, `access to ${describe(kind, vhost, name)} refused for user '${user}'`);
}

/** The user has the right on the exchange, and not for this routing key. */
export function topicRefused(vhost: string, exchange: string, key: string, user: string): Refusal {
  const topic = `topic '${key}' in ${describe('exchange', vhost, exchange)}`;
  return onChannel(replyCode.ACCESS_REFUSED, `access to ${topic} refused for user '${user}'`);
}

export function defaultExchange(): Refusal {
  return onChannel(replyCode.ACCESS_REFUSED, 'operation not permitted on the default exchange');
}

export function systemExchange(vhost: string, exchange: string): Refusal {
  return onChannel(replyCode.ACCESS_REFUSED, `deletion of system ${describe('exchange', vhost, exchange)} not allowed`);
}

export function internalExchange(vhost: string, exchange: string): Refusal {
  return onChannel(replyCode.ACCESS_REFUSED, `cannot publish to internal ${describe('exchange', vhost, exchange)}`);
}

/** The queue has an exclusive consumer, or others while an exclusive one was asked for. */
export function exclusiveUse(vhost: string, queue: string): Refusal {
  return onChannel(replyCode.ACCESS_REFUSED, `${describe('queue', vhost, queue)} in exclusive use`);
}

export function reusedConsumer(consumer: string): Refusal {
  return notAllowed(`attempt to reuse consumer tag '${consumer}'`);
}

export function lockedQueue(vhost: string, queue: string): Refusal {
  return onChannel(
    replyCode.RESOURCE_LOCKED,
    `cannot obtain exclusive access to locked ${describe('queue', vhost, queue)}. It could be originally declared on ` +
      'another connection or the exclusive property value does not match that of the original declaration.',
  );
}

/** A quorum queue with one active consumer gives single messages to nobody. */
export function noSingleMessages(vhost: string, queue: string): Refusal {
  return onChannel(
    replyCode.RESOURCE_LOCKED,
    `cannot obtain access to locked ${describe('queue', vhost, queue)}. basic.get operations are not supported by ` +
      'quorum queues with single active consumer',
  );
}

export function inUse(kind: 'queue' | 'exchange', vhost: string, name: string): Refusal {
  return precondition(`${describe(kind, vhost, name)} in use`);
}

export function notEmpty(vhost: string, queue: string): Refusal {
  return precondition(`${describe('queue', vhost, queue)} not empty`);
}

export function unknownExchangeType(type: string): Refusal {
  return precondition(`unknown exchange type '${type}'`);
}

/** `reason` is an Erlang term in RabbitMQ's texts: a word, a pair, or a quoted sentence. */
export function invalidArgument(argument: string, resource: string, reason: string): Refusal {
  return precondition(`invalid arg '${argument}' for ${resource}: ${reason}`);
}

/** The memory of the core is used up. */
export function noMemory(kind: 'queue' | 'exchange', vhost: string, name: string): Refusal {
  return {
    scope: 'connection',
    code: replyCode.RESOURCE_ERROR,
    text: `no memory for ${describe(kind, vhost, name)}`,
  };
}

/** What was asked for cannot be made durable. It may be by and by: what is decided stays so. */
export function notSaved(): Refusal {
  return { scope: 'connection', code: replyCode.INTERNAL_ERROR, text: 'definitions cannot be written' };
}
