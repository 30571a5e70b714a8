/**
 * Which sockets are taken, before a word is said: so many in all, and so many from one address. One that is too many is
 * closed at once, as RabbitMQ does where its listener is full. What must hold: each socket that was taken counts until
 * its worker has told that it is closed, whatever became of it; the operator is told, and not once for each.
 */
import type { NodeLimits } from '../../broker/requests/node-limits.js';
import type { ConnectionId } from '../../broker/requests/requests.js';

/** So many clients may be there beyond the limit of connections: those that are told so, and those on their way. */
const ON_THE_WAY = 1_000;
/** Refusals are told of so often at most (ms). */
const PAUSE_MS = 10_000;

type Limits = Pick<NodeLimits, 'connectionMax' | 'connectionMaxPerAddress'>;

export class Admission {
  #limits: Limits;
  readonly #now: () => number;
  /** Where each socket comes from; null: it has no address. */
  readonly #sockets = new Map<ConnectionId, string | null>();
  readonly #byAddress = new Map<string, number>();
  #refused = 0;
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(limits: Limits, now: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#now = now;
  }

  /** The limits are others from now on; who is there stays. */
  change(limits: Limits): void {
    this.#limits = limits;
  }

  /** Takes a socket, or says why not; the reason is null when it has been told of lately. */
  enter(connection: ConnectionId, address: string | null): { readonly ok: true } | Refused {
    const reason = this.#reason(address);
    if (reason !== null) return this.#refuse(reason);
    this.#sockets.set(connection, address);
    if (address !== null) this.#byAddress.set(address, this.#from(address) + 1);
    return { ok: true };
  }

  /** Says where a socket comes from that was taken without its address, or why it cannot stay: it leaves as others do. */
  locate(connection: ConnectionId, address: string): { readonly ok: true } | Refused {
    if (this.#from(address) >= this.#limits.connectionMaxPerAddress) return this.#refuse(this.#tooMany(address));
    if (!this.#sockets.has(connection)) return { ok: true };
    this.#sockets.set(connection, address);
    this.#byAddress.set(address, this.#from(address) + 1);
    return { ok: true };
  }

  /** A socket is closed. */
  leave(connection: ConnectionId): void {
    const address = this.#sockets.get(connection);
    this.#sockets.delete(connection);
    if (address === undefined || address === null) return;
    const left = this.#from(address) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
  }

  #from(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }

  #reason(address: string | null): string | null {
    const { connectionMax, connectionMaxPerAddress } = this.#limits;
    if (this.#sockets.size >= connectionMax + ON_THE_WAY)
      return `there are ${this.#sockets.size} already (connection_max is ${connectionMax})`;
    if (address === null || this.#from(address) < connectionMaxPerAddress) return null;
    return this.#tooMany(address);
  }

  #tooMany(address: string): string {
    return `there are ${this.#from(address)} from ${address} already (connection_max_per_address)`;
  }

  #refuse(reason: string): Refused {
    this.#refused += 1;
    const now = this.#now();
    if (now - this.#toldAt < PAUSE_MS) return { ok: false, line: null };
    const count = this.#refused === 1 ? 'a connection was' : `${this.#refused} connections were`;
    this.#toldAt = now;
    this.#refused = 0;
    return { ok: false, line: `${count} closed at once: ${reason}` };
  }
}

/** `line`: for the operator. */
type Refused = { readonly ok: false; readonly line: string | null };
