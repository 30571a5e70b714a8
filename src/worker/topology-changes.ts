/**
 * Changes of the topology on their way into one worker. What must hold: a change is applied to the view, and cut off
 * from consumers, before the coordinator is told so.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Change } from '../broker/requests/requests.js';
import type { TopologyView } from '../broker/topology/topology-view.js';
import type { RouteSpaces } from '../connection/routes/route-spaces.js';
import type { ConsumerRegistry } from '../connection/session/queue-consumers.js';
import type { Engine } from '../engine/engine.js';
import type { EventLoop } from '../event-loop/event-loop.js';
import { Doing } from '../event-loop/progress.js';
import type { Delays } from '../queues/delayed/delayed-messages.js';

/** What a change reaches. */
export interface Affected {
  readonly engine: Engine;
  readonly eventLoop: EventLoop;
  readonly view: TopologyView;
  readonly consumers: ConsumerRegistry;
  readonly delays: Delays;
  readonly routeSpaces: RouteSpaces;
  /** Its connections may live on for a while, and what is counted of it goes now. */
  vhostDeleted(vhost: string): void;
  /** The view says something else of what these users may do than before. */
  rightsChanged(users: ReadonlySet<string>): void;
  /** The view says something else of these vhosts than before. */
  vhostsChanged(vhosts: ReadonlySet<string>): void;
}

export class TopologyChanges {
  readonly #port: MessagePort;
  readonly #affected: Affected;
  readonly #onApplied: (epoch: number) => void;
  /** The epoch that the coordinator knows to be applied; null: none. */
  #told: number | null = null;

  /** `onApplied` tells the coordinator that the changes up to an epoch are applied. */
  constructor(port: MessagePort, affected: Affected, onApplied: (epoch: number) => void) {
    this.#port = port;
    this.#affected = affected;
    this.#onApplied = onApplied;
    port.on('message', (changes: readonly Change[]) => this.#onChanges(changes));
  }

  /** Applies what has been posted. */
  sync(): void {
    const { engine, routeSpaces } = this.#affected;
    let epoch: number;
    do {
      // Read before the port: whatever was posted up to this epoch is in the port by now.
      epoch = engine.topologyEpoch();
      for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port)) {
        this.#apply(next.message as readonly Change[]);
      }
      // What has come meanwhile may be the question how far we are, which is not asked again.
    } while (engine.topologyEpoch() !== epoch);
    if (epoch === this.#told) return;
    engine.applyTopology(epoch);
    routeSpaces.routesForgotten();
    this.#onApplied(epoch);
    this.#told = epoch;
  }

  /** Routes are found anew: messages may take other ways, by the same topology. */
  forgetRoutes(): void {
    const { engine, routeSpaces } = this.#affected;
    this.sync();
    engine.applyTopology(this.#told ?? engine.topologyEpoch());
    routeSpaces.routesForgotten();
  }

  close(): void {
    this.#port.close();
  }

  #onChanges(changes: readonly Change[]): void {
    this.#affected.eventLoop.begin();
    this.#apply(changes);
    this.sync();
  }

  #apply(changes: readonly Change[]): void {
    const { eventLoop, view, consumers, delays } = this.#affected;
    const users = new Set<string>();
    const vhosts = new Set<string>();
    for (const change of changes) {
      eventLoop.progress.turnTo(Doing.CHANGES);
      view.apply(change);
      if (change.kind === 'queue.changed') this.#onRules(change.vhost, change.queue);
      if (change.kind === 'queue.deleted' || change.kind === 'reply.closed') consumers.queueDeleted(change.ref);
      if (change.kind === 'exchange.deleted') delays.exchangeDeleted(change.vhost, change.exchange);
      if (change.kind === 'vhost.deleted') {
        delays.vhostDeleted(change.vhost);
        this.#affected.vhostDeleted(change.vhost);
      }
      if (change.kind === 'vhost.changed') vhosts.add(change.vhost);
      if (change.kind === 'permissions.set') users.add(change.permissions.user);
      if (change.kind === 'permissions.cleared') users.add(change.user);
    }
    if (users.size > 0) this.#affected.rightsChanged(users);
    if (vhosts.size > 0) this.#affected.vhostsChanged(vhosts);
  }

  #onRules(vhost: string, name: string): void {
    const { engine, view } = this.#affected;
    const queue = view.queue(vhost, name);
    if (queue !== undefined) engine.keepLength(queue.ref);
  }
}
