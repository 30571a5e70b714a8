/**
 * The files that a broker does TLS with: read once and looked at before anything listens. What must hold: whatever is
 * wrong with one of them is told by one line that names the file and the option.
 */
import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsSetup, Verify } from '../connection/transport/tls.js';

/** Where they are; PEM all of them. */
export interface TlsFiles {
  /** The broker's certificate, and behind it those that lead to its authority. */
  readonly certificate: string;
  /** The key of the certificate, without a password. */
  readonly key: string;
  /** Certificates of those who may sign for clients; null: there are none. */
  readonly authority: string | null;
  readonly verify: Verify;
}

/** A file that TLS needs cannot be used; the message names it and says why. */
export class TlsFileError extends Error {
  constructor(file: string, reason: string) {
    super(`cannot do TLS with ${file}: ${reason}`);
  }
}

/** `ticketKeys`: of a broker that runs already, so that its sessions go on. */
export function readTlsFiles(files: TlsFiles, ticketKeys: Uint8Array = randomBytes(48)): TlsSetup {
  const certificate = read(files.certificate);
  const key = read(files.key);
  const own = certificateIn(files.certificate, certificate);
  if (!own.checkPrivateKey(keyIn(files.key, key)))
    throw new TlsFileError(files.key, `it is not the key of the certificate in ${files.certificate}`);
  const authority = files.authority === null ? null : read(files.authority);
  if (files.authority !== null) certificateIn(files.authority, authority ?? '');
  try {
    createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    // What OpenSSL finds too weak, such as a short key.
    throw new TlsFileError(files.certificate, error instanceof Error ? error.message : String(error));
  }
  return { certificate, key, authority, verify: files.verify, ticketKeys };
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

function keyIn(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE')
      throw new TlsFileError(file, 'its key is locked by a password, and must not be');
    throw new TlsFileError(file, 'it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)');
  }
}
