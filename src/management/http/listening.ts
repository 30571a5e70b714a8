/**
 * Where HTTP is listened for. What answers is loaded for the first request. What must hold: a client that sends slowly,
 * or nothing, is sent away.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Server as NetServer } from 'node:net';
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
  readonly #socket: ControlSocket | null;
  readonly bound: BoundHttp;

  private constructor(servers: readonly Server[], socket: ControlSocket | null, socketTrouble: string | null) {
    this.#servers = servers;
    this.#socket = socket;
    const [first] = servers;
    this.bound = {
      hosts: servers.map((server) => boundTo(server).address),
      port: first === undefined ? null : boundTo(first).port,
      socket: socket?.path ?? null,
      socketTrouble,
    };
  }

  /** `load` makes what answers. Rejects with an `AddressRefused` when one cannot be had. */
  static async open(address: HttpAddress, load: () => Promise<RequestListener>): Promise<HttpListening> {
    let loading: Promise<RequestListener> | null = null;
    const create = (): Server => {
      const server = createServer(TIMES, (request, response) => {
        loading ??= load();
        loading.then((handle) => handle(request, response)).catch(fatal);
      });
      server.maxConnections = CONNECTIONS_MAX;
      return server;
    };
    const servers = await openTcp(address, create);
    const { socket } = address;
    if (socket === null) return new HttpListening(servers, null, null);
    try {
      return new HttpListening(servers, await ControlSocket.open(socket.path, create()), null);
    } catch (error) {
      const reason = inWords(error);
      if (!socket.isNeeded) return new HttpListening(servers, null, reason);
      for (const server of servers) server.close();
      throw new AddressRefused(`the control socket ${socket.path}`, reason);
    }
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

async function openTcp({ host, port }: HttpAddress, create: () => Server): Promise<readonly Server[]> {
  if (port === null) return [];
  try {
    const servers = await listenAt({ host, port }, async (at) => {
      const server = create();
      server.listen(at);
      await once(server, 'listening');
      return server;
    });
    return servers as readonly NetServer[] as readonly Server[];
  } catch (error) {
    throw new AddressRefused(`http://${hostText(host)}:${port}`, inWords(error));
  }
}

function inWords(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
