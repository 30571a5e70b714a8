/**
 * What TLS has come to on a stream, in the words in which RabbitMQ tells it: those of Erlang. Asked for when somebody
 * looks, and kept: it does not change.
 */
import type { TLSSocket } from 'node:tls';
import { certificateParts } from '../certificates/certificate.js';
import { DerError } from '../certificates/der.js';
import { distinguishedName } from '../certificates/distinguished-name.js';

/** The certificate that a client has shown. */
export interface PeerCertificate {
  /** Distinguished names, the most special first. */
  readonly subject: string;
  readonly issuer: string;
  /** `2026-01-01T00:00:00Z - 2027-01-01T00:00:00Z` */
  readonly validity: string;
}

export interface TlsFacts {
  /** `tlsv1.3` */
  readonly protocol: string;
  /** `any`, `ecdhe_rsa` */
  readonly keyExchange: string;
  /** `aes_256_gcm` */
  readonly cipher: string;
  /** `aead`, `sha384` */
  readonly hash: string;
  /** Null: the client has shown none. */
  readonly certificate: PeerCertificate | null;
}

export function tlsFacts(stream: TLSSocket): () => TlsFacts {
  let facts: TlsFacts | null = null;
  return () => {
    facts ??= read(stream);
    return facts;
  };
}

function read(stream: TLSSocket): TlsFacts {
  return {
    protocol: (stream.getProtocol() ?? '').toLowerCase(),
    ...suite(stream.getCipher().standardName),
    certificate: certificateOf(stream),
  };
}

/** The parts of a cipher suite's standard name: `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`, `TLS_AES_128_GCM_SHA256`. */
export function suite(name: string): Pick<TlsFacts, 'keyExchange' | 'cipher' | 'hash'> {
  const [, exchange, cipher = '', hash = ''] = /^TLS_(?:(.+)_WITH_)?(.+?)(?:_(SHA\d*|MD5))?$/.exec(name) ?? [];
  const isAead = /GCM|CCM|POLY1305/.test(cipher);
  return {
    keyExchange: exchange === undefined ? 'any' : exchange.toLowerCase(),
    cipher: cipher.toLowerCase(),
    hash: isAead ? 'aead' : hash.toLowerCase(),
  };
}

function certificateOf(stream: TLSSocket): PeerCertificate | null {
  const certificate = stream.getPeerX509Certificate();
  if (certificate === undefined) return null;
  const { raw, validFrom, validTo } = certificate;
  return { ...namesOf(raw), validity: `${instant(validFrom)} - ${instant(validTo)}` };
}

/** OpenSSL may take what is not quite read here; who looks at clients must not be harmed by that. */
function namesOf(der: Uint8Array): Pick<PeerCertificate, 'subject' | 'issuer'> {
  try {
    const { subject, issuer } = certificateParts(der);
    return { subject: distinguishedName(subject), issuer: distinguishedName(issuer) };
  } catch (error) {
    if (error instanceof DerError) return { subject: '', issuer: '' };
    throw error;
  }
}

function instant(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : at.toISOString().replace(/\.\d+Z$/, 'Z');
}
