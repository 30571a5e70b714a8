/** Signing in to the web page, and out of it. */
import { Body } from '../../http/bodies.js';
import { missing } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

export function pageSessionRoutes(
  { route }: HttpServer,
  { pageSessions, pageSignIn, takesTokens }: Pick<ManagedBroker, 'pageSessions' | 'pageSignIn' | 'takesTokens'>,
): void {
  route('/api/leveret/session', {
    GET: {
      tag: null,
      handle: async (request, reply) => {
        const trouble = pageSignIn?.troubleOf(request) ?? null;
        if (trouble !== null) reply.header('set-cookie', trouble.cookie);
        return reply.send({
          tokens: takesTokens,
          issuer: pageSignIn?.issuer ?? null,
          trouble: trouble?.reason ?? null,
        });
      },
    },
    POST: {
      tag: null,
      handle: async (request, reply) => {
        const body = new Body(request.body);
        const login = Buffer.from(`${body.text('username', '')}:${body.text('password', '')}`).toString('base64');
        const token = body.text('token', '');
        const shown = token === '' ? `Basic ${login}` : `Bearer ${token}`;
        const { caller, cookie } = await pageSessions.begin(request, shown);
        return reply.header('set-cookie', cookie).send({ name: caller.user, tags: caller.tags });
      },
    },
    DELETE: {
      tag: null,
      handle: async (request, reply) => {
        const { cookie, url } = await pageSessions.end(request);
        reply.header('set-cookie', cookie);
        return url === null ? reply.status(204).send() : reply.send({ url });
      },
    },
  });
  route('/api/leveret/session/issuer', {
    POST: {
      tag: null,
      handle: async (request, reply) => {
        if (pageSignIn === null) throw missing('nobody signs in at an issuer of tokens here (oauth_client_id)');
        const { url, cookie } = await pageSignIn.begin(request, new Body(request.body).text('page'));
        return reply.header('set-cookie', cookie).send({ url });
      },
    },
  });
}
