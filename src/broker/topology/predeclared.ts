/** The exchanges that every vhost has from its start, and those of the default one. */
import { EMPTY_TABLE } from '../../amqp/table.js';
import type { CounterList } from '../../engine/engine.js';
import { DEFAULT_EXCHANGE, DEFAULT_VHOST, EVENT_EXCHANGE, LOG_EXCHANGE, TRACE_EXCHANGE } from '../requests/names.js';
import type { Change } from '../requests/requests.js';
import { NOT_COUNTED } from './counter-lists.js';

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

/** How many lists of counters a vhost has from its start: its own, and one of each of these exchanges. */
export function listsOf(vhost: string): number {
  return namesAndTypes(vhost).length + 1;
}

/** `lists`: for their counters, in their order. */
export function predeclaredExchanges(vhost: string, lists: readonly CounterList[]): ExchangeDeclared[] {
  return namesAndTypes(vhost).map(([name, type], index) => {
    const isInternal = name === TRACE_EXCHANGE || name === EVENT_EXCHANGE;
    return predeclared(vhost, name, type, isInternal, lists[index]);
  });
}

function namesAndTypes(vhost: string): (readonly [name: string, type: string])[] {
  const all = [...PREDECLARED, [TRACE_EXCHANGE, 'topic'] as const];
  return vhost === DEFAULT_VHOST ? [...all, [EVENT_EXCHANGE, 'topic'] as const] : all;
}

/** The one that the broker has where its log is published. */
export function logExchange(): ExchangeDeclared {
  return predeclared(DEFAULT_VHOST, LOG_EXCHANGE, 'topic', true);
}

function predeclared(
  vhost: string,
  exchange: string,
  type: string,
  internal: boolean,
  counters: CounterList = NOT_COUNTED,
): ExchangeDeclared {
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
    counters,
  };
}
