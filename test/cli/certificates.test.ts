/**
 * Certificates for a trial: what is made is what was asked for, in the eyes of openssl; and what cannot be made is said
 * in one line.
 */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeCertificates } from '../../src/cli/certificates/make.js';
import type { WantedCertificates } from '../../src/cli/certificates/wanted.js';
import { parseOptions } from '../../src/cli/options.js';
import { certifiedName } from '../../src/connection/certificates/certificate-login.js';

const NAMES = ['authority', 'broker', 'client'] as const;
const WANTED: WantedCertificates = { directory: '', hosts: ['localhost', '127.0.0.1', '::1'], user: 'hare', days: 30 };

function made(more: Partial<WantedCertificates> = {}, now?: number) {
  const parent = mkdtempSync(join(tmpdir(), 'leveret-cert-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  const directory = join(parent, 'trial');
  const text = makeCertificates({ ...WANTED, ...more, directory }, now);
  const file = (name: string) => join(directory, name);
  const certificate = (name: string) => new X509Certificate(readFileSync(file(`${name}.crt`)));
  return { directory, text, file, certificate };
}

function verify(directory: string, name: string, ...flags: readonly string[]): string {
  const args = ['verify', '-x509_strict', '-CAfile', 'authority.crt', ...flags, `${name}.crt`];
  return execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: 'pipe' }).trim();
}

test('openssl finds nothing wrong with them, strict as it can be', () => {
  const { directory } = made({ hosts: ['*.field.test', 'mq.example', '10.1.2.3', '2001:db8::7'] });
  expect(verify(directory, 'authority')).toBe('authority.crt: OK');
  for (const name of ['a.field.test', 'mq.example'])
    expect(verify(directory, 'broker', '-purpose', 'sslserver', '-verify_hostname', name)).toBe('broker.crt: OK');
  for (const address of ['10.1.2.3', '2001:db8::7'])
    expect(verify(directory, 'broker', '-purpose', 'sslserver', '-verify_ip', address)).toBe('broker.crt: OK');
  expect(verify(directory, 'client', '-purpose', 'sslclient')).toBe('client.crt: OK');
  expect(() => verify(directory, 'broker', '-verify_hostname', 'other.example')).toThrow(/hostname mismatch/);
  expect(() => verify(directory, 'client', '-purpose', 'sslserver')).toThrow(/unsuitable certificate purpose/);
  expect(() => verify(directory, 'broker', '-purpose', 'sslclient')).toThrow(/unsuitable certificate purpose/);
});

test('they are valid from now on for as long as was asked, past 2050 too', () => {
  const now = Date.UTC(2049, 11, 31, 12);
  const { certificate } = made({ days: 2 }, now);
  expect(NAMES.map((name) => certificate(name).validFrom)).toEqual(Array(3).fill('Dec 31 11:00:00 2049 GMT'));
  expect(NAMES.map((name) => certificate(name).validTo)).toEqual(Array(3).fill('Jan  2 12:00:00 2050 GMT'));
});

test('keys are those of the certificates, and for their owner alone', () => {
  const { file, certificate, directory } = made();
  expect(readdirSync(directory).sort()).toEqual(NAMES.flatMap((name) => [`${name}.crt`, `${name}.key`]));
  for (const name of NAMES) {
    expect(certificate(name).checkPrivateKey(createPrivateKey(readFileSync(file(`${name}.key`))))).toBe(true);
    expect(statSync(file(`${name}.key`)).mode & 0o777).toBe(0o600);
  }
});

test('nothing that is there is overwritten, and nothing is written beside it', () => {
  const { directory, file } = made();
  const before = readFileSync(file('client.key'), 'utf8');
  for (const name of NAMES.slice(0, 2)) for (const end of ['crt', 'key']) rmSync(file(`${name}.${end}`));
  rmSync(file('client.crt'));
  expect(() => makeCertificates({ ...WANTED, directory })).toThrow(
    `${file('client.key')} is there already, and is not overwritten`,
  );
  expect(readFileSync(file('client.key'), 'utf8')).toBe(before);
  expect(readdirSync(directory)).toEqual(['client.key']);
});

