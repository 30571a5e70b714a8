/**
 * What was configured of a cluster, as a program that embeds the broker would say it. What must hold: whatever does not
 * fit together is told by the setting that is wrong, and no line shows a secret.
 */
import { hostname } from 'node:os';
import { type ClusterLogin, type ClusterOptions, type ClusterTls, isNodeName } from '../node/cluster-options.js';
import { type CLUSTER_SETTINGS, type ClusterKey, memberAddressText } from './config/cluster-settings.js';
import type { Setting } from './config/settings.js';
import { type Configuration, type Given, refuse } from './config/sources.js';

type ValueOf<K extends ClusterKey> = (typeof CLUSTER_SETTINGS)[K] extends Setting<infer T> ? T : never;

export type ClusterConfiguration = { readonly [K in ClusterKey]?: Given<ValueOf<K>> } & Pick<
  Configuration,
  'transient'
>;

/** Each prefix with the settings of one login. */
type LoginPrefix = 'cluster' | 'cluster_system';

/** Undefined: the broker is no node of a cluster. */
export function clusterOptions(given: ClusterConfiguration): ClusterOptions | undefined {
  const { cluster_servers: servers, cluster_address: address, cluster_proxy: proxy, transient } = given;
  if (servers === undefined) {
    // What holds by default may stand there all the same.
    const other = MEANINGLESS_ALONE.map((key) => given[key]).find((one) => one !== undefined);
    return other === undefined ? undefined : refuse(other.origin, 'means nothing without cluster_servers');
  }
  if (servers.value.length === 0) refuse(servers.origin, 'names no NATS server');
  if (transient?.value === true)
    refuse(transient.origin, `means nothing with ${servers.origin.name}: a node has all of its cluster on its disk`);
  const passesOn = proxy?.value !== 'off';
  if (passesOn && address === undefined)
    refuse(servers.origin, 'needs cluster_address, where the other nodes reach this one, or cluster_proxy off');
  return {
    node: given.cluster_node?.value ?? machineName(servers),
    servers: servers.value,
    login: loginOptions(given, 'cluster'),
    tls: tlsOptions(given),
    stream: given.cluster_stream?.value,
    streamSize: given.cluster_stream_size?.value,
    system: loginOptions(given, 'cluster_system'),
    monitors: given.cluster_monitors?.value,
    address: address && memberAddressText(address.value),
    proxy: passesOn,
    allowWeak: given.cluster_allow_weak?.value,
  };
}

const MEANINGLESS_ALONE = [
  'cluster_node',
  'cluster_address',
  'cluster_user',
  'cluster_password',
  'cluster_token',
  'cluster_credentials',
  'cluster_tls_ca',
  'cluster_tls_cert',
  'cluster_tls_key',
  'cluster_monitors',
  'cluster_system_user',
  'cluster_system_password',
  'cluster_system_credentials',
] as const satisfies readonly ClusterKey[];

function machineName(servers: Given<unknown>): string {
  const name = hostname();
  return isNodeName(name) ? name : refuse(servers.origin, `needs cluster_node: the machine's name, '${name}', is none`);
}

function loginOptions(given: ClusterConfiguration, prefix: LoginPrefix): ClusterLogin | undefined {
  const user = given[`${prefix}_user`];
  const password = given[`${prefix}_password`];
  const credentials = given[`${prefix}_credentials`];
  const token = prefix === 'cluster' ? given.cluster_token : undefined;
  const ways = [user ?? password, token, credentials].filter((way) => way !== undefined);
  const [first, second] = ways;
  if (first === undefined) return undefined;
  if (second !== undefined) refuse(second.origin, `means nothing with ${first.origin.name}: one of them is enough`);
  if (user !== undefined && password === undefined) refuse(user.origin, `needs ${prefix}_password`);
  if (password !== undefined && user === undefined) refuse(password.origin, `needs ${prefix}_user`);
  return { user: user?.value, password: password?.value, token: token?.value, credentials: credentials?.value };
}

function tlsOptions(given: ClusterConfiguration): ClusterTls | undefined {
  const { cluster_tls_ca: ca, cluster_tls_cert: cert, cluster_tls_key: key, cluster_tls_first: first } = given;
  if (cert !== undefined && key === undefined) refuse(cert.origin, 'needs cluster_tls_key');
  if (key !== undefined && cert === undefined) refuse(key.origin, 'needs cluster_tls_cert');
  if (ca === undefined && cert === undefined && first?.value !== true) return undefined;
  return { authority: ca?.value, certificate: cert?.value, key: key?.value, handshakeFirst: first?.value };
}
