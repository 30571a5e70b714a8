/**
 * What of the files of TLS expires: the log warns of it at the start, at each reload and each day, in good time.
 */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ExpiryWatch } from '../../src/node/files/expiry-watch.js';
import { expiryWarnings } from '../../src/node/files/tls-expiry.js';
import { type Identity, useCertificates } from '../support/certificates.js';
import { startEmbedded } from '../support/embedded.js';
import { Inbox } from '../support/waiting.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return {
    authority,
    year: workshop.signed('year', authority, [-1, 364]),
    month: workshop.signed('month', authority, [-1, 29]),
    late: workshop.signed('late', authority, [-3, -1]),
    early: workshop.signed('early', authority, [1, 3]),
    stale: workshop.revocations('stale', authority, [], [-3, -1]),
    list: workshop.revocations('list', authority, [], [-1, 29]),
  };
});

const DAY_MS = 86_400_000;

/** What is told of these in so many days from now, without the times. */
function told(own: Identity, days: number, more: { authority?: string; revoked?: string } = {}): string[] {
  const pem = (file: string): string => readFileSync(file, 'utf8');
  const identity = { certificate: pem(own.certificate), key: '' };
  const authority = more.authority === undefined ? null : pem(more.authority);
  const revoked = more.revoked === undefined ? [] : [pem(more.revoked)];
  const lines = expiryWarnings({ identities: [identity], authority, revoked }, Date.now() + days * DAY_MS);
  return lines.map((line) => line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, 'DATE'));
}

test.each<['year' | 'month' | 'late' | 'early', number, string[]]>([
  ['year', 0, []],
  ['year', 333, []],
  ['year', 335, ['the certificate of CN=year (tls_cert) expires on DATE, in 28 days']],
  ['year', 362.5, ['the certificate of CN=year (tls_cert) expires on DATE, in 1 day']],
  ['year', 365, ['the certificate of CN=year (tls_cert) has expired on DATE']],
  ['month', 0, []],
  ['month', 20, ['the certificate of CN=month (tls_cert) expires on DATE, in 8 days']],
  ['late', 0, ['the certificate of CN=late (tls_cert) has expired on DATE']],
  ['early', 0, ['the certificate of CN=early (tls_cert) is not valid before DATE']],
])('of the certificate %s in %d days it is told: %j', (name, days, lines) => {
  expect(told(certificates()[name], days)).toEqual(lines);
});

test('they are told of when they are taken into use, and each day from then on, until they are exchanged', () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ['Date', 'setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const lines: string[] = [];
  const watch = new ExpiryWatch((line) => lines.push(line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/, 'DATE')));
  const use = ({ certificate }: Identity): void => {
    const identity = { certificate: readFileSync(certificate, 'utf8'), key: '' };
    watch.watch({ identities: [identity], authority: null, revoked: [] });
  };
  use(certificates().month);
  vi.advanceTimersByTime(18 * DAY_MS);
  expect(lines).toEqual([]);
  // It was made for thirty days, and is told of in the last ten.
  vi.advanceTimersByTime(2 * DAY_MS);
  const line = 'the certificate of CN=month (tls_cert) expires on DATE, in';
  expect(lines).toEqual([`${line} 9 days`, `${line} 8 days`]);
  lines.length = 0;
  use(certificates().year);
  vi.advanceTimersByTime(3 * DAY_MS);
  expect(lines).toEqual([]);
  watch.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test('authorities and revocation lists are told of as well', () => {
  const { year, authority, list, stale } = certificates();
  const list1 = 'the list of what CN=authority has revoked (tls_crl)';
  expect(told(year, 0, { authority: authority.certificate, revoked: list })).toEqual([]);
  expect(told(year, 0, { revoked: stale })).toEqual([`${list1} has expired on DATE`]);
  expect(told(year, 25, { authority: authority.certificate, revoked: list })).toEqual([
    'the certificate of CN=authority (tls_ca) has expired on DATE',
    `${list1} expires on DATE, in 3 days`,
  ]);
});

test('a broker says so when it starts, and when it is reloaded', async () => {
  const { certificate, key } = certificates().late;
  const lines = new Inbox<string>();
  const { embedded } = await startEmbedded(undefined, {
    tls: { certificate, key, port: 0 },
    log: ({ level, message }) => {
      if (level === 'warning') lines.push(message);
    },
  });
  onTestFinished(() => embedded.stop());
  const expired = /^the certificate of CN=late \(tls_cert\) has expired on /;
  expect(await lines.next('a warning')).toMatch(expired);
  await embedded.reloadTls();
  expect(await lines.next('another')).toMatch(expired);
});
