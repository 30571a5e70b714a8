/** Messages: published to an exchange, taken from a queue. For trying things, as in RabbitMQ: clients are faster. */
import type { ServerResponse } from 'node:http';
import type { MethodOf } from '../../../amqp/protocol.js';
import { accessQueue } from '../../../broker/topology/access.js';
import { type AckModeName, COUNT_MAX } from '../../contract/messages.js';
import type { Caller } from '../../http/authentication.js';
import { Body } from '../../http/bodies.js';
import { badRequest, fromRefusal, HttpError, notFound } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import { type AmqpSession, type Content, Refused } from '../../sessions/amqp-session.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { payloadJson, shownProperties } from '../base/message-json.js';
import { propertiesFromJson } from '../base/message-properties.js';
import { exchangeName } from '../base/names.js';
import { checkRight, principalOfCaller } from '../base/principals.js';
import { vhostOf } from '../base/vhost-access.js';

/** The most octets of bodies that one request gets: it stops behind the message that passes it. */
const OCTETS_MAX = 64 * 1024 * 1024;

interface Path {
  readonly name: string;
}

/** Exclusive queues belong to other connections than this. */
const NO_CONNECTION = 0;

/** What becomes of messages that were got. */
const ACK_MODES = {
  ack_requeue_true: { noAck: false, requeue: true },
  reject_requeue_true: { noAck: false, requeue: true },
  ack_requeue_false: { noAck: true, requeue: false },
  reject_requeue_false: { noAck: false, requeue: false },
} as const satisfies Record<AckModeName, unknown>;

type AckMode = (typeof ACK_MODES)[AckModeName];

export function messageRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/exchanges/:vhost/:name/publish', {
    POST: {
      tag: 'management',
      handle: async ({ caller, params, body }) => {
        const vhost = vhostOf(broker, caller, params);
        const exchange = exchangeName((params as Path).name);
        const { routingKey, content } = message(new Body(body));
        const routed = await broker.sessions
          .with(caller, vhost, async (session) => {
            await session.ask({ name: 'confirm.select', nowait: false }, 'confirm.select-ok');
            return session.publish(exchange, routingKey, content);
          })
          .catch((error: unknown) => {
            throw error instanceof Refused ? badRequest(`${error.code} ${error.message}`) : error;
          });
        return { routed };
      },
    },
  });
  route('/api/queues/:vhost/:name/get', {
    POST: {
      tag: 'management',
      handle: async ({ caller, params, body }) => {
        const vhost = vhostOf(broker, caller, params);
        const queue = (params as Path).name;
        const wish = wishOf(new Body(body));
        if (broker.view.queue(vhost, queue) === undefined)
          throw new HttpError(404, 'not_found', `NOT_FOUND - no queue '${queue}' in vhost '${vhost}'`);
        return broker.sessions.with(caller, vhost, (session) => take(session, queue, wish));
      },
    },
  });
  route('/api/queues/:vhost/:name/contents', {
    DELETE: {
      tag: 'management',
      handle: async ({ caller, params, query }, reply) => {
        const vhost = vhostOf(broker, caller, params);
        const queue = (params as Path).name;
        if (broker.view.queue(vhost, queue) === undefined) throw notFound();
        const { count } = query as { readonly count?: string };
        if (count !== undefined && count !== '') {
          await purgeSome(broker, caller, { vhost, queue, count: Number(count), answer: reply.raw });
          return reply.status(204).send();
        }
        const purge = { name: 'queue.purge', queue, nowait: false } as const;
        await broker.sessions.with(caller, vhost, (session) => session.ask(purge, 'queue.purge-ok'));
        return reply.status(204).send();
      },
    },
  });
}

interface Purge {
  readonly vhost: string;
  readonly queue: string;
  readonly count: number;
  readonly answer: ServerResponse;
}

/** The first messages, as LavinMQ does it: whoever may purge the queue may do that. */
async function purgeSome(broker: ManagedBroker, caller: Caller, { vhost, queue: name, count, answer }: Purge) {
  checkRight(principalOfCaller(broker, caller), 'read', { kind: 'queue', vhost, name });
  const access = accessQueue(broker.view, NO_CONNECTION, vhost, name);
  if (!access.ok) throw fromRefusal(new Refused(access.refusal.code, access.refusal.text));
  const left = new AbortController();
  answer.once('close', () => left.abort());
  await broker.purgeFirst(access.queue, count, left.signal);
}

function message(body: Body): { readonly routingKey: string; readonly content: Content } {
  const payload = body.text('payload');
  const properties = propertiesFromJson(body.value('properties'));
  return { routingKey: body.text('routing_key'), content: { properties, body: decoded(payload, body) } };
}

function decoded(payload: string, body: Body): Uint8Array {
  const encoding = body.text('payload_encoding');
  if (encoding === 'string') return Buffer.from(payload);
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(payload)) throw badRequest('the payload is no base64');
  return Buffer.from(payload, 'base64');
}

/** How many messages somebody wants, and how. */
interface Wish {
  readonly count: number;
  readonly mode: AckMode;
  readonly encoding: 'auto' | 'base64';
  /** How many octets of each body are shown. */
  readonly truncate: number;
}

function wishOf(body: Body): Wish {
  const count = body.whole('count');
  const encoding = body.text('encoding') === 'auto' ? 'auto' : 'base64';
  const truncate = body.whole('truncate', OCTETS_MAX);
  // A text says any number.
  if (count < 1 || count > COUNT_MAX) throw badRequest(`count must be from 1 to ${COUNT_MAX}`);
  return { count, mode: modeOf(body), encoding, truncate: Math.max(0, truncate) };
}

/** Tools of before 3.7 say `requeue`. */
function modeOf(body: Body): AckMode {
  const standard = body.yesOrNo('requeue', true) ? 'ack_requeue_true' : 'ack_requeue_false';
  return ACK_MODES[body.text('ackmode', standard) as AckModeName];
}

/** All are got before any goes back, so that none comes twice. */
async function take(session: AmqpSession, queue: string, wish: Wish): Promise<JsonObject[]> {
  const { noAck, requeue } = wish.mode;
  const taken: JsonObject[] = [];
  let octets = 0;
  let last: bigint | null = null;
  while (taken.length < wish.count && octets < OCTETS_MAX) {
    const got = await session.get(queue, noAck);
    if (got === null) break;
    last = got.method.deliveryTag;
    octets += got.body.length;
    taken.push(gotJson(got, wish));
  }
  if (!noAck && last !== null) {
    session.tell({ name: 'basic.nack', deliveryTag: last, multiple: true, requeue });
    // Behind it: what was told is done when this is answered.
    await session.ask({ name: 'basic.qos', prefetchSize: 0, prefetchCount: 0, global: false }, 'basic.qos-ok');
  }
  return taken;
}

function gotJson(
  { method, properties, body }: Content & { readonly method: MethodOf<'basic.get-ok'> },
  { encoding, truncate }: Wish,
): JsonObject {
  return {
    payload_bytes: body.length,
    redelivered: method.redelivered,
    exchange: method.exchange,
    routing_key: method.routingKey,
    message_count: method.messageCount,
    properties: shownProperties(properties),
    ...payloadJson(body.subarray(0, truncate), encoding),
  };
}
