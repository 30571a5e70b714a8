/** A standby's front with a listener, and a leader to pass on to: a broker that takes members, or any TCP server. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Front, type FrontLimits } from '../../../src/node/front/front.js';
import type { NetworkKind } from '../../../src/node/listeners/address.js';
import { closeListeners, openListeners } from '../../../src/node/listeners/listeners.js';
import type { IsProxy } from '../../../src/node/listeners/proxies.js';
import { dup } from '../../support/descriptors.js';
import { Inbox } from '../../support/waiting.js';

export interface Standby {
  readonly front: Front;
  readonly port: number;
  portOf(kind: NetworkKind): number;
  readonly lines: Inbox<string>;
  close(): Promise<void>;
}

/** Closed with its test. */
export async function openStandby(
  limits: Partial<FrontLimits> = {},
  { kinds = ['tcp'], isProxy = null }: { kinds?: readonly NetworkKind[]; isProxy?: IsProxy | null } = {},
): Promise<Standby> {
  const lines = new Inbox<string>();
  const front = new Front(dup, (line) => lines.push(line), limits);
  const addresses = kinds.map((kind) => ({ kind, host: '127.0.0.1', port: 0 }));
  const listeners = await openListeners(addresses, dup, front.accept, isProxy);
  const close = async (): Promise<void> => {
    front.close();
    await closeListeners(listeners);
  };
  onTestFinished(close);
  const portOf = (kind: NetworkKind): number => {
    const bound = listeners.find((listener) => listener.bound.kind === kind)?.bound;
    if (bound === undefined || bound.kind === 'unix') throw new Error(`nobody listens by ${kind}`);
    return bound.port;
  };
  return { front, lines, portOf, close, port: portOf(kinds[0] ?? 'tcp') };
}

/** A leader that is no broker; closed with its test, with all its sockets. */
export async function openLeader(take: (socket: Socket) => void, port = 0): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    take(socket);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, close };
}
