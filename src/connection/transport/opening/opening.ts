/**
 * From a socket that a listener has accepted to the transport of its connection: what must come before AMQP, as the
 * listener's kind asks for it: the header of a proxy, TLS, the HTTP request of a WebSocket, one behind the other. What must hold: plain
 * sockets are opened at once, and pay nothing for the others; for each socket the answer comes once.
 */
import type { Duplex } from 'node:stream';
import { loadAffinity } from '../../../platform/affinity.js';
import { fatal } from '../../../platform/fatal.js';
import type { BoundedLines } from '../../errors/bounded-lines.js';
import {
  type AcceptedSocket,
  openTransport,
  refuse,
  streamEnds,
  streamSocket,
  type TransportHost,
} from '../accepted-socket.js';
import { endpointText, hostText } from '../endpoint.js';
import { type StreamEnds, StreamTransport } from '../stream-transport.js';
import type { OpenTransport } from '../transport.js';
import { ProxiedSockets } from './proxied-sockets.js';
import { TlsHandshakes, tlsEnds } from './tls.js';
import type { TlsSetup } from './tls-setup.js';
import type { WebSocketUpgrades } from './websocket.js';

/** What a listener's clients have got through. */
export interface Opening {
  readonly open: OpenTransport;
  /** Closes the socket of a client for whom there is no room. */
  refuse(): void;
}

export type Admit = (address: string, answer: (isAdmitted: boolean) => void) => void;

/** `null`: the client did not get through, and its socket is closed. */
export type Opened = (opening: Opening | null) => void;

export class TransportOpener {
  readonly #host: TransportHost;
  readonly #strangers: BoundedLines;
  /** Null: nobody listens by TLS. */
  readonly #tls: TlsHandshakes | null;
  /** Null until a trusted proxy comes. */
  #proxied: ProxiedSockets | null = null;
  #upgrades: Promise<WebSocketUpgrades> | null = null;
  #isClosed = false;

  /** Clients may take so long for the handshake of TLS (ms). */
  constructor(tls: TlsSetup | null, host: TransportHost, strangers: BoundedLines, handshakeMs: number) {
    this.#host = host;
    this.#strangers = strangers;
    this.#tls = tls === null ? null : new TlsHandshakes(tls, strangers, handshakeMs);
  }

  /** `admit`: whether a client behind a proxy, who comes from there, may come in. */
  open(accepted: AcceptedSocket, admit: Admit, opened: Opened): void {
    if (this.#isClosed) {
      refuse(accepted);
      opened(null);
      return;
    }
    if (accepted.isProxied === true) {
      this.#unveil(accepted, admit, opened);
      return;
    }
    switch (accepted.kind) {
      case 'tcp':
      case 'unix':
        opened({
          open: (events) => openTransport(accepted, this.#host, events),
          refuse: () => refuse(accepted),
        });
        break;
      case 'tls':
        this.#encrypt(accepted, (stream, ends) => opened(this.#over(stream, ends)), opened);
        break;
      case 'ws': {
        const socket = streamSocket(accepted);
        this.#upgrade(socket, { ...streamEnds(socket, socket, accepted, this.#host), isEncrypted: false }, opened);
        break;
      }
      case 'wss':
        this.#encrypt(accepted, (stream, ends) => this.#upgrade(stream, ends, opened), opened);
        break;
      default:
        accepted satisfies never;
    }
  }

  /** Who comes by TLS from now on is met with this; the others stay as they are. */
  replaceTls(setup: TlsSetup): void {
    this.#tls?.replace(setup);
  }

  /** Those who come by TLS from now on may take so long for its handshake (ms). */
  limitHandshakes(handshakeMs: number): void {
    this.#tls?.limit(handshakeMs);
  }

  /** Ends what is under way, without an answer. */
  close(): void {
    this.#isClosed = true;
    this.#proxied?.close();
    this.#tls?.close();
    this.#upgrades?.then((upgrades) => upgrades.close()).catch(fatal);
  }

  /** Reads a proxy's header, and goes on behind it. */
  #unveil(accepted: AcceptedSocket, admit: Admit, opened: Opened): void {
    this.#proxied ??= new ProxiedSockets(duplication(), this.#strangers);
    this.#proxied.begin(accepted, (client) => {
      if (client === null) {
        opened(null);
        return;
      }
      admit(hostText(client.ends?.peer ?? null), (isAdmitted) => {
        if (isAdmitted && this.#canOpen(client)) {
          this.open(client, admit, opened);
          return;
        }
        refuse(client);
        opened(null);
      });
    });
  }

  /** Another node of the cluster may listen by TLS where this one has no certificate. */
  #canOpen({ kind, ends }: AcceptedSocket): boolean {
    if (this.#tls !== null || (kind !== 'tls' && kind !== 'wss')) return true;
    const reason = `another node passes it on by ${kind}, and this one has no certificate`;
    const peer = ends?.peer ?? null;
    this.#strangers.tell(reason, `the client at ${endpointText(peer)} does not come in: ${reason}`);
    return false;
  }

  #encrypt(accepted: AcceptedSocket, next: (stream: Duplex, ends: StreamEnds) => void, opened: Opened): void {
    if (this.#tls === null) throw new Error('a socket has come for TLS, and there is no certificate');
    this.#tls.begin(accepted, (secured) => {
      if (secured === null) opened(null);
      else next(secured.stream, tlsEnds(secured, accepted, this.#host));
    });
  }

  #upgrade(stream: Duplex, ends: StreamEnds, opened: Opened): void {
    this.#upgrades ??= loadUpgrades(this.#strangers);
    // Who goes meanwhile is closed when it has come.
    stream.on('error', () => stream.destroy());
    this.#upgrades
      .then((upgrades) => {
        if (this.#isClosed || stream.destroyed) {
          stream.destroy();
          opened(null);
          return;
        }
        upgrades.begin(stream, ends.peer, (webSocket) => {
          opened(webSocket === null ? null : this.#over(webSocket, ends));
        });
      })
      .catch(fatal);
  }

  #over(stream: Duplex, ends: StreamEnds): Opening {
    return {
      open: (events) => new StreamTransport(stream, ends, this.#host, events),
      refuse: () => void stream.destroy(),
    };
  }
}

/** Listeners ask for headers only where descriptors can be duplicated. */
function duplication(): (fd: number) => number {
  const loaded = loadAffinity();
  if (!loaded.ok || loaded.affinity.dup === null) throw new Error('descriptors cannot be duplicated here');
  return loaded.affinity.dup;
}

/** Loaded for the first client that comes so: most brokers have none. */
async function loadUpgrades(strangers: BoundedLines): Promise<WebSocketUpgrades> {
  const { WebSocketUpgrades } = await import('./websocket.js');
  return new WebSocketUpgrades(strangers);
}
