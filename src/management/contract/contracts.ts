/**
 * This folder says what the HTTP API takes and answers: the schemas that requests are checked by, and of which the
 * OpenAPI document is made. What must hold: each route of `api` has its contract here, and answers as it says.
 */
import { ACCESS } from './access.js';
import { CLIENTS } from './clients.js';
import { CLUSTER } from './cluster.js';
import { MESSAGES } from './messages.js';
import { METRICS } from './metrics.js';
import { NODE_CONTRACTS } from './node.js';
import type { Contracts, OperationContract } from './operation-contract.js';
import { RULES } from './rules.js';
import { TOPOLOGY } from './topology.js';
import { TOPOLOGY_MAP } from './topology-map.js';

const CONTRACTS: Contracts = {
  ...ACCESS,
  ...TOPOLOGY,
  ...TOPOLOGY_MAP,
  ...MESSAGES,
  ...RULES,
  ...CLIENTS,
  ...NODE_CONTRACTS,
  ...CLUSTER,
  ...METRICS,
};

/** Throws where there is none: a route without one is a defect. */
export function contractOf(method: string, path: string): OperationContract {
  const contract = CONTRACTS[`${method} ${path}`];
  if (contract === undefined) throw new Error(`${method} ${path} has no contract (src/management/contract)`);
  return contract;
}
