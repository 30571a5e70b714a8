/**
 * Listening by TCP, for plain clients, TLS or WebSocket, on one address or, for `localhost`, on both of this machine's own.
 */
import type { Server } from 'node:net';
import { type ListenAddress, LOCALHOST } from './address.js';
import type { Listener } from './listeners.js';
import type { IsProxy } from './proxies.js';
import { type Accept, closeServer, type Dup, serve } from './server.js';

const LOOPBACKS = ['127.0.0.1', '::1'] as const;

/** Errors of a machine that does not have IPv6. */
const WITHOUT_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EINVAL']);

/** How often a free port is looked for that is free on both loopbacks. */
const FREE_PORT_TRIES = 20;

interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

type TcpAddress = Exclude<ListenAddress, { kind: 'unix' }>;

/** Rejects with the reason, in words, when the address cannot be had. */
export async function listenOnTcp(
  address: TcpAddress,
  dup: Dup | null,
  accept: Accept,
  isProxy: IsProxy | null,
): Promise<Listener> {
  const listen: Listen = (at) => serve(at, { kind: address.kind }, dup, accept, { isProxy });
  return asListener(address.kind, await listenAt(address, listen));
}

/** Listens on a host, or on both loopbacks for `localhost`, with one port. Rejects with the reason, in words. */
export async function listenAt(address: HostAndPort, listen: Listen): Promise<readonly [Server, ...Server[]]> {
  const { host, port } = address;
  try {
    return host === LOCALHOST ? await onBoth(port, listen) : [await listen({ host, port })];
  } catch (error) {
    throw inWords(error as NodeJS.ErrnoException, address);
  }
}

type Listen = (at: HostAndPort) => Promise<Server>;

/** Listens on both addresses that `localhost` may stand for, where the machine has both. */
async function onBoth(port: number, listen: Listen): Promise<readonly [Server, ...Server[]]> {
  for (let tries = 1; ; tries++) {
    const first = await listen({ host: LOOPBACKS[0], port });
    try {
      return [first, await listen({ host: LOOPBACKS[1], port: boundTo(first).port })];
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (WITHOUT_IPV6.has(code)) return [first];
      await closeServer(first);
      if (port !== 0 || code !== 'EADDRINUSE' || tries === FREE_PORT_TRIES) throw error;
    }
  }
}

function asListener(kind: TcpAddress['kind'], servers: readonly [Server, ...Server[]]): Listener {
  const hosts = servers.map((server) => boundTo(server).address);
  return {
    bound: { kind, hosts, port: boundTo(servers[0]).port },
    close: async () => {
      await Promise.all(servers.map(closeServer));
    },
  };
}

export function boundTo(server: Server): { readonly address: string; readonly port: number } {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address and a port');
  return bound;
}

function inWords(error: NodeJS.ErrnoException & { readonly address?: string }, { host, port }: HostAndPort): Error {
  const { code, address = host } = error;
  if (code === 'EADDRINUSE') return new Error(`port ${port} on ${address} is taken by another program`);
  if (code === 'EACCES') return new Error(`port ${port} on ${address} needs rights that this user does not have`);
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return new Error(`${host} is not an address of this machine`);
  return error;
}
