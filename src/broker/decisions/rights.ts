/**
 * What the users of connections may do, as the coordinator asks. A connection that has not entered a vhost may do
 * nothing.
 */

import { RIGHTS, type Right } from '../access/accounts.js';
import { NOBODY } from '../access/principal.js';
import type { ConnectionId, Refusal } from '../requests/requests.js';
import { type Resource, rightRefusal, topicRefusal } from '../topology/access.js';
import type { TopologyView } from '../topology/topology-view.js';
import type { Sessions } from './sessions.js';

export class Rights {
  readonly #view: TopologyView;
  readonly #sessions: Pick<Sessions, 'principalOf'>;

  constructor(view: TopologyView, sessions: Pick<Sessions, 'principalOf'>) {
    this.#view = view;
    this.#sessions = sessions;
  }

  /** Why a connection may not know of something: it has no right on it; null: it may. */
  knowledgeRefusal(connection: ConnectionId, resource: Resource): Refusal | null {
    const refusals = RIGHTS.map((right) => this.refusal(connection, right, resource));
    return refusals.includes(null) ? null : (refusals[0] ?? null);
  }

  /** Why a connection may not do this to something; null: it may. */
  refusal(connection: ConnectionId, right: Right, resource: Resource): Refusal | null {
    return rightRefusal(this.#sessions.principalOf(connection) ?? NOBODY, right, resource);
  }

  /** Why a connection may not bind to an exchange by this key, or take such a binding back; null: it may. */
  topicRefusal(connection: ConnectionId, vhost: string, exchange: string, key: string): Refusal | null {
    const principal = this.#sessions.principalOf(connection) ?? NOBODY;
    return topicRefusal(this.#view, 'read', { principal, vhost }, exchange, [key]);
  }
}
