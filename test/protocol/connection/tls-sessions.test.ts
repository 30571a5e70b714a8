/**
 * Clients that come back by TLS go on with the session that they had, whichever worker takes them.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pem, useCertificates } from '../../support/certificates.js';
import { type EmbeddedBroker, startEmbedded } from '../../support/embedded.js';

const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority), directory: workshop.directory };
});

let started: EmbeddedBroker;
let port: number;
beforeAll(async () => {
  const { certificate, key } = certificates().broker;
  started = await startEmbedded(undefined, { workers: 2, tls: { certificate, key, port: 0 } });
  const bound = started.embedded.listeners.find(({ kind }) => kind === 'tls');
  if (bound?.kind !== 'tls') throw new Error('nobody listens by TLS');
  port = bound.port;
});
afterAll(() => started?.embedded.stop());

/** A client that stays, so that the next one goes to the other worker. */
async function come(version: 'TLSv1.2' | 'TLSv1.3', session?: Buffer) {
  const ca = pem(certificates().authority).cert;
  const client = connect({ port, host: '127.0.0.1', ca, session, minVersion: version, maxVersion: version });
  onTestFinished(() => void client.destroy());
  const given = once(client, 'session') as Promise<[Buffer]>;
  given.catch(() => {});
  client.write(PROTOCOL_HEADER);
  await once(client, 'data');
  return { client, given };
}

function isReused(client: TLSSocket): boolean {
  return client.isSessionReused();
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('by %s', (version) => {
  test('a session goes on with each of the workers', async () => {
    const first = await come(version);
    expect(isReused(first.client)).toBe(false);
    const [session] = await first.given;
    const others = [await come(version, session), await come(version, session), await come(version, session)];
    expect(others.map(({ client }) => isReused(client))).toEqual([true, true, true]);
  });

  test('openssl finds its session again', async () => {
    const file = `${certificates().directory}/session-${version}`;
    const flag = version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3';
    expect(await openssl(flag, '-sess_out', file)).toMatch(/^New, /m);
    // Stays, and so sends the next one to the other worker.
    await come(version);
    expect(await openssl(flag, '-sess_in', file)).toMatch(/^Reused, /m);
  });
});

/** What openssl's client says when it has been answered. */
function openssl(...flags: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...flags];
    const child = execFile('openssl', args, { encoding: 'latin1' }, (_error, stdout) => resolve(stdout));
    // An answer to this means that the session has come too; the broker closes after its own header.
    child.stdin?.end('GET / HTTP/1.1\r\n\r\n');
  });
}
