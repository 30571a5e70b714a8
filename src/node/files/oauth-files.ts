/**
 * The files that a broker reads to know tokens: read once and looked at before anything listens. What must hold:
 * whatever is wrong with one of them is told by one line that names the file.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TokenRules } from '../../connection/tokens/claims.js';
import type { OauthSetup } from '../../connection/tokens/oauth-setup.js';
import { KeysError, readSigningKeys } from '../../connection/tokens/signing-keys.js';

/** How tokens are known, and where their keys are: in a file, or at a URL. */
export interface OauthFiles extends TokenRules {
  readonly keys: string | null;
  readonly jwksUrl: string | null;
  /** Certificates (PEM) of those who sign for the server of the URL; null: those whom Node.js knows. */
  readonly httpsAuthority: string | null;
}

/** A file cannot be used; the message names it and says why. */
export class OauthFileError extends Error {}

export function readOauthFiles({ keys: file, jwksUrl: url, httpsAuthority, ...rules }: OauthFiles): OauthSetup {
  if (url === null) return { rules, keys: { kind: 'fixed', text: keysIn(file ?? '') } };
  const authority = httpsAuthority === null ? null : certificateIn(httpsAuthority);
  return { rules, keys: { kind: 'remote', url, authority } };
}

function keysIn(file: string): string {
  const text = read(file);
  try {
    readSigningKeys(text);
  } catch (error) {
    if (error instanceof KeysError) throw new OauthFileError(`the file of keys for tokens, ${file}, ${error.message}`);
    throw error;
  }
  return text;
}

function certificateIn(file: string): string {
  const text = read(file);
  try {
    return new X509Certificate(text) && text;
  } catch {
    throw new OauthFileError(`${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new OauthFileError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
