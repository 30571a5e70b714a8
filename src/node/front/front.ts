/**
 * What a cluster's node does with clients that its listeners accept: while it leads, its workers have them; while
 * another node leads, it passes them on to that one; while nobody does, it holds them for some seconds. Listeners stay
 * as they are through all of it.
 *
 * What must hold: nobody is passed on to a node that leads no more (what was passed on is cut when the leader changes,
 * so that clients recover); a client that is held gets to whoever leads next, or is closed when it has waited too long;
 * sockets are bounded, and the operator is told of those that are closed.
 */
import { BoundedLines } from '../../connection/errors/bounded-lines.js';
import { type AcceptedSocket, refuse } from '../../connection/transport/accepted-socket.js';
import { hostText } from '../../connection/transport/endpoint.js';
import { ProxiedSockets } from '../../connection/transport/opening/proxied-sockets.js';
import type { Accept, Dup } from '../listeners/server.js';
import { type HeldClient, HeldClients } from './held-clients.js';
import { type Leader, Passage, type PassageEvents } from './passage.js';

type Role =
  /** Nobody leads, as far as is known; or this node does, and is not ready. */
  | { readonly kind: 'waiting' }
  | { readonly kind: 'leading'; readonly accept: Accept }
  | { readonly kind: 'following'; readonly leader: Leader; isReachable: boolean }
  | { readonly kind: 'closed' };

export interface FrontLimits {
  /** Clients that are passed on, and those on their way. */
  readonly passedMax: number;
  /** Clients that wait for a leader. */
  readonly heldMax: number;
  /** How long one waits (ms): longer than the engine takes for an election, and a broker for a short recovery. */
  readonly holdMs: number;
  /** A leader that cannot be reached is tried again after this time (ms). */
  readonly retryMs: number;
  /** Once one side has ended, all is over after this time (ms). */
  readonly lingerMs: number;
}

const LIMITS: FrontLimits = { passedMax: 10_000, heldMax: 1024, holdMs: 30_000, retryMs: 250, lingerMs: 10_000 };

/** How many clients are where. */
export interface FrontCounts {
  readonly passed: number;
  readonly held: number;
}

export class Front {
  readonly #limits: FrontLimits;
  readonly #lines: BoundedLines;
  readonly #held: HeldClients;
  /** Null: the platform reads no PROXY headers. */
  readonly #proxied: ProxiedSockets | null;
  readonly #passages = new Set<Passage>();
  /** On their way to the leader, since when they wait. */
  readonly #connecting = new Map<Passage, HeldClient>();
  /** A proxy is still to say for whom it has come. */
  #veiled = 0;
  #role: Role = { kind: 'waiting' };
  #retry: NodeJS.Timeout | null = null;

