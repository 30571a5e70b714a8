/**
 * Queues for direct replies: one for a requester, whose name is all that a responder needs. They are hidden: the
 * default exchange knows them by name, and nothing else does. What must hold: a name cannot be guessed, and its queue
 * goes with its connection.
 */
import { randomBytes } from 'node:crypto';
import type { Engine } from '../../engine/engine.js';
import { REPLY_PREFIX } from '../requests/names.js';
import { noMemory, refused } from '../requests/refusals.js';
import type { Answer, ConnectionId } from '../requests/requests.js';
import type { Topology } from '../topology/topology.js';

const TOKEN_BYTES = 18;

export class ReplyQueues {
  readonly #core: Pick<Engine, 'createQueue'>;
  readonly #topology: Topology;
  /** Names and vhosts by connection. */
  readonly #open = new Map<ConnectionId, Map<string, string>>();

  constructor(core: Pick<Engine, 'createQueue'>, topology: Topology) {
    this.#core = core;
    this.#topology = topology;
  }

  open(connection: ConnectionId, vhost: string): Answer {
    const queue = REPLY_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
    const ref = this.#core.createQueue();
    if (ref === 0) return refused(noMemory('queue', vhost, queue));
    this.#topology.change({ kind: 'reply.opened', vhost, queue, ref });
    const own = this.#open.get(connection) ?? new Map<string, string>();
    this.#open.set(connection, own.set(queue, vhost));
    return { ok: true, queue, ref };
  }

  close(connection: ConnectionId, queue: string): Answer {
    const own = this.#open.get(connection);
    const vhost = own?.get(queue);
    if (own === undefined || vhost === undefined) return { ok: true };
    own.delete(queue);
    if (own.size === 0) this.#open.delete(connection);
    this.#topology.closeReplyQueue(vhost, queue);
    return { ok: true };
  }

  *disconnect(connection: ConnectionId): Generator<void, void> {
    for (const queue of this.#open.get(connection)?.keys() ?? []) {
      this.close(connection, queue);
      yield;
    }
  }
}
