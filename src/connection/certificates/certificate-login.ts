/**
 * As whom a client comes in by the certificate that it has shown (SASL EXTERNAL), as RabbitMQ's
 * rabbitmq_auth_mechanism_ssl takes it from there. Pure. What must hold: the certificate has been verified; a name that
 * is not quite clear is none.
 *
 * This folder reads what certificates say; the handshake of TLS and that of AMQP import it.
 */
import {
  alternativesOf,
  alternativeText,
  type CertificateParts,
  certificateParts,
  type SanType,
} from './certificate.js';
import { DerError } from './der.js';
import { COMMON_NAME, distinguishedName, valuesOf } from './distinguished-name.js';

/** Where in a certificate the name of the user stands, by RabbitMQ's words. */
export type LoginFrom = 'distinguished_name' | 'common_name' | 'subject_alternative_name';

/** The same, and which of several other names. */
export interface CertificateLogin {
  readonly loginFrom: LoginFrom;
  readonly loginSanType: SanType;
  /** Among those of its kind; the first is 0. */
  readonly loginSanIndex: number;
}

/** The name, or why there is none, in words that go on after "its certificate". */
export type CertifiedName =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly reason: string };

/** Of a user, in octets. */
const NAME_MOST = 255;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are looked for.
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

export function certifiedName(der: Uint8Array, login: CertificateLogin): CertifiedName {
  try {
    const name = nameIn(certificateParts(der), login);
    const fault = name === null ? `has no ${inWords(login)}` : nameFault(name, login);
    return name === null || fault !== null ? { ok: false, reason: fault ?? '' } : { ok: true, name };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return { ok: false, reason: `cannot be read: it has ${error.message}` };
  }
}

/** Null: it has none. */
function nameIn(
  certificate: CertificateParts,
  { loginFrom, loginSanType, loginSanIndex }: CertificateLogin,
): string | null {
  switch (loginFrom) {
    case 'distinguished_name':
      return distinguishedName(certificate.subject) || null;
    case 'common_name':
      return valuesOf(certificate.subject, COMMON_NAME).join(',') || null;
    case 'subject_alternative_name': {
      const name = alternativesOf(certificate, loginSanType)[loginSanIndex];
      return name === undefined ? null : alternativeText(name, loginSanType) || null;
    }
  }
}

function nameFault(name: string, login: CertificateLogin): string | null {
  if (CONTROL.test(name)) return `has control characters in its ${inWords(login)}`;
  if (Buffer.byteLength(name) > NAME_MOST) return `has a ${inWords(login)} of more than ${NAME_MOST} octets`;
  return null;
}

function inWords({ loginFrom, loginSanType, loginSanIndex }: CertificateLogin): string {
  const place = loginFrom.replaceAll('_', ' ');
  return loginFrom === 'subject_alternative_name'
    ? `${place} of type ${loginSanType} at index ${loginSanIndex}`
    : place;
}
