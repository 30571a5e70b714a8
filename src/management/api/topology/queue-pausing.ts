/** A queue is paused, and goes on: who may configure it may do that. */
import type { HttpServer, Operation } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import { namedQueue, namedVhost, noQueue } from '../base/named.js';
import { checkRight, principalOfCaller } from '../base/principals.js';

export function queuePausingRoutes({ route }: HttpServer, broker: ManagedBroker): void {
  const { administration } = broker;
  const change = (isPaused: boolean): Operation => ({
    tag: 'management',
    handle: async ({ caller, params }, reply) => {
      const vhost = namedVhost(broker, caller, params);
      const { name } = params as { readonly name: string };
      namedQueue(broker, vhost, name);
      checkRight(principalOfCaller(broker, caller), 'configure', { kind: 'queue', vhost, name });
      if (!(await administration.pauseQueue(vhost, name, isPaused))) throw noQueue(vhost, name);
      await administration.saved();
      return reply.status(204).send();
    },
  });
  route('/api/queues/:vhost/:name/pause', { PUT: change(true) });
  route('/api/queues/:vhost/:name/resume', { PUT: change(false) });
}
