/**
 * TLS on sockets that a listener has accepted: the handshake, before there is a connection, so that who never gets
 * through it costs nothing in the core. Each worker does its own. What must hold: for each socket the answer comes
 * once, whatever becomes of the handshake; the log says why a client failed it, once for the same address and reason.
 */
import type { Socket } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { type CertifiedName, certifiedName } from '../../certificates/certificate-login.js';
import type { BoundedLines } from '../../errors/bounded-lines.js';
import { type AcceptedSocket, refuse, streamEnds, streamSocket, type TransportHost } from '../accepted-socket.js';
import { type Endpoint, endpointText, endsOf, hostText } from '../endpoint.js';
import { PacedWork } from '../paced-work.js';
import type { StreamEnds } from '../stream-transport.js';
import { tlsFacts } from '../tls-facts.js';
import { certificateFault, handshakeFault } from './tls-faults.js';
import { createTlsServer, type TlsSetup } from './tls-setup.js';

/**
 * How many handshakes begin in one turn of the event loop: each takes up to a millisecond, most of it to sign, and other
 * clients' messages wait for as long.
 */
const STARTS_A_TURN = 1;

/** A client whose handshake is over. */
interface Secured {
  readonly stream: TLSSocket;
  readonly certified: CertifiedName | null;
}

/** Null: there is no such client any more. */
type Answer = (secured: Secured | null) => void;

/** A handshake that is under way. */
interface Pending {
  readonly peer: Endpoint | null;
  readonly answer: Answer;
}

export class TlsHandshakes {
  readonly #strangers: BoundedLines;
  readonly #pending = new Map<Socket, Pending>();
  readonly #starts = new PacedWork<{ readonly accepted: AcceptedSocket; readonly answer: Answer }>(
    STARTS_A_TURN,
    ({ accepted, answer }) => this.#begin(accepted, answer),
  );
  #setup: TlsSetup;
  #handshakeMs: number;
  #server: Server;

  /** Clients may take so long for the handshake (ms). Throws what OpenSSL cannot go by. */
  constructor(setup: TlsSetup, strangers: BoundedLines, handshakeMs: number) {
    this.#strangers = strangers;
    this.#setup = setup;
    this.#handshakeMs = handshakeMs;
    this.#server = this.#serverOf(setup, handshakeMs);
  }

  /** Those who come from now on are met with this; who has begun goes on as before. Throws what the constructor does. */
  replace(setup: TlsSetup): void {
    this.#server = this.#serverOf(setup, this.#handshakeMs);
    this.#setup = setup;
  }

  /** Those who come from now on may take so long (ms). */
  limit(handshakeMs: number): void {
    if (handshakeMs === this.#handshakeMs) return;
    this.#server = this.#serverOf(this.#setup, handshakeMs);
    this.#handshakeMs = handshakeMs;
  }

  #serverOf(setup: TlsSetup, handshakeMs: number): Server {
    const server = createTlsServer(setup, handshakeMs);
    server.on('secureConnection', (stream) => this.#onSecure(stream, setup));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, stream) => {
      // Whoever only looks whether somebody listens has done nothing wrong.
      if (error.code !== 'ECONNRESET') this.#onFailure(handshakeFault(error, handshakeMs), stream);
    });
    return server;
  }

  /** `answer` gets null when the client does not get through; the socket is closed then. */
  begin(accepted: AcceptedSocket, answer: Answer): void {
    this.#starts.add({ accepted, answer });
  }

  #begin(accepted: AcceptedSocket, answer: Answer): void {
    const socket = streamSocket(accepted);
    this.#pending.set(socket, { peer: (accepted.ends ?? endsOf(socket)).peer, answer });
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#take(socket)?.answer(null));
    this.#server.emit('connection', socket);
  }

  /** Ends what is under way, without an answer. */
  close(): void {
    for (const { accepted } of this.#starts.clear()) refuse(accepted);
    const sockets = [...this.#pending.keys()];
    this.#pending.clear();
    for (const socket of sockets) socket.destroy();
  }

  #take(socket: Socket): Pending | undefined {
    const pending = this.#pending.get(socket);
    this.#pending.delete(socket);
    return pending;
  }

  #onSecure(stream: TLSSocket, setup: TlsSetup): void {
    const wrong = certificateFault(stream, setup);
    const pending = this.#take(socketOf(stream));
    if (pending === undefined) {
      stream.destroy();
      return;
    }
    if (wrong === null) {
      pending.answer({ stream, certified: certifiedBy(stream, setup) });
      return;
    }
    this.#say(pending.peer, wrong);
    stream.destroy();
    pending.answer(null);
  }

  #onFailure(reason: string, stream: TLSSocket): void {
    const pending = this.#pending.get(socketOf(stream));
    if (pending === undefined) return;
    this.#say(pending.peer, reason);
    stream.destroy();
  }

  #say(peer: Endpoint | null, reason: string): void {
    const key = JSON.stringify([hostText(peer), reason]);
    this.#strangers.tell(key, `no TLS with the client at ${endpointText(peer)}: ${reason}`, 'tls');
  }
}

/** The ends of a connection whose handshake is over. */
export function tlsEnds({ stream, certified }: Secured, accepted: AcceptedSocket, host: TransportHost): StreamEnds {
  const ends = streamEnds(stream, socketOf(stream), accepted, host);
  return { ...ends, isEncrypted: true, tls: tlsFacts(stream), certified };
}

/** Whom a certificate names in which nothing is wrong; null: none was shown, or asked for. */
function certifiedBy(stream: TLSSocket, setup: TlsSetup): CertifiedName | null {
  const certificate = setup.verify === 'none' ? undefined : stream.getPeerX509Certificate();
  return certificate === undefined ? null : certifiedName(certificate.raw, setup);
}

/** Node tells of a TLS stream alone, not for which socket it was made. */
function socketOf(stream: TLSSocket): Socket {
  return (stream as unknown as { readonly _parent: Socket })._parent;
}
