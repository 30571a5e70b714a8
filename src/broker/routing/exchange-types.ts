/**
 * The exchange types by the name that clients declare them with: how each routes, which arguments and bindings it
 * takes, and what it does with messages besides. A new one is an entry here, and a file with its router.
 */
import type { FieldTable } from '../../amqp/table.js';
import { ConsistentHashRouter, hashArgumentsError, hashesByKey, weightError } from './consistent-hash.js';
import { DELAYED_TYPE, innerType, NO_INNER_TYPE } from './delayed.js';
import { DirectRouter } from './direct.js';
import { FanoutRouter } from './fanout.js';
import { HeadersRouter, headersArgumentsError } from './headers.js';
import { localRandomError } from './local-random.js';
import { ModulusHashRouter } from './modulus-hash.js';
import { RandomRouter } from './random.js';
import { historyArgumentsError, historyLength } from './recent-history.js';
import type { Bound, End, Router } from './router.js';
import { TopicRouter } from './topic.js';

interface ExchangeType {
  newRouter<B extends Bound>(args: FieldTable): Router<B>;
  /** Whether an exchange with these arguments decides for each message anew, by more than the key. */
  asksHost(args: FieldTable): boolean;
  /** Why an exchange with these arguments is refused; null when it is not. */
  argumentsError(args: FieldTable): string | null;
  /** Why a binding to `end` is refused; null when it is not. `args` are those of the exchange. */
  bindingError(binding: Pick<Bound, 'routingKey' | 'arguments'>, args: FieldTable, end: End): string | null;
  /** Whether it holds messages back that ask for it. */
  readonly delays: boolean;
  /** How many of the last messages an exchange with these arguments remembers for queues that are bound later. */
  remembers(args: FieldTable): number;
}

const no = (): false => false;
const yes = (): true => true;
const fine = (): null => null;
const none = (): number => 0;
const plain = { asksHost: no, argumentsError: fine, bindingError: fine, delays: false, remembers: none };

/** It routes, and takes bindings, as the type that its arguments name. */
const delayed: ExchangeType = {
  newRouter: (args) => inner(args).newRouter(args),
  asksHost: yes,
  argumentsError: (args) => {
    const type = exchangeType(innerType(args) ?? '');
    return type === undefined ? NO_INNER_TYPE : type.argumentsError(args);
  },
  bindingError: (binding, args, end) => inner(args).bindingError(binding, args, end),
  delays: true,
  remembers: (args) => inner(args).remembers(args),
};

const TYPES = new Map<string, ExchangeType>([
  ['direct', { ...plain, newRouter: () => new DirectRouter() }],
  ['fanout', { ...plain, newRouter: () => new FanoutRouter() }],
  ['topic', { ...plain, newRouter: () => new TopicRouter() }],
  [
    'headers',
    {
      ...plain,
      newRouter: () => new HeadersRouter(),
      asksHost: yes,
      bindingError: (binding) => headersArgumentsError(binding.arguments),
    },
  ],
  [
    'x-consistent-hash',
    {
      ...plain,
      newRouter: (args) => new ConsistentHashRouter(args),
      asksHost: (args) => !hashesByKey(args),
      argumentsError: hashArgumentsError,
      bindingError: ({ routingKey }) => weightError(routingKey),
    },
  ],
  ['x-random', { ...plain, newRouter: () => new RandomRouter(), asksHost: yes }],
  [
    'x-local-random',
    {
      ...plain,
      newRouter: () => new RandomRouter(),
      asksHost: yes,
      bindingError: (_binding, _args, end) => localRandomError(end),
    },
  ],
  ['x-modulus-hash', { ...plain, newRouter: () => new ModulusHashRouter() }],
  [
    'x-recent-history',
    {
      ...plain,
      newRouter: () => new FanoutRouter(),
      asksHost: yes,
      argumentsError: historyArgumentsError,
      remembers: historyLength,
    },
  ],
  [DELAYED_TYPE, delayed],
]);

/** Undefined when there is no such type. */
export function exchangeType(name: string): ExchangeType | undefined {
  return TYPES.get(name);
}

function inner(args: FieldTable): ExchangeType {
  const type = exchangeType(innerType(args) ?? '');
  if (type === undefined) throw new Error('a delayed exchange without an inner type was let through');
  return type;
}
