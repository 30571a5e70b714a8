/** What a node of a cluster can be told by a program: what holds where nothing is said, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ClusterOptions, type ResolvedCluster, resolveCluster } from '../../src/node/cluster-options.js';
import { ClusterFileError, readClusterFiles } from '../../src/node/files/cluster-files.js';
import { OptionError, resolveOptions } from '../../src/node/options.js';
import { useCertificates } from '../support/certificates.js';

const { data } = resolveOptions({ data: {} });
const LEAST: ClusterOptions = { node: 'hare1', servers: ['10.0.0.1:4222'], address: '10.0.0.1:5680' };

function resolved(more: Partial<ClusterOptions> = {}): ResolvedCluster {
  return resolveCluster({ ...LEAST, ...more }, data);
}

test('a name, a server and an address are enough', () => {
  expect(resolved()).toEqual({
    node: 'hare1',
    servers: ['10.0.0.1:4222'],
    login: null,
    tls: null,
    stream: 'LEVERET',
    streamSize: 16 * 2 ** 30,
    system: null,
    monitors: [],
    address: { host: '10.0.0.1', port: 5680 },
    proxy: true,
    allowWeak: false,
  });
});

test('servers are named by addresses or URLs, of names and of both kinds of addresses', () => {
  const servers = ['nats://hare', 'hare:4223', '[fd00::1]:4222', 'nats://[fd00::1]/', '10.0.0.1'];
  expect(resolved({ servers })).toMatchObject({
    servers: ['hare:4222', 'hare:4223', '[fd00::1]:4222', '[fd00::1]:4222', '10.0.0.1:4222'],
    tls: null,
  });
  const tls = { authority: null, certificate: null, key: null, handshakeFirst: false };
  expect(resolved({ servers: ['tls://hare'] })).toMatchObject({ servers: ['hare:4222'], tls });
  expect(resolved({ tls: { authority: '/ca.pem' } })).toMatchObject({ tls: { ...tls, authority: '/ca.pem' } });
});

test('a node proves who it is by a password, a token or a file, and asks the system account by one of its own', () => {
  const login = { user: 'leveret', password: 'hare' };
  expect(resolved({ login, system: { credentials: '/sys.creds' } })).toMatchObject({
    login: { kind: 'password', ...login },
    system: { kind: 'credentials', file: '/sys.creds' },
  });
  expect(resolved({ login: { token: 't', user: null } }).login).toEqual({ kind: 'token', token: 't' });
});

test('a node without a way for clients while it follows needs no address, and may have one', () => {
  expect(resolved({ proxy: false, address: null })).toMatchObject({ proxy: false, address: null });
  expect(resolved({ proxy: false }).address).toEqual({ host: '10.0.0.1', port: 5680 });
  expect(resolved({ address: '[fd00::1]:0' }).address).toEqual({ host: 'fd00::1', port: 0 });
});

test('a node keeps all on its disk', () => {
  expect(() => resolveCluster(LEAST, null)).toThrow(
    new OptionError('cluster needs a data directory: a node has all of its cluster on its disk'),
  );
});

const SERVER = 'must be HOST:PORT, nats://HOST:PORT or tls://HOST:PORT, not';
const ADDRESS = 'HOST:PORT by which the other nodes reach this one, such as 10.0.0.1:5680';
const LOGIN = 'cluster.login must be a user and its password, or a token, or credentials';

test.each([
  [{ node: '' }, "cluster.node must be a text that is not empty, not ''"],
  [{ node: undefined }, 'cluster.node must be a text that is not empty, not undefined'],
  [{ node: 'a b' }, "cluster.node must be a name of letters, digits, dots, - and _, at most 64 of them, not 'a b'"],
  [{ node: 'a'.repeat(65) }, /^cluster\.node must be a name of letters, digits, dots/],
  [{ servers: [] }, /^cluster\.servers names no NATS server: give each as HOST:PORT, /],
  [{ servers: 'hare:4222' }, "cluster.servers must be a list of texts, not 'hare:4222'"],
  [{ servers: ['amqp://hare'] }, `cluster.servers[0] ${SERVER} 'amqp://hare'`],
  [{ servers: ['hare:0'] }, `cluster.servers[0] ${SERVER} 'hare:0'`],
  [{ servers: ['a', 'hare:65536'] }, `cluster.servers[1] ${SERVER} 'hare:65536'`],
  [{ servers: ['[1::2::3]:1'] }, `cluster.servers[0] ${SERVER} '[1::2::3]:1'`],
  [{ servers: ['fd00::1'] }, `cluster.servers[0] ${SERVER} 'fd00::1'`],
  [{ servers: ['nats://u:secret@hare'] }, 'cluster.servers[0] has a user in it: say that in cluster.login'],
  [{ login: {} }, LOGIN],
  [{ login: { token: 't', credentials: 'c' } }, LOGIN],
  [{ login: { user: 'u', password: 'p', token: 't' } }, LOGIN],
  [{ login: { user: 'u' } }, 'cluster.login.password is missing: a user and its password go together'],
  [{ login: { password: 'secret' } }, 'cluster.login.user is missing: a user and its password go together'],
  [{ login: { user: 'u', password: 7 } }, 'cluster.login.password must be a text that is not empty'],
  [{ login: { name: 'u' } }, "there is no option 'cluster.login.name'; there are user, password, token, credentials"],
  [{ system: { user: 'u' } }, 'cluster.system.password is missing: a user and its password go together'],
  [{ tls: { certificate: 'c' } }, 'cluster.tls.key is missing: the two go together'],
  [{ tls: { key: 'k' } }, 'cluster.tls.certificate is missing: the two go together'],
  [{ tls: { ca: 'c' } }, /^there is no option 'cluster\.tls\.ca'; there are authority, certificate, key, /],
  [{ tls: { handshakeFirst: 1 } }, 'cluster.tls.handshakeFirst must be true or false, not 1'],
  [{ stream: 'a.b' }, "cluster.stream must be a name of letters, digits, - and _, at most 128 of them, not 'a.b'"],
  [{ streamSize: 1024 }, 'cluster.streamSize must be a whole number from 67108864 to 1125899906842624, not 1024'],
  [{ monitors: ['hare:8222'] }, "cluster.monitors[0] must be http://HOST:PORT or https://HOST:PORT, not 'hare:8222'"],
  [{ address: null }, `cluster.address is missing: ${ADDRESS}; or set cluster.proxy to false`],
  [{ address: 'hare' }, `cluster.address must be ${ADDRESS}, not 'hare'`],
  [{ address: '0.0.0.0:5680' }, `cluster.address must be ${ADDRESS}, not '0.0.0.0:5680'`],
  [{ address: '[::]:5680' }, `cluster.address must be ${ADDRESS}, not '[::]:5680'`],
  [{ address: 'hare:65536' }, `cluster.address must be ${ADDRESS}, not 'hare:65536'`],
  [{ proxy: 'off' }, "cluster.proxy must be true or false, not 'off'"],
  [{ allowWeak: 1 }, 'cluster.allowWeak must be true or false, not 1'],
  [{ groups: 2 }, /^there is no option 'cluster\.groups'; there are node, servers, login, /],
])('%o is refused', (wrong, reason) => {
  const call = () => resolved(wrong as unknown as Partial<ClusterOptions>);
  expect(call).toThrow(OptionError);
  expect(call).toThrow(typeof reason === 'string' ? new OptionError(reason) : reason);
  expect(call).not.toThrow(/secret/);
});

describe('what stands in files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leveret-cluster-files-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const certificates = useCertificates((workshop) => workshop.authority('authority'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const read = (more: Partial<ClusterOptions>) => readClusterFiles(resolved(more), () => undefined);
  const CREDENTIALS = '-----BEGIN NATS USER JWT-----\nx\n------END NATS USER JWT------\n';

  test('is what a stream is opened with', () => {
    const { certificate, key } = certificates();
    const credentials = file('node.creds', CREDENTIALS);
    const options = read({ login: { credentials }, tls: { authority: certificate, certificate, key } });
    expect(options).toMatchObject({
      node: 'hare1',
      stream: 'LEVERET',
      servers: ['10.0.0.1:4222'],
      octetsMax: 16 * 2 ** 30,
      login: { credentials: CREDENTIALS },
      tls: { ca: expect.stringContaining('BEGIN CERTIFICATE'), key: expect.stringContaining('PRIVATE KEY') },
    });
    expect(Object.keys(options)).not.toContain('allowWeak');
    expect(Object.keys(read({}))).not.toContain('login');
    expect(read({ allowWeak: true }).allowWeak).toBeTypeOf('function');
  });

  test('is refused, with the name of the file, where it is something else', () => {
    const { certificate, key } = certificates();
    const nothing = file('nothing', 'nothing');
    const missing = join(folder, 'missing');
    const wrong: [Partial<ClusterOptions>, string][] = [
      [{ login: { credentials: missing } }, `${missing} cannot be read: ENOENT`],
      [{ login: { credentials: nothing } }, `${nothing} holds no credentials of a NATS user (BEGIN NATS USER JWT)`],
      [{ tls: { authority: missing } }, `${missing} cannot be read: ENOENT`],
      [{ tls: { authority: nothing } }, `${nothing} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`],
      [{ tls: { certificate: nothing, key } }, `${nothing} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`],
      [{ tls: { certificate, key: nothing } }, `${nothing} holds no key in PEM without a password`],
    ];
    for (const [given, reason] of wrong) expect(() => read(given)).toThrow(new ClusterFileError(reason));
  });
});
