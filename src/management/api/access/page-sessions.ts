/** Signing in to the web page, and out of it. */
import { Body } from '../../http/bodies.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

export function pageSessionRoutes(
  { route }: HttpServer,
  { pageSessions, takesTokens }: Pick<ManagedBroker, 'pageSessions' | 'takesTokens'>,
): void {
  route('/api/leveret/session', {
    GET: { tag: null, handle: async () => ({ tokens: takesTokens }) },
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
      handle: async (request, reply) => reply.header('set-cookie', pageSessions.end(request)).status(204).send(),
    },
  });
}
