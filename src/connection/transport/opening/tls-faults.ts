/**
 * Why a client does not come in by TLS, in words: what is wrong with the certificate that it shows, or what OpenSSL
 * says of the handshake. Pure.
 */
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { TlsSetup } from './tls-setup.js';

const TOLD_OF_NAME = 128;

const UNKNOWN_AUTHORITY = 'is of no authority that is trusted here';

/** By OpenSSL's names. */
const CERTIFICATE_FAULTS: ReadonlyMap<string, string> = new Map([
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
  ['CERT_REVOKED', 'is revoked'],
  ['CRL_HAS_EXPIRED', 'cannot be checked: the list of what its authority has revoked (tls_crl) has expired'],
  ['CRL_NOT_YET_VALID', 'cannot be checked: the list of what its authority has revoked (tls_crl) is not valid yet'],
  [
    'CRL_SIGNATURE_FAILURE',
    'cannot be checked: another has signed the list of what its authority has revoked (tls_crl)',
  ],
  ['UNABLE_TO_GET_CRL', 'cannot be checked: there is no list of what its authority has revoked (tls_crl)'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_AUTHORITY],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
  ['INVALID_PURPOSE', 'is not for clients'],
]);

/** What is wrong with the certificate that a client shows, or does not; null: nothing. */
export function certificateFault(
  stream: TLSSocket,
  { verify, depth }: Pick<TlsSetup, 'verify' | 'depth'>,
): string | null {
  if (verify === 'none') return null;
  // First of all: to ask for the certificate alone takes the others away.
  const between = authoritiesBetween(stream);
  const certificate = stream.getPeerX509Certificate();
  if (certificate === undefined) return verify === 'required' ? 'it shows no certificate' : null;
  const why = whyNot(stream, Date.parse(certificate.validTo), between, depth);
  return why === null ? null : `its certificate (${nameOf(certificate)}) ${why}`;
}

/** Whose it says it is: anybody may say anything, at any length. */
function nameOf({ subject }: { readonly subject: string }): string {
  const name = subject.replaceAll(/\s+/g, ', ');
  return name.length > TOLD_OF_NAME ? `${name.slice(0, TOLD_OF_NAME)}…` : name;
}

function whyNot(stream: TLSSocket, validTo: number, between: number, depth: number): string | null {
  if (!stream.authorized) {
    const fault = String(stream.authorizationError);
    return CERTIFICATE_FAULTS.get(fault) ?? `is refused (${fault})`;
  }
  // Who goes on with a session was checked when it began, and what led to the authority is not shown again.
  if (stream.isSessionReused()) return validTo < Date.now() ? 'has expired' : null;
  return between > depth ? `is too far from an authority that is trusted: ${between} between, at most ${depth}` : null;
}

/** How many authorities stand between what a client shows and the last one, which has signed itself. */
function authoritiesBetween(stream: TLSSocket): number {
  let { issuerCertificate: issuer } = stream.getPeerCertificate(true) as Partial<DetailedPeerCertificate>;
  let between = 0;
  // The last one is given as its own issuer.
  while (issuer !== undefined && issuer.issuerCertificate !== undefined && issuer.issuerCertificate !== issuer) {
    issuer = issuer.issuerCertificate;
    between++;
  }
  return between;
}

/** What OpenSSL finds first in octets that are something else. */
const NO_TLS = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_HTTP_REQUEST',
  'ERR_SSL_HTTPS_PROXY_REQUEST',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
]);

/**
 * Why clients say that they refuse the broker's certificate, by the numbers of TLS's alerts (RFC 8446, 6): OpenSSL's
 * codes for them have other names from one version to the next. Some clients have one word for all reasons.
 */
const REFUSED_BY_CLIENT: ReadonlyMap<number, string> = new Map([
  [42, 'it is for another name, or otherwise wrong'],
  [43, 'it is of a kind that the client cannot check'],
  [44, 'it is revoked'],
  [45, 'it has expired'],
  [46, 'the client does not say why'],
  [48, 'it is of no authority that the client trusts'],
]);

/** Why a handshake has failed; it may take so long (ms). */
export function handshakeFault({ code = '', message }: NodeJS.ErrnoException, handshakeMs: number): string {
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return `it took longer than ${handshakeMs / 1000} s`;
  if (NO_TLS.has(code)) return 'it does not speak TLS';
  const refused = REFUSED_BY_CLIENT.get(Number(/SSL alert number (\d+)/.exec(message)?.[1]));
  // OpenSSL's text ends with the reason, behind numbers and places in its own code.
  const own = message
    .trim()
    .split(':')
    .findLast((part) => /^(?!SSL alert number)[A-Za-z].* /.test(part));
  if (refused === undefined) return own ?? message;
  return `it refuses the broker's certificate: ${refused} (${own ?? code})`;
}
