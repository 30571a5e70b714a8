/**
 * How clients come to a broker: by listeners of its own; a node of a cluster has others (cluster/doors.ts), which are
 * open while it has no broker, too. What must hold: once `close` was called nobody comes any more.
 */
import type { ListenAddress } from './address.js';
import type { BoundAddress } from './bound.js';
import { closeListeners, type Listener, openListeners } from './listeners.js';
import type { IsProxy } from './proxies.js';
import type { Accept, Dup } from './server.js';

export interface Entrance {
  /** Has clients go to `accept` from now on; where they come in. Throws a ListenError where they cannot. */
  open(accept: Accept): Promise<readonly BoundAddress[]>;
  /** They go there no more; those that are there are not concerned. To be called once `open` was, or before. */
  close(): Promise<void>;
}

export class OwnEntrance implements Entrance {
  #listeners: readonly Listener[] = [];

  constructor(
    private readonly addresses: readonly ListenAddress[],
    private readonly dup: Dup | null,
    private readonly isProxy: IsProxy | null,
  ) {}

  async open(accept: Accept): Promise<readonly BoundAddress[]> {
    this.#listeners = await openListeners(this.addresses, this.dup, accept, this.isProxy);
    return this.#listeners.map(({ bound }) => bound);
  }

  async close(): Promise<void> {
    const listeners = this.#listeners;
    this.#listeners = [];
    await closeListeners(listeners);
  }
}
