/**
 * A socket between the listener that has accepted it and the worker that will own it: what a listener says of it, and
 * the transport that its kind asks for.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { DirectWrite } from '../../platform/direct-write.js';
import { type Addressed, type Ends, endsOf } from './endpoint.js';
import { SocketTransport } from './socket-transport.js';
import type { StreamEnds } from './stream-transport.js';
import type { Transport, TransportEvents, TransportMemory } from './transport.js';

/** By its descriptor, or as the handle that accepted it, where descriptors cannot be duplicated. */
export type Source = { readonly fd: number } | { readonly handle: unknown };

/** What the listener serves. */
export type ListenerPlace =
  | { readonly kind: 'tcp' | 'tls' | 'ws' | 'wss' }
  | { readonly kind: 'unix'; readonly path: string };

/** What a proxy has to do with it. */
export interface Introduction {
  /** A PROXY header comes before all else. */
  readonly isProxied?: boolean;
  /** The proxy is a node of the cluster: its header says by which kind of listener the client has come. */
  readonly isPassedOn?: boolean;
  /** Those behind the proxy, when the header is read. */
  readonly ends?: Ends;
}

/** The receiver's to close. */
export type AcceptedSocket<S extends Source = Source> = ListenerPlace & Introduction & S;

/** What a worker offers its transports. */
export interface TransportHost extends TransportMemory {
  /** Asked for where there are descriptors alone. */
  directWrite(): DirectWrite;
}

/** A socket of Node's of what was accepted. `allowHalfOpen`: it can still be written to when its other side has ended. */
export function streamSocket(accepted: Source, allowHalfOpen = false): Socket {
  const source = 'fd' in accepted ? { fd: accepted.fd } : { handle: accepted.handle };
  // Node's types do not know that a socket can be made of a handle.
  return new Socket({ ...source, readable: true, writable: true, allowHalfOpen } as SocketConstructorOpts);
}

/** What there is to know of a stream over a socket that was accepted. */
export function streamEnds(
  stream: Addressed,
  below: Socket,
  accepted: AcceptedSocket,
  host: TransportHost,
): Omit<StreamEnds, 'isEncrypted' | 'certified'> {
  return {
    ...(accepted.ends ?? endsOf(stream)),
    // A descriptor that is closed may be somebody else's by now.
    isReset: () => 'fd' in accepted && !below.destroyed && host.directWrite().isReset(accepted.fd),
  };
}

/** The transport of a plain socket; others have something else first (opening.ts). */
export function openTransport(accepted: AcceptedSocket, host: TransportHost, events: TransportEvents): Transport {
  const direct = 'fd' in accepted ? { fd: accepted.fd, calls: host.directWrite() } : null;
  return new SocketTransport(accepted, host, direct, events);
}

/** Closes a socket that nobody takes. */
export function refuse(accepted: Source): void {
  // Node's types do not know that a socket can be made of a handle.
  new Socket(accepted as SocketConstructorOpts).destroy();
}
