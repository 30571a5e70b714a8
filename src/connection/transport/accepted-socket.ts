/**
 * A socket between the listener that has accepted it and the worker that will own it: what a listener says of it, and
 * the transport that its kind asks for.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { DirectWrite } from '../../platform/direct-write.js';
import { SocketTransport } from './socket-transport.js';
import type { Transport, TransportEvents, TransportMemory } from './transport.js';

/** By its descriptor, or as the handle that accepted it, where descriptors cannot be duplicated. */
export type Source = { readonly fd: number } | { readonly handle: unknown };

/** What the listener serves. */
export type ListenerPlace = { readonly kind: 'tcp' | 'tls' } | { readonly kind: 'unix'; readonly path: string };

/** The receiver's to close. */
export type AcceptedSocket<S extends Source = Source> = ListenerPlace & S;

/** What a worker offers its transports. */
export interface TransportHost extends TransportMemory {
  /** Asked for where there are descriptors alone. */
  directWrite(): DirectWrite;
}

/** The transport of a plain socket; TLS has its handshake first (tls.ts). */
export function openTransport(accepted: AcceptedSocket, host: TransportHost, events: TransportEvents): Transport {
  const direct = 'fd' in accepted ? { fd: accepted.fd, calls: host.directWrite() } : null;
  return new SocketTransport(accepted, host, direct, events);
}

/** Closes a socket that nobody takes. */
export function refuse(accepted: Source): void {
  // Node's types do not know that a socket can be made of a handle.
  new Socket(accepted as SocketConstructorOpts).destroy();
}
