/**
 * PROXY headers on sockets that come from proxies which are trusted: read before all else, and not an octet more, so
 * that what follows finds the socket as if there had been none. What must hold: for each socket the answer comes once;
 * the log says why a header was refused, once for the same proxy and reason.
 */
import { Socket, type SocketConstructorOpts } from 'node:net';
import type { BoundedLines } from '../../errors/bounded-lines.js';
import type { AcceptedSocket, ListenerPlace } from '../accepted-socket.js';
import { type Endpoint, type Ends, endpointText, endsOf, hostText, isOnThisMachine } from '../endpoint.js';
import { type ProxyHeader, ProxyHeaderError, ProxyHeaderReader } from './proxy-header.js';

/** How long a proxy may take for its header (ms). */
const HEADER_MS = 10_000;

/** Makes a second descriptor for a socket. */
type Dup = (fd: number) => number;

/** A header that is under way. */
interface Pending {
  readonly deadline: NodeJS.Timeout;
  readonly answer: (accepted: AcceptedSocket | null) => void;
}

export class ProxiedSockets {
  readonly #dup: Dup;
  readonly #strangers: BoundedLines;
  readonly #headerMs: number;
  readonly #pending = new Map<Socket, Pending>();

  constructor(dup: Dup, strangers: BoundedLines, headerMs = HEADER_MS) {
    this.#dup = dup;
    this.#strangers = strangers;
    this.#headerMs = headerMs;
  }

  /** `answer` gets the socket with its ends, or null when there is none; it is closed then. */
  begin(accepted: AcceptedSocket, answer: Pending['answer']): void {
    if (!('fd' in accepted)) throw new Error('PROXY headers are read from descriptors alone');
    const reader = new ProxyHeaderReader();
    let buffer = Buffer.alloc(0);
    const onread = {
      // Asked for before each read: it is never longer than what belongs to the header.
      buffer: () => {
        buffer = Buffer.alloc(reader.wanted);
        return buffer;
      },
      callback: (length: number) => this.#take(socket, reader, buffer.subarray(0, length), accepted),
    };
    // Node's types know `onread` for outgoing connections only.
    const options = { fd: accepted.fd, readable: true, writable: true, onread } as unknown as SocketConstructorOpts;
    const socket = new Socket(options);
    const { peer } = endsOf(socket);
    const deadline = setTimeout(
      () => this.#refuse(socket, peer, `its PROXY header took longer than ${this.#headerMs / 1000} s`),
      this.#headerMs,
    );
    this.#pending.set(socket, { deadline, answer });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#forget(socket)?.answer(null));
    // Whoever only looks whether somebody listens has done nothing wrong.
    socket.on('end', () => {
      if (reader.hasBegun) this.#refuse(socket, peer, 'it ends in the midst of its PROXY header');
      else socket.destroy();
    });
    socket.resume();
  }

  /** Ends what is under way, without an answer. */
  close(): void {
    for (const socket of [...this.#pending.keys()]) {
      this.#forget(socket);
      socket.destroy();
    }
  }

  /** Whether there is more to read. */
  #take(
    socket: Socket,
    reader: ProxyHeaderReader,
    octets: Buffer,
    accepted: AcceptedSocket<{ readonly fd: number }>,
  ): boolean {
    if (!this.#pending.has(socket)) return false;
    const ends = endsOf(socket);
    try {
      const header = reader.take(octets);
      if (header === null) return true;
      const place = accepted.isPassedOn === true ? placeOf(header) : accepted;
      this.#handOn(socket, { ...place, fd: accepted.fd, isProxied: false, ends: endsBehind(ends, header) });
    } catch (error) {
      if (!(error instanceof ProxyHeaderError)) throw error;
      this.#refuse(socket, ends.peer, error.message);
    }
    return false;
  }

  /** Hands it on by a descriptor that nobody has read from. */
  #handOn(socket: Socket, accepted: AcceptedSocket<{ readonly fd: number }>): void {
    const pending = this.#forget(socket);
    let fd: number;
    try {
      fd = this.#dup(accepted.fd);
    } catch {
      // No descriptor is free: the client sees its connection closed and may try again.
      socket.destroy();
      pending?.answer(null);
      return;
    }
    socket.destroy();
    pending?.answer({ ...accepted, fd });
  }

  #forget(socket: Socket): Pending | undefined {
    const pending = this.#pending.get(socket);
    clearTimeout(pending?.deadline);
    this.#pending.delete(socket);
    return pending;
  }

  #refuse(socket: Socket, peer: Endpoint | null, reason: string): void {
    const key = JSON.stringify([hostText(peer), reason]);
    this.#strangers.tell(key, `nobody comes in by the proxy at ${endpointText(peer)}: ${reason}`);
    socket.destroy();
  }
}

const PASSED_ON = ['tcp', 'tls', 'ws', 'wss'] as const;

/** By which kind of listener a client has come whom a node of the cluster passes on. */
function placeOf(header: ProxyHeader): ListenerPlace {
  const named = header.kind === 'itself' ? undefined : header.listener;
  const kind = PASSED_ON.find((one) => one === named);
  if (kind === undefined) throw new ProxyHeaderError('its PROXY header does not say by which kind of listener');
  return { kind };
}

/**
 * The ends behind a proxy. A client counts as one of this machine where both say so: the proxy's address, and what it
 * says of its client.
 */
function endsBehind(ends: Ends, header: ProxyHeader): Ends {
  if (header.kind === 'itself' || ends.peer?.kind !== 'tcp') return ends;
  if (header.kind === 'unknown') return { ...ends, peer: { ...ends.peer, isElsewhere: true } };
  const peer = { kind: 'tcp', ...header.peer, isElsewhere: !isOnThisMachine(ends.peer) } as const;
  return { peer, local: { kind: 'tcp', ...header.local } };
}
