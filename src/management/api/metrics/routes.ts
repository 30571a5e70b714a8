/**
 * Where Prometheus scrapes. What must hold: a scrape is sent while it is made, as fast as it is read, and takes little
 * memory whatever it tells; so many go on at once that one that is not read keeps nobody else from his.
 */
import { Readable } from 'node:stream';
import type { RouteHandlerMethod } from 'fastify';
import type { Tag } from '../../http/authentication.js';
import { HttpError } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import { CHUNK } from '../../http/streaming.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { CONTENT_TYPE } from './exposition.js';
import { aggregated, detailed, perObject } from './scrape.js';

/** Scrapes that go on at once. */
const SCRAPES_MAX = 8;
/** How long one may go on (ms): whoever reads this slowly has long given up. */
const SCRAPE_MS = 60_000;

/** `tag`: who may scrape; null: everybody. */
export function metricRoutes({ route }: HttpServer, broker: ManagedBroker, tag: Tag | null): void {
  const scrapes = new Set<Readable>();
  const scraped =
    (text: (query: unknown) => AsyncIterable<string>): RouteHandlerMethod =>
    async (request, reply) => {
      reply.type(CONTENT_TYPE);
      if (request.method === 'HEAD') return reply.send('');
      if (scrapes.size >= SCRAPES_MAX) throw new HttpError(503, 'busy', `${SCRAPES_MAX} scrapes are going on`);
      const stream = Readable.from(inChunks(text(request.query)));
      scrapes.add(stream);
      const deadline = setTimeout(() => stream.destroy(new Error('the scrape is not read')), SCRAPE_MS);
      stream.once('close', () => {
        clearTimeout(deadline);
        scrapes.delete(stream);
      });
      return reply.send(stream);
    };
  route('/metrics', { GET: { tag, handle: scraped(() => aggregated(broker)) } });
  route('/metrics/per-object', { GET: { tag, handle: scraped(() => perObject(broker)) } });
  route('/metrics/detailed', {
    GET: {
      tag,
      handle: scraped((query) => {
        const { family, vhost } = query as Record<string, string | readonly string[] | undefined>;
        const vhosts = namesIn(vhost);
        return detailed(broker, namesIn(family), vhosts.size === 0 ? null : vhosts);
      }),
    },
  });
}

/** A parameter may be given several times. */
function namesIn(given: string | readonly string[] | undefined): ReadonlySet<string> {
  return new Set(given === undefined ? [] : typeof given === 'string' ? [given] : given);
}

async function* inChunks(text: AsyncIterable<string>): AsyncIterable<Buffer> {
  let chunk = '';
  for await (const part of text) {
    chunk += part;
    if (chunk.length < CHUNK) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  if (chunk !== '') yield Buffer.from(chunk);
}
