/**
 * Copies of what passes through a vhost that is traced: of what a client publishes, when it is routed, and of what it is
 * sent. What must hold: copies are not copied.
 */
import { decodeHeader } from '../amqp/properties.js';
import { TRACE_EXCHANGE } from '../broker/requests/names.js';
import type { Queue } from '../engine/engine.js';
import { deliveryTrace, publishTrace } from '../queues/own-messages/trace-message.js';
import type { Delivered } from './consuming/delivery-tap.js';
import type { IncomingPublish } from './publishing/incoming-publish.js';
import type { Session } from './session/session.js';

/** A message is about to go to queues. */
export function tracePublish(session: Session, channel: number, publish: IncomingPublish, to: readonly Queue[]): void {
  const { host, vhost, name, principal } = session;
  const { engine, view } = host;
  const { message, header, exchange, routingKey } = publish;
  const { properties } = decodeHeader(header ?? new Uint8Array(engine.messageHeader(message)));
  const body = engine.messageBody(message);
  const who = { vhost, connection: name, channel, user: principal.name };
  // A queue for direct replies has no other name than the key.
  const queues = to.map((ref) => view.queueByRef(ref)?.name ?? routingKey);
  host.ownMessages.publish(publishTrace({ ...who, exchange, routingKey, properties, body }, queues));
}

/** A message has gone out. */
export function traceDelivery(session: Session, { channel, queue, method, header, body }: Delivered): void {
  const { host, vhost, name, principal } = session;
  const { exchange, routingKey, redelivered } = method;
  if (body === null || exchange === TRACE_EXCHANGE || !host.view.isTraced(vhost)) return;
  const who = { vhost, connection: name, channel, user: principal.name };
  const { properties } = decodeHeader(header);
  host.ownMessages.publish(deliveryTrace({ ...who, exchange, routingKey, properties, body }, queue, redelivered));
}
