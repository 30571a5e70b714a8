/** What goes on, as server-sent events: figures of the broker and of queues, and the log. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LogEntry } from '../../../logging/logger.js';
import { mayStill, type Tag } from '../../http/authentication.js';
import { badRequest } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { EventStream } from '../../live/event-streams.js';
import { rangesOf } from '../../statistics/statistics.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedQueue, namedVhost } from '../base/named.js';

/** Between two samples, if nothing is said (s). */
const INTERVAL = 5;
const INTERVAL_LEAST = 0.5;
const INTERVAL_MOST = 60;

export function liveRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { view, statistics, streams, log } = broker;
  const ranges = rangesOf({});
  /** Null: the reader wants the head alone. */
  const opened = (request: FastifyRequest, reply: FastifyReply, tag: Tag, mayGoOn = (): boolean => true) => {
    const { caller } = request;
    if (request.method === 'HEAD') return null;
    return streams.open(reply, () => mayStill(caller, view.accounts, tag) && mayGoOn());
  };
  route('/api/leveret/events/overview', {
    GET: {
      tag: 'monitoring',
      handle: async (request, reply) => {
        const interval = intervalIn(request.query);
        const stream = opened(request, reply, 'monitoring');
        if (stream === null) return head(reply);
        each(interval, stream, () => statistics.overview(ranges));
        return reply;
      },
    },
  });
  route('/api/leveret/events/queues/:vhost/:name', {
    GET: {
      tag: 'management',
      handle: async (request, reply) => {
        const vhost = namedVhost(broker, request.caller, request.params);
        const { name } = request.params as { readonly name: string };
        namedQueue(broker, vhost, name);
        const interval = intervalIn(request.query);
        const sees = (): boolean => request.caller.mayEnter(vhost) || isAdministrator(request);
        const stream = opened(request, reply, 'management', sees);
        if (stream === null) return head(reply);
        each(interval, stream, () => {
          const queue = view.queue(vhost, name);
          return queue === undefined ? null : { name, vhost, ...statistics.queue(queue, ranges) };
        });
        return reply;
      },
    },
  });
  route('/api/leveret/log', {
    GET: {
      tag: 'monitoring',
      handle: async (request, reply) => {
        const stream = opened(request, reply, 'monitoring');
        if (stream === null) return head(reply);
        const leave = log.follow((entry) => stream.send('entry', entryJson(entry)));
        stream.closed.then(leave);
        return reply;
      },
    },
  });
}

function isAdministrator({ caller: { tags } }: FastifyRequest): boolean {
  return tags.includes('administrator');
}

function head(reply: FastifyReply): FastifyReply {
  return reply.type('text/event-stream').send('');
}

/** In milliseconds. */
function intervalIn(query: unknown): number {
  const { interval = String(INTERVAL) } = query as { readonly interval?: string };
  const seconds = Number(interval);
  if (seconds >= INTERVAL_LEAST && seconds <= INTERVAL_MOST) return seconds * 1000;
  throw badRequest(`interval must be from ${INTERVAL_LEAST} to ${INTERVAL_MOST} s`);
}

/** Sends a sample now, and then in each interval; null: what is sampled is gone, and so the stream ends. */
function each(interval: number, stream: EventStream, sample: () => JsonObject | null): void {
  const tell = (): void => {
    const taken = sample();
    if (taken !== null) return stream.send('sample', taken);
    stream.send('gone', {});
    stream.end();
  };
  const timer = setInterval(tell, interval).unref();
  stream.closed.then(() => clearInterval(timer));
  tell();
}

function entryJson({ time, level, area, message, fields }: LogEntry): JsonObject {
  return { time, level, area, message, ...(fields === undefined ? {} : { fields }) };
}
