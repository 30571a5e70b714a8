/**
 * The listening sockets. Accepted connections are not read here: each is given away at once, either as a descriptor of
 * its own, which another thread can own, or as it is.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { AcceptedSocket, Source } from '../connection/transport/accepted-socket.js';

export interface Listener {
  readonly hosts: readonly string[];
  readonly port: number;
  /** Accepts no more; connections that were given away live on. */
  close(): Promise<void>;
}

export type Accept = (socket: AcceptedSocket) => void;

/** What Node keeps behind a socket. Its descriptor is not there on Windows. */
interface Handle {
  readonly fd?: number;
  close(): void;
}

/** A client may take `localhost` for either of these: it stands for both. */
export const LOCALHOST = 'localhost';
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

/** Errors of a machine that does not have IPv6. */
const WITHOUT_IPV6 = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EPROTONOSUPPORT', 'EINVAL']);

/** How often a free port is looked for that is free on both loopbacks. */
const FREE_PORT_TRIES = 20;

/** Listens. `dup` makes a second descriptor for a socket; without it sockets stay on this thread. */
export async function listen(
  address: { host: string; port: number },
  dup: ((fd: number) => number) | null,
  accept: Accept,
): Promise<Listener> {
  const { host, port } = address;
  if (host !== LOCALHOST) return asListener([await listenOn({ host, port }, dup, accept)]);
  for (let tries = 1; ; tries++) {
    const first = await listenOn({ host: LOOPBACKS[0], port }, dup, accept);
    try {
      return asListener([first, await listenOn({ host: LOOPBACKS[1], port: first.port }, dup, accept)]);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (WITHOUT_IPV6.has(code)) return asListener([first]);
      await first.close();
      if (port !== 0 || code !== 'EADDRINUSE' || tries === FREE_PORT_TRIES) throw error;
    }
  }
}

/** One listening socket. */
interface Ear {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

function asListener(ears: readonly [Ear, ...Ear[]]): Listener {
  return {
    hosts: ears.map(({ host }) => host),
    port: ears[0].port,
    close: async () => {
      await Promise.all(ears.map((ear) => ear.close()));
    },
  };
}

function listenOn(
  address: { host: string; port: number },
  dup: ((fd: number) => number) | null,
  accept: Accept,
): Promise<Ear> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const source = takeOver(socket, dup);
    if (source !== null) accept({ kind: 'tcp', ...source });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address, backlog: 1024 }, () => {
      server.removeListener('error', reject);
      const bound = server.address();
      if (bound === null || typeof bound === 'string') throw new Error('a TCP server has an address and a port');
      resolve({ host: bound.address, port: bound.port, close: () => closeServer(server) });
    });
  });
}

/** Takes the connection out of the hands of the socket that it was accepted as. Null: it is gone already. */
function takeOver(socket: Socket, dup: ((fd: number) => number) | null): Source | null {
  const owner = socket as unknown as { _handle: Handle | null };
  const handle = owner._handle;
  if (handle === null) return null;
  if (dup === null) {
    // The socket object forgets its handle, so that dropping the one does not close the other.
    owner._handle = null;
    return { handle };
  }
  try {
    return handle.fd === undefined || handle.fd < 0 ? null : { fd: dup(handle.fd) };
  } catch {
    // No descriptor is free: the client sees its connection closed and may try again.
    return null;
  } finally {
    socket.destroy();
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
