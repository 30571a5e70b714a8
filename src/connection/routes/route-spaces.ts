/**
 * Numbers for what a worker's core keeps routes by: a principal in a virtual host. Connections of the same pair have the
 * same number. A pair that no connection has any more keeps its number, as the core keeps its routes, until all routes
 * are forgotten: only then may another pair have it.
 */
import type { ConnectionId } from '../../broker/requests/requests.js';

interface Space {
  readonly name: string;
  readonly number: number;
  connections: number;
}

export class RouteSpaces {
  readonly #byName = new Map<string, Space>();
  readonly #byConnection = new Map<ConnectionId, Space>();
  /** Those without connections. */
  readonly #idle = new Set<Space>();
  readonly #freeNumbers: number[] = [];

  /** How many pairs have a number. */
  get size(): number {
    return this.#byName.size;
  }

  /** The number for a connection from now on, by the key of its principal: not the one that it had, if any. */
  enter(connection: ConnectionId, vhost: string, principal: string): number {
    this.leave(connection);
    const name = JSON.stringify([vhost, principal]);
    const space = this.#byName.get(name) ?? this.#make(name);
    space.connections += 1;
    this.#idle.delete(space);
    this.#byConnection.set(connection, space);
    return space.number;
  }

  leave(connection: ConnectionId): void {
    const space = this.#byConnection.get(connection);
    if (space === undefined) return;
    this.#byConnection.delete(connection);
    space.connections -= 1;
    if (space.connections === 0) this.#idle.add(space);
  }

  /** The core has forgotten its routes. */
  routesForgotten(): void {
    for (const { name, number } of this.#idle) {
      this.#byName.delete(name);
      this.#freeNumbers.push(number);
    }
    this.#idle.clear();
  }

  #make(name: string): Space {
    // Numbers in use and free ones are those below their count.
    const number = this.#freeNumbers.pop() ?? this.#byName.size;
    const space = { name, number, connections: 0 };
    this.#byName.set(name, space);
    return space;
  }
}
