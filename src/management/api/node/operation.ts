/**
 * What an operator does to a broker as a whole, which RabbitMQ's API does not have: what it goes by, what its log tells,
 * its end.
 */
import { AREAS, type Area, THRESHOLDS, type Threshold } from '../../../logging/levels.js';
import { Body } from '../../http/bodies.js';
import { badRequest, notAuthorised } from '../../http/errors.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

export function operationRoutes({ route }: HttpServer, { facts, logLevels, stop }: ManagedBroker): void {
  route('/api/leveret/environment', {
    GET: { tag: 'administrator', handle: async () => facts.environment },
  });
  route('/api/leveret/log-levels', {
    GET: {
      tag: 'administrator',
      handle: async () => Object.fromEntries(AREAS.map((area) => [area, logLevels.get(area)])),
    },
    PUT: {
      tag: 'administrator',
      handle: async ({ body }, reply) => {
        const fields = new Body(body);
        const level = levelOf(fields.text('level'));
        const area = fields.value('area');
        for (const one of area === undefined ? AREAS : [areaOf(area)]) logLevels.set(one, level);
        return reply.status(204).send();
      },
    },
  });
  route('/api/leveret/stop', {
    POST: {
      tag: 'administrator',
      handle: async ({ caller }, reply) => {
        if (!caller.isOperator) throw notAuthorised('a broker is stopped by its control socket alone');
        // The answer comes before the end.
        reply.raw.once('finish', stop);
        return reply.status(204).send();
      },
    },
  });
}

function levelOf(given: string): Threshold {
  const level = THRESHOLDS.find((one) => one === given);
  if (level !== undefined) return level;
  throw badRequest(`level ${given} is not supported. Try one of ${THRESHOLDS.join(', ')}`);
}

function areaOf(given: unknown): Area {
  const area = AREAS.find((one) => one === given);
  if (area !== undefined) return area;
  throw badRequest(`area ${String(given)} is not one of ${AREAS.join(', ')}`);
}