  constructor(dup: Dup | null, report: (line: string) => void, limits: Partial<FrontLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
    this.#lines = new BoundedLines('clients that were not passed on', report);
    this.#proxied = dup === null ? null : new ProxiedSockets(dup, this.#lines);
    const { heldMax, holdMs } = this.#limits;
    this.#held = new HeldClients(heldMax, holdMs, ({ socket }) =>
      this.#turnAway(socket, `no node has taken it within ${holdMs / 1000} s`),
    );
  }

  get counts(): FrontCounts {
    return { passed: this.#passages.size, held: this.#held.size + this.#connecting.size + this.#veiled };
  }

  /** Takes what listeners accept. */
  readonly accept: Accept = (socket, address) => {
    if (this.#role.kind === 'leading') this.#role.accept(socket, address);
    else this.#place({ socket, address, since: performance.now() });
  };

  /** This node leads, and `accept` serves from now on. */
  lead(accept: Accept): void {
    this.#become({ kind: 'leading', accept });
  }

  /** Another node leads. The same one in the same epoch changes nothing. */
  follow(leader: Leader): void {
    const role = this.#role;
    if (role.kind === 'following' && isSame(role.leader, leader)) return;
    this.#become({ kind: 'following', leader, isReachable: true });
  }

  /** Nobody leads for now. */
  wait(): void {
    if (this.#role.kind !== 'waiting') this.#become({ kind: 'waiting' });
  }

  /** Closes all that it has; what comes later is closed at once. */
  close(): void {
    this.#become({ kind: 'closed' });
    this.#proxied?.close();
    this.#veiled = 0;
  }

  #become(role: Role): void {
    if (this.#role.kind === 'closed') return;
    this.#role = role;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    // Those that are not through yet come back, and go to whoever leads now.
    for (const passage of [...this.#passages, ...this.#connecting.keys()]) passage.cut();
    for (const client of this.#held.all()) this.#place(client);
  }

  /** Brings a client to where it belongs now. */
  #place(client: HeldClient): void {
    const role = this.#role;
    switch (role.kind) {
      case 'leading':
        role.accept(client.socket, client.address);
        break;
      case 'following':
        if (role.isReachable) this.#pass(client, role.leader);
        else this.#hold(client);
        break;
      case 'waiting':
        this.#hold(client);
        break;
      case 'closed':
        refuse(client.socket);
        break;
      default:
        role satisfies never;
    }
  }

  #hold(client: HeldClient): void {
    const { heldMax, holdMs } = this.#limits;
    if (performance.now() - client.since >= holdMs)
      this.#turnAway(client.socket, `no node has taken it within ${holdMs / 1000} s`);
    else if (!this.#held.hold(client)) this.#turnAway(client.socket, `${heldMax} wait for a leader already`);
  }

  #pass(client: HeldClient, leader: Leader): void {
    const { passedMax, lingerMs } = this.#limits;
    if (this.#passages.size + this.#connecting.size + this.#veiled >= passedMax)
      this.#turnAway(client.socket, `${passedMax} are passed on already`);
    else if (client.socket.isProxied === true) this.#unveil(client);
    else this.#connecting.set(new Passage(client.socket, leader, this.#events, lingerMs), client);
  }

  /** The leader is to hear of the client, not of the proxy before this node. */
  #unveil({ socket, since }: HeldClient): void {
    if (this.#proxied === null) throw new Error('PROXY headers are not read on this platform');
    this.#veiled += 1;
    this.#proxied.begin(socket, (unveiled) => {
      this.#veiled -= 1;
      if (unveiled !== null) this.#place({ socket: unveiled, address: hostText(unveiled.ends?.peer ?? null), since });
    });
  }

  readonly #events: PassageEvents = {
    onOpen: (passage) => {
      this.#connecting.delete(passage);
      this.#passages.add(passage);
      if (this.#role.kind !== 'following' || this.#role.isReachable) return;
      this.#role.isReachable = true;
      for (const client of this.#held.all()) this.#place(client);
    },
    onUnreachable: (passage, _, reason) => {
      const client = this.#connecting.get(passage);
      this.#connecting.delete(passage);
      if (client === undefined) return;
      const role = this.#role;
      // A leader that is not there yet, or no more: one client at a time tries it again.
      if (role.kind === 'following' && !passage.isCut) {
        role.isReachable = false;
        this.#lines.tell(reason, `the leader at ${role.leader.host}:${role.leader.port} cannot be reached: ${reason}`);
        this.#retry ??= setTimeout(() => this.#tryAgain(), this.#limits.retryMs);
      }
      this.#place(client);
    },
    onEnd: (passage) => {
      this.#passages.delete(passage);
    },
  };

  #tryAgain(): void {
    this.#retry = null;
    const role = this.#role;
    if (role.kind !== 'following' || role.isReachable) return;
    const client = this.#held.first();
    // With nobody left to try, the next one who comes does.
    if (client === null) role.isReachable = true;
    else this.#pass(client, role.leader);
  }

  #turnAway(socket: AcceptedSocket, reason: string): void {
    refuse(socket);
    this.#lines.tell(reason, `a client is closed: ${reason}`);
  }
}

function isSame(one: Leader, other: Leader): boolean {
  return one.epoch === other.epoch && one.host === other.host && one.port === other.port;
}
