/**
 * Where a route leads that the core does not know yet.
 */
import { publishRefusal } from '../broker/access.js';
import { RouteFlag } from '../engine/engine.js';
import { refusalError } from './refusal.js';
import type { Session } from './session.js';
import { decodeKey } from './submission.js';

/**
 * Answers `Stop.ROUTE`. Throws when nothing may be published there, by this user. This is the only place where the right to write is asked for: a
 * change of rights is one of the topology, and has all routes resolved anew.
 */
export function installRoute(session: Session): void {
  const { engine, view } = session.host;
  const { exchange, routingKey } = decodeKey(
    engine.bytes.slice(engine.frameOffset, engine.frameOffset + engine.frameLength),
  );
  const refusal = publishRefusal(view, session, exchange);
  if (refusal !== null) throw refusalError(refusal, 'basic.publish');
  if (view.asksHost(session.vhost, exchange, routingKey)) engine.installRoute(session.core, [], RouteFlag.ASK_HOST);
  else engine.installRoute(session.core, view.route(session.vhost, exchange, routingKey), RouteFlag.STATIC);
}
