/**
 * What the routes work with: the topology as this thread sees it, the core to read counters from, and who changes
 * things.
 */

import type { NodeLimits } from '../../../broker/requests/node-limits.js';
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import type { TopologyView } from '../../../broker/topology/topology-view.js';
import type { LoginAttempts } from '../../../connection/handshake/login-attempts.js';
import type { SignInSetup } from '../../../connection/tokens/oauth-setup.js';
import type { TlsSetup } from '../../../connection/transport/opening/tls-setup.js';
import type { Engine } from '../../../engine/engine.js';
import type { LogLevels } from '../../../logging/levels.js';
import type { Administration } from '../../../node/administration.js';
import type { ClusterMember } from '../../../node/cluster/cluster-member.js';
import type { BoundHttp, BrokerFacts } from '../../../node/management-messages.js';
import type { Clock } from '../../../platform/clock.js';
import type { SpilledPortion, SpilledWish } from '../../../queues/spill/spilled-browsing.js';
import type { SpanCounts } from '../../../spans/span-counts.js';
import type { SharedAlarms } from '../../../worker/shared-alarms.js';
import type { Clients } from '../../clients/clients.js';
import type { EventStreams } from '../../live/event-streams.js';
import type { FollowedLog } from '../../live/followed-log.js';
import type { Moves } from '../../moving/moves.js';
import type { Sessions } from '../../sessions/sessions.js';
import type { PageSessions } from '../../signing-in/page-sessions.js';
import type { PageSignIn } from '../../signing-in/page-sign-in.js';
import type { Latencies } from '../../statistics/latencies.js';
import type { NodeHistory } from '../../statistics/node-history.js';
import type { Statistics } from '../../statistics/statistics.js';

/** `resource`: what tokens call this broker. */
export interface IssuerSignIn {
  readonly resource: string;
  readonly setup: SignInSetup;
}

export interface ManagedBroker {
  readonly facts: BrokerFacts;
  readonly view: TopologyView;
  /** Time as messages see it. */
  readonly clock: Clock;
  /** Where this API itself is to be found. */
  readonly http: Pick<BoundHttp, 'hosts' | 'port' | 'tlsPort' | 'metrics'>;
  readonly alarms: Pick<SharedAlarms, 'isLowOnDisk' | 'isShortOfMemory' | 'disk'>;
  /** What TLS is done with now; null: there is none. */
  tls(): TlsSetup | null;
  /** What the node allows now. */
  limits(): NodeLimits;
  /** As whom clients come in that do not say who they are, now; null: they do not. */
  anonymous(): string | null;
  readonly engine: Pick<
    Engine,
    | 'readyCount'
    | 'readyBytes'
    | 'frontOf'
    | 'counted'
    | 'countedAt'
    | 'memoryUsed'
    | 'memoryFree'
    | 'extentOf'
    | 'priorityOf'
    | 'browse'
    | 'unitsUsed'
    | 'countedBy'
    | 'countedIn'
    | 'latencyCount'
    | 'latencySum'
  >;
  /** Messages that are not in memory, where they are. */
  spilled(wish: SpilledWish): Promise<SpilledPortion>;
  readonly moves: Moves;
  /** Drops the first messages of a queue, at most so many, until `signal`; how many. */
  purgeFirst(queue: QueueEntry, count: number, signal: AbortSignal): Promise<number>;
  readonly statistics: Statistics;
  readonly latencies: Latencies;
  readonly history: Pick<NodeHistory, 'since'>;
  readonly administration: Administration;
  /** What changes queues, exchanges and messages, as the caller. */
  readonly sessions: Sessions;
  /** Who is signed in to the web page. */
  readonly pageSessions: PageSessions;
  /** How people sign in to it at the issuer of tokens; null: they do not. */
  readonly pageSignIn: PageSignIn | null;
  /** The same, as it was set up. */
  readonly issuerSignIn: IssuerSignIn | null;
  /** Whether tokens (OAuth 2) are taken, besides passwords. */
  readonly takesTokens: boolean;
  /** Who is connected. */
  readonly clients: Clients;
  /** Logins, right and wrong. */
  readonly attempts: Pick<LoginAttempts, 'all' | 'clear'>;
  /** Of spans that are exported; null: none are. */
  readonly spans: Pick<SpanCounts, 'waiting' | 'exported' | 'lost'> | null;
  /** The node of a cluster that the broker serves for; null: none. */
  readonly member: ClusterMember | null;
  readonly logLevels: LogLevels;
  readonly log: Pick<FollowedLog, 'follow'>;
  /** Answers that go on. */
  readonly streams: Pick<EventStreams, 'open'>;
  /** Has the broker end, as on SIGTERM. */
  stop(): void;
}
