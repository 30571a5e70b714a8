/**
 * The files that a broker does TLS with: read once and looked at before anything listens. What must hold: whatever is
 * wrong with one of them is told by one line that names the file and the option.
 */
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { CertificateLogin } from '../../connection/certificates/certificate-login.js';
import { loadTls, type TlsIdentity, type TlsSetup, type Verify } from '../../connection/transport/opening/tls-setup.js';

/** Where they are; PEM all of them. */
export interface TlsFiles extends CertificateLogin {
  /** The broker's certificates, each with those that lead to its authority behind it. */
  readonly certificate: readonly string[];
  /** The keys of these, in the same order, without passwords. */
  readonly key: readonly string[];
  /** Certificates of those who may sign for clients; null: there are none. */
  readonly authority: string | null;
  /** Lists of what these have revoked. */
  readonly revoked: readonly string[];
  readonly verify: Verify;
  /** So many authorities may stand between a client's certificate and one that is trusted. */
  readonly depth: number;
}

/** A file that TLS needs cannot be used; the message names it and says why. */
export class TlsFileError extends Error {
  constructor(file: string, reason: string) {
    super(`cannot do TLS with ${file}: ${reason}`);
  }
}

/** Throws a `TlsFileError`. `ticketKeys`: those of sessions that may go on. */
export function readTlsFiles(files: TlsFiles, ticketKeys: Uint8Array = randomBytes(48)): TlsSetup {
  const authority = files.authority === null ? null : read(files.authority);
  if (files.authority !== null) authoritiesIn(files.authority, authority ?? '');
  const revoked = files.revoked.flatMap((file) => listsIn(file, read(file)));
  const [first, ...others] = files.certificate.map((certificate, index) => identityIn(certificate, files.key[index]));
  if (first === undefined) throw new Error('TLS needs a certificate');
  const { verify, depth, loginFrom, loginSanType, loginSanIndex } = files;
  const login = { loginFrom, loginSanType, loginSanIndex };
  return { identities: [first, ...others], authority, revoked, verify, depth, ticketKeys, ...login };
}

function identityIn(certificateFile: string, keyFile = ''): TlsIdentity {
  const certificate = read(certificateFile);
  const key = read(keyFile);
  const own = certificateIn(certificateFile, certificate);
  if (!own.checkPrivateKey(keyIn(keyFile, key)))
    throw new TlsFileError(keyFile, `it is not the key of the certificate in ${certificateFile}`);
  try {
    loadTls().createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    // What OpenSSL finds too weak, such as a short key.
    throw new TlsFileError(certificateFile, error instanceof Error ? error.message : String(error));
  }
  return { certificate, key };
}

/**
 * The same of a broker that runs. Sessions go on, but where certificates of clients count: who shows a session is not
 * asked for a certificate again.
 */
export function rereadTlsFiles(files: TlsFiles, before: TlsSetup): TlsSetup {
  const isAsked = before.verify !== 'none' || files.verify !== 'none';
  return isAsked ? readTlsFiles(files) : readTlsFiles(files, before.ticketKeys);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new TlsFileError(file, inWords(error as NodeJS.ErrnoException));
  }
}

function inWords({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'this user may not read it';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return message;
  }
}

function certificateIn(file: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new TlsFileError(file, 'it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)');
  }
}

/** All that the file holds, as one that is broken would be left out without a word. */
function authoritiesIn(file: string, pem: string): void {
  const blocks = pem.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----.*?(-----END (TRUSTED )?CERTIFICATE-----|$)/gs) ?? [
    '',
  ];
  for (const block of blocks) certificateIn(file, block);
}

/** Each list that the file holds. */
function listsIn(file: string, pem: string): string[] {
  const lists = pem.match(/-----BEGIN X509 CRL-----.*?(-----END X509 CRL-----|$)/gs);
  if (lists === null) throw new TlsFileError(file, 'it holds no revocation list in PEM (-----BEGIN X509 CRL-----)');
  for (const list of lists) {
    try {
      loadTls().createSecureContext({ crl: list });
    } catch {
      throw new TlsFileError(file, 'one of its revocation lists is broken');
    }
  }
  return lists;
}

function keyIn(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE')
      throw new TlsFileError(file, 'its key is locked by a password, and must not be');
    throw new TlsFileError(file, 'it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)');
  }
}
