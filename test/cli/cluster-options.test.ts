/** What was configured of a cluster, as a broker is told it: what fits together, and what is refused in which words. */
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { type ClusterConfiguration, clusterOptions } from '../../src/cli/cluster-options.js';
import { CLUSTER_SETTINGS, type ClusterKey } from '../../src/cli/config/cluster-settings.js';
import { ConfigurationError, readValue } from '../../src/cli/config/flags.js';
import { KEYS, type Setting } from '../../src/cli/config/settings.js';
import { resolveCluster } from '../../src/node/cluster-options.js';
import { resolveOptions } from '../../src/node/options.js';

type Texts = Partial<Record<ClusterKey | 'transient', string | readonly string[]>>;

/** As flags give it. */
function given(texts: Texts): ClusterConfiguration {
  const read = Object.entries(texts).map(([key, all]) => {
    const name = `--${key.replaceAll('_', '-')}`;
    const origin = { source: 'flag', name, place: '' };
    if (key === 'transient') return [key, { value: all === 'true', origin }];
    const { kind, isSecret } = CLUSTER_SETTINGS[key as ClusterKey] as Setting<unknown>;
    return [key, { value: readValue(kind, kind.fromTexts([all].flat()), name, isSecret), origin }];
  });
  return Object.fromEntries(read) as ClusterConfiguration;
}

const LEAST: Texts = { cluster_servers: ['10.0.0.1:4222', '10.0.0.2:4222'], cluster_address: '10.0.0.1:5680' };

function resolved(texts: Texts): ReturnType<typeof resolveCluster> {
  const options = clusterOptions(given(texts));
  if (options === undefined) throw new Error('nothing was said of a cluster');
  return resolveCluster(options, resolveOptions({ data: {} }).data);
}

test('who says nothing of a cluster has none', () => {
  expect(clusterOptions({})).toBeUndefined();
  expect(clusterOptions(given({ cluster_proxy: 'on', cluster_stream: 'LEVERET' }))).toBeUndefined();
});

test('servers and an address are enough: the node is called as its machine', () => {
  expect(resolved(LEAST)).toMatchObject({
    node: hostname(),
    servers: ['10.0.0.1:4222', '10.0.0.2:4222'],
    address: { host: '10.0.0.1', port: 5680 },
    stream: 'LEVERET',
    proxy: true,
    allowWeak: false,
    login: null,
    tls: null,
  });
});

test('each setting reaches the node', () => {
  const all: Texts = {
    cluster_servers: ['tls://hare-a', 'tls://hare-b:4223'],
    cluster_node: 'hare-a',
    cluster_address: '[fd00::1]:5680',
    cluster_proxy: 'off',
    cluster_stream: 'HARES',
    cluster_stream_size: '32G',
    cluster_user: 'leveret',
    cluster_password: 'secret',
    cluster_tls_ca: '/ca.pem',
    cluster_tls_cert: '/cert.pem',
    cluster_tls_key: '/key.pem',
    cluster_tls_first: 'true',
    cluster_monitors: ['http://hare-a:8222', 'http://hare-b:8222'],
    cluster_system_user: 'system',
    cluster_system_password: 'secret',
    cluster_allow_weak: 'true',
  };
  expect(resolved(all)).toEqual({
    node: 'hare-a',
    servers: ['hare-a:4222', 'hare-b:4223'],
    address: { host: 'fd00::1', port: 5680 },
    proxy: false,
    stream: 'HARES',
    streamSize: 32 * 2 ** 30,
    login: { kind: 'password', user: 'leveret', password: 'secret' },
    tls: { authority: '/ca.pem', certificate: '/cert.pem', key: '/key.pem', handshakeFirst: true },
    monitors: ['http://hare-a:8222', 'http://hare-b:8222'],
    system: { kind: 'password', user: 'system', password: 'secret' },
    allowWeak: true,
  });
  const { cluster_token, cluster_credentials, cluster_system_credentials, ...others } = CLUSTER_SETTINGS;
  expect(Object.keys(all).sort()).toEqual(Object.keys(others).sort());
  for (const { kind } of [cluster_token, cluster_credentials, cluster_system_credentials])
    expect(kind.read('one')).toBe('one');
  const files = resolved({ ...LEAST, cluster_credentials: '/a.creds', cluster_system_credentials: '/s.creds' });
  expect([files.login, files.system]).toEqual([
    { kind: 'credentials', file: '/a.creds' },
    { kind: 'credentials', file: '/s.creds' },
  ]);
  expect(resolved({ ...LEAST, cluster_token: 't' }).login).toEqual({ kind: 'token', token: 't' });
});

