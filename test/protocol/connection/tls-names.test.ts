/**
 * Several certificates of the broker: which of them a client gets, by the host that it names. ALPN changes nothing.
 */
import { execFile } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useCertificates } from '../../support/certificates.js';
import { type EmbeddedBroker, startEmbedded } from '../../support/embedded.js';

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return {
    authority,
    all: [
      workshop.signed('first', authority, undefined, { alternatives: 'DNS:first.test' }),
      workshop.signed('second', authority, undefined, { alternatives: 'DNS:second.test,DNS:also-second.test' }),
      workshop.signed('third', authority, undefined, { alternatives: 'DNS:*.third.test' }),
      workshop.signed('fourth.test', authority, undefined, { alternatives: '' }),
    ],
  };
});

let started: EmbeddedBroker;
beforeAll(async () => {
  const { all } = certificates();
  const tls = { certificate: all.map(({ certificate }) => certificate), key: all.map(({ key }) => key), port: 0 };
  started = await startEmbedded(undefined, { tls });
});
afterAll(() => started?.embedded.stop());

/** What openssl's client says of its handshake. */
function openssl(...flags: readonly string[]): Promise<string> {
  const bound = started.embedded.listeners.find(({ kind }) => kind === 'tls');
  if (bound?.kind !== 'tls') throw new Error('nobody listens by TLS');
  const args = ['s_client', '-connect', `127.0.0.1:${bound.port}`, '-CAfile', certificates().authority.certificate];
  return new Promise((resolve) => {
    execFile('openssl', [...args, ...flags], (_error, stdout) => resolve(stdout)).stdin?.end();
  });
}

test.each([
  ['first.test', 'first'],
  ['second.test', 'second'],
  ['ALSO-second.test', 'second'],
  ['a.third.test', 'third'],
  ['a.b.third.test', 'first'],
  ['fourth.test', 'fourth.test'],
  ['elsewhere.test', 'first'],
])('who asks for %s gets the certificate of %s', async (name, shown) => {
  for (const version of ['-tls1_2', '-tls1_3']) {
    const text = await openssl(version, '-servername', name);
    expect(text).toMatch(new RegExp(`^subject=CN = ${shown}$`, 'm'));
    expect(text).toContain('Verify return code: 0 (ok)');
  }
});

test('who names no host gets the first', async () => {
  expect(await openssl('-noservername')).toMatch(/^subject=CN = first$/m);
});

test('who offers protocols by ALPN comes in, and is told of none', async () => {
  const text = await openssl('-alpn', 'amqp,http/1.1');
  expect(text).toContain('Verify return code: 0 (ok)');
  expect(text).toContain('No ALPN negotiated');
});
