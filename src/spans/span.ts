/** What is told of one step of a message, on its way from the thread that made the step to the one that exports it. */
import type { TraceContext } from './traceparent.js';

/** Where a client speaks to the broker; null: not by TCP. */
export type ServerEnd = { readonly address: string; readonly port: number } | null;

export interface Span {
  /** The span that it is a child of. */
  readonly context: TraceContext;
  /** Both in milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly vhost: string;
  /** The name of the connection. */
  readonly connection: string;
  readonly channel: number;
  readonly server: ServerEnd;
  readonly exchange: string;
  readonly routingKey: string;
  /** Of the body (octets). */
  readonly size: number;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  /** To whom it went; null: it was published. */
  readonly delivery: Delivery | null;
}

export interface Delivery {
  readonly queue: string;
  /** Null: it was got by basic.get. */
  readonly consumerTag: string | null;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
}
