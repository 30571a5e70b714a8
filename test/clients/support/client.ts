/**
 * What the stories of this folder ask of a client library: the few operations that all of them offer, under one name
 * each. An adapter translates and adds nothing; the libraries themselves are used unmodified.
 */
import type { Inbox } from '../../support/waiting.js';

export interface Properties {
  contentType?: string;
  contentEncoding?: string;
  headers?: Record<string, unknown>;
  deliveryMode?: number;
  priority?: number;
  correlationId?: string;
  replyTo?: string;
  expiration?: string;
  messageId?: string;
  /** Seconds since 1970. */
  timestamp?: number;
  type?: string;
  userId?: string;
  appId?: string;
}

export interface Message {
  readonly body: Buffer;
  readonly properties: Properties;
  readonly exchange: string;
  readonly routingKey: string;
}

export interface Delivery extends Message {
  readonly redelivered: boolean;
  ack(multiple?: boolean): void;
  nack(options?: { requeue?: boolean; multiple?: boolean }): void;
  reject(options?: { requeue?: boolean }): void;
}

export interface Returned extends Message {
  readonly replyCode: number;
  readonly replyText: string;
}

export interface QueueOptions {
  readonly passive?: boolean;
  readonly durable?: boolean;
  readonly exclusive?: boolean;
  readonly autoDelete?: boolean;
}

export interface QueueState {
  readonly queue: string;
  readonly messageCount: number;
  readonly consumerCount: number;
}

export interface Consumer {
  readonly tag: string;
  cancel(): Promise<void>;
}

export interface ClientChannel {
  /** Mandatory messages that no queue took. */
  readonly returned: Inbox<Returned>;
  /** Tags of consumers that the broker cancelled. */
  readonly cancelled: Inbox<string>;
  declareQueue(queue: string, options?: QueueOptions): Promise<QueueState>;
  deleteQueue(queue: string): Promise<void>;
  declareExchange(exchange: string, type: string): Promise<void>;
  bindQueue(queue: string, exchange: string, routingKey: string): Promise<void>;
  prefetch(count: number): Promise<void>;
  /** On a confirm channel it resolves when the broker has confirmed. */
  publish(
    exchange: string,
    routingKey: string,
    body: Buffer,
    options?: Properties & { mandatory?: boolean },
  ): Promise<void>;
  get(queue: string, options?: { noAck?: boolean }): Promise<(Delivery & { readonly messageCount: number }) | null>;
  consume(
    queue: string,
    onDelivery: (delivery: Delivery) => void,
    options?: { noAck?: boolean; exclusive?: boolean },
  ): Promise<Consumer>;
  close(): Promise<void>;
}

export interface ClientConnection {
  openChannel(): Promise<ClientChannel>;
  openConfirmChannel(): Promise<ClientChannel>;
  close(): Promise<void>;
}

export interface Client {
  readonly name: string;
  connect(url: string): Promise<ClientConnection>;
}

/**
 * Without the entries that are not set, so that what one library leaves out and another sets to undefined compare
 * equal.
 */
export function present(properties: object): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined && value !== null));
}
