/** Whether the broker serves: for whoever has no password. It says nothing else. */
import type { HttpServer } from '../../http/server.js';

export function healthRoutes({ route }: HttpServer): void {
  route('/api/health/ready', { GET: { tag: null, handle: async () => ({ status: 'ok' }) } });
}
