/**
 * Where HTTP is listened for. What answers is loaded for the first request. What must hold: a client that sends slowly,
 * or nothing, is sent away.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { HttpsCertificates, type TlsSetup } from '../../connection/transport/tls-setup.js';
import { hostText } from '../../node/listeners/address.js';
import { boundTo, listenAt } from '../../node/listeners/tcp.js';
import type { BoundHttp, HttpAddress } from '../../node/management-messages.js';
import { fatal } from '../../platform/fatal.js';
import { ControlSocket } from './control-socket.js';

/** How long a client may take to send a request, and the head of it (ms). */
const TIMES = { requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 60_000 };

/** How many clients may be connected: their requests are for people and tools, which are few. */
const CONNECTIONS_MAX = 1_000;

/** An address cannot be had; the message says why. */
export class AddressRefused extends Error {
  constructor(
    readonly where: string,
    reason: string,
  ) {
    super(reason);
  }
}

export class HttpListening {
  readonly #servers: readonly Server[];
  readonly #https: readonly HttpsCertificates[];
  readonly #socket: ControlSocket | null;
  readonly bound: BoundHttp;

  private constructor(
    plain: readonly Server[],
    https: readonly HttpsCertificates[],
    socket: ControlSocket | null,
    socketTrouble: string | null,
  ) {
    const byTls = https.map(({ server }) => server);
    this.#servers = [...plain, ...byTls];
    this.#https = https;
    this.#socket = socket;
    const [first] = plain;
    const [firstByTls] = byTls;
    this.bound = {
      hosts: (first === undefined ? byTls : plain).map((server) => boundTo(server).address),
      tlsPort: firstByTls === undefined ? null : boundTo(firstByTls).port,
      port: first === undefined ? null : boundTo(first).port,
      socket: socket?.path ?? null,
      socketTrouble,
    };
  }

  /** `load` makes what answers. Rejects with an `AddressRefused` when one cannot be had. */
  static async open(
    address: HttpAddress,
    tls: TlsSetup | null,
    load: () => Promise<RequestListener>,
  ): Promise<HttpListening> {
    let loading: Promise<RequestListener> | null = null;
    const answer: RequestListener = (request, response) => {
      loading ??= load();
      loading.then((handle) => handle(request, response)).catch(fatal);
    };
    const create = (): Server => {
      const server = createServer(TIMES, answer);
      server.maxConnections = CONNECTIONS_MAX;
      return server;
    };
    const { host, port, tlsPort } = address;
    const servers = await openTcp('http', { host, port }, create);
    const https: HttpsCertificates[] = [];
    const createByTls = (setup: TlsSetup) => (): HttpsServer => {
      const certificates = new HttpsCertificates(setup, TIMES.headersTimeout, TIMES, answer);
      certificates.server.maxConnections = CONNECTIONS_MAX;
      https.push(certificates);
      return certificates.server;
    };
    try {
      if (tls !== null) await openTcp('https', { host, port: tlsPort }, createByTls(tls));
    } catch (error) {
      for (const server of servers) server.close();
      throw error;
    }
    const open = https.filter(({ server }) => server.listening);
    const { socket } = address;
    if (socket === null) return new HttpListening(servers, open, null, null);
    try {
      return new HttpListening(servers, open, await ControlSocket.open(socket.path, create()), null);
    } catch (error) {
      const reason = inWords(error);
      if (!socket.isNeeded) return new HttpListening(servers, open, null, reason);
      for (const server of [...servers, ...open.map((one) => one.server)]) server.close();
      throw new AddressRefused(`the control socket ${socket.path}`, reason);
    }
  }

  /** Those who come by TLS from now on get these certificates. */
  replaceTls(setup: TlsSetup): void {
    for (const certificates of this.#https) certificates.replace(setup);
  }

  /** Takes nobody in any more; requests that are being answered are answered. */
  close(): void {
    this.#socket?.close();
    for (const server of this.#servers) {
      server.close();
      server.closeIdleConnections();
    }
  }
}

async function openTcp<S extends NetServer>(
  scheme: 'http' | 'https',
  { host, port }: Pick<HttpAddress, 'host' | 'port'>,
  create: () => S,
): Promise<readonly S[]> {
  if (port === null) return [];
  try {
    const servers = await listenAt({ host, port }, async (at) => {
      const server = create();
      server.listen(at);
      await once(server, 'listening');
      return server;
    });
    return servers as readonly NetServer[] as readonly S[];
  } catch (error) {
    throw new AddressRefused(`${scheme}://${hostText(host)}:${port}`, inWords(error));
  }
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
