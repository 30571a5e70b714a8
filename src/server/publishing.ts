/**
 * What the core asks about messages: where a route leads that it does not know yet, and what becomes of a message whose
 * way depends on its headers, or that finds no queue and is to be returned.
 */
import { AmqpError, replyCode } from '../amqp/errors.js';
import { decodeHeader, type Properties } from '../amqp/properties.js';
import { methodId } from '../amqp/protocol.js';
import { Reader } from '../amqp/wire.js';
import { publishRefusal } from '../broker/access.js';
import { copiesRefusal } from '../broker/carbon-copies.js';
import { type Channel as CoreChannel, type Message, type Queue, RouteFlag } from '../engine/engine.js';
import type { Outcome } from './intake.js';
import { refusalError } from './refusal.js';
import type { Session } from './session.js';

interface Key {
  readonly exchange: string;
  readonly routingKey: string;
}

const NO_ROUTE = new TextEncoder().encode('NO_ROUTE');

/** Answers `Stop.ROUTE`. Throws when nothing may be published there. */
export function installRoute(session: Session): void {
  const { engine, view } = session.host;
  const { exchange, routingKey } = decodeKey(
    engine.bytes.slice(engine.frameOffset, engine.frameOffset + engine.frameLength),
  );
  const refusal = publishRefusal(view, session.vhost, exchange);
  if (refusal !== null) throw refusalError(refusal, 'basic.publish');
  if (view.asksHost(session.vhost, exchange, routingKey)) engine.installRoute(session.core, [], RouteFlag.ASK_HOST);
  else engine.installRoute(session.core, view.route(session.vhost, exchange, routingKey), RouteFlag.STATIC);
}

/** Answers `Stop.MESSAGE`: enqueues the message, or returns it, or drops it. */
export function publishAsked(session: Session, channel: CoreChannel, message: Message): Outcome {
  const { engine } = session.host;
  const queues = queuesOf(session, channel, message);
  if (queues.length > 0 || !engine.messageMandatory(message)) {
    engine.publish(channel, message, queues);
    return undefined;
  }
  const busy = session.outputIdle();
  if (busy !== null) return busy.then(() => giveBack(session, channel, message));
  giveBack(session, channel, message);
  return undefined;
}

/** The return goes before the confirm that `publish` counts. */
function giveBack(session: Session, channel: CoreChannel, message: Message): void {
  const { engine } = session.host;
  engine.returnMessage(channel, message, replyCode.NO_ROUTE, NO_ROUTE);
  engine.publish(channel, message, []);
}

function queuesOf(session: Session, channel: CoreChannel, message: Message): readonly Queue[] {
  const { engine, view } = session.host;
  const { exchange, routingKey } = decodeKey(new Uint8Array(engine.messageKey(message)));
  const { vhost } = session;
  return view.routeMessage({ vhost, exchange, routingKey, properties: propertiesOf(session, channel, message) }).queues;
}

function propertiesOf(session: Session, channel: CoreChannel, message: Message): Properties {
  const { engine } = session.host;
  try {
    const { properties } = decodeHeader(new Uint8Array(engine.messageHeader(message)));
    const refusal = copiesRefusal(properties);
    if (refusal !== null) throw refusalError(refusal, 'basic.publish');
    return properties;
  } catch (error) {
    // The message must have left the core's hands before its channel is closed.
    engine.publish(channel, message, []);
    throw error;
  }
}

/** Exchange and routing key as two short strings. Throws when they are not UTF-8. */
function decodeKey(key: Uint8Array): Key {
  try {
    const reader = new Reader(key);
    return { exchange: reader.shortstr(), routingKey: reader.shortstr() };
  } catch (error) {
    throw error instanceof AmqpError ? error.during(methodId('basic.publish')) : error;
  }
}
