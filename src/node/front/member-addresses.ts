/**
 * From which addresses the cluster's nodes come, by what they say of themselves: the listener for what they pass on
 * lets in nobody else. What must hold: who is a node by its name is one by each address that the name has; a name that
 * cannot be looked up for a moment keeps the addresses that it had; who is not told of any more is no node.
 */
import { isIP } from 'node:net';
import type { IsProxy } from '../listeners/proxies.js';
import { parsePlace } from './leader-way.js';

/** All addresses of a name; rejects where it has none, or nobody can be asked. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export class MemberAddresses {
  readonly #lookup: Lookup;
  #byHost = new Map<string, readonly string[]>();

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  readonly isMember: IsProxy = (address) => {
    const plain = plainAddress(address);
    for (const addresses of this.#byHost.values()) if (addresses.includes(plain)) return true;
    return false;
  };

  /** What nodes tell of where they are, HOST:PORT each; to be called again now and then, since names move. */
  async update(places: readonly string[]): Promise<void> {
    const hosts = new Set(places.flatMap((place) => parsePlace(place)?.host ?? []));
    for (const host of this.#byHost.keys()) if (!hosts.has(host)) this.#byHost.delete(host);
    await Promise.all([...hosts].map((host) => this.#find(host)));
  }

  async #find(host: string): Promise<void> {
    const known = this.#byHost.get(host) ?? [];
    // From now on, that later calls see whether it was dropped meanwhile.
    this.#byHost.set(host, isIP(host) === 0 ? known : [plainAddress(host)]);
    if (isIP(host) !== 0) return;
    try {
      const found = await this.#lookup(host);
      if (this.#byHost.has(host)) this.#byHost.set(host, found.map(plainAddress));
    } catch {
      // It keeps those that it had.
    }
  }
}

/** An address as it is compared: of IPv4 in one way, of IPv6 as it is shortest. */
function plainAddress(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  const plain = mapped ?? address;
  if (isIP(plain) !== 6) return plain;
  const [text = ''] = plain.split('%');
  return new URL(`http://[${text}]`).hostname.slice(1, -1);
}
