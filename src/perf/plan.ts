/** What a run consists of, as plain values: they go to the threads of the load as they are. */
import type { Plain } from '../amqp/table.js';
import type { TlsSettings } from '../client/connection.js';
import type { Endpoint } from '../client/endpoint.js';
import type { ClockKind } from './load/clock.js';
import type { Step } from './measure/steps.js';

export interface Exchange {
  /** Empty: the default exchange. */
  readonly name: string;
  readonly type: string;
}

export interface Queue {
  readonly name: string;
  /** By which the exchange leads to it. */
  readonly bindingKey: string;
}

export interface Messages {
  /** Octets of a body. One step: all have the same. */
  readonly sizes: readonly Step[];
  readonly isPersistent: boolean;
  readonly isMandatory: boolean;
  /** Names of properties, and of headers, as they were given. */
  readonly properties: Readonly<Record<string, string>>;
}

export interface Plan {
  /** Connections go round over them. */
  readonly endpoints: readonly Endpoint[];
  readonly tls: TlsSettings;
  readonly heartbeat: number;
  readonly threads: number;
  /** What connections are called, and what the run is called in its report. */
  readonly name: string;

  readonly exchange: Exchange;
  readonly queues: readonly Queue[];
  /** Whether the queues' names were made up, so that nobody else uses them. */
  readonly isQueueOwn: boolean;
  readonly queueArguments: Readonly<Record<string, Plain>>;
  readonly isQueueAutoDelete: boolean;
  /** Nothing is declared. */
  readonly isPredeclared: boolean;
  /** What was made up stays. */
  readonly isKept: boolean;

  readonly producers: number;
  /** Null: the name of the queue. */
  readonly routingKey: string | null;
  readonly messages: Messages;
  /** Of each producer, a second; null: as fast as it goes. */
  readonly producerRates: readonly Step[] | null;
  /** Messages of each producer; null: no end. */
  readonly producerMessages: number | null;
  /** The most messages of a producer that are not confirmed; null: no confirms. */
  readonly confirms: number | null;

  readonly consumers: number;
  readonly consumerRate: readonly Step[] | null;
  readonly consumerMessages: number | null;
  /** 0: no limit. */
  readonly prefetch: number;
  readonly isAutoAck: boolean;
  /** An ack for so many. */
  readonly ackEvery: number;
  readonly consumerArguments: Readonly<Record<string, Plain>>;

  /** The most messages that are published and not yet consumed; null: no limit. */
  readonly inFlightMax: number | null;
  readonly clock: ClockKind;
  /** Seconds that count; null: until it is interrupted, or all is done. */
  readonly duration: number | null;
  /** Seconds before those. */
  readonly warmup: number;
  /** Seconds between two lines of progress. */
  readonly interval: number;
}

/** What its connections call themselves. */
export const PRODUCT = 'leveret perf';
