/**
 * Where a cluster's leader takes the clients that other nodes pass on: a listener of its own, so that no client's port
 * believes a PROXY header. What must hold: only nodes of the cluster get in, by their addresses; each begins with a
 * header that says for whom it has come, and by which kind of listener.
 */

import { refuse } from '../../connection/transport/accepted-socket.js';
import { LOCALHOST } from './address.js';
import { ListenError, type Listener } from './listeners.js';
import type { IsProxy } from './proxies.js';
import type { Accept, Dup } from './server.js';
import { closeServer, serve } from './server.js';
import { boundTo, listenAt } from './tcp.js';

export interface MembersAddress {
  readonly host: string;
  readonly port: number;
}

/** `isMember` is asked at each accept; `onStranger` hears of who is closed at once. */
export async function listenForMembers(
  address: MembersAddress,
  dup: Dup | null,
  isMember: IsProxy,
  accept: Accept,
  onStranger: (address: string) => void,
): Promise<Listener> {
  const shownAs = `${address.host}:${address.port}, for the cluster's nodes`;
  if (dup === null) throw new ListenError(shownAs, 'PROXY headers are not read on this platform');
  const take: Accept = (socket, from) => {
    if (socket.isProxied === true) {
      accept({ ...socket, isPassedOn: true }, null);
      return;
    }
    refuse(socket);
    onStranger(from ?? LOCALHOST);
  };
  try {
    const servers = await listenAt(address, (at) => serve(at, { kind: 'tcp' }, dup, take, { isProxy: isMember }));
    const [first] = servers;
    return {
      bound: { kind: 'tcp', hosts: servers.map((server) => boundTo(server).address), port: boundTo(first).port },
      close: async () => {
        await Promise.all(servers.map(closeServer));
      },
    };
  } catch (error) {
    throw error instanceof ListenError ? error : new ListenError(shownAs, (error as Error).message);
  }
}
