/**
 * One listening socket. Accepted connections are not read here: each is given away at once, either as a descriptor of
 * its own, which another thread can own, or as it is.
 */
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { AcceptedSocket, ListenerPlace, Source } from '../../connection/transport/accepted-socket.js';
import type { IsProxy } from './proxies.js';

/** `address`: where the client is; null: it has no address, or a proxy is still to say it. */
export type Accept = (socket: AcceptedSocket, address: string | null) => void;

/** Makes a second descriptor for a socket; where there is none, sockets stay on this thread. */
export type Dup = (fd: number) => number;

/** What Node keeps behind a socket. Its descriptor is not there on Windows. */
interface Handle {
  readonly fd?: number;
}

/** How many clients may have come that are not accepted yet. */
const BACKLOG = 1024;

/** Listens, and calls `onBound` once a path is taken, before anybody is accepted. */
export function serve(
  options: ListenOptions,
  place: ListenerPlace,
  dup: Dup | null,
  accept: Accept,
  { isProxy = null, onBound = () => {} }: { readonly isProxy?: IsProxy | null; readonly onBound?: () => void } = {},
): Promise<Server> {
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const address = socket.remoteAddress ?? null;
    const isProxied = isProxy !== null && address !== null && isProxy(address);
    const source = takeOver(socket, dup);
    if (source === null) return;
    if (isProxied) accept({ ...place, ...source, isProxied }, null);
    else accept({ ...place, ...source }, address);
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      // A client that could not be accepted may try again; those that are there are not concerned.
      server.on('error', () => {});
      resolve(server);
    });
    server.listen({ ...options, backlog: BACKLOG });
    // A path is taken at once, or not at all.
    if (!server.listening) return;
    try {
      onBound();
    } catch (error) {
      server.close(() => reject(error));
    }
  });
}

/** Takes the connection out of the hands of the socket that it was accepted as. Null: it is gone already. */
function takeOver(socket: Socket, dup: Dup | null): Source | null {
  const owner = socket as unknown as { _handle: Handle | null };
  const handle = owner._handle;
  if (handle === null) return null;
  try {
    if (dup !== null) return handle.fd === undefined || handle.fd < 0 ? null : { fd: dup(handle.fd) };
    // The socket object forgets its handle, so that dropping the one does not close the other.
    owner._handle = null;
    return { handle };
  } catch {
    // No descriptor is free: the client sees its connection closed and may try again.
    return null;
  } finally {
    socket.destroy();
  }
}

/** Accepts no more. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
