/**
 * Spans as OTLP's JSON, as a receiver takes them at /v1/traces. The packages of OpenTelemetry that write it are made for
 * programs that trace themselves: eight of them, with clocks, samplers and identities of their own, of which nothing
 * would be used but what stands here. What must hold: numbers of 64 bits are texts, identities hexadecimal, and
 * enumerations numbers, as OTLP asks for.
 */
import { randomBytes } from 'node:crypto';
import type { Span } from './span.js';

/** Who exports. */
export interface SpanResource {
  /** What tools know the broker by. */
  readonly node: string;
}

const PRODUCER = 4;
const CONSUMER = 5;
/** Sampled; and it is known whether the parent is of another process: it is. */
const FLAGS = 0x01 | 0x100 | 0x200;

type Value = { readonly stringValue: string } | { readonly intValue: string } | { readonly boolValue: boolean };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** The body of a request. */
export function otlpRequest(spans: readonly Span[], { node }: SpanResource): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: {
          attributes: attributes({ 'service.name': 'leveret', 'service.instance.id': node }),
        },
        scopeSpans: [{ scope: { name: 'leveret' }, spans: spans.map(otlpSpan) }],
      },
    ],
  });
}

function otlpSpan(span: Span): object {
  const { context, start, end, delivery } = span;
  const name = destination(span);
  return {
    traceId: context.traceId,
    spanId: spanId(),
    ...(context.state === '' ? {} : { traceState: context.state.toWellFormed() }),
    parentSpanId: context.parentId,
    flags: FLAGS,
    name: `${delivery === null ? 'publish' : 'deliver'} ${name}`.toWellFormed(),
    kind: delivery === null ? PRODUCER : CONSUMER,
    startTimeUnixNano: nanoseconds(start),
    endTimeUnixNano: nanoseconds(end),
    attributes: attributes({ ...ofMessage(span, name), ...ofDelivery(span) }),
    status: {},
  };
}

/** By OpenTelemetry's conventions for messaging, and RabbitMQ's among them; what they have no name for is `leveret.`. */
function ofMessage(span: Span, destinationName: string): Given {
  return {
    'messaging.system': 'rabbitmq',
    'messaging.operation.name': span.delivery === null ? 'publish' : 'deliver',
    'messaging.operation.type': span.delivery === null ? 'send' : 'receive',
    'messaging.destination.name': destinationName,
    'messaging.rabbitmq.destination.routing_key': span.routingKey,
    'messaging.message.body.size': span.size,
    'messaging.message.id': span.messageId,
    'messaging.message.conversation_id': span.correlationId,
    'server.address': span.server?.address,
    'server.port': span.server?.port,
    'leveret.vhost': span.vhost,
    'leveret.connection': span.connection,
    'leveret.channel': span.channel,
  };
}

function ofDelivery({ delivery }: Span): Given {
  if (delivery === null) return {};
  return {
    'messaging.rabbitmq.message.delivery_tag': delivery.deliveryTag,
    'leveret.queue': delivery.queue,
    'leveret.consumer_tag': delivery.consumerTag ?? undefined,
    'leveret.redelivered': delivery.redelivered,
  };
}

/** Exchange, routing key and queue, as far as there are any that differ; RabbitMQ's convention. */
function destination({ exchange, routingKey, delivery }: Span): string {
  const queue = delivery?.queue ?? '';
  const parts = [exchange, routingKey, queue === routingKey ? '' : queue].filter((part) => part !== '');
  return parts.length === 0 ? 'amq.default' : parts.join(':');
}

/** What is undefined is not told. */
type Given = Readonly<Record<string, string | number | boolean | undefined>>;

function attributes(given: Given): Attribute[] {
  return Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: attributeValue(value) }],
  );
}

/** All numbers are whole. */
function attributeValue(value: string | number | boolean): Value {
  // Octets that are no UTF-8 (src/amqp/text.ts): a receiver would refuse all that comes with them.
  if (typeof value === 'string') return { stringValue: value.toWellFormed() };
  return typeof value === 'number' ? { intValue: String(value) } : { boolValue: value };
}

/** Milliseconds are whole. */
function nanoseconds(milliseconds: number): string {
  return `${Math.trunc(milliseconds)}000000`;
}

/** Random, and not all zero. */
function spanId(): string {
  const id = randomBytes(8).toString('hex');
  return /[1-9a-f]/.test(id) ? id : spanId();
}
