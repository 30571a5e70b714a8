/**
 * How a node of a cluster reaches its stream, with what stands in files: of its credentials and certificates. What must
 * hold: whatever is wrong with a file is told by one line that names it, before anybody is connected to.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NatsOptions } from '../../cluster/stream/nats/nats-open.js';
import type { ResolvedCluster, ResolvedClusterTls, ResolvedLogin } from '../cluster-options.js';

/** A file cannot be used; the message names it and says why. */
export class ClusterFileError extends Error {
  override readonly name = 'ClusterFileError';
}

type Login = NonNullable<NatsOptions['login']>;
type Tls = NonNullable<NatsOptions['tls']>;

/** `onWeak`: hears each reason not to use a stream that is used all the same, where that is allowed. */
export function readClusterFiles(cluster: ResolvedCluster, onWeak: (weakness: string) => void): NatsOptions {
  const { node, servers, stream, streamSize, monitors, allowWeak } = cluster;
  return {
    node,
    servers,
    stream,
    octetsMax: streamSize,
    monitors,
    ...(cluster.login !== null && { login: loginOf(cluster.login) }),
    ...(cluster.system !== null && { system: loginOf(cluster.system) }),
    ...(cluster.tls !== null && { tls: tlsOf(cluster.tls) }),
    ...(allowWeak && { allowWeak: onWeak }),
  };
}

function loginOf(login: ResolvedLogin): Login {
  switch (login.kind) {
    case 'password':
      return { user: login.user, password: login.password };
    case 'token':
      return { token: login.token };
    case 'credentials': {
      const credentials = textOf(login.file);
      if (!credentials.includes('-----BEGIN NATS USER JWT-----'))
        throw new ClusterFileError(`${login.file} holds no credentials of a NATS user (BEGIN NATS USER JWT)`);
      return { credentials };
    }
  }
}

function tlsOf({ authority, certificate, key, handshakeFirst }: ResolvedClusterTls): Tls {
  return {
    ...(authority !== null && { ca: certificateIn(authority) }),
    ...(certificate !== null && { cert: certificateIn(certificate) }),
    ...(key !== null && { key: keyIn(key) }),
    handshakeFirst,
  };
}

function certificateIn(file: string): string {
  const text = textOf(file);
  try {
    return new X509Certificate(text) && text;
  } catch {
    throw new ClusterFileError(`${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
  }
}

function keyIn(file: string): string {
  const text = textOf(file);
  try {
    return createPrivateKey(text) && text;
  } catch {
    throw new ClusterFileError(`${file} holds no key in PEM without a password`);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ClusterFileError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
