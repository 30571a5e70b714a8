/**
 * The listening socket. Accepted connections are not read here: each is given away at once, either as a descriptor of its
 * own, which another thread can own, or as it is.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Source } from './connection.js';

export interface Listener {
  readonly host: string;
  readonly port: number;
  /** Accepts no more; connections that were given away live on. */
  close(): Promise<void>;
}

export type Accept = (source: Source, loopback: boolean) => void;

/** What Node keeps behind a socket. Its descriptor is not there on Windows. */
interface Handle {
  readonly fd?: number;
  close(): void;
}

/** Listens. `dup` makes a second descriptor for a socket; without it sockets stay on this thread. */
export function listen(
  address: { host: string; port: number },
  dup: ((fd: number) => number) | null,
  accept: Accept,
): Promise<Listener> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const loopback = isLoopback(socket.remoteAddress ?? '');
    const source = takeOver(socket, dup);
    if (source !== null) accept(source, loopback);
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

/** Whether an address is this machine's own, in either family. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
