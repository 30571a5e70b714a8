/**
 * As whom clients come in by their certificates: the same as in RabbitMQ, whose names for some certificates are recorded
 * (record.mjs); and certificates that are broken name nobody and harm nobody.
 */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CertificateLogin, certifiedName } from '../../../src/connection/certificates/certificate-login.js';
import { pem, useCertificates } from '../../support/certificates.js';

interface Recorded {
  readonly title: string;
  readonly distinguished_name: string;
  readonly common_name: string | null;
  /** By type, the first and the second; null: there are none. */
  readonly alternatives: Readonly<Record<'dns' | 'email' | 'uri' | 'other_name', readonly (string | null)[]>> | null;
  /** DER, in base64. */
  readonly certificate: string;
}

const RECORDED: readonly Recorded[] = JSON.parse(readFileSync(new URL('recorded.json', import.meta.url), 'utf8'));
const der = (title: string): Buffer => {
  const recorded = RECORDED.find((one) => one.title === title);
  return Buffer.from(recorded?.certificate ?? '', 'base64');
};

const BY_SUBJECT: CertificateLogin = { loginFrom: 'distinguished_name', loginSanType: 'dns', loginSanIndex: 0 };
const BY_NAME: CertificateLogin = { ...BY_SUBJECT, loginFrom: 'common_name' };
const bySan = (loginSanType: CertificateLogin['loginSanType'], loginSanIndex = 0): CertificateLogin => ({
  loginFrom: 'subject_alternative_name',
  loginSanType,
  loginSanIndex,
});

/** The name alone; null: none. */
function nameOf(certificate: Uint8Array, login: CertificateLogin): string | null {
  const named = certifiedName(certificate, login);
  return named.ok ? named.name : null;
}

describe.each(RECORDED.map((one) => [one.title, one] as const))('a certificate with %s', (_title, recorded) => {
  const certificate = Buffer.from(recorded.certificate, 'base64');

  test('has the distinguished name that RabbitMQ takes', () => {
    expect(nameOf(certificate, BY_SUBJECT)).toBe(recorded.distinguished_name);
  });

  test('has the common name that RabbitMQ takes, unless it has control characters', () => {
    const { common_name: name } = recorded;
    const isOdd = name?.includes('\t') === true;
    expect(nameOf(certificate, BY_NAME)).toBe(isOdd ? null : name);
  });

  test('has the other names that RabbitMQ takes', () => {
    for (const type of ['dns', 'email', 'uri', 'other_name'] as const) {
      const names = [0, 1].map((index) => nameOf(certificate, bySan(type, index)));
      expect(names).toEqual(recorded.alternatives?.[type] ?? [null, null]);
    }
  });
});

test('addresses are written as people write them, where RabbitMQ has their octets', () => {
  const addresses = [0, 1, 2].map((index) => nameOf(der('other names'), bySan('ip', index)));
  expect(addresses).toEqual(['10.1.2.3', '2001:db8::1', null]);
});

test.each<[string, CertificateLogin, string]>([
  ['no common name', BY_NAME, 'has no common name'],
  ['other names', bySan('dns', 2), 'has no subject alternative name of type dns at index 2'],
  ['control characters', BY_NAME, 'has control characters in its common name'],
])('of a certificate with %s it is said why it names nobody', (title, login, reason) => {
  expect(certifiedName(der(title), login)).toEqual({ ok: false, reason });
});

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  const alternatives = `DNS:${'a.'.repeat(128)}test`;
  return { long: workshop.signed('long', authority, undefined, { alternatives }) };
});

test('a name that no user can have names nobody', () => {
  const { raw } = new X509Certificate(pem(certificates().long).cert);
  const reason = 'has a subject alternative name of type dns at index 0 of more than 255 octets';
  expect(certifiedName(raw, bySan('dns'))).toEqual({ ok: false, reason });
});

/** Numbers that look random, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

test('octets that are no certificate, or a broken one, name somebody clear or nobody', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  const next = numbers(seed);
  const logins = [BY_SUBJECT, BY_NAME, bySan('dns'), bySan('ip'), bySan('other_name')];
  for (let round = 0; round < 3000; round++) {
    const octets = Buffer.from(RECORDED[next(RECORDED.length)]?.certificate ?? '', 'base64');
    for (let change = next(4); change >= 0; change--) octets[next(octets.length)] = next(256);
    const cut = next(3) === 0 ? octets.subarray(0, next(octets.length)) : octets;
    for (const login of logins) {
      const named = certifiedName(cut, login);
      const said = `SEED=${seed}, round ${round}: ${JSON.stringify(named)}`;
      if (named.ok) expect(named.name, said).toMatch(/^[^\p{Cc}]+$/u);
      else expect(named.reason, said).toMatch(/^(has|cannot be read: it has) /);
    }
  }
});
