/**
 * Clients for whom nobody serves yet, in the order in which they came: their sockets are open, and nothing was read
 * from them. What must hold: so many at most, each for so long at most, and each leaves once.
 */
import type { AcceptedSocket } from '../../connection/transport/accepted-socket.js';

export interface HeldClient {
  readonly socket: AcceptedSocket;
  /** Null: it has no address, or a proxy is still to say it. */
  readonly address: string | null;
  /** When it came, by `performance.now`. */
  readonly since: number;
}

export class HeldClients {
  readonly #most: number;
  readonly #holdMs: number;
  readonly #onLate: (client: HeldClient) => void;
  readonly #clients = new Set<HeldClient>();
  #timer: NodeJS.Timeout | null = null;

  /** `onLate`: a client has waited for `holdMs`, and is held no more. */
  constructor(most: number, holdMs: number, onLate: (client: HeldClient) => void) {
    this.#most = most;
    this.#holdMs = holdMs;
    this.#onLate = onLate;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** False: there are too many. */
  hold(client: HeldClient): boolean {
    if (this.#clients.size >= this.#most) return false;
    this.#clients.add(client);
    this.#watch();
    return true;
  }

  /** Lets the first one go. */
  first(): HeldClient | null {
    const [client] = this.#clients;
    if (client === undefined) return null;
    this.#clients.delete(client);
    this.#watch();
    return client;
  }

  /** Lets all go. */
  all(): readonly HeldClient[] {
    const clients = [...this.#clients];
    this.#clients.clear();
    this.#watch();
    return clients;
  }

  /** One that came back stands behind later ones: all are looked at, by one timer. */
  #watch(): void {
    if (this.#clients.size === 0) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (this.#timer !== null || this.#clients.size === 0) return;
    const oldest = Math.min(...[...this.#clients].map(({ since }) => since));
    const wait = Math.max(1, oldest + this.#holdMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      const due = performance.now() - this.#holdMs;
      for (const client of this.#clients) {
        if (client.since > due) continue;
        this.#clients.delete(client);
        this.#onLate(client);
      }
      this.#watch();
    }, wait);
  }
}
