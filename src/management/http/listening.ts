/**
 * Where HTTP is listened for. What answers is loaded for the first request. What must hold: a client that sends slowly,
 * or nothing, is sent away.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { boundTo, listenAt } from '../../node/listeners/tcp.js';
import type { HttpAddress } from '../../node/management-messages.js';
import { fatal } from '../../platform/fatal.js';

/** How long a client may take to send a request, and the head of it (ms). */
const TIMES = { requestTimeout: 60_000, headersTimeout: 10_000, keepAliveTimeout: 60_000 };

/** How many clients may be connected: their requests are for people and tools, which are few. */
const CONNECTIONS_MAX = 1_000;

export class HttpListening {
  readonly #servers: readonly Server[];
  readonly bound: { readonly hosts: readonly string[]; readonly port: number };

  private constructor(servers: readonly [Server, ...Server[]]) {
    this.#servers = servers;
    this.bound = { hosts: servers.map((server) => boundTo(server).address), port: boundTo(servers[0]).port };
  }

  /** `load` makes what answers. Rejects with the reason, in words, when the address cannot be had. */
  static async open(address: HttpAddress, load: () => Promise<RequestListener>): Promise<HttpListening> {
    let loading: Promise<RequestListener> | null = null;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      loading ??= load();
      loading.then((handle) => handle(request, response)).catch(fatal);
    };
    const servers = await listenAt(address, async (at) => {
      const server = createServer(TIMES, answer);
      server.maxConnections = CONNECTIONS_MAX;
      server.listen(at);
      await once(server, 'listening');
      return server;
    });
    return new HttpListening(servers as readonly [Server, ...Server[]]);
  }

  /** Takes nobody in any more; requests that are being answered are answered. */
  close(): void {
    for (const server of this.#servers) {
      server.close();
      server.closeIdleConnections();
    }
  }
}
