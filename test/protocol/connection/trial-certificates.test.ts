/**
 * A trial with certificates that `leveret cert` has made: a broker that shows one of them, and a client that logs in by
 * another.
 */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, credentials } from 'amqplib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedBroker, startEmbedded } from '../../support/embedded.js';

const COMMAND = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

let folder: string;
let started: EmbeddedBroker;
let port: number;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'leveret-trial-'));
  execFileSync(process.execPath, [COMMAND, 'cert', folder]);
  const [certificate, key, authority] = [file('broker.crt'), file('broker.key'), file('authority.crt')];
  const asked = { authority, verify: 'optional', loginFrom: 'common_name' } as const;
  started = await startEmbedded(undefined, { tls: { certificate, key, ...asked, port: 0 } });
  const bound = started.embedded.listeners.find(({ kind }) => kind === 'tls');
  if (bound?.kind !== 'tls') throw new Error('nobody listens by TLS');
  port = bound.port;
});
afterAll(async () => {
  await started?.embedded.stop();
  rmSync(folder, { recursive: true });
});

function file(name: string): string {
  return join(folder, name);
}

test('openssl trusts the broker by the authority, and its certificate is taken', async () => {
  const trusts = ['-CAfile', file('authority.crt'), '-verify_return_error', '-verify_hostname', 'localhost'];
  const shown = ['-cert', file('client.crt'), '-key', file('client.key')];
  const text = await new Promise<string>((resolve) => {
    const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', ...trusts, ...shown];
    const child = execFile('openssl', args, { encoding: 'latin1' }, (_error, stdout) => resolve(stdout));
    // The broker answers with its own header, and closes.
    child.stdin?.end('GET / HTTP/1.1\r\n\r\n');
  });
  expect(text).toContain('Verification: OK');
  expect(text).toContain('AMQP\0\0\x09\x01');
});

test('a client logs in by its certificate', async () => {
  const [ca, cert, key] = ['authority.crt', 'client.crt', 'client.key'].map((name) => readFileSync(file(name)));
  const options = { ca: [ca ?? ''], cert, key, credentials: credentials.external() };
  const connection = await connect({ protocol: 'amqps', hostname: 'localhost', port }, options);
  const channel = await connection.createChannel();
  expect((await channel.assertQueue('', { exclusive: true })).messageCount).toBe(0);
  await connection.close();
});
