/** What a channel can be asked for, and how. What is left out is as AMQP has it, but for what is said here. */
import type { HeaderValue, MessageProperties } from './properties.js';

/** Where a channel is opened. */
export interface ChannelOptions {
  /** The broker's first one, if nothing is said. */
  readonly vhost?: string | undefined;
  /** Whose rights it has; the broker's first user's, if nothing is said. The program needs no password. */
  readonly user?: string | undefined;
  /** What operators know it by. */
  readonly name?: string | undefined;
  /**
   * `confirm`, if nothing is said: the broker confirms each publish. `transactions`: what is published and acknowledged
   * counts when it is committed.
   */
  readonly mode?: 'confirm' | 'transactions' | undefined;
}

/** Arguments of queues, exchanges, bindings and consumers, such as `x-max-length`. */
export interface Arguments {
  readonly [name: string]: HeaderValue;
}

export interface QueueOptions {
  /** Only looks whether it is there. */
  readonly passive?: boolean | undefined;
  /** True if nothing is said, unless it is exclusive. */
  readonly durable?: boolean | undefined;
  /** For this channel alone, and deleted with it. */
  readonly exclusive?: boolean | undefined;
  readonly autoDelete?: boolean | undefined;
  readonly arguments?: Arguments | undefined;
}

export interface ExchangeOptions {
  /** Only looks whether it is there. */
  readonly passive?: boolean | undefined;
  /** True if nothing is said. */
  readonly durable?: boolean | undefined;
  readonly autoDelete?: boolean | undefined;
  /** Messages come from other exchanges only. */
  readonly internal?: boolean | undefined;
  readonly arguments?: Arguments | undefined;
}

/** How a message is published, beside its properties. */
export interface PublishOptions extends MessageProperties {
  /** A message that goes to no queue comes back, as the event `returned`. */
  readonly mandatory?: boolean | undefined;
}

export interface ConsumeOptions {
  /** So many messages may be unacknowledged at once; 0: any number. */
  readonly prefetch?: number | undefined;
  /** Each message counts as done when it is delivered. */
  readonly noAck?: boolean | undefined;
  /** Nobody else may consume. */
  readonly exclusive?: boolean | undefined;
  /** By this the consumer is cancelled; one that is free, if nothing is said. */
  readonly consumerTag?: string | undefined;
  readonly arguments?: Arguments | undefined;
}

/** What the broker says of a queue that was declared. */
export interface QueueState {
  readonly queue: string;
  readonly messageCount: number;
  readonly consumerCount: number;
}
