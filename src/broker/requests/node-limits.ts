/**
 * How much there may be of what clients make, on the whole node, whoever asks: each with what holds where nothing is
 * said, which is more than a large honest client needs. What administrators set for one vhost or one user comes before
 * (src/broker/policies/limits.ts). What must hold: a limit that is lowered below what is there harms nobody who is
 * there; new ones are refused.
 */
import { BODY_MAX, CHANNEL_MAX, FRAME_MAX } from '../../numbers/core.js';

/** One that allows so many is none: nothing is counted as far. */
const COUNT_MAX = 2 ** 31 - 1;
/** The protocol's least; RabbitMQ 4.1 raised it to 8192, which locks older clients out. */
export const FRAME_MAX_LEAST = 4096;

export interface LimitRange {
  /** What holds where nothing is said. */
  readonly standard: number;
  readonly least: number;
  readonly most: number;
}

function count(standard: number): LimitRange {
  return { standard, least: 0, most: COUNT_MAX };
}

/** Times in ms, sizes in octets. Those that RabbitMQ has are called as there. */
export const NODE_LIMITS = {
  /** Connections that have entered a vhost; some more may be on their way. */
  connectionMax: count(100_000),
  connectionMaxPerUser: count(100_000),
  connectionMaxPerVhost: count(100_000),
  /** Sockets from one address, logged in or not. */
  connectionMaxPerAddress: count(50_000),
  /** Channels of a connection. */
  channelMax: { standard: CHANNEL_MAX, least: 1, most: CHANNEL_MAX },
  channelMaxPerNode: count(500_000),
  channelMaxPerUser: count(500_000),
  consumerMaxPerChannel: count(50_000),
  /** Deliveries of a channel that are not acknowledged: consumers wait when there are so many. */
  unackedMaxPerChannel: { standard: 1_000_000, least: 1, most: COUNT_MAX },
  clusterQueueLimit: count(1_000_000),
  queueMaxPerVhost: count(1_000_000),
  clusterExchangeLimit: count(1_000_000),
  exchangeMaxPerVhost: count(1_000_000),
  bindingMaxPerVhost: count(5_000_000),
  frameMax: { standard: FRAME_MAX, least: FRAME_MAX_LEAST, most: FRAME_MAX },
  maxMessageSize: { standard: BODY_MAX, least: 1, most: BODY_MAX },
  /** From the first octet to connection.open. */
  handshakeTimeout: { standard: 10_000, least: 100, most: 3_600_000 },
} as const satisfies Record<string, LimitRange>;

export type NodeLimit = keyof typeof NODE_LIMITS;
export type NodeLimits = { readonly [K in NodeLimit]: number };

export const NODE_LIMIT_NAMES = Object.keys(NODE_LIMITS) as readonly NodeLimit[];

/** What holds where nothing is said. */
export const DEFAULT_LIMITS = Object.fromEntries(
  NODE_LIMIT_NAMES.map((name) => [name, NODE_LIMITS[name].standard]),
) as NodeLimits;
