/** How the broker introduces itself to tools: the same for the overview, the nodes and the definitions. */
import { mechanisms } from '../../../connection/handshake/identity.js';
import type { BoundAddress } from '../../../node/listeners/bound.js';
import type { JsonObject } from '../../http/listings.js';
import type { ManagedBroker } from '../base/managed-broker.js';

const AMQP = 'as per the AMQP specification';

/** In the order of RabbitMQ, those of its plugins behind its own. */
export const EXCHANGE_TYPES: readonly JsonObject[] = [
  exchangeType('direct', `AMQP direct exchange, ${AMQP}`),
  exchangeType('fanout', `AMQP fanout exchange, ${AMQP}`),
  exchangeType('headers', `AMQP headers exchange, ${AMQP}`),
  exchangeType('topic', `AMQP topic exchange, ${AMQP}`),
  exchangeType('x-consistent-hash', 'Consistent Hashing Exchange'),
  exchangeType('x-delayed-message', 'Delayed Message Exchange.'),
  exchangeType('x-local-random', 'Picks one random local binding (queue) to route via (to).'),
  exchangeType('x-modulus-hash', 'Modulus Hashing Exchange'),
  exchangeType('x-random', 'Random Exchange'),
  exchangeType('x-recent-history', 'Recent History Exchange.'),
];

function exchangeType(name: string, description: string): JsonObject {
  return { name, description, enabled: true };
}

/** Nothing is kept but what the counters hold: there is no mode for more or less. */
export const RATES_MODE = 'basic';

const MECHANISMS: Readonly<Record<string, string>> = {
  PLAIN: 'SASL PLAIN authentication mechanism',
  AMQPLAIN: 'QPid AMQPLAIN mechanism',
  EXTERNAL: 'SASL EXTERNAL authentication mechanism using client certificates',
  ANONYMOUS: 'SASL ANONYMOUS authentication mechanism',
};

export function authMechanisms(anonymous: string | null): readonly JsonObject[] {
  // EXTERNAL is for who has shown a certificate: not every client has it.
  return mechanisms(anonymous, false)
    .split(' ')
    .map((name) => ({ name, description: MECHANISMS[name] ?? '', enabled: true }));
}

/** A port that clients reach, under the name that RabbitMQ has for what is spoken there. */
export interface ListenerFacts {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

const PROTOCOLS = { tcp: 'amqp', tls: 'amqp/ssl', ws: 'http/web-amqp', wss: 'https/web-amqp' } as const;

export function listenersOf({ facts, http }: Pick<ManagedBroker, 'facts' | 'http'>): readonly ListenerFacts[] {
  const ports = [
    { protocol: 'http', port: http.port },
    { protocol: 'https', port: http.tlsPort },
  ];
  const own = ports.flatMap(({ protocol, port }) =>
    port === null ? [] : http.hosts.map((host) => ({ protocol, host, port })),
  );
  const { metrics } = http;
  const scraped = metrics?.hosts.map((host) => ({ protocol: 'http/prometheus', host, port: metrics.port })) ?? [];
  return [...facts.listeners.flatMap(portsOf), ...own, ...scraped];
}

/** What listens in the file system has no port. */
function portsOf(bound: BoundAddress): readonly ListenerFacts[] {
  if (bound.kind === 'unix') return [];
  return bound.hosts.map((host) => ({ protocol: PROTOCOLS[bound.kind], host, port: bound.port }));
}

export function listenersJson(broker: Pick<ManagedBroker, 'facts' | 'http'>): readonly JsonObject[] {
  const { node } = broker.facts;
  return listenersOf(broker).map(({ protocol, host, port }) => ({
    node,
    protocol,
    ip_address: host,
    port,
    socket_opts: [],
  }));
}

export function contextsJson({ facts, http }: Pick<ManagedBroker, 'facts' | 'http'>): readonly JsonObject[] {
  return http.hosts.map((host) => ({
    ssl_opts: [],
    node: facts.node,
    description: 'Leveret Management',
    path: '/',
    cowboy_opts: '[]',
    ip: host,
    port: String(http.port ?? http.tlsPort),
  }));
}