test('a directory that cannot be is said', () => {
  const { file } = made();
  writeFileSync(file('a-file'), '');
  chmodSync(file('a-file'), 0o600);
  expect(() => makeCertificates({ ...WANTED, directory: join(file('a-file'), 'below') })).toThrow(/ENOTDIR.*a-file/);
  expect(existsSync(join(file('a-file'), 'below'))).toBe(false);
});

test('what to do next is said with names that a shell takes as they are', () => {
  const { directory } = made();
  const odd = join(directory, "it's here");
  const text = makeCertificates({ ...WANTED, directory: odd });
  const [, flag = ''] = /leveret --tls-cert (.*) --tls-key/.exec(text) ?? [];
  expect(execFileSync('sh', ['-c', `printf %s ${flag}`], { encoding: 'utf8' })).toBe(join(odd, 'broker.crt'));
});

test('whatever the user and the hosts are called, the certificates say so', () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
  let state = seed || 1;
  const next = (below: number): number => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return (state >>> 8) % below;
  };
  const text = (letters: string, most: number): string => {
    const all = [...letters];
    return Array.from({ length: 1 + next(most) }, () => all[next(all.length)]).join('');
  };
  for (let round = 0; round < 20; round++) {
    const user = text('aZ9 ,+"\\<>;=#/~äß∑🐇', 16);
    const name = `${text('abc09', 60)}.test`;
    const groups = Array.from({ length: 8 }, () => (next(2) === 0 ? 0 : next(65_536)).toString(16));
    const hosts = [name, groups.join(':'), Array.from({ length: 4 }, () => next(256)).join('.')];
    const { certificate } = made({ user, hosts });
    const said = `SEED=${seed}, round ${round}`;
    const login = { loginFrom: 'common_name', loginSanType: 'dns', loginSanIndex: 0 } as const;
    expect(certifiedName(certificate('client').raw, login), said).toEqual({ ok: true, name: user });
    expect(certificate('broker').checkHost(name), said).toBe(name);
    for (const address of hosts.slice(1)) expect(certificate('broker').checkIP(address), said).toBe(address);
    for (const one of NAMES) expect(certificate(one).verify(certificate('authority').publicKey), said).toBe(true);
  }
});

test('the command takes a directory, and hosts besides those of this machine', () => {
  const command = parseOptions(['cert', 'trial', '--host', 'mq.example', '--host', '10.1.2.3', '--days', '7']);
  if (command.action !== 'cert') throw new Error(command.action);
  expect(command.wanted).toMatchObject({ directory: 'trial', user: 'guest', days: 7 });
  expect(command.wanted.hosts).toEqual(expect.arrayContaining(['mq.example', '10.1.2.3', 'localhost', '127.0.0.1']));
  expect(parseOptions(['cert', '--help'])).toMatchObject({ action: 'help' });
});

test.each([
  [[], 'cert takes one directory'],
  [['a', 'b'], 'cert takes one directory'],
  [['a', '--hots', 'b'], "Unknown option '--hots'; the nearest is --host"],
  [['a', '--host', 'b c'], "--host must be a name or an address, not 'b c'"],
  [['a', '--host', '10.1.2'], "--host must be a name or an address, not '10.1.2'"],
  [['a', '--days', '0'], '--days must be a whole number from 1 to 3650, not 0'],
  [['a', '--days', '1e2'], "--days must be a whole number from 1 to 3650, not '1e2'"],
  [['a', '--user', ''], "--user must be a name of at most 64 octets, without control characters, not ''"],
])('cert %j is refused', (args, reason) => {
  expect(parseOptions(['cert', ...args])).toEqual({ action: 'refuse', reason });
});
