/** All routes of the HTTP API, by what they are about. */
import type { HttpServer } from '../http/server.js';
import { healthRoutes } from './health.js';
import type { ManagedBroker } from './managed-broker.js';
import { queueRoutes } from './queues.js';
import { whoamiRoutes } from './whoami.js';

export function addRoutes(server: HttpServer, broker: ManagedBroker): void {
  for (const add of [healthRoutes, queueRoutes, whoamiRoutes]) add(server, broker);
}
