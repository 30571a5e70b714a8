/**
 * What of the files that a broker does TLS with has expired, or soon will: told before clients meet it. Pure.
 */
import { X509Certificate } from 'node:crypto';
import { certificateParts } from '../../connection/certificates/certificate.js';
import { DerError } from '../../connection/certificates/der.js';
import { distinguishedName } from '../../connection/certificates/distinguished-name.js';
import { readRevocationList } from '../../connection/certificates/revocation-list.js';
import type { TlsSetup } from '../../connection/transport/opening/tls-setup.js';

const DAY_MS = 86_400_000;
const SOON_MS = 30 * DAY_MS;
/** What is made for some days is renewed later than what is made for a year. */
const SOON_SHARE = 1 / 3;

interface Dated {
  /** What it is, in words. */
  readonly what: string;
  readonly from: number;
  /** Infinity: for ever. */
  readonly to: number;
}

/** A line for each that is not valid, or soon will not be. `now`: ms since 1970. */
export function expiryWarnings(setup: Pick<TlsSetup, 'identities' | 'authority' | 'revoked'>, now: number): string[] {
  const own = setup.identities.flatMap(({ certificate }) => certificatesIn('tls_cert', certificate));
  const authorities = setup.authority === null ? [] : certificatesIn('tls_ca', setup.authority);
  return [...own, ...authorities, ...setup.revoked.flatMap(listIn)].flatMap((one) => warningOf(one, now) ?? []);
}

function certificatesIn(key: string, pem: string): Dated[] {
  const blocks = pem.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----.*?-----END (TRUSTED )?CERTIFICATE-----/gs) ?? [];
  return blocks.flatMap((block) =>
    unlessOdd(() => {
      const { raw, validFrom, validTo } = new X509Certificate(block);
      const name = distinguishedName(certificateParts(raw).subject);
      return { what: `the certificate of ${name} (${key})`, from: Date.parse(validFrom), to: Date.parse(validTo) };
    }),
  );
}

function listIn(pem: string): Dated[] {
  return unlessOdd(() => {
    const { issuer, from, to } = readRevocationList(Buffer.from(pem.replaceAll(/-----.*?-----/g, ''), 'base64'));
    const what = `the list of what ${issuer} has revoked (tls_crl)`;
    return { what, from: from.getTime(), to: to?.getTime() ?? Number.POSITIVE_INFINITY };
  });
}

/** OpenSSL may take what is not quite read here, and the broker runs with it. */
function unlessOdd(read: () => Dated): Dated[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}

function warningOf({ what, from, to }: Dated, now: number): string | null {
  if (to <= now) return `${what} has expired on ${dateText(to)}`;
  if (from > now) return `${what} is not valid before ${dateText(from)}`;
  if (to - now >= Math.min(SOON_MS, (to - from) * SOON_SHARE)) return null;
  const days = Math.floor((to - now) / DAY_MS);
  return `${what} expires on ${dateText(to)}, in ${days === 1 ? '1 day' : `${days} days`}`;
}

function dateText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
