/** How many logins there were, right and wrong; they are not kept by their sources. */
import { notFound } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

export function attemptRoutes({ route }: HttpServer, { attempts, facts }: ManagedBroker): void {
  const mustBeOurs = (params: unknown): void => {
    if ((params as { readonly node: string }).node !== facts.node) throw notFound();
  };
  for (const path of ['/api/auth/attempts/:node', '/api/auth/attempts/:node/source']) {
    route(path, {
      GET: {
        tag: 'monitoring',
        handle: async ({ params }) => {
          mustBeOurs(params);
          if (path.endsWith('source')) return [];
          return attempts.all().map(({ protocol, succeeded, failed }) => ({
            protocol,
            auth_attempts: succeeded + failed,
            auth_attempts_failed: failed,
            auth_attempts_succeeded: succeeded,
          }));
        },
      },
      DELETE: {
        tag: 'monitoring',
        handle: async ({ params }, reply) => {
          mustBeOurs(params);
          if (!path.endsWith('source')) attempts.clear();
          return reply.status(204).send();
        },
      },
    });
  }
}
