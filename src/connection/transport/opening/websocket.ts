/**
 * The way from a socket to a WebSocket that carries AMQP (RFC 6455, subprotocol `amqp`): the HTTP request, before there
 * is a connection, so that who never gets through it costs nothing in the core. Each worker does its own. What must
 * hold: for each socket the answer comes once, whatever becomes of the request; the log says why a client
 * failed, once for the same address and reason, and a client that speaks HTTP is told the same.
 *
 * Loaded where a listener asks for it alone: most brokers need neither HTTP nor WebSocket.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { BoundedLines } from '../../errors/bounded-lines.js';
import { type Endpoint, endpointText, hostText } from '../endpoint.js';
import { WebSocketStream } from './websocket-stream.js';

/** How long a client may take for its request (ms). */
const UPGRADE_MS = 10_000;
/** How much a request may be (octets of its head). */
const HEAD_MAX = 16 * 1024;
/** How much a message may carry (octets): one is gathered before the core sees it. Clients send some frames in each. */
const MESSAGE_MAX = 4 * 1024 * 1024;
/** In how many pieces a message, or a frame, may come: each costs more than it carries when it is small. */
const PIECES_MAX = 16 * 1024;
/** How long a client may take to answer a close (ms). */
const CLOSE_MS = 10_000;

/** What the library keeps to; its types do not know all of them. */
const LIMITS = {
  perMessageDeflate: false,
  maxPayload: MESSAGE_MAX,
  maxFragments: PIECES_MAX,
  maxBufferedChunks: PIECES_MAX,
  closeTimeout: CLOSE_MS,
};

/** As LavinMQ, which takes whatever begins so. */
const SUBPROTOCOL = /^amqp/;

function handleProtocols(offered: Iterable<string>): string | false {
  return [...offered].find((name) => SUBPROTOCOL.test(name)) ?? false;
}

/** A request that is under way. */
interface Pending {
  readonly peer: Endpoint | null;
  readonly answer: (stream: WebSocketStream | null) => void;
  readonly deadline: NodeJS.Timeout;
}

export class WebSocketUpgrades {
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #strangers: BoundedLines;
  readonly #upgradeMs: number;
  readonly #pending = new Map<Duplex, Pending>();

  constructor(strangers: BoundedLines, upgradeMs = UPGRADE_MS) {
    this.#strangers = strangers;
    this.#upgradeMs = upgradeMs;
    // It listens nowhere: sockets are given to it.
    this.#http = createServer({ maxHeaderSize: HEAD_MAX }, (request, response) => this.#onRequest(request, response));
    this.#http.on('checkContinue', (request, response) => this.#onRequest(request, response));
    this.#http.on('upgrade', (request, socket, head) => this.#onUpgrade(request, socket, head));
    this.#http.on('clientError', (error: ParseError, socket) => this.#onNoHttp(error, socket));
    this.#webSockets = new WebSocketServer({ ...LIMITS, noServer: true, clientTracking: false, handleProtocols });
    this.#webSockets.on('wsClientError', (error, socket) => {
      const version = error.message.includes('Version') ? { 'Sec-WebSocket-Version': '13' } : {};
      this.#refuse(socket, 400, decapitalized(error.message), version);
    });
  }

  /** `answer` gets the stream, or null when there is none; the socket is closed then. */
  begin(socket: Duplex, peer: Endpoint | null, answer: (stream: WebSocketStream | null) => void): void {
    const deadline = setTimeout(() => {
      this.#say(peer, `its request took longer than ${this.#upgradeMs / 1000} s`);
      socket.destroy();
    }, this.#upgradeMs);
    this.#pending.set(socket, { peer, answer, deadline });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#take(socket)?.answer(null));
    this.#http.emit('connection', socket);
  }

  /** Ends what is under way, without an answer. */
  close(): void {
    for (const socket of [...this.#pending.keys()]) {
      this.#take(socket);
      socket.destroy();
    }
  }

  #take(socket: Duplex): Pending | undefined {
    const pending = this.#pending.get(socket);
    clearTimeout(pending?.deadline);
    this.#pending.delete(socket);
    return pending;
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const asked = request.headers['sec-websocket-protocol'];
    if (asked !== undefined && !asked.split(',').some((name) => SUBPROTOCOL.test(name.trim()))) {
      this.#refuse(socket, 400, 'it asks for other subprotocols than amqp');
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const pending = this.#take(socket);
      if (pending === undefined) {
        webSocket.terminate();
        return;
      }
      const { peer } = pending;
      pending.answer(
        new WebSocketStream(webSocket, (reason) =>
          this.#tell(peer, `the WebSocket of the client at ${endpointText(peer)} is closed: ${reason}`, reason),
        ),
      );
    });
  }

  /** Whatever is asked of it that is no WebSocket. */
  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const peer = this.#pending.get(request.socket)?.peer ?? null;
    this.#say(peer, 'it asks for something else by HTTP');
    const text = `${STATUS_CODES[426]}: here is AMQP over WebSocket (subprotocol amqp), and nothing else\n`;
    response.writeHead(426, { ...ANSWER_HEADERS, Upgrade: 'websocket', Connection: 'Upgrade, close' });
    response.end(request.method === 'HEAD' ? undefined : text);
  }

  #onNoHttp(error: ParseError, socket: Duplex): void {
    // Whoever only looks whether somebody listens has done nothing wrong.
    if (error.code === 'ECONNRESET' || !this.#pending.has(socket)) {
      socket.destroy();
      return;
    }
    const other = otherProtocol(error.rawPacket);
    if (other === null && error.code === 'HPE_HEADER_OVERFLOW') {
      this.#refuse(socket, 431, `its request's head is longer than ${HEAD_MAX} octets`);
    } else if (other === null) {
      this.#refuse(socket, 400, 'it does not speak HTTP');
    } else {
      this.#say(this.#pending.get(socket)?.peer ?? null, other);
      socket.destroy();
    }
  }

  #refuse(socket: Duplex, status: number, reason: string, headers: Readonly<Record<string, string>> = {}): void {
    this.#say(this.#pending.get(socket)?.peer ?? null, reason);
    const lines = Object.entries({ ...ANSWER_HEADERS, ...headers, Connection: 'close' });
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
    socket.once('finish', () => socket.destroy());
    socket.end(`${head.join('\r\n')}\r\n\r\nno WebSocket: ${reason}\n`);
  }

  #say(peer: Endpoint | null, reason: string): void {
    this.#tell(peer, `no WebSocket with the client at ${endpointText(peer)}: ${reason}`, reason);
  }

  #tell(peer: Endpoint | null, line: string, reason: string): void {
    this.#strangers.tell(JSON.stringify([hostText(peer), reason]), line);
  }
}

const ANSWER_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' } as const;

/** What Node's parser of HTTP finds. */
interface ParseError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

/** Each record of a TLS handshake begins so. */
const TLS_HANDSHAKE = 22;

/** What a client of another listener begins with, in words. */
function otherProtocol(octets: Buffer | undefined): string | null {
  if (octets?.[0] === TLS_HANDSHAKE) return 'it speaks TLS, and this listener does not (wss does)';
  if (octets?.subarray(0, 4).toString('latin1') === 'AMQP') return 'it speaks AMQP without WebSocket';
  return null;
}

function decapitalized(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
