/**
 * Where HTTP is listened for. What answers is loaded for the first request. What must hold: a client that sends slowly,
 * or nothing, is sent away.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Server as NetServer } from 'node:net';
import { HttpsCertificates, type TlsSetup } from '../../connection/transport/opening/tls-setup.js';
import { hostText } from '../../node/listeners/address.js';
import { boundTo, listenAt } from '../../node/listeners/tcp.js';
import type { BoundHttp, BoundMetrics, ControlSocketAddress, HttpAddress } from '../../node/management-messages.js';
import { fatal } from '../../platform/fatal.js';
import { within } from '../../platform/within.js';
import { ControlSocket } from './control-socket.js';

/** How long a client may take to send a request, and the head of it (ms). */
const TIMES = { requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 60_000 };

/** How many clients may be connected: their requests are for people and tools, which are few. */
const CONNECTIONS_MAX = 1_000;

/** How long what is being answered has when all is closed (ms). */
const ANSWER_MS = 500;
const LOOK_MS = 10;

/** An address cannot be had; the message says why. */
export class AddressRefused extends Error {
  constructor(
    readonly where: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** What answers at the ports of the API, and at that of the metrics. */
export interface Listeners {
  readonly api: RequestListener;
  readonly metrics: RequestListener;
}

export class HttpListening {
  readonly #servers: readonly Server[];
  readonly #https: readonly HttpsCertificates[];
  readonly #socket: ControlSocket | null;
  readonly bound: BoundHttp;

  private constructor(
    plain: readonly Server[],
    https: readonly HttpsCertificates[],
    metrics: readonly Server[],
    opened: readonly Server[],
    socket: ControlSocket | null,
    socketTrouble: string | null,
  ) {
    const byTls = https.map(({ server }) => server);
    this.#servers = opened;
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
      metrics: boundMetrics(metrics),
    };
  }

  /** `load` makes what answers. Rejects with an `AddressRefused` when an address cannot be had. */
  static async open(
    address: HttpAddress,
    tls: TlsSetup | null,
    load: () => Promise<Listeners>,
  ): Promise<HttpListening> {
    let loading: Promise<Listeners> | null = null;
    const answer =
      (which: keyof Listeners): RequestListener =>
      (request, response) => {
        loading ??= load();
        loading.then((listeners) => listeners[which](request, response)).catch(fatal);
      };
    const { host, port, tlsPort, metrics, socket } = address;
    const opened: Server[] = [];
    const https: HttpsCertificates[] = [];
    const create = (which: keyof Listeners) => (): Server => {
      const server = bounded(createServer(TIMES, answer(which)));
      opened.push(server);
      return server;
    };
    const createByTls = (setup: TlsSetup) => (): HttpsServer => {
      const certificates = new HttpsCertificates(setup, TIMES.headersTimeout, TIMES, answer('api'));
      https.push(certificates);
      opened.push(bounded(certificates.server));
      return certificates.server;
    };
    try {
      const servers = await openTcp('http', { host, port }, create('api'));
      if (tls !== null) await openTcp('https', { host, port: tlsPort }, createByTls(tls));
      const open = https.filter(({ server }) => server.listening);
      const scraped = metrics === null ? [] : await openTcp('http', metrics, create('metrics'));
      const { control, trouble } = await openControl(socket, create('api'));
      return new HttpListening(servers, open, scraped, opened, control, trouble);
    } catch (error) {
      for (const server of opened) server.close();
      throw error;
    }
  }

  /** Those who come by TLS from now on get these certificates. */
  replaceTls(setup: TlsSetup): void {
    for (const certificates of this.#https) certificates.replace(setup);
  }

  /**
   * Takes nobody in any more. Resolves when all connections have ended; what takes long to be answered breaks off. To be
   * awaited before the thread is ended: Node 20 aborts the process where that happens amid a request's head.
   */
  async close(): Promise<void> {
    this.#socket?.leave();
    const closed = Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    const endIdle = (): void => {
      for (const server of this.#servers) server.closeIdleConnections();
    };
    endIdle();
    // Those that are idle once they are answered.
    const looks = setInterval(endIdle, LOOK_MS);
    await within(ANSWER_MS, closed);
    clearInterval(looks);
    for (const server of this.#servers) server.closeAllConnections();
    await within(ANSWER_MS, closed);
  }
}

function bounded<S extends NetServer>(server: S): S {
  server.maxConnections = CONNECTIONS_MAX;
  return server;
}

function boundMetrics(servers: readonly Server[]): BoundMetrics | null {
  const [first] = servers;
  if (first === undefined) return null;
  return { hosts: servers.map((server) => boundTo(server).address), port: boundTo(first).port };
}

/** Rejects with an `AddressRefused` when a socket cannot be had that is needed. */
async function openControl(
  socket: ControlSocketAddress | null,
  create: () => Server,
): Promise<{ readonly control: ControlSocket | null; readonly trouble: string | null }> {
  if (socket === null) return { control: null, trouble: null };
  try {
    return { control: await ControlSocket.open(socket.path, create()), trouble: null };
  } catch (error) {
    const trouble = inWords(error);
    if (socket.isNeeded) throw new AddressRefused(`the control socket ${socket.path}`, trouble);
    return { control: null, trouble };
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
