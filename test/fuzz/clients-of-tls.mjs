/** What openssl gives: a certificate for a broker that is attacked, and what its client says first. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate for localhost that is its own authority, in a directory of its own. */
export function makeCertificate() {
  const directory = mkdtempSync(join(tmpdir(), 'leveret-heads-'));
  const certificate = join(directory, 'broker.crt');
  const key = join(directory, 'broker.key');
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', key, '-out', certificate],
    ],
    { stdio: 'ignore' },
  );
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return { directory, certificate, key, ca: readFileSync(certificate, 'utf8'), remove };
}

/** The first octets of openssl's client. */
export async function recordClientHello() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${server.address().port}`], { stdio: 'ignore' });
  const [socket] = await once(server, 'connection');
  const [octets] = await once(socket, 'data');
  child.kill();
  socket.destroy();
  server.close();
  return octets;
}
