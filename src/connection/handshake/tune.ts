/**
 * The limits of a connection: what is offered, and what a client may make of the offer. Pure.
 */
import { connectionError, replyCode } from '../../amqp/errors.js';
import { type MethodOf, methodId } from '../../amqp/protocol.js';
import { FRAME_MAX_LEAST, type NodeLimits } from '../../broker/requests/node-limits.js';

export interface Limits {
  /** How many channels there may be; their numbers are the client's to choose. */
  readonly channelMax: number;
  /** Longest frame in bytes, its header and end octet included. */
  readonly frameMax: number;
  /** Interval in seconds; 0: no heartbeats. */
  readonly heartbeat: number;
}

const HEARTBEAT = 60;

/** What a client is offered. */
export function offer({ channelMax, frameMax }: Pick<NodeLimits, 'channelMax' | 'frameMax'>): Limits {
  return { channelMax, frameMax, heartbeat: HEARTBEAT };
}

/** Checks tune-ok against the offer. Throws what RabbitMQ would only log. */
export function negotiate(tuneOk: MethodOf<'connection.tune-ok'>, offered: Limits): Limits {
  const { channelMax, frameMax, heartbeat } = tuneOk;
  check('frame_max', frameMax, FRAME_MAX_LEAST, offered.frameMax);
  check('channel_max', channelMax, 1, offered.channelMax);
  return { channelMax, frameMax, heartbeat };
}

function check(field: string, value: number, least: number, most: number): void {
  // Zero asks for no limit, which is more than was offered.
  if (value === 0)
    throw refused(`negotiated ${field} = 0 (no limit) is higher than the maximum allowed value (${most})`);
  if (value < least) throw refused(`negotiated ${field} = ${value} is lower than the minimum allowed value (${least})`);
  if (value > most) throw refused(`negotiated ${field} = ${value} is higher than the maximum allowed value (${most})`);
}

function refused(explanation: string): Error {
  return connectionError(replyCode.NOT_ALLOWED, explanation, methodId('connection.tune'));
}
