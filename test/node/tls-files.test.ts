/**
 * The files of TLS: whatever is wrong with one is told by one line that names it, before anything listens.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readTlsFiles, TlsFileError, type TlsFiles } from '../../src/node/files/tls-files.js';
import { runToExit } from '../support/broker.js';
import { type Identity, useCertificates } from '../support/certificates.js';

const CLIENTS = {
  authority: null,
  revoked: [],
  verify: 'none',
  depth: 1,
  loginFrom: 'distinguished_name',
  loginSanType: 'dns',
  loginSanIndex: 0,
} as const;

function filesOf({ certificate, key }: Identity): TlsFiles {
  return { certificate: [certificate], key: [key], ...CLIENTS };
}

const made = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return {
    directory: workshop.directory,
    broker: workshop.signed('broker', authority),
    other: workshop.signed('other', authority),
    list: workshop.revocations('list', authority, []),
    broken: workshop.file('broken', '-----BEGIN X509 CRL-----\ncarrots\n-----END X509 CRL-----\n'),
    cut: workshop.file('cut', `${readFileSync(authority.certificate, 'utf8')}-----BEGIN CERTIFICATE-----\nMIIB\n`),
    nonsense: workshop.file('nonsense', 'carrots\n'),
    none: `${workshop.directory}/none`,
  };
});

test('a certificate and its key are taken', () => {
  const { identities } = readTlsFiles(filesOf(made().broker));
  expect(identities[0].certificate).toContain('BEGIN CERTIFICATE');
  expect(identities).toHaveLength(1);
});

test('all lists of a file of revocation lists are taken', () => {
  const { broker, list } = made();
  const both = `${readFileSync(list, 'utf8')}${readFileSync(list, 'utf8')}`;
  writeFileSync(`${list}.both`, both);
  expect(readTlsFiles({ ...filesOf(broker), revoked: [list, `${list}.both`] }).revoked).toHaveLength(3);
});

test.each<[string, (own: TlsFiles) => TlsFiles, RegExp]>([
  [
    'a certificate that is not there',
    (own) => ({ ...own, certificate: [made().none] }),
    /none: there is no such file$/,
  ],
  ['a key that is not there', (own) => ({ ...own, key: [made().none] }), /none: there is no such file$/],
  ['a directory', (own) => ({ ...own, key: [made().directory] }), /: it is a directory$/],
  ['a file without a certificate', (own) => ({ ...own, certificate: [made().nonsense] }), /it holds no certificate in/],
  ['a file without a key', (own) => ({ ...own, key: [made().nonsense] }), /nonsense: it holds no private key in PEM/],
  ['no authority', (own) => ({ ...own, authority: made().nonsense }), /nonsense: it holds no certificate in PEM/],
  ['an authority that is cut off', (own) => ({ ...own, authority: made().cut }), /cut: it holds no certificate in PEM/],
  ['the key of another', (own) => ({ ...own, key: [made().other.key] }), /other\.key: it is not the key of the certi/],
  ['no revocation list', (own) => ({ ...own, revoked: [made().nonsense] }), /nonsense: it holds no revocation list/],
  ['a broken revocation list', (own) => ({ ...own, revoked: [made().broken] }), /broken: one of its revocation lists/],
  [
    'a second certificate with the key of the first',
    ({ certificate, key, ...own }) => ({
      ...own,
      certificate: [...certificate, made().other.certificate],
      key: [...key, ...key],
    }),
    /broker\.key: it is not the key of the certificate in .*other\.crt$/,
  ],
])('%s is refused', (_, wrong, reason) => {
  const read = (): unknown => readTlsFiles(wrong(filesOf(made().broker)));
  expect(read).toThrow(TlsFileError);
  expect(read).toThrow(/^cannot do TLS with \//);
  expect(read).toThrow(reason);
});

test('the command says what is wrong, and does not start', async () => {
  const { broker, nonsense } = made();
  const flags = ['--transient', '--port', '0', '--tls-port', '0', '--tls-cert', broker.certificate];
  const { code, stdout, stderr } = await runToExit([...flags, '--tls-key', nonsense]);
  expect(stderr).toMatch(/^leveret: cannot do TLS with .*nonsense: it holds no private key in PEM .*\n$/);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});
