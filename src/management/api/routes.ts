/** All routes of the HTTP API, by what they are about. */
import type { HttpServer } from '../http/server.js';
import { attemptRoutes } from './access/attempts.js';
import { limitRoutes } from './access/limits.js';
import { pageSessionRoutes } from './access/page-sessions.js';
import { patternRoutes } from './access/patterns.js';
import { permissionRoutes } from './access/permissions.js';
import { userRoutes } from './access/users.js';
import { whoamiRoutes } from './access/whoami.js';
import type { ManagedBroker } from './base/managed-broker.js';
import { channelRoutes } from './clients/channels.js';
import { connectionRoutes } from './clients/connections.js';
import { consumerRoutes } from './clients/consumers.js';
import { definitionRoutes } from './definitions/definitions.js';
import { explainRoutes } from './explain/explain-routes.js';
import { messageRoutes } from './messages/messages.js';
import { moveRoutes } from './messages/moves.js';
import { peekRoutes } from './messages/peek.js';
import { metricRoutes } from './metrics/routes.js';
import { certificateRoutes } from './node/certificates.js';
import { featureRoutes } from './node/features.js';
import { healthRoutes } from './node/health.js';
import { alivenessRoutes, healthCheckRoutes } from './node/health-checks.js';
import { historyRoutes } from './node/history.js';
import { latencyRoutes } from './node/latency.js';
import { liveRoutes } from './node/live.js';
import { nodeRoutes } from './node/nodes.js';
import { openApiRoutes } from './node/openapi.js';
import { operationRoutes } from './node/operation.js';
import { overviewRoutes } from './node/overview.js';
import { globalParameterRoutes, parameterRoutes } from './node/parameters.js';
import { threadRoutes } from './node/threads.js';
import { bindingRoutes } from './topology/bindings.js';
import { exchangeRoutes } from './topology/exchanges.js';
import { policyRoutes } from './topology/policies.js';
import { policyTrialRoutes } from './topology/policy-trial.js';
import { queuePausingRoutes } from './topology/queue-pausing.js';
import { queueRoutes } from './topology/queues.js';
import { topologyMapRoutes } from './topology/topology-map.js';
import { vhostRoutes } from './topology/vhosts.js';

/** What a listener tells to whoever comes: metrics alone. */
export function addMetricRoutes(server: HttpServer, broker: ManagedBroker): void {
  metricRoutes(server, broker, null);
}

export function addRoutes(server: HttpServer, broker: ManagedBroker): void {
  healthRoutes(server);
  whoamiRoutes(server);
  pageSessionRoutes(server, broker);
  attemptRoutes(server, broker);
  userRoutes(server, broker);
  permissionRoutes(server, broker);
  patternRoutes(server);
  vhostRoutes(server, broker);
  exchangeRoutes(server, broker);
  queueRoutes(server, broker);
  queuePausingRoutes(server, broker);
  explainRoutes(server, broker);
  bindingRoutes(server, broker);
  topologyMapRoutes(server, broker);
  messageRoutes(server, broker);
  peekRoutes(server, broker);
  moveRoutes(server, broker);
  policyRoutes(server, broker);
  policyTrialRoutes(server, broker);
  limitRoutes(server, broker);
  connectionRoutes(server, broker);
  channelRoutes(server, broker);
  consumerRoutes(server, broker);
  overviewRoutes(server, broker);
  nodeRoutes(server, broker);
  latencyRoutes(server, broker);
  historyRoutes(server, broker);
  featureRoutes(server, broker);
  healthCheckRoutes(server, broker);
  alivenessRoutes(server, broker);
  definitionRoutes(server, broker);
  parameterRoutes(server, broker);
  globalParameterRoutes(server, broker);
  operationRoutes(server, broker);
  certificateRoutes(server, broker);
  threadRoutes(server, broker);
  liveRoutes(server, broker);
  openApiRoutes(server);
  metricRoutes(server, broker, 'monitoring');
}
