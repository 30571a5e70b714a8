/**
 * The files of TLS: whatever is wrong with one is told by one line that names it, before anything listens.
 */
import { expect, test } from 'vitest';
import { readTlsFiles, TlsFileError, type TlsFiles } from '../../src/node/tls-files.js';
import { runToExit } from '../support/broker.js';
import { useCertificates } from '../support/certificates.js';

const CLIENTS = { authority: null, verify: 'none' } as const;

const made = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return {
    directory: workshop.directory,
    broker: workshop.signed('broker', authority),
    other: workshop.signed('other', authority),
    nonsense: workshop.file('nonsense', 'carrots\n'),
    none: `${workshop.directory}/none`,
  };
});

test('a certificate and its key are taken', () => {
  expect(readTlsFiles({ ...made().broker, ...CLIENTS }).certificate).toContain('BEGIN CERTIFICATE');
});

test.each<[string, (own: TlsFiles) => TlsFiles, RegExp]>([
  ['a certificate that is not there', (own) => ({ ...own, certificate: made().none }), /none: there is no such file$/],
  ['a key that is not there', (own) => ({ ...own, key: made().none }), /none: there is no such file$/],
  ['a directory', (own) => ({ ...own, key: made().directory }), /: it is a directory$/],
  [
    'a file without a certificate',
    (own) => ({ ...own, certificate: made().nonsense }),
    /it holds no certificate in PEM/,
  ],
  ['a file without a key', (own) => ({ ...own, key: made().nonsense }), /nonsense: it holds no private key in PEM/],
  ['no authority', (own) => ({ ...own, authority: made().nonsense }), /nonsense: it holds no certificate in PEM/],
  ['the key of another', (own) => ({ ...own, key: made().other.key }), /other\.key: it is not the key of the certi/],
])('%s is refused', (_, wrong, reason) => {
  const read = (): unknown => readTlsFiles(wrong({ ...made().broker, ...CLIENTS }));
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
