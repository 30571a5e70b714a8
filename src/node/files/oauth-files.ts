/**
 * The files that a broker reads to know tokens: read once and looked at before anything listens. What must hold:
 * whatever is wrong with one of them is told by one line that names the file.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TokenRules } from '../../connection/tokens/claims.js';
import type { OauthSetup, SignInSetup } from '../../connection/tokens/oauth-setup.js';
import type { ProviderSetup } from '../../connection/tokens/provider.js';
import { KeysError, readSigningKeys } from '../../connection/tokens/signing-keys.js';

/** How tokens are known, and where their keys are: in a file, at a URL, or where the provider says. */
export interface OauthFiles extends TokenRules {
  readonly keys: string | null;
  readonly jwksUrl: string | null;
  /** Certificates (PEM) of those who sign for the server of the URL; null: those whom Node.js knows. */
  readonly httpsAuthority: string | null;
  /** Who tells how the issuer is set up; null: nobody, and so keys are known otherwise, and nobody signs in there. */
  readonly provider: Pick<ProviderSetup, 'url' | 'issuer'> | null;
  /** How people sign in at the provider to the web page; null: they do not. */
  readonly signIn: SignInOptions | null;
}

export type SignInOptions = Omit<SignInSetup, 'provider'>;

/** A file cannot be used; the message names it and says why. */
export class OauthFileError extends Error {}

export function readOauthFiles(files: OauthFiles): OauthSetup {
  const { keys: file, jwksUrl: url, httpsAuthority, provider: named, signIn, ...rules } = files;
  const authority = httpsAuthority === null ? null : certificateIn(httpsAuthority);
  const provider = named === null ? null : { ...named, authority, known: null };
  return {
    rules,
    keys: keysOf(file, url, provider, authority),
    signIn: provider === null || signIn === null ? null : { ...signIn, provider },
  };
}

function keysOf(
  file: string | null,
  url: string | null,
  provider: ProviderSetup | null,
  authority: string | null,
): OauthSetup['keys'] {
  if (url !== null) return { kind: 'remote', url, authority };
  if (file === null && provider !== null) return { kind: 'provider', provider };
  return { kind: 'fixed', text: keysIn(file ?? '') };
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
