/**
 * Serves the web page at `/`: files alone, all that they show comes from the API. What must hold: a page can load and
 * reach nothing but this broker, and runs no script or style that is not one of its files.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from '../http/server.js';
import type { PageFile } from './page-files.js';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Whoever has a file whose name changes with it need not ask for it again. */
const FOR_EVER = 'public, max-age=31536000, immutable';

export function pageRoutes({ app }: HttpServer, files: readonly PageFile[]): void {
  for (const file of files) {
    app.route({ method: 'GET', url: file.path, handler: (request, reply) => sendFile(file, request, reply) });
  }
}

function sendFile(file: PageFile, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { type, isHashed, etag, plain, br, gzip } = file;
  reply.headers({ 'content-security-policy': POLICY, etag, vary: 'accept-encoding' });
  if (isHashed) reply.header('cache-control', FOR_EVER);
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  reply.type(type);
  const taken = request.headers['accept-encoding'] ?? '';
  if (br !== null && takes(taken, 'br')) return reply.header('content-encoding', 'br').send(br);
  if (gzip !== null && takes(taken, 'gzip')) return reply.header('content-encoding', 'gzip').send(gzip);
  return reply.send(plain);
}

/** Whether an `accept-encoding` names an encoding, and does not refuse it. */
function takes(accepted: string, encoding: string): boolean {
  return accepted
    .split(',')
    .map((one) => one.trim().split(/\s*;\s*/))
    .some(([name, weight]) => name === encoding && !/^q=0(\.0*)?$/.test(weight ?? ''));
}
