/**
 * A connection as its channels see it, and a worker as its connections see it: the interfaces between the three.
 *
 * This folder is what connections, channels and workers know of each other; all of them import it.
 */
import type { Method, MethodName } from '../../amqp/protocol.js';
import type { FieldTable } from '../../amqp/table.js';
import type { Principal } from '../../broker/access/principal.js';
import type { NodeLimits } from '../../broker/requests/node-limits.js';
import type { ConnectionId, Granted, Request, RequestAhead } from '../../broker/requests/requests.js';
import type { TopologyView } from '../../broker/topology/topology-view.js';
import type { Connection as CoreConnection, Engine } from '../../engine/engine.js';
import type { EventLoop } from '../../event-loop/event-loop.js';
import type { Clock } from '../../platform/clock.js';
import type { Delays } from '../../queues/delayed/delayed-messages.js';
import type { OwnMessages } from '../../queues/own-messages/own-messages.js';
import type { ServerEnd } from '../../spans/span.js';
import type { SpanSender } from '../../spans/span-sender.js';
import type { ConnectionLog } from '../connection-lines.js';
import type { DeliveryTap } from '../consuming/delivery-tap.js';
import type { BoundedLines } from '../errors/bounded-lines.js';
import type { Faults } from '../faults/faults.js';
import type { Announced, ClientCapabilities } from '../handshake/identity.js';
import type { Logins } from '../handshake/logins.js';
import type { RouteFinder } from '../routes/route-finder.js';
import type { TokenLogins } from '../tokens/token-logins.js';
import type { ConsumerRegistry } from './queue-consumers.js';

/** Where what is persistent goes, as its connections see it. */
export interface WorkerLog {
  /** Resolves when all that the core has recorded so far is durable; null: it is. */
  durable(): Promise<void> | null;
}

/** What a worker offers its connections. */
export interface Host {
  readonly engine: Engine;
  readonly eventLoop: EventLoop;
  readonly view: TopologyView;
  /** Time as messages and consumers see it. */
  readonly clock: Clock;
  readonly logins: Logins;
  /** Takes lines about clients that do not come in. */
  readonly strangers: BoundedLines;
  /** Null: nobody comes in by tokens. */
  readonly tokens: TokenLogins | null;
  readonly consumers: ConsumerRegistry;
  readonly delays: Delays;
  readonly routes: RouteFinder;
  /** Null: nothing is written to disk. */
  readonly log: WorkerLog | null;
  /** What clients are told of the broker. */
  readonly announced: Announced;
  /** The user as whom clients come in that do not say who they are; null: they do not. */
  readonly anonymous: string | null;
  /** What connections may do for themselves; what they share with others the coordinator counts. */
  readonly limits: NodeLimits;
  /**
   * The number of the routes that the core keeps for a principal in a virtual host: what is in the cache, it may write
   * to. A number that the connection had before is not its own any more.
   */
  routeSpace(connection: ConnectionId, vhost: string, principal: Principal): number;
  /** What a test has asked to go wrong; null: nothing. */
  readonly faults: Faults | null;
  /** Whether publishers are held back because of the disk. */
  isLowOnDisk(): boolean;
  /** A publisher more waits for memory (1), or one less (-1). */
  countShort(change: 1 | -1): void;
  /** What the operator's log tells of connections. */
  readonly connectionLog: ConnectionLog;
  /** Sends a request to the coordinator; the answer comes as `Connection.answered`, if the connection still is. */
  ask(connection: ConnectionId, request: Request): void;
  /** Tells of something that has happened, if anybody wants to hear of it; `headers` is called then. */
  announce(name: string, headers: () => FieldTable): void;
  /** Takes spans of messages that ask for them; null: nobody wants any. */
  readonly spans: SpanSender | null;
  /** Messages that the broker itself publishes. */
  readonly ownMessages: Pick<OwnMessages, 'publish'>;
  /** Applies the topology changes that have been posted. */
  syncTopology(): void;
  /** The transport is closed, and everything of the connection is gone. */
  closed(connection: ConnectionId): void;
}

/** What a connection offers its channels. */
export interface Session {
  readonly host: Host;
  readonly id: ConnectionId;
  readonly core: CoreConnection;
  /** What operators know the connection by. */
  readonly name: string;
  /** Where the client speaks to the broker. */
  readonly server: ServerEnd;
  readonly vhost: string;
  /** Who has logged in. */
  readonly principal: Principal;
  readonly capabilities: ClientCapabilities;
  send(channel: number, method: Method): void;
  /** What is sent during `work` leaves when it is done. */
  sendTogether(work: () => void): void;
  /**
   * Asks the coordinator on behalf of a method; rejects with what it refuses. Never settles once the connection closes.
   */
  ask(method: MethodName, request: Request): Promise<Granted>;
  /**
   * Asks on behalf of a method of a channel, and resolves as soon as the request is granted: with what it has found,
   * which may not be durable yet. `onAnswer` is called with the answer. What is refused rejects; what is granted and
   * cannot be made durable fails the channel or the connection.
   */
  askAhead(channel: number, request: RequestAhead, onAnswer: (granted: Granted) => void): Promise<Granted>;
  /**
   * While a method of a channel waits for the disk, the client is heard when it gives up, and nothing else is. What
   * rejects fails the channel or the connection.
   */
  waitFor(channel: number, method: 'tx.commit' | 'basic.get', work: Promise<void>): void;
  /** Asks the coordinator for what it does not refuse, and does not wait for it. */
  tell(request: Request): void;
  /**
   * What looks at deliveries, where somebody follows them, once all that was delivered before has gone by it; null: nothing
   * does.
   */
  deliveryTap(): DeliveryTap | null;
  /** A message was got from a queue. */
  expectGot(queue: string): void;
  /** Null when the core may write single messages for this connection now; else resolves when it may. */
  outputIdle(): Promise<void> | null;
}
