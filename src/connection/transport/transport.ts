/**
 * What carries a connection's bytes, as all that the connection, its reader, its writer and its heartbeat know of it.
 * A transport brings what came into the worker's read buffer, in core memory, and takes what is to be sent either from
 * core memory or as bytes of the host. What must hold: what is written leaves in the order in which it was written; a
 * chunk from core memory stays where it is until the transport has taken it.
 *
 * `socket-transport.ts` is for plain sockets and costs nothing between socket and core; `stream-transport.ts` carries
 * over any duplex stream, by one copy more: those of TLS (`tls.ts`) and WebSocket (`websocket.ts`) are such.
 * `ring-transport.ts` is for the program that embeds the broker, by shared memory.
 *
 * This folder carries a connection's octets and takes their frames apart; connections import it, and workers and
 * listeners for the sockets that they hand over (`accepted-socket.ts`, `opening.ts`).
 */
import type { CertifiedName } from '../certificates/certificate-login.js';
import type { Endpoint } from './endpoint.js';
import type { TlsFacts } from './tls-facts.js';

/** What a transport tells the connection that it carries. Nothing is told before the transport's maker has returned. */
export interface TransportEvents {
  /** So many bytes have come into the read buffer. Whether to read on; else it is read again after `resume`. */
  onRead(length: number): boolean;
  /** The chunk that was written from memory first, of those that were not taken at once, is taken. */
  onWritten(): void;
  /** All that waited is taken. */
  onDrain(): void;
  /** The other side sends nothing more. */
  onEnd(): void;
  /** Nothing comes and nothing goes any more, for whatever reason. The last event. */
  onClosed(): void;
}

export interface Transport {
  /** The client's end; null: it is gone. */
  readonly peer: Endpoint | null;
  /** The broker's end. */
  readonly local: Endpoint | null;
  /** Whether nobody on the way can read what is sent. */
  readonly isEncrypted: boolean;
  /** Whether the other side cannot be gone without a word: it may leave unread what it is sent for as long as it likes. */
  readonly isPatient: boolean;
  /** What TLS has come to; null: there is none, or it ends before the broker. */
  readonly tls: TlsFacts | null;
  /** Who the client is by the certificate that it has shown, which is verified; null: it has shown none. */
  readonly certified: CertifiedName | null;
  readonly bytesRead: number;
  /** Bytes that are taken. */
  readonly bytesSent: number;
  /** Bytes that were written and are not taken yet. */
  readonly unsent: number;
  /** Whether the client has gone without a word. For times in which nothing is read: reading tells it by itself. */
  readonly isReset: boolean;
  /** Reads nothing until `resume`. */
  pause(): void;
  /** Reads on, when `pause` or an `onRead` has stopped it. */
  resume(): void;
  write(bytes: Uint8Array): void;
  /** Writes a chunk of core memory. True: it is taken; false: `onWritten` follows when it is. */
  writeFromMemory(offset: number, length: number): boolean;
  /** What is written until `uncork` leaves together. */
  cork(): void;
  uncork(): void;
  /** Ends this side, behind all that was written. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}

/** Makes the transport of a connection, which hears of its events. */
export type OpenTransport = (events: TransportEvents) => Transport;

/** Where a worker's transports read to, and write from. */
export interface TransportMemory {
  /** The whole core memory. */
  readonly bytes: Uint8Array;
  /** All of the worker's transports read into this part of it, one after the other. */
  readonly readBuffer: Uint8Array;
}
