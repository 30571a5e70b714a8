/** The route by which a queue is explained. */
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedVhost, noQueue } from '../base/named.js';
import { explain } from './explain.js';
import { observe } from './observing.js';

export function explainRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  route('/api/queues/:vhost/:name/explain', {
    GET: {
      tag: 'management',
      handle: async ({ caller, params }) => {
        const vhost = namedVhost(broker, caller, params);
        const { name } = params as { readonly name: string };
        const scene = await observe(broker, vhost, name);
        if (scene === undefined) throw noQueue(vhost, name);
        return { name: scene.name, vhost, timestamp: scene.now, statements: explain(scene) };
      },
    },
  });
}
