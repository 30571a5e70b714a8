/**
 * Who is in: the connections that have entered a vhost, with their users and channels.
 * What must hold: a connection counts from its entry until it is gone, and a channel from its opening until it or its connection is.
 */
import { noVhost, refused } from './refusals.js';
import type { Answer, ConnectionId, Request } from './requests.js';
import type { TopologyView } from './topology-view.js';

interface Session {
  readonly vhost: string;
  readonly user: string;
  channels: number;
}

export class Sessions {
  readonly #view: TopologyView;
  readonly #sessions = new Map<ConnectionId, Session>();

  constructor(view: TopologyView) {
    this.#view = view;
  }

  open(connection: ConnectionId, { vhost, user }: Extract<Request, { op: 'connection.open' }>): Answer {
    if (!this.#view.hasVhost(vhost)) return refused(noVhost(vhost));
    this.#sessions.set(connection, { vhost, user, channels: 0 });
    return { ok: true };
  }

  openChannel(connection: ConnectionId): Answer {
    const session = this.#sessions.get(connection);
    if (session !== undefined) session.channels += 1;
    return { ok: true };
  }

  closeChannel(connection: ConnectionId): Answer {
    const session = this.#sessions.get(connection);
    if (session !== undefined) session.channels -= 1;
    return { ok: true };
  }

  disconnect(connection: ConnectionId): void {
    this.#sessions.delete(connection);
  }
}
