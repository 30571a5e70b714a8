/** Who calls: `GET /api/whoami`. */
import type { HttpServer } from '../../http/server.js';

export function whoamiRoutes({ route }: HttpServer): void {
  route('/api/whoami', {
    GET: { tag: 'management', handle: async ({ caller }) => ({ name: caller.user, tags: caller.tags }) },
  });
}
