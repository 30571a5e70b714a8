/**
 * Names of vhosts, exchanges and queues: which are reserved, how one is made up, how RabbitMQ writes one in its texts.
 * What must hold: names are compared as the strings that the wire gave, whatever bytes they stand for.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { encodeText } from '../../amqp/text.js';

/** What clients are told the node is called. */
export const NODE_NAME = `leveret@${hostname()}`;

export const DEFAULT_VHOST = '/';
export const DEFAULT_EXCHANGE = '';

/** Where the broker tells what happens in it: in the default vhost. */
export const EVENT_EXCHANGE = 'amq.rabbitmq.event';
/** Where lines of the operator's log go, if that is asked for: in the default vhost. */
export const LOG_EXCHANGE = 'amq.rabbitmq.log';
/** Where copies go of what passes through a vhost that is traced. */
export const TRACE_EXCHANGE = 'amq.rabbitmq.trace';

const RESERVED_PREFIX = 'amq.';
/** The name that stands for the requester's own reply queue, and what the names of such queues start with. */
export const REPLY_TO = 'amq.rabbitmq.reply-to';
export const REPLY_PREFIX = `${REPLY_TO}.`;

const GENERATED_PREFIX = 'amq.gen-';
/** 16 random bytes are 22 characters of base64url, as in RabbitMQ's names. */
const GENERATED_BYTES = 16;

/** The name without line ends, which RabbitMQ drops where something is declared, deleted or bound. */
export function cleanName(name: string): string {
  return name.replaceAll(/[\r\n]/g, '');
}

/** The most octets of a name: what a short string carries. */
const NAME_MAX = 255;

/** Whether the protocol, and the store, have room for a name that did not come over the wire. */
export function fitsName(name: string): boolean {
  return encodeText(name).length <= NAME_MAX;
}

/** Only the broker itself makes resources with such names. */
export function isReserved(name: string): boolean {
  return name.startsWith(RESERVED_PREFIX);
}

/** A name for a queue that was declared without one. */
export function generateQueueName(): string {
  return GENERATED_PREFIX + randomBytes(GENERATED_BYTES).toString('base64url');
}

export function describe(kind: 'queue' | 'exchange', vhost: string, name: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}
