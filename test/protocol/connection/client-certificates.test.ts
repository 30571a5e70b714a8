/**
 * Clients that are asked for a certificate: whose is taken, and what the log says of the others.
 */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Identity, pem, useCertificates } from '../../support/certificates.js';
import { startEmbedded } from '../../support/embedded.js';
import { Inbox } from '../../support/waiting.js';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return {
    authority,
    broker: workshop.signed('broker', authority),
    hare: workshop.signed('hare', authority),
    late: workshop.signed('late', authority, [-3, -1]),
    early: workshop.signed('early', authority, [1, 3]),
    stranger: workshop.signed('stranger', workshop.authority('another')),
  };
});
type Name = 'hare' | 'late' | 'early' | 'stranger';

/** A broker that asks for certificates, and how a client comes to it. */
async function broker(verify: 'optional' | 'required') {
  const { authority, broker: own } = certificates();
  const lines = new Inbox<string>();
  const { embedded } = await startEmbedded(undefined, {
    tls: { certificate: own.certificate, key: own.key, authority: authority.certificate, verify, port: 0 },
    report: (line) => lines.push(line),
  });
  onTestFinished(() => embedded.close());
  const bound = embedded.listeners.find(({ kind }) => kind === 'tls');
  if (bound?.kind !== 'tls') throw new Error('nobody listens by TLS');
  const come = (version: 'TLSv1.2' | 'TLSv1.3', identity?: Identity): TLSSocket => {
    const shown = identity === undefined ? {} : pem(identity);
    const versions = { minVersion: version, maxVersion: version };
    const client = connect({ port: bound.port, host: '127.0.0.1', ca: pem(authority).cert, ...shown, ...versions });
    client.on('error', () => {});
    onTestFinished(() => void client.destroy());
    client.write(PROTOCOL_HEADER);
    return client;
  };
  return { lines, come };
}

function isClosed(client: TLSSocket): Promise<void> {
  return new Promise((resolve) => client.resume().once('close', () => resolve()));
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('by %s', (version) => {
  test.each([
    'optional',
    'required',
  ] as const)('a certificate of the authority is taken where it is %s', async (verify) => {
    const { come } = await broker(verify);
    await once(come(version, certificates().hare), 'data');
  });

  test('a client without a certificate comes in where it is optional', async () => {
    const { come } = await broker('optional');
    await once(come(version), 'data');
  });

  test('a client without a certificate is refused where it is required', async () => {
    const { come, lines } = await broker('required');
    await isClosed(come(version));
    expect(await lines.next('a line')).toMatch(/^no TLS with the client at 127\.0\.0\.1:\d+: it shows no certificate$/);
  });

  test.each<[Name, string]>([
    ['late', 'has expired'],
    ['early', 'is not valid yet'],
    ['stranger', 'is of no authority that is trusted here'],
  ])('a certificate that is %s is refused even where none is needed, and the log says why', async (name, why) => {
    const { come, lines } = await broker('optional');
    await isClosed(come(version, certificates()[name]));
    expect(await lines.next('a line')).toContain(`: its certificate (CN=${name}) ${why}`);
    // Others come in.
    await once(come(version, certificates().hare), 'data');
  });
});
