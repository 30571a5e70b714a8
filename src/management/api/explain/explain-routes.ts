/** The route by which a queue is explained. */
import { notFound } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { vhostOf } from '../base/vhost-access.js';
import { explain } from './explain.js';
import { observe } from './observing.js';

export function explainRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/queues/:vhost/:name/explain', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params }) => {
        const vhost = vhostOf(broker, caller, params);
        const scene = await observe(broker, vhost, (params as { readonly name: string }).name);
        if (scene === undefined) throw notFound();
        return { name: scene.name, vhost, timestamp: scene.now, statements: explain(scene) };
      },
    },
  });
}
