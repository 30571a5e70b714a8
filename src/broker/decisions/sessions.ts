/**
 * Who is in: the connections that have entered a vhost, with their names, users and channels, as far as there may be so
 * many. What must hold: a connection counts from its entry until it is gone, and a channel from its opening until it or
 * its connection is.
 */
import { ITSELF, type Principal, principalOfUser } from '../access/principal.js';
import { type Grant, principalOfGrant } from '../access/scopes.js';
import type { Limits } from '../policies/limits.js';
import {
  channelLimit,
  nodeChannelLimit,
  nodeConnectionLimit,
  noVhost,
  noVhostAccess,
  refused,
  userConnectionLimit,
  vhostConnectionLimit,
} from '../requests/refusals.js';
import { type Answer, BROKER, type ConnectionId, type Request } from '../requests/requests.js';
import type { TopologyView } from '../topology/topology-view.js';

interface Session {
  readonly vhost: string;
  principal: Principal;
  readonly name: string | null;
  channels: number;
}

/** A connection that is in, as administrators see it. */
export interface OpenConnection {
  readonly id: ConnectionId;
  readonly vhost: string;
  readonly user: string;
  readonly name: string | null;
  readonly channels: number;
}

/** Hears who is in and who has left, after that is so. */
export interface SessionWatch {
  entered(connection: OpenConnection): void;
  left(connection: OpenConnection): void;
}

export class Sessions {
  readonly #view: TopologyView;
  readonly #limits: Limits;
  readonly #watch: SessionWatch | null;
  readonly #sessions = new Map<ConnectionId, Session>();
  readonly #inVhosts = new Counts();
  readonly #ofUsers = new Counts();
  readonly #channels = new Counts();
  #channelCount = 0;

  constructor(view: TopologyView, limits: Limits, watch: SessionWatch | null = null) {
    this.#view = view;
    this.#limits = limits;
    this.#watch = watch;
  }

  open(connection: ConnectionId, { vhost, user, grant, name }: Extract<Request, { op: 'connection.open' }>): Answer {
    const mostInAll = this.#limits.nodeReached('connectionMax', this.#sessions.size);
    if (mostInAll !== null) return refused(nodeConnectionLimit(mostInAll));
    if (!this.#view.hasVhost(vhost)) return refused(noVhost(vhost));
    const most = this.#limits.reached('vhost', vhost, 'max-connections', this.#inVhosts.of(vhost));
    if (most !== null) return refused(vhostConnectionLimit(vhost, user, most));
    const mostOfUser = this.#limits.reached('user', user, 'max-connections', this.#ofUsers.of(user));
    if (mostOfUser !== null) return refused(userConnectionLimit(user, mostOfUser));
    const principal = grant ? principalOfGrant(grant) : principalOfUser(this.#view.accounts, user);
    if (!principal.mayEnter(vhost)) return refused(noVhostAccess(vhost, user));
    const session = { vhost, principal, name, channels: 0 };
    this.#sessions.set(connection, session);
    this.#inVhosts.add(vhost, 1);
    this.#ofUsers.add(user, 1);
    this.#watch?.entered(seen(connection, session));
    return { ok: true };
  }

  renew(connection: ConnectionId, grant: Grant): Answer {
    const session = this.#sessions.get(connection);
    if (session === undefined) return { ok: true };
    const principal = principalOfGrant(grant);
    if (!principal.mayEnter(session.vhost)) return refused(noVhostAccess(session.vhost, principal.name));
    session.principal = principal;
    return { ok: true };
  }

  openChannel(connection: ConnectionId): Answer {
    const session = this.#sessions.get(connection);
    if (session === undefined) return { ok: true };
    const user = session.principal.name;
    const mostInAll = this.#limits.nodeReached('channelMaxPerNode', this.#channelCount);
    if (mostInAll !== null) return refused(nodeChannelLimit(mostInAll));
    const most = this.#limits.reached('user', user, 'max-channels', this.#channels.of(user));
    if (most !== null) return refused(channelLimit(user, most));
    this.#countChannels(session, 1);
    return { ok: true };
  }

  closeChannel(connection: ConnectionId): Answer {
    const session = this.#sessions.get(connection);
    if (session !== undefined && session.channels > 0) this.#countChannels(session, -1);
    return { ok: true };
  }

  disconnect(connection: ConnectionId): void {
    const session = this.#sessions.get(connection);
    if (session === undefined) return;
    this.#sessions.delete(connection);
    this.#inVhosts.add(session.vhost, -1);
    this.#ofUsers.add(session.principal.name, -1);
    this.#watch?.left(seen(connection, session));
    this.#countChannels(session, -session.channels);
  }

  #countChannels(session: Session, change: number): void {
    session.channels += change;
    this.#channelCount += change;
    this.#channels.add(session.principal.name, change);
  }

  /** All connections, those that came first before others. */
  list(): OpenConnection[] {
    return [...this.#sessions].map(([id, session]) => seen(id, session));
  }

  /** Who a connection is of; undefined when it has not entered. */
  principalOf(connection: ConnectionId): Principal | undefined {
    return connection === BROKER ? ITSELF : this.#sessions.get(connection)?.principal;
  }

  /** The connections that are in a vhost. */
  in(vhost: string): ConnectionId[] {
    return this.#all((session) => session.vhost === vhost);
  }

  /** The connections of a user. */
  of(user: string): ConnectionId[] {
    return this.#all((session) => session.principal.name === user);
  }

  #all(isMeant: (session: Session) => boolean): ConnectionId[] {
    return [...this.#sessions].filter(([, session]) => isMeant(session)).map(([connection]) => connection);
  }
}

function seen(id: ConnectionId, { vhost, principal, name, channels }: Session): OpenConnection {
  return { id, vhost, user: principal.name, name, channels };
}

/** How many there are of each name; names of which there are none take no room. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  add(name: string, change: number): void {
    const count = this.of(name) + change;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
