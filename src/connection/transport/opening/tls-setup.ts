/**
 * What a worker does TLS with: the broker's certificates, which of them a client gets, and whom it takes for a client.
 * Node's TLS is loaded here alone, and only by a broker that has a certificate.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import type { ServerOptions as HttpServerOptions, RequestListener } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import type { SecureContext, SecureContextOptions, Server, TlsOptions } from 'node:tls';
import type { CertificateLogin } from '../../certificates/certificate-login.js';

/** Whether clients are asked for a certificate, and whether one without comes in. What they show is always checked. */
export type Verify = 'none' | 'optional' | 'required';

/** A certificate of the broker's, and behind it those that lead to its authority; and its key. PEM. */
export interface TlsIdentity {
  readonly certificate: string;
  readonly key: string;
}

/** What all workers do TLS with, as values that can go to another thread. */
export interface TlsSetup extends CertificateLogin {
  /** The first is for clients that name no host, or one for which there is none. */
  readonly identities: readonly [TlsIdentity, ...TlsIdentity[]];
  /** Those who may sign for clients, PEM; null: nobody is asked. */
  readonly authority: string | null;
  /** Lists of what authorities have revoked, PEM, one each. Where there is any, there must be one of each authority. */
  readonly revoked: readonly string[];
  readonly verify: Verify;
  /** So many authorities may stand between a client's certificate and one that is trusted. */
  readonly depth: number;
  /** With these a session that one worker has begun goes on with another (48 octets). */
  readonly ticketKeys: Uint8Array;
}

type Tls = Pick<typeof import('node:tls'), 'createSecureContext' | 'createServer'>;

/** Loaded here, so that a broker without a certificate does not pay for it. */
export function loadTls(): Tls {
  return createRequire(import.meta.url)('node:tls');
}

/** Listens nowhere: sockets are given to it. Clients may take so long for the handshake (ms). */
export function createTlsServer(setup: TlsSetup, handshakeMs: number): Server {
  return loadTls().createServer(serverOptions(setup, handshakeMs));
}

function serverOptions(setup: TlsSetup, handshakeMs: number): TlsOptions {
  const [first, ...others] = setup.identities;
  const options: TlsOptions = {
    ...contextOptions(first, setup),
    requestCert: setup.verify !== 'none',
    // What is wrong with a certificate is said by whoever asks for this, and Node would say nothing.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
  };
  if (others.length > 0) options.SNICallback = choice(loadTls(), setup);
  return options;
}

/**
 * An HTTPS server for whoever has a password: nobody is asked for a certificate, and a session that has begun here goes
 * on nowhere else.
 */
export class HttpsCertificates {
  #choose: Choose = (_name, done) => done(null);
  readonly server: HttpsServer;

  constructor(setup: TlsSetup, handshakeMs: number, http: HttpServerOptions, answer: RequestListener) {
    const { createServer } = createRequire(import.meta.url)('node:https') as typeof import('node:https');
    const SNICallback: Choose = (name, done) => this.#choose(name, done);
    this.server = createServer({ ...http, ...serverOptions(forPasswords(setup), handshakeMs), SNICallback }, answer);
    this.replace(setup);
  }

  /** Those who come from now on get these certificates. */
  replace(setup: TlsSetup): void {
    const own = forPasswords(setup);
    this.server.setSecureContext(contextOptions(own.identities[0], own));
    this.#choose = choice(loadTls(), own);
  }
}

function forPasswords(setup: TlsSetup): TlsSetup {
  return { ...setup, authority: null, revoked: [], verify: 'none', ticketKeys: randomBytes(48) };
}

function contextOptions(
  { certificate, key }: TlsIdentity,
  { authority, revoked, ticketKeys }: Pick<TlsSetup, 'authority' | 'revoked' | 'ticketKeys'>,
): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ...(authority === null ? {} : { ca: authority }),
    ...(revoked.length === 0 ? {} : { crl: [...revoked] }),
    ticketKeys: Buffer.from(ticketKeys),
    // Sessions of one context are no good in another; all workers have the same.
    sessionIdContext: 'leveret',
    minVersion: 'TLSv1.2',
  };
}

type Choose = (name: string, done: (error: Error | null, context?: SecureContext) => void) => void;

/** The first certificate that is for the host that a client names. */
function choice(tls: Tls, setup: TlsSetup): Choose {
  const contexts = setup.identities.map((identity) => ({
    certificate: new X509Certificate(identity.certificate),
    context: tls.createSecureContext(contextOptions(identity, setup)),
  }));
  return (name, done) => done(null, contexts.find(({ certificate }) => isFor(certificate, name))?.context);
}

function isFor(certificate: X509Certificate, name: string): boolean {
  try {
    return certificate.checkHost(name) !== undefined;
  } catch {
    // No certificate is for what cannot be a name.
    return false;
  }
}
