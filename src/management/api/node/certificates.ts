/** The broker's certificates, and for how long they are good. */
import { X509Certificate } from 'node:crypto';
import type { JsonObject } from '../../http/listings.js';
import type { HttpServer } from '../../http/server.js';
import type { ManagedBroker } from '../base/managed-broker.js';

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** All that stand in a text. */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(PEM) ?? []).map((one) => new X509Certificate(one));
}

export function certificateRoutes({ route }: HttpServer, { tls }: Pick<ManagedBroker, 'tls'>): void {
  route('/api/leveret/certificates', {
    GET: {
      tag: 'monitoring',
      handle: async () => {
        const setup = tls();
        if (setup === null) return [];
        const own = setup.identities.flatMap(({ certificate }) => certificatesIn(certificate));
        const authorities = setup.authority === null ? [] : certificatesIn(setup.authority);
        return [
          ...own.map((one) => certificateJson(one, 'server')),
          ...authorities.map((one) => certificateJson(one, 'authority')),
        ];
      },
    },
  });
}

/** `use`: shown to clients, or what theirs are checked by. */
function certificateJson(certificate: X509Certificate, use: 'server' | 'authority'): JsonObject {
  const { subject, issuer, subjectAltName, validFrom, validTo, serialNumber } = certificate;
  return {
    use,
    subject: onOneLine(subject),
    issuer: onOneLine(issuer),
    names: subjectAltName ?? null,
    serial: serialNumber,
    valid_from: new Date(validFrom).toISOString(),
    valid_to: new Date(validTo).toISOString(),
  };
}

/** Empty: it says nothing. */
function onOneLine(name: string | undefined): string {
  return (name ?? '').trim().replaceAll('\n', ', ');
}
