/**
 * Serves the web page at `/`: files alone, all that they show comes from the API. What must hold: a page can load and
 * reach nothing but this broker, and runs no script or style that is not one of its files.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpServer } from '../http/server.js';
import { CALLBACK, type PageSignIn } from '../signing-in/page-sign-in.js';
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

/** In place of the page, where the operator wants none. */
export function noPageRoute({ app }: HttpServer): void {
  const text = 'This broker serves no web page (http_page is false). The HTTP API is at /api.\n';
  app.route({
    method: 'GET',
    url: '/',
    handler: (_request, reply) => reply.status(404).type('text/plain; charset=utf-8').send(text),
  });
}

/** Where the issuer of tokens sends browsers back to. */
export function callbackRoute({ app }: HttpServer, signIn: PageSignIn): void {
  app.route({
    method: 'GET',
    url: CALLBACK,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const { to, cookies } = await signIn.finish(request, new URL(request.url, 'http://here').searchParams);
      reply.header('set-cookie', cookies).header('cache-control', 'no-store');
      return reply.redirect(to, 303);
    },
  });
}

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
  if (takes(taken, 'br')) return reply.header('content-encoding', 'br').send(br);
  if (takes(taken, 'gzip')) return reply.header('content-encoding', 'gzip').send(gzip);
  return reply.send(plain);
}

/** Whether an `accept-encoding` names an encoding, and does not refuse it. */
function takes(accepted: string, encoding: string): boolean {
  return accepted
    .split(',')
    .map((one) => one.trim().split(/\s*;\s*/))
    .some(([name, weight]) => name === encoding && !/^q=0(\.0*)?$/.test(weight ?? ''));
}
