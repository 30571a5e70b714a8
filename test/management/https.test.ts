import { copyFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BrokerOptions } from '../../src/index.js';
import { pem, useCertificates, type Workshop } from '../support/certificates.js';
import { startEmbedded } from '../support/embedded.js';

const made = useCertificates((workshop: Workshop) => {
  const authority = workshop.authority('burrow');
  return {
    authority,
    server: workshop.signed('localhost', authority),
    next: workshop.signed('next', authority),
    inUse: { certificate: join(workshop.directory, 'in-use.crt'), key: join(workshop.directory, 'in-use.key') },
  };
});

/** The status that the guest gets, and the name in the certificate. */
function get(port: number, path: string): Promise<{ readonly status: number; readonly name: string }> {
  const ca = pem(made().authority).cert;
  return new Promise((resolve, reject) => {
    const how = { host: '127.0.0.1', port, path: `/api${path}`, auth: 'guest:guest', ca, agent: false } as const;
    const asked = request(how, (answer) => {
      answer.resume();
      const { subject } = (answer.socket as import('node:tls').TLSSocket).getPeerCertificate();
      resolve({ status: answer.statusCode ?? 0, name: String(subject.CN) });
    });
    asked.on('error', reject).end();
  });
}

function use(name: 'server' | 'next'): void {
  const { inUse } = made();
  copyFileSync(made()[name].certificate, inUse.certificate);
  copyFileSync(made()[name].key, inUse.key);
}

function start(management: BrokerOptions['management'], verify: 'none' | 'required' = 'none') {
  const { inUse, authority } = made();
  const tls = { ...inUse, port: 0, authority: authority.certificate, verify };
  return startEmbedded(undefined, { tls, management });
}

test('the HTTP API is there by TLS alone where nothing else is asked for, and tells so', async () => {
  use('server');
  const { embedded } = await start({ host: '127.0.0.1', port: null, tlsPort: 0 });
  try {
    const { port, tlsPort } = embedded.management ?? { port: 0, tlsPort: null };
    expect(port).toBeNull();
    expect(await get(tlsPort ?? 0, '/whoami')).toEqual({ status: 200, name: 'localhost' });
    expect(await get(tlsPort ?? 0, '/health/checks/protocol-listener/https')).toMatchObject({ status: 200 });
    expect(await get(tlsPort ?? 0, '/health/checks/protocol-listener/http')).toMatchObject({ status: 503 });
    await expect(fetch(`http://127.0.0.1:${tlsPort}/api/whoami`)).rejects.toThrow();
    expect(await get(tlsPort ?? 0, '/health/checks/certificate-expiration/1/days')).toMatchObject({ status: 200 });
    expect(await get(tlsPort ?? 0, '/health/checks/certificate-expiration/1/weeks')).toMatchObject({ status: 503 });
  } finally {
    await embedded.stop();
  }
});

test('certificates are others once they are read again, and nobody is asked for one', async () => {
  use('server');
  const { embedded } = await start({ host: '127.0.0.1', port: 0, tlsPort: 0 }, 'required');
  try {
    const tlsPort = embedded.management?.tlsPort ?? 0;
    expect(await get(tlsPort, '/whoami')).toEqual({ status: 200, name: 'localhost' });
    use('next');
    await embedded.reloadTls();
    await expect.poll(async () => (await get(tlsPort, '/whoami')).name).toBe('next');
  } finally {
    await embedded.stop();
  }
});

test('HTTPS without a certificate is refused', async () => {
  await expect(startEmbedded(undefined, { management: { tlsPort: 0 } })).rejects.toThrow(
    'management.tlsPort needs a certificate and its key',
  );
});
