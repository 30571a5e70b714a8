/** What goes on, as server-sent events: figures of the broker and of queues, and the log. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LogEntry } from '../../../logging/logger.js';
import { fatal } from '../../../platform/fatal.js';
import { mayStill, type Tag } from '../../http/authentication.js';
import { asHttpError, badRequest } from '../../http/errors.js';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { EventStream } from '../../live/event-streams.js';
import { rangesOf } from '../../statistics/statistics.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedQueue, namedVhost } from '../base/named.js';
import { wholeQueue } from '../topology/queues.js';
import { overviewJson } from './overview.js';

/** Between two samples, if nothing is said (s). */
const INTERVAL = 5;
const INTERVAL_LEAST = 0.5;
const INTERVAL_MOST = 60;

export function liveRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { view, statistics, streams, log } = broker;
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
        const { caller, query } = request;
        const interval = intervalIn(query);
        const ranges = rangesOf(query);
        const stream = opened(request, reply, 'monitoring');
        if (stream === null) return head(reply);
        each(interval, stream, () =>
          isWhole(query) ? overviewJson(broker, caller, query) : statistics.overview(ranges),
        );
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
        const { query } = request;
        const interval = intervalIn(query);
        const ranges = rangesOf(query);
        const sees = (): boolean => request.caller.mayEnter(vhost) || isAdministrator(request);
        const stream = opened(request, reply, 'management', sees);
        if (stream === null) return head(reply);
        each(interval, stream, () => {
          if (isWhole(query)) return wholeQueue(broker, vhost, name, ranges);
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

/** Whether samples are to say all that the route of the same name does. */
function isWhole(query: unknown): boolean {
  return (query as { readonly whole?: string }).whole === 'true';
}

type Taken = JsonObject | null;

/** Sends a sample now, and then in each interval; null: what is sampled is gone, and so the stream ends. */
function each(interval: number, stream: EventStream, sample: () => Taken | Promise<Taken>): void {
  let isUnderWay = false;
  const tell = async (): Promise<void> => {
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      const taken = await sample();
      if (taken !== null) return stream.send('sample', taken);
      stream.send('gone', {});
      stream.end();
    } catch (error) {
      if (asHttpError(error) === null) throw error;
      // A worker has not answered: whoever watches asks again, and hears why.
      stream.end();
    } finally {
      isUnderWay = false;
    }
  };
  const timer = setInterval(() => void tell().catch(fatal), interval).unref();
  stream.closed.then(() => clearInterval(timer));
  void tell().catch(fatal);
}

function entryJson({ time, level, area, message, fields }: LogEntry): JsonObject {
  return { time, level, area, message, ...(fields === undefined ? {} : { fields }) };
}
