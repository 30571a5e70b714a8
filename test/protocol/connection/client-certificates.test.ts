/**
 * Clients that are asked for a certificate: whose is taken, and what the log says of the others.
 */

import { once } from 'node:events';
import { appendFileSync, readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TlsOptions } from '../../../src/index.js';
import { type Identity, pem, useCertificates } from '../../support/certificates.js';
import { startEmbedded, troubles } from '../../support/embedded.js';
import { Inbox } from '../../support/waiting.js';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  const another = workshop.authority('another');
  const near = workshop.signed('near', authority, undefined, { isAuthority: true });
  const far = workshop.signed('far', near, undefined, { isAuthority: true });
  const hare = workshop.signed('hare', authority);
  const fox = workshop.signed('fox', authority);
  const both = [authority, another].map(({ certificate }) => readFileSync(certificate, 'utf8')).join('');
  return {
    both: workshop.file('both', both),
    revoked: workshop.revocations('revoked', authority, [fox]),
    stale: workshop.revocations('stale', authority, [], [-3, -1]),
    ofNear: chained(workshop.signed('of-near', near), [near]),
    ofFar: chained(workshop.signed('of-far', far), [far, near]),
    fox,
    authority,
    broker: workshop.signed('broker', authority),
    hare,
    late: workshop.signed('late', authority, [-3, -1]),
    early: workshop.signed('early', authority, [1, 3]),
    stranger: workshop.signed('stranger', another),
  };
});
type Name = 'hare' | 'late' | 'early' | 'stranger';

/** A certificate that is shown with those that lead to its authority. */
function chained(own: Identity, authorities: readonly Identity[]): Identity {
  for (const { certificate } of authorities) appendFileSync(own.certificate, readFileSync(certificate));
  return own;
}

/** A broker that asks for certificates, and how a client comes to it. */
async function broker(verify: 'optional' | 'required', more: Partial<TlsOptions> = {}) {
  const { authority, broker: own } = certificates();
  const lines = new Inbox<string>();
  const { embedded } = await startEmbedded(undefined, {
    tls: { certificate: own.certificate, key: own.key, authority: authority.certificate, verify, port: 0, ...more },
    log: troubles((line) => lines.push(line)),
  });
  onTestFinished(() => embedded.stop());
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

  test('who is revoked is refused, and the log says so', async () => {
    const { come, lines } = await broker('required', { revoked: certificates().revoked });
    await isClosed(come(version, certificates().fox));
    expect(await lines.next('a line')).toMatch(/: its certificate \(CN=fox\) is revoked$/);
    await once(come(version, certificates().hare), 'data');
  });

  test.each<[string, Partial<TlsOptions>, Name, string]>([
    ['stale', {}, 'hare', 'the list of what its authority has revoked (tls_crl) has expired'],
    ['revoked', { authority: 'both' }, 'stranger', 'there is no list of what its authority has revoked (tls_crl)'],
  ])('where the list is %s, nobody can be checked, and the log says so', async (list, { authority }, name, why) => {
    const { both, revoked, stale } = certificates();
    const lists = { revoked: list === 'stale' ? stale : revoked };
    const { come, lines } = await broker('required', authority === 'both' ? { ...lists, authority: both } : lists);
    await isClosed(come(version, certificates()[name]));
    // It was told at the start, too, that the list has expired.
    if (list === 'stale') expect(await lines.next('a line')).toMatch(/^the list of what CN=authority has revoked /);
    expect(await lines.next('a line')).toContain(`: its certificate (CN=${name}) cannot be checked: ${why}`);
  });

  test('an authority may stand between, and no more than are allowed', async () => {
    const { ofNear, ofFar, hare } = certificates();
    const { come, lines } = await broker('required');
    await once(come(version, ofNear), 'data');
    await isClosed(come(version, ofFar));
    const tooFar = 'is too far from an authority that is trusted';
    expect(await lines.next('a line')).toContain(`(CN=of-far) ${tooFar}: 2 between, at most 1`);
    const strict = await broker('required', { depth: 0 });
    await isClosed(strict.come(version, ofNear));
    expect(await strict.lines.next('a line')).toContain(`${tooFar}: 1 between, at most 0`);
    await once(strict.come(version, hare), 'data');
    const lenient = await broker('required', { depth: 2 });
    await once(lenient.come(version, ofFar), 'data');
  });
});
