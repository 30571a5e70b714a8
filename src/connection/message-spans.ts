/**
 * Spans of what a client publishes and is sent, for messages whose headers ask for them. What must hold: the message
 * passes as it is; a message that asks for none costs a look at its headers.
 */
import { decodeHeader, type Properties } from '../amqp/properties.js';
import type { Span } from '../spans/span.js';
import type { SpanSender } from '../spans/span-sender.js';
import { sampledContext } from '../spans/traceparent.js';
import type { Delivered } from './consuming/delivery-tap.js';
import type { IncomingPublish } from './publishing/incoming-publish.js';
import type { Session } from './session/session.js';

/** A message is about to go to queues. */
export function tellOfPublish(spans: SpanSender, session: Session, channel: number, publish: IncomingPublish): void {
  const context = sampledContext(publish.properties.headers);
  if (context === null) return;
  const { engine } = session.host;
  const { message, exchange, routingKey, properties } = publish;
  spans.send(() => ({
    context,
    ...times(engine.messageArrival(message)),
    ...place(session, channel),
    exchange,
    routingKey,
    ...aboutMessage(properties, decodeHeader(new Uint8Array(engine.messageHeader(message))).bodySize),
    delivery: null,
  }));
}

/** A message goes out. */
export function tellOfDelivery(spans: SpanSender, session: Session, delivered: Delivered): void {
  const { properties, bodySize } = decodeHeader(delivered.header);
  const context = sampledContext(properties.headers);
  if (context === null) return;
  const { channel, queue, method, arrival } = delivered;
  const { exchange, routingKey, redelivered } = method;
  const consumerTag = method.name === 'basic.deliver' ? method.consumerTag : null;
  spans.send(() => ({
    context,
    ...times(arrival),
    ...place(session, channel),
    exchange,
    routingKey,
    ...aboutMessage(properties, bodySize),
    delivery: { queue, consumerTag, deliveryTag: Number(method.deliveryTag), redelivered },
  }));
}

/** Until now; `start` 0: nobody knows when it was. */
function times(start: number): Pick<Span, 'start' | 'end'> {
  const now = Date.now();
  // The clock may have been set back.
  return start === 0 || start > now ? { start: now, end: now } : { start, end: now };
}

function place(
  { vhost, name, server }: Session,
  channel: number,
): Pick<Span, 'vhost' | 'connection' | 'channel' | 'server'> {
  return { vhost, connection: name, channel, server };
}

function aboutMessage(
  { messageId, correlationId }: Properties,
  size: number,
): Pick<Span, 'size' | 'messageId' | 'correlationId'> {
  return { size, messageId, correlationId };
}
