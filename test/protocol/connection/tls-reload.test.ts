/**
 * Certificates that are replaced while the broker runs: who comes is met with the new ones, who is there stays.
 */

import { once } from 'node:events';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { connect as connectAmqplib } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { type Identity, pem, useCertificates } from '../../support/certificates.js';
import { startEmbedded, troubles } from '../../support/embedded.js';
import { Inbox } from '../../support/waiting.js';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  const hare = workshop.signed('hare', authority);
  return {
    authority,
    old: workshop.signed('old', authority),
    renewed: workshop.signed('renewed', authority),
    hare,
    nobody: workshop.revocations('nobody', authority, []),
    all: workshop.revocations('all', authority, [hare]),
    directory: workshop.directory,
  };
});

/** A broker with files of its own, which change. */
async function broker(verify: 'none' | 'required') {
  const { authority, old, nobody, directory } = certificates();
  const [certificate, key, revoked] = ['crt', 'key', 'crl'].map((kind) => `${directory}/in-use-${verify}.${kind}`) as [
    string,
    string,
    string,
  ];
  const use = (identity: Identity): void => {
    copyFileSync(identity.certificate, certificate);
    copyFileSync(identity.key, key);
  };
  use(old);
  copyFileSync(nobody, revoked);
  const lines = new Inbox<string>();
  const clients = verify === 'none' ? {} : { authority: authority.certificate, revoked };
  const { embedded } = await startEmbedded(undefined, {
    tls: { certificate, key, port: 0, verify, ...clients },
    log: troubles((line) => lines.push(line)),
  });
  onTestFinished(() => embedded.stop());
  const bound = embedded.listeners.find(({ kind }) => kind === 'tls');
  if (bound?.kind !== 'tls') throw new Error('nobody listens by TLS');
  const { port } = bound;
  const ca = pem(authority).cert;
  const come = (identity?: Identity, session?: Buffer): TLSSocket => {
    const shown = identity === undefined ? {} : pem(identity);
    const client = connect({ port, host: '127.0.0.1', ca, session, ...shown });
    client.on('error', () => {});
    onTestFinished(() => void client.destroy());
    client.write(PROTOCOL_HEADER);
    return client;
  };
  return { embedded, files: { certificate, key, revoked }, use, lines, come, port, ca };
}

/** The name on the certificate that a new client gets. */
async function nameShown(client: TLSSocket): Promise<unknown> {
  await once(client, 'data');
  return client.getPeerCertificate().subject.CN;
}

function isClosed(client: TLSSocket): Promise<void> {
  return new Promise((resolve) => client.resume().once('close', () => resolve()));
}

test('who comes gets the new certificate, from each worker, and who is there goes on', async () => {
  const { embedded, use, come, port, ca } = await broker('none');
  expect(await nameShown(come())).toBe('old');
  const connection = await connectAmqplib(`amqps://guest:guest@127.0.0.1:${port}`, { ca });
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  use(certificates().renewed);
  await embedded.reloadTls();
  expect([await nameShown(come()), await nameShown(come()), await nameShown(come())]).toEqual(Array(3).fill('renewed'));
  channel.sendToQueue(queue, Buffer.from('still here'));
  await channel.waitForConfirms();
  expect(String(((await channel.get(queue)) || undefined)?.content)).toBe('still here');
  await connection.close();
});

test('a session goes on after certificates were replaced, where clients are asked for none', async () => {
  const { embedded, come } = await broker('none');
  const first = come();
  const [[session]] = (await Promise.all([once(first, 'session'), once(first, 'data')])) as [[Buffer], unknown];
  await embedded.reloadTls();
  const second = come(undefined, session);
  await once(second, 'data');
  expect(second.isSessionReused()).toBe(true);
});

test('a file that is wrong is named, and nothing has changed', async () => {
  const { embedded, files, use, come } = await broker('none');
  use(certificates().renewed);
  writeFileSync(files.key, 'carrots\n');
  await expect(embedded.reloadTls()).rejects.toThrow(/^cannot do TLS with .*in-use-none\.key: it holds no private key/);
  rmSync(files.certificate);
  await expect(embedded.reloadTls()).rejects.toThrow(/in-use-none\.crt: there is no such file$/);
  expect(await nameShown(come())).toBe('old');
  use(certificates().renewed);
  await embedded.reloadTls();
  expect(await nameShown(come())).toBe('renewed');
});

test('who is revoked does not come in any more, not even with a session', async () => {
  const { embedded, files, come, lines } = await broker('required');
  const { hare, all } = certificates();
  const first = come(hare);
  const [[session]] = (await Promise.all([once(first, 'session'), once(first, 'data')])) as [[Buffer], unknown];
  copyFileSync(all, files.revoked);
  await embedded.reloadTls();
  await Promise.all([come(hare), come(hare, session)].map(isClosed));
  expect(await lines.next('a line')).toMatch(/: its certificate \(CN=hare\) is revoked$/);
});

test('what is asked of clients changes with the options, and whether somebody listens by TLS does not', async () => {
  const { embedded, files, come, lines } = await broker('required');
  const { certificate, key } = files;
  await embedded.reconfigure({ tls: { certificate, key } });
  await once(come(), 'data');
  const authority = certificates().authority.certificate;
  await embedded.reconfigure({ tls: { certificate, key, authority } });
  await isClosed(come());
  expect(await lines.next('a line')).toMatch(/: it shows no certificate$/);
  await expect(embedded.reconfigure({ tls: null })).rejects.toThrow('TLS cannot be turned off while the broker runs');
  await expect(embedded.reconfigure({ tls: { certificate, key, port: 1 } })).rejects.toThrow('tls.port cannot change');
});