test('a value is written as it is read', () => {
  for (const [key, text] of Object.entries({ cluster_address: '[fd00::1]:5680', cluster_stream_size: '16G' })) {
    const { kind } = CLUSTER_SETTINGS[key as ClusterKey] as Setting<unknown>;
    expect(kind.write(kind.read(text))).toBe(text);
  }
});

test.each<[Texts, string]>([
  [{ cluster_node: 'a' }, '--cluster-node means nothing without cluster_servers'],
  [{ cluster_password: 'secret' }, '--cluster-password means nothing without cluster_servers'],
  [{ cluster_servers: [], cluster_address: 'a:1' }, '--cluster-servers names no NATS server'],
  [
    { cluster_servers: ['a'] },
    '--cluster-servers needs cluster_address, where the other nodes reach this one, or cluster_proxy off',
  ],
  [
    { ...LEAST, transient: 'true' },
    '--transient means nothing with --cluster-servers: a node has all of its cluster on its disk',
  ],
  [{ ...LEAST, cluster_user: 'u' }, '--cluster-user needs cluster_password'],
  [{ ...LEAST, cluster_password: 'secret' }, '--cluster-password needs cluster_user'],
  [
    { ...LEAST, cluster_user: 'u', cluster_password: 'secret', cluster_token: 'secret' },
    '--cluster-token means nothing with --cluster-user: one of them is enough',
  ],
  [{ ...LEAST, cluster_system_user: 'u' }, '--cluster-system-user needs cluster_system_password'],
  [
    { ...LEAST, cluster_system_password: 'secret', cluster_system_credentials: 'f' },
    '--cluster-system-credentials means nothing with --cluster-system-password: one of them is enough',
  ],
  [{ ...LEAST, cluster_tls_cert: 'c' }, '--cluster-tls-cert needs cluster_tls_key'],
  [{ ...LEAST, cluster_tls_key: 'k' }, '--cluster-tls-key needs cluster_tls_cert'],
])('%o is refused', (texts, reason) => {
  expect(() => clusterOptions(given(texts))).toThrow(new ConfigurationError(reason));
});

test.each<[Texts, RegExp]>([
  [{ cluster_servers: ['amqp://hare'] }, /^--cluster-servers must be HOST:PORT, nats:\/\/HOST:PORT or tls:/],
  [{ cluster_node: 'a b' }, /^--cluster-node must be a name of letters, digits, dots, - and _/],
  [{ cluster_address: 'hare' }, /^--cluster-address must be HOST:PORT by which the other nodes reach this one/],
  [{ cluster_address: '0.0.0.0:5680' }, /^--cluster-address must be HOST:PORT by which/],
  [{ cluster_proxy: 'no' }, /^--cluster-proxy must be on or off/],
  [{ cluster_stream: 'a.b' }, /^--cluster-stream must be a name of letters, digits, - and _/],
  [{ cluster_stream_size: '1M' }, /^--cluster-stream-size must be a size of 64M or more/],
  [{ cluster_monitors: ['hare:8222'] }, /^--cluster-monitors must be http:\/\/HOST:PORT or https:/],
])('a value that is none is told with what would do: %o', (texts, reason) => {
  expect(() => given(texts)).toThrow(reason);
});

test('nothing of it is offered before it does something', () => {
  expect(KEYS.filter((key) => key.startsWith('cluster_') && key in CLUSTER_SETTINGS)).toEqual([]);
});
