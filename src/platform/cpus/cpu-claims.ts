/**
 * Which groups of CPUs workers run on, of all brokers that can be seen from here, so that the next broker's go elsewhere.
 * A claim is a Unix socket in Linux's abstract namespace, `@leveret/cpu/<lowest CPU of the group>/<number>`: the kernel
 * gives a name to one alone, lists all of them in /proc/net/unix for everybody to read, and forgets a name with the
 * process that has it, however that ends. So there is nothing to clear up, and no user must trust another one's files.
 *
 * Each network namespace has names of its own, so containers do not see each other's brokers. Therefore each broker
 * begins at a group of its own choosing among those that are equally taken, as far as it sees: by chance they are spread.
 *
 * What must hold: who may not have sockets, or may not read the list, gets his groups all the same.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { CpuGroup } from './cpu-topology.js';

/** Behind the name a system may list the zeroes that fill it up, as `@`. */
const CLAIM = /@leveret\/cpu\/(\d+)\/(\d+)@*$/gm;
const TABLE = '/proc/net/unix';
/** So often a name is tried that another broker was quicker to take; then the claim is known to this broker alone. */
const TRIES = 100;

/** The numbers of the claims to each group, by its lowest CPU. */
type Claims = Map<number, Set<number>>;

export interface ClaimOptions {
  /** Where to begin among equals, from 0 to 1. */
  readonly first?: number;
  /** Where the system lists its sockets. */
  readonly table?: string;
}

export class CpuClaims {
  readonly #first: number;
  readonly #table: string;
  readonly #sockets: Server[] = [];
  /** This broker's own, which it knows of whatever the system lets it see. */
  readonly #own: Claims = new Map();

  constructor({ first = Math.random(), table = TABLE }: ClaimOptions = {}) {
    this.#first = first;
    this.#table = table;
  }

  /**
   * Claims a worker's place in the group that has the fewest workers for its cores; among equals in the node that has;
   * its number among the groups.
   */
  async claim(groups: readonly CpuGroup[]): Promise<number> {
    for (let tries = 0; ; tries++) {
      const claims = this.#seen();
      const chosen = this.#leastTaken(groups, claims);
      const cpu = lowestOf(groups[chosen]);
      const number = freeNumber(claims.get(cpu));
      const socket = tries === TRIES ? 'refused' : await listen(nameOf(cpu, number));
      if (socket === 'taken') continue;
      if (socket !== 'refused') this.#sockets.push(socket);
      note(this.#own, cpu, number);
      return chosen;
    }
  }

  /** Gives all back. */
  release(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
    this.#own.clear();
  }

  #seen(): Claims {
    const claims: Claims = new Map();
    for (const [cpu, numbers] of this.#own) claims.set(cpu, new Set(numbers));
    for (const [, cpu, number] of textOf(this.#table).matchAll(CLAIM)) note(claims, Number(cpu), Number(number));
    return claims;
  }

  #leastTaken(groups: readonly CpuGroup[], claims: Claims): number {
    const workers = groups.map((group) => claims.get(lowestOf(group))?.size ?? 0);
    const taken = groups.map(({ cores }, index) => ((workers[index] ?? 0) + 1) / cores);
    const inNode = groups.map(({ node }) => {
      const same = [...groups.keys()].filter((index) => groups[index]?.node === node);
      const cores = same.reduce((sum, index) => sum + (groups[index]?.cores ?? 0), 0);
      return same.reduce((sum, index) => sum + (workers[index] ?? 0), 0) / cores;
    });
    const start = Math.floor(this.#first * groups.length);
    const order = [...groups.keys()].map((index) => (start + index) % groups.length);
    const [first = 0] = order.toSorted(
      (one, other) => (taken[one] ?? 0) - (taken[other] ?? 0) || (inNode[one] ?? 0) - (inNode[other] ?? 0),
    );
    return first;
  }
}

function note(claims: Claims, cpu: number, number: number): void {
  claims.set(cpu, (claims.get(cpu) ?? new Set()).add(number));
}

function lowestOf(group: CpuGroup | undefined): number {
  return group?.cpus[0] ?? 0;
}

function nameOf(cpu: number, number: number): string {
  return `\0leveret/cpu/${cpu}/${number}`;
}

function freeNumber(taken: ReadonlySet<number> | undefined): number {
  let number = 0;
  while (taken?.has(number)) number++;
  return number;
}

function textOf(table: string): string {
  try {
    return readFileSync(table, 'latin1');
  } catch {
    // Not Linux, or hidden from us.
    return '';
  }
}

/** A socket of that name; or somebody else has it; or there can be none. */
function listen(path: string): Promise<Server | 'taken' | 'refused'> {
  return new Promise((resolve) => {
    // Whoever connects to it finds nothing there.
    const socket = createServer((client) => client.destroy());
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE' ? 'taken' : 'refused'));
    socket.listen({ path }, () => resolve(socket.unref()));
  });
}
