/** The exchanges that every vhost has from its start, and those of the default one. */
import { EMPTY_TABLE } from '../../amqp/table.js';
import { DEFAULT_EXCHANGE, DEFAULT_VHOST, EVENT_EXCHANGE, TRACE_EXCHANGE } from '../requests/names.js';
import type { Change } from '../requests/requests.js';

type ExchangeDeclared = Extract<Change, { kind: 'exchange.declared' }>;

/** The default exchange's bindings are implied: each queue is bound by its own name. */
const PREDECLARED: readonly (readonly [name: string, type: string])[] = [
  [DEFAULT_EXCHANGE, 'direct'],
  ['amq.direct', 'direct'],
  ['amq.fanout', 'fanout'],
  ['amq.topic', 'topic'],
  ['amq.headers', 'headers'],
  ['amq.match', 'headers'],
];

export function predeclaredExchanges(vhost: string): ExchangeDeclared[] {
  return [
    ...PREDECLARED.map(([name, type]) => predeclared(vhost, name, type, false)),
    predeclared(vhost, TRACE_EXCHANGE, 'topic', true),
    ...(vhost === DEFAULT_VHOST ? [predeclared(vhost, EVENT_EXCHANGE, 'topic', true)] : []),
  ];
}

function predeclared(vhost: string, exchange: string, type: string, internal: boolean): ExchangeDeclared {
  const kind = 'exchange.declared';
  return {
    kind,
    vhost,
    exchange,
    type,
    durable: true,
    autoDelete: false,
    internal,
    arguments: EMPTY_TABLE,
    alternate: null,
    cacheMemory: null,
    historyMemory: null,
  };
}
