/**
 * Moves: begun, looked at, ended. Who begins one may read the queue, and write to where its messages go; it goes on by
 * itself, as that user.
 */
import type { Caller } from '../../http/authentication.js';
import { hasTag } from '../../http/authentication.js';
import { Body } from '../../http/bodies.js';
import { missing, notAuthorised } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { Move } from '../../moving/move.js';
import { moveIn, type Target, targetJson } from '../../moving/move-spec.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedQueue, namedVhost, noExchange } from '../base/named.js';
import { exchangeName } from '../base/names.js';
import { checkRight, principalOfCaller } from '../base/principals.js';

export function moveRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/queues/:vhost/:name/move', {
    POST: {
      tag: 'management',
      handle: async ({ caller, params, body }, reply) => {
        const vhost = namedVhost(broker, caller, params);
        const { name: queue } = params as { readonly name: string };
        const { to: asked, ...wish } = moveIn(new Body(body));
        const to = asked.kind === 'exchange' ? { ...asked, exchange: exchangeName(asked.exchange) } : asked;
        const principal = principalOfCaller(broker, caller);
        checkRight(principal, 'read', { kind: 'queue', vhost, name: queue });
        checkTarget(broker, caller, vhost, to);
        namedQueue(broker, vhost, queue);
        const by = { user: caller.user, scopes: caller.grant?.scopes ?? null };
        const move = await broker.moves.begin({ vhost, queue, to, ...wish, ...by });
        return reply.status(202).header('location', `/api/leveret/moves/${move.id}`).send(moveJson(move));
      },
    },
  });
  route('/api/leveret/moves', {
    GET: {
      tag: 'management',
      handle: async ({ caller }) =>
        broker.moves
          .all()
          .filter((move) => isSeen(caller, move))
          .map(moveJson),
    },
  });
  route('/api/leveret/moves/:id', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params }) => moveJson(moveOf(broker, caller, params)),
    },
    DELETE: {
      tag: 'management',
      handle: async ({ caller, params }, reply) => {
        const move = moveOf(broker, caller, params);
        if (move.spec.user !== caller.user && !hasTag(caller, 'administrator'))
          throw notAuthorised('User not authorised to access object');
        await broker.moves.cancel(move);
        return reply.status(204).send();
      },
    },
  });
}

/** Throws the answer where the caller may not publish there, or there is nothing. */
function checkTarget(broker: ManagedBroker, caller: Caller, vhost: string, to: Target): void {
  if (to.kind === 'origin') return;
  const exchange = to.kind === 'exchange' ? to.exchange : '';
  checkRight(principalOfCaller(broker, caller), 'write', { kind: 'exchange', vhost, name: exchange });
  if (to.kind === 'queue') namedQueue(broker, vhost, to.queue);
  else if (broker.view.exchange(vhost, exchange) === undefined) throw noExchange(vhost, exchange);
}

/** The own ones; monitors see all. */
function isSeen(caller: Caller, { spec }: Move): boolean {
  return spec.user === caller.user || hasTag(caller, 'monitoring');
}

function moveOf(broker: ManagedBroker, caller: Caller, params: unknown): Move {
  const { id } = params as { readonly id: string };
  const move = broker.moves.get(id);
  if (move === undefined || !isSeen(caller, move)) throw missing(`no move '${id}'`);
  return move;
}

function moveJson(move: Move): JsonObject {
  const { vhost, queue, to, count, user } = move.spec;
  return {
    id: move.id,
    vhost,
    queue,
    to: targetJson(to),
    state: move.state,
    reason: move.reason,
    count,
    moved: move.moved,
    passed: move.passed,
    unroutable: move.unroutable,
    user,
    started_at: move.startedAt,
    ended_at: move.endedAt,
  };
}
