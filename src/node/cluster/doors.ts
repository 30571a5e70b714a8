/**
 * The listeners of a node of a cluster, for as long as its process lives: one set for clients, which the front has, and
 * one for what other nodes pass on. What must hold: clients get to this node's broker while it serves, and to the
 * leader's while another node does; what others pass on gets to this node's broker or is closed, and never goes round.
 */
import { lookup as lookUp } from 'node:dns/promises';
import type { ClusterStatus } from '../../cluster/protocol/cluster-status.js';
import { BoundedLines } from '../../connection/errors/bounded-lines.js';
import { refuse } from '../../connection/transport/accepted-socket.js';
import { fatal } from '../../platform/fatal.js';
import { machineClock } from '../../platform/machine-clock.js';
import { Front } from '../front/front.js';
import { wayOf } from '../front/leader-way.js';
import { type Lookup, MemberAddresses } from '../front/member-addresses.js';
import { hostText, type ListenAddress } from '../listeners/address.js';
import type { BoundAddress } from '../listeners/bound.js';
import { type Entrance, OwnEntrance } from '../listeners/entrance.js';
import type { Listener } from '../listeners/listeners.js';
import { listenForMembers, type MembersAddress } from '../listeners/members.js';
import { proxiesIn } from '../listeners/proxies.js';
import type { Accept, Dup } from '../listeners/server.js';

export interface DoorsOptions {
  /** For clients. */
  readonly listeners: readonly ListenAddress[];
  readonly proxyProtocolFrom: readonly string[];
  /** Where other nodes reach this one. */
  readonly address: MembersAddress;
  readonly dup: Dup | null;
  readonly report: (line: string) => void;
}

/** So often it is looked at who leads (ms). */
const LOOK_MS = 200;
/** Names of nodes are looked up again after this time (ms). */
const NAMES_MS = 10_000;

const lookup: Lookup = async (host) => (await lookUp(host, { all: true })).map(({ address }) => address);

export class Doors implements Entrance {
  /** HOST:PORT where other nodes reach this one. */
  readonly place: string;
  /** Where clients come in. */
  readonly bound: readonly BoundAddress[];
  readonly #front: Front;
  readonly #addresses: MemberAddresses;
  readonly #clients: OwnEntrance;
  readonly #members: Listener;
  /** This node's broker; null: there is none. */
  #accept: Accept | null = null;
  /** Whether clients go to it. */
  #isOpen = false;
  #places = '';
  #lookedUpAt = Number.NEGATIVE_INFINITY;
  #endLook: () => void = () => undefined;
  #hasEnded = false;

  private constructor(
    { address }: DoorsOptions,
    ways: { front: Front; addresses: MemberAddresses; clients: OwnEntrance; members: Listener },
    bound: readonly BoundAddress[],
  ) {
    this.#front = ways.front;
    this.#addresses = ways.addresses;
    this.#clients = ways.clients;
    this.#members = ways.members;
    this.bound = bound;
    const port = ways.members.bound.kind === 'unix' ? address.port : ways.members.bound.port;
    this.place = `${hostText(address.host)}:${port}`;
  }

  /** Throws a ListenError. Clients are held until it is known who leads. */
  static async open(options: DoorsOptions): Promise<Doors> {
    const { listeners, proxyProtocolFrom, address, dup, report } = options;
    const front = new Front(dup, report);
    const addresses = new MemberAddresses(lookup);
    const strangers = new BoundedLines("connections that are for the cluster's nodes alone", report);
    let doors: Doors | null = null;
    const members = await listenForMembers(
      address,
      dup,
      addresses.isMember,
      (socket, from) => {
        if (doors === null) refuse(socket);
        else doors.#take(socket, from);
      },
      (from) => strangers.tell(from, `${from} is no node of the cluster, and is closed`),
    );
    const clients = new OwnEntrance(listeners, dup, proxiesIn(proxyProtocolFrom));
    try {
      doors = new Doors(options, { front, addresses, clients, members }, await clients.open(front.accept));
      return doors;
    } catch (error) {
      front.close();
      await members.close();
      throw error;
    }
  }

  /** What other nodes pass on. */
  readonly #take: Accept = (socket, from) => {
    if (this.#isOpen && this.#accept !== null) this.#accept(socket, from);
    else refuse(socket);
  };

  async open(accept: Accept): Promise<readonly BoundAddress[]> {
    this.#accept = accept;
    this.#isOpen = true;
    this.#front.lead(accept);
    return this.bound;
  }

  async close(): Promise<void> {
    this.#accept = null;
    if (this.#isOpen) this.#front.wait();
    this.#isOpen = false;
  }

  /** Goes by what the node tells, from now on until the end; what it cannot tell yet is asked for again. */
  follow(status: () => Promise<ClusterStatus>): void {
    const look = async (): Promise<void> => {
      try {
        const told = await status();
        if (!this.#hasEnded) this.#heed(told);
      } catch {
        // It has not joined its cluster yet.
      }
      if (!this.#hasEnded) this.#endLook = machineClock.after(LOOK_MS, () => look().catch(fatal));
    };
    look().catch(fatal);
  }

  #heed(status: ClusterStatus): void {
    this.#lookUp(status);
    const way = wayOf(status);
    // Until its broker is open nobody is served here; when it is, `open` has said so.
    if (way.kind === 'here' && this.#accept !== null) return;
    this.#isOpen = false;
    if (way.kind === 'there') this.#front.follow(way.leader);
    else this.#front.wait();
  }

  #lookUp({ members }: ClusterStatus): void {
    const places = members.flatMap(({ address }) => address ?? []).sort();
    const now = machineClock.elapsed();
    if (places.join() === this.#places && now - this.#lookedUpAt < NAMES_MS) return;
    this.#places = places.join();
    this.#lookedUpAt = now;
    // What cannot be looked up stays as it was.
    this.#addresses.update(places).catch(() => undefined);
  }

  /** All is closed: clients that are passed on, too. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#endLook();
    this.#accept = null;
    this.#isOpen = false;
    this.#front.close();
    await Promise.all([this.#clients.close(), this.#members.close()]);
  }
}
