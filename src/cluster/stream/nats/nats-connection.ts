/**
 * One connection to the NATS servers: who we are, by what certificates, and how quickly a dead server is noticed. What
 * must hold: it is tried again for ever once it was there, whatever a server says meanwhile; only `close` ends it.
 */
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import { StreamRefusedError } from '../stream-error.js';
import type { NatsPackages } from './nats-packages.js';

/** How to prove who one is; at most one of these ways. */
export interface NatsLogin {
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** What stands in a file of credentials (`.creds`). */
  readonly credentials?: string;
}

/** PEM, each a text or the path of a file. */
export interface NatsTls {
  readonly ca?: string;
  readonly caFile?: string;
  readonly cert?: string;
  readonly certFile?: string;
  readonly key?: string;
  readonly keyFile?: string;
  /** TLS begins before the server has said anything: as the servers are configured. */
  readonly handshakeFirst?: boolean;
}

export interface NatsAddress {
  /** HOST:PORT, several. */
  readonly servers: readonly string[];
  readonly login?: NatsLogin;
  readonly tls?: NatsTls;
}

/** A server that does not answer so many pings, so far apart (ms), is dead. */
const PING = { pingInterval: 1000, maxPingOut: 2 };
/** How long a connection may take (ms). */
const CONNECT_TIMEOUT = 2000;

/** `name`: of this node; the servers show it. */
export async function connectNats(
  { transport }: NatsPackages,
  { servers, login, tls }: NatsAddress,
  name: string,
): Promise<NatsConnection> {
  const { user, password, token, credentials } = login ?? {};
  const options: NodeConnectionOptions = {
    servers: [...servers],
    name,
    ...PING,
    timeout: CONNECT_TIMEOUT,
    reconnectTimeWait: 100,
    reconnectJitter: 100,
    reconnectJitterTLS: 100,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(credentials !== undefined && {
      authenticator: transport.credsAuthenticator(new TextEncoder().encode(credentials)),
    }),
    ...(tls !== undefined && { tls }),
  };
  try {
    // One that tries for ever would not tell of a wrong password: so first one that does not.
    const first = await transport.connect({ ...options, maxReconnectAttempts: 1 });
    await first.close();
    return await transport.connect({ ...options, maxReconnectAttempts: -1, ignoreAuthErrorAbort: true });
  } catch (cause) {
    const text = `none of the NATS servers ${servers.join(', ')} lets this node in: ${(cause as Error).message}`;
    throw new StreamRefusedError(name, [text], { cause });
  }
}
