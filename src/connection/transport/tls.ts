/**
 * TLS on sockets that a listener has accepted: the handshake, before there is a connection, so that who never gets
 * through it costs nothing in the core. Each worker does its own. What must hold: for each socket the answer comes
 * once, whatever becomes of the handshake; the log says why a client failed it, once for the same address and reason.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { BoundedLines } from '../errors/bounded-lines.js';
import { type AcceptedSocket, refuse, streamEnds, streamSocket, type TransportHost } from './accepted-socket.js';
import { type Endpoint, endpointText, hostText, tcpEndpoint } from './endpoint.js';
import { PacedWork } from './paced-work.js';
import { type StreamEnds, StreamTransport } from './stream-transport.js';
import type { OpenTransport } from './transport.js';

/** Whether clients are asked for a certificate, and whether one without comes in. What they show is always checked. */
export type Verify = 'none' | 'optional' | 'required';

/** What all workers do TLS with, as values that can go to another thread. */
export interface TlsSetup {
  /** PEM, the broker's own first. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  /** Those who may sign for clients, PEM; null: nobody is asked. */
  readonly authority: string | null;
  readonly verify: Verify;
  /** With these a session that one worker has begun goes on with another (48 octets). */
  readonly ticketKeys: Uint8Array;
}

/** How long a client may take for the handshake (ms). */
const HANDSHAKE_MS = 10_000;

/**
 * How many handshakes begin in one turn of the event loop: each takes up to a millisecond, most of it to sign, and other
 * clients' messages wait for as long.
 */
const STARTS_A_TURN = 1;

type Answer = (stream: TLSSocket | null) => void;

/** A handshake that is under way. */
interface Pending {
  readonly peer: Endpoint | null;
  readonly answer: Answer;
}

export class TlsHandshakes {
  readonly #server: Server;
  readonly #strangers: BoundedLines;
  readonly #handshakeMs: number;
  readonly #verify: Verify;
  readonly #pending = new Map<Socket, Pending>();
  readonly #starts = new PacedWork<{ readonly accepted: AcceptedSocket; readonly answer: Answer }>(
    STARTS_A_TURN,
    ({ accepted, answer }) => this.#begin(accepted, answer),
  );

  constructor(setup: TlsSetup, strangers: BoundedLines, handshakeMs = HANDSHAKE_MS) {
    this.#strangers = strangers;
    this.#handshakeMs = handshakeMs;
    this.#verify = setup.verify;
    // It listens nowhere: sockets are given to it.
    this.#server = createServer({
      cert: setup.certificate,
      key: setup.key,
      ca: setup.authority ?? undefined,
      requestCert: setup.verify !== 'none',
      // What is wrong with a certificate is said here, and Node would say nothing.
      rejectUnauthorized: false,
      ticketKeys: Buffer.from(setup.ticketKeys),
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
    });
    this.#server.on('secureConnection', (stream) => this.#onSecure(stream));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, stream) => this.#onFailure(error, stream));
  }

  /** `answer` gets the stream, or null when there is none; the socket is closed then. */
  begin(accepted: AcceptedSocket, answer: Answer): void {
    this.#starts.add({ accepted, answer });
  }

  #begin(accepted: AcceptedSocket, answer: Answer): void {
    const socket = streamSocket(accepted);
    this.#pending.set(socket, { peer: tcpEndpoint(socket.remoteAddress, socket.remotePort), answer });
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

  #onSecure(stream: TLSSocket): void {
    const pending = this.#take(socketOf(stream));
    if (pending === undefined) {
      stream.destroy();
      return;
    }
    const wrong = this.#wrong(stream);
    if (wrong === null) {
      pending.answer(stream);
      return;
    }
    this.#say(pending.peer, wrong);
    stream.destroy();
    pending.answer(null);
  }

  #onFailure(error: NodeJS.ErrnoException, stream: TLSSocket): void {
    const pending = this.#pending.get(socketOf(stream));
    // Whoever only looks whether somebody listens has done nothing wrong.
    if (pending === undefined || error.code === 'ECONNRESET') return;
    this.#say(pending.peer, this.#reason(error));
    stream.destroy();
  }

  /** What is wrong with the certificate that the client shows, or does not; null: nothing. */
  #wrong(stream: TLSSocket): string | null {
    if (this.#verify === 'none') return null;
    const certificate = stream.getPeerX509Certificate();
    if (certificate === undefined) return this.#verify === 'required' ? 'it shows no certificate' : null;
    if (stream.authorized) return null;
    const why =
      CERTIFICATE_FAULTS.get(String(stream.authorizationError)) ?? `is refused (${stream.authorizationError})`;
    return `its certificate (${certificate.subject.replaceAll(/\s+/g, ', ')}) ${why}`;
  }

  #say(peer: Endpoint | null, reason: string): void {
    const key = JSON.stringify([hostText(peer), reason]);
    this.#strangers.tell(key, `no TLS with the client at ${endpointText(peer)}: ${reason}`);
  }

  #reason({ code = '', message }: NodeJS.ErrnoException): string {
    if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return `it took longer than ${this.#handshakeMs / 1000} s`;
    if (NO_TLS.has(code)) return 'it does not speak TLS';
    // OpenSSL's text ends with the reason, behind numbers and places in its own code.
    return (
      message
        .trim()
        .split(':')
        .findLast((part) => /^(?!SSL alert number)[A-Za-z].* /.test(part)) ?? message
    );
  }
}

const UNKNOWN_AUTHORITY = 'is of no authority that is trusted here';

/** By OpenSSL's names. */
const CERTIFICATE_FAULTS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_AUTHORITY],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
]);

/** What OpenSSL finds first in octets that are something else. */
const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/** The transport of a connection whose handshake is over. */
export function tlsTransport(stream: TLSSocket, accepted: AcceptedSocket, host: TransportHost): OpenTransport {
  return (events) => new StreamTransport(stream, tlsEnds(stream, accepted, host), host, events);
}

export function tlsEnds(stream: TLSSocket, accepted: AcceptedSocket, host: TransportHost): StreamEnds {
  return { ...streamEnds(stream, socketOf(stream), accepted, host), isEncrypted: true };
}

/** Node tells of a TLS stream alone, not for which socket it was made. */
function socketOf(stream: TLSSocket): Socket {
  return (stream as unknown as { readonly _parent: Socket })._parent;
}
