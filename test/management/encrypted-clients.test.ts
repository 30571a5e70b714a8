/** What operators see of clients that come by TLS, or by a Unix-domain socket. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectPath } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { pem, useCertificates } from '../support/certificates.js';
import { startEmbedded } from '../support/embedded.js';
import { PATIENCE } from '../support/waiting.js';
import { HttpApi } from './support/http-client.js';

const MANAGEMENT = { host: '127.0.0.1', port: 0 };
const certificates = useCertificates((workshop) => {
  const authority = workshop.authority('authority');
  return { authority, broker: workshop.signed('broker', authority), hare: workshop.signed('hare', authority) };
});

test.each([
  {
    version: 'TLSv1.3',
    ciphers: 'TLS_AES_256_GCM_SHA384',
    told: { ssl_protocol: 'tlsv1.3', ssl_key_exchange: 'any', ssl_cipher: 'aes_256_gcm', ssl_hash: 'aead' },
  },
  {
    version: 'TLSv1.2',
    ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
    told: { ssl_protocol: 'tlsv1.2', ssl_cipher: 'aes_128_gcm', ssl_hash: 'aead' },
  },
] as const)('a client by $version shows its cipher, and the certificate that it came with', async (by) => {
  const { authority, broker, hare } = certificates();
  const { certificate, key } = broker;
  const tls = { certificate, key, authority: authority.certificate, verify: 'optional', port: 0 } as const;
  const { embedded } = await startEmbedded(undefined, { tls, management: MANAGEMENT });
  onTestFinished(() => embedded.stop());
  const bound = embedded.listeners.find(({ kind }) => kind === 'tls');
  if (bound?.kind !== 'tls') throw new Error('nobody listens by TLS');
  const client = await connect(`amqps://guest:guest@127.0.0.1:${bound.port}`, {
    ca: pem(authority).cert,
    ...pem(hare),
    minVersion: by.version,
    maxVersion: by.version,
    ciphers: by.ciphers,
    checkServerIdentity: () => undefined,
  });
  onTestFinished(() => client.close());
  const [found] = await connections(new HttpApi(embedded));
  expect(found).toMatchObject({ ssl: true, port: bound.port, user: 'guest', ...by.told });
  expect(found?.peer_cert_subject).toContain('CN=hare');
  expect(found?.peer_cert_issuer).toContain('CN=authority');
  expect(found?.peer_cert_validity).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ - \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

test('clients by one Unix-domain socket have names of their own', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'leveret-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'amqp.sock');
  const { embedded } = await startEmbedded(undefined, {
    host: undefined,
    port: undefined,
    listeners: [{ kind: 'unix', path }],
    management: MANAGEMENT,
  });
  onTestFinished(() => embedded.stop());
  for (let i = 0; i < 2; i++) {
    const socket = connectPath(path);
    onTestFinished(() => void socket.destroy());
    socket.write('AMQP\0\0\x09\x01');
    await new Promise((resolve) => socket.once('data', resolve));
  }
  const api = new HttpApi(embedded);
  const names = await vi.waitFor(async () => {
    const found = (await connections(api)).map(({ name }) => String(name));
    expect(found).toHaveLength(2);
    return found;
  }, PATIENCE);
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    expect(name.startsWith(`${path}#`)).toBe(true);
    const one = await api.get(`/connections/${encodeURIComponent(name)}`);
    expect(one.json).toMatchObject({ name, peer_host: path, peer_port: 0, host: path, state: 'starting', ssl: false });
  }
});

async function connections(api: HttpApi): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await api.get('/connections')).json as readonly Readonly<Record<string, unknown>>[];
}
