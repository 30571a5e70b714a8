/**
 * What the routes work with: the topology as this thread sees it, the core to read counters from, and who changes
 * things.
 */
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { Engine } from '../../engine/engine.js';
import type { Administration } from '../../node/administration.js';
import type { BrokerFacts } from '../../node/management-messages.js';
import type { Clients } from '../clients/clients.js';
import type { Sessions } from '../sessions/sessions.js';

export interface ManagedBroker {
  readonly facts: BrokerFacts;
  readonly view: TopologyView;
  readonly engine: Pick<Engine, 'readyCount' | 'readyBytes' | 'counted' | 'countedAt' | 'memoryUsed' | 'memoryFree'>;
  readonly administration: Administration;
  /** What changes queues, exchanges and messages, as the caller. */
  readonly sessions: Sessions;
  /** Who is connected. */
  readonly clients: Clients;
}
