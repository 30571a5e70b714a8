/**
 * The settings that say how much there may be of what clients make. Their values, and what these may be, are those of
 * `NODE_LIMITS`; their keys are the names there, with underscores.
 */
import { NODE_LIMIT_NAMES, NODE_LIMITS, type NodeLimit } from '../../broker/requests/node-limits.js';
import { wholeNumber } from './kinds.js';
import type { Setting } from './settings.js';

type Underscored<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Underscored<Rest>}`
  : Name;

export type LimitKey = Underscored<NodeLimit>;

const HELP: Readonly<Record<NodeLimit, string>> = {
  connectionMax: 'connections in all',
  connectionMaxPerUser: 'connections of each user, where nothing else is set for the user',
  connectionMaxPerVhost: 'connections to each vhost, where nothing else is set for the vhost',
  connectionMaxPerAddress: 'connections from one address; those beyond are closed at once',
  channelMax: 'channels of a connection',
  channelMaxPerNode: 'channels in all',
  channelMaxPerUser: 'channels of each user, where nothing else is set for the user',
  consumerMaxPerChannel: 'consumers of a channel',
  unackedMaxPerChannel: 'deliveries of a channel that are not acknowledged; its consumers get no more meanwhile',
  clusterQueueLimit: 'queues in all',
  queueMaxPerVhost: 'queues in each vhost, where nothing else is set for the vhost',
  clusterExchangeLimit: 'exchanges in all, those that every vhost has among them',
  exchangeMaxPerVhost: 'exchanges in each vhost, those that every vhost has among them',
  bindingMaxPerVhost: 'bindings in each vhost',
  frameMax: 'octets of the largest frame that clients are offered',
  maxMessageSize: 'octets of the largest message, without its properties',
  handshakeTimeout:
    'milliseconds that a client may take until it has opened a vhost; before that as many for the handshake of TLS',
};

/** The key of a limit in the file. */
export function limitKey(name: NodeLimit): LimitKey {
  // The type says the same as the expression.
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`) as LimitKey;
}

export const LIMIT_SETTINGS = Object.fromEntries(
  NODE_LIMIT_NAMES.map((name) => {
    const { standard, least, most } = NODE_LIMITS[name];
    return [limitKey(name), { kind: wholeNumber(least, most), help: HELP[name], standard, isReloadable: true }];
  }),
) as { readonly [K in LimitKey]: Setting<number> };
