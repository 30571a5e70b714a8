/** All routes of the HTTP API, by what they are about. */
import type { HttpServer } from '../http/server.js';
import { bindingRoutes } from './bindings.js';
import { channelRoutes } from './channels.js';
import { connectionRoutes } from './connections.js';
import { consumerRoutes } from './consumers.js';
import { exchangeRoutes } from './exchanges.js';
import { healthRoutes } from './health.js';
import { limitRoutes } from './limits.js';
import type { ManagedBroker } from './managed-broker.js';
import { messageRoutes } from './messages.js';
import { definitionRoutes } from './node/definitions.js';
import { featureRoutes } from './node/features.js';
import { alivenessRoutes, healthCheckRoutes } from './node/health-checks.js';
import { nodeRoutes } from './node/nodes.js';
import { overviewRoutes } from './node/overview.js';
import { globalParameterRoutes, parameterRoutes } from './node/parameters.js';
import { permissionRoutes } from './permissions.js';
import { policyRoutes } from './policies.js';
import { queueRoutes } from './queues.js';
import { userRoutes } from './users.js';
import { vhostRoutes } from './vhosts.js';
import { whoamiRoutes } from './whoami.js';

export function addRoutes(server: HttpServer, broker: ManagedBroker): void {
  healthRoutes(server);
  whoamiRoutes(server);
  userRoutes(server, broker);
  permissionRoutes(server, broker);
  vhostRoutes(server, broker);
  exchangeRoutes(server, broker);
  queueRoutes(server, broker);
  bindingRoutes(server, broker);
  messageRoutes(server, broker);
  policyRoutes(server, broker);
  limitRoutes(server, broker);
  connectionRoutes(server, broker);
  channelRoutes(server, broker);
  consumerRoutes(server, broker);
  overviewRoutes(server, broker);
  nodeRoutes(server, broker);
  featureRoutes(server);
  healthCheckRoutes(server, broker);
  alivenessRoutes(server, broker);
  definitionRoutes(server, broker);
  parameterRoutes(server, broker);
  globalParameterRoutes(server, broker);
}
