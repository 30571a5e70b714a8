/** The exchange types by the name that clients declare them with: how each routes, and which bindings it takes. */
import type { FieldTable } from '../../amqp/table.js';
import { DirectRouter } from './direct.js';
import { FanoutRouter } from './fanout.js';
import { HeadersRouter, headersArgumentsError } from './headers.js';
import type { Bound, Router } from './router.js';
import { TopicRouter } from './topic.js';

interface ExchangeType {
  newRouter<B extends Bound>(): Router<B>;
  /** Whether routing looks at a message's headers, which only the host can read. */
  readonly readsHeaders: boolean;
  /** Why a binding with these arguments is refused; null when it is not. */
  argumentsError(args: FieldTable): string | null;
}

const anyArguments = (): null => null;

const TYPES = new Map<string, ExchangeType>([
  ['direct', { newRouter: () => new DirectRouter(), readsHeaders: false, argumentsError: anyArguments }],
  ['fanout', { newRouter: () => new FanoutRouter(), readsHeaders: false, argumentsError: anyArguments }],
  ['topic', { newRouter: () => new TopicRouter(), readsHeaders: false, argumentsError: anyArguments }],
  ['headers', { newRouter: () => new HeadersRouter(), readsHeaders: true, argumentsError: headersArgumentsError }],
]);

/** Undefined when there is no such type. */
export function exchangeType(name: string): ExchangeType | undefined {
  return TYPES.get(name);
}
