/**
 * What a node of a cluster can be told, and what is refused of it: who it is, where the NATS servers are that keep its
 * cluster's stream, and how the other nodes reach it. What must hold: a wrong value is refused with one line that names
 * the option and says what would do, before anybody is connected to; and no line shows a secret.
 */
import { isIP } from 'node:net';
import { PORT_MAX } from './listeners/address.js';
import type { MembersAddress } from './listeners/members.js';
import { OptionError, refuseUnknown, shown, text, textOrNull, texts, wholeNumber, yesOrNo } from './option-values.js';
import type { DataOptions } from './storage.js';

/** How a node proves to the NATS servers who it is, in one of three ways. */
export interface ClusterLogin {
  readonly user?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly token?: string | null | undefined;
  /** A file of credentials (`.creds`). */
  readonly credentials?: string | null | undefined;
}

/** Files are PEM. An empty one: by TLS, with the authorities that Node.js knows. */
export interface ClusterTls {
  /** Who may sign for the servers. */
  readonly authority?: string | null | undefined;
  /** What this node shows them, and its key. */
  readonly certificate?: string | null | undefined;
  readonly key?: string | null | undefined;
  /** TLS begins before a server has said anything: as the servers are configured (`handshake_first`). */
  readonly handshakeFirst?: boolean | undefined;
}

/** `node` and `servers` are needed, and `address` where clients are passed on. */
export interface ClusterOptions {
  /** This node's name, which no other node of its cluster has, today or later with another data directory. */
  readonly node: string;
  /** NATS servers: HOST:PORT, nats://HOST:PORT or, by TLS, tls://HOST:PORT. One is enough to find the others. */
  readonly servers: readonly string[];
  readonly login?: ClusterLogin | null | undefined;
  readonly tls?: ClusterTls | null | undefined;
  /** The stream's name: nodes with the same stream are one cluster. */
  readonly stream?: string | undefined;
  /** Octets that the stream may hold, where it is made. */
  readonly streamSize?: number | undefined;
  /** A user of the servers' system account, whom they tell whether they sync before they acknowledge. */
  readonly system?: ClusterLogin | null | undefined;
  /** Where they tell it otherwise: http://HOST:PORT of the monitoring port of each. */
  readonly monitors?: readonly string[] | undefined;
  /** HOST:PORT where the cluster's other nodes pass clients on to this one while it leads. Port 0 takes a free one. */
  readonly address?: string | null | undefined;
  /** Whether clients can come to this node while it follows: they are passed on to the leader. */
  readonly proxy?: boolean | undefined;
  /** Whether a stream that promises less than it should is used all the same; it is said each time. */
  readonly allowWeak?: boolean | undefined;
}

/** Files are named, and not yet read. */
export type ResolvedLogin =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'credentials'; readonly file: string };

export interface ResolvedClusterTls {
  readonly authority: string | null;
  readonly certificate: string | null;
  readonly key: string | null;
  readonly handshakeFirst: boolean;
}

/** All that holds of a node of a cluster, as values that can go to another thread. */
export interface ResolvedCluster {
  readonly node: string;
  /** HOST:PORT each. */
  readonly servers: readonly string[];
  readonly login: ResolvedLogin | null;
  readonly tls: ResolvedClusterTls | null;
  readonly stream: string;
  readonly streamSize: number;
  readonly system: ResolvedLogin | null;
  readonly monitors: readonly string[];
  /** Null: nobody passes clients on to this node. */
  readonly address: MembersAddress | null;
  readonly proxy: boolean;
  readonly allowWeak: boolean;
}

const GIBIBYTE = 2 ** 30;

/** A leader lets go of what is over 8 GiB, a little later: a stream that holds twice that is not full before. */
export const CLUSTER_DEFAULTS = {
  stream: 'LEVERET',
  streamSize: 16 * GIBIBYTE,
  proxy: true,
  allowWeak: false,
} as const;

const NATS_PORT = 4222;
/** Less holds few batches of the greatest length. */
export const STREAM_SIZE_MIN = 64 * 2 ** 20;
export const STREAM_SIZE_MAX = 2 ** 50;

/** Each of what is expected, as it goes on after "must be". */
export const NODE_NAME = 'a name of letters, digits, dots, - and _, at most 64 of them';
export const STREAM_NAME = 'a name of letters, digits, - and _, at most 128 of them';
export const NATS_SERVER = 'HOST:PORT, nats://HOST:PORT or tls://HOST:PORT';
export const MONITOR = 'http://HOST:PORT or https://HOST:PORT';
export const MEMBER_ADDRESS = 'HOST:PORT by which the other nodes reach this one, such as 10.0.0.1:5680';

/** `data`: what the node keeps on disk; null: nothing. */
export function resolveCluster(given: ClusterOptions, data: DataOptions | null): ResolvedCluster {
  refuseUnknown('cluster.', given, CLUSTER_NAMES);
  if (data === null) throw new OptionError('cluster needs a data directory: a node has all of its cluster on its disk');
  const { servers, byTls } = natsServers(given.servers);
  const tls = clusterTls(given.tls ?? (byTls ? {} : null));
  const proxy = yesOrNo('cluster.proxy', given.proxy ?? CLUSTER_DEFAULTS.proxy);
  const address = memberAddress(textOrNull('cluster.address', given.address ?? null));
  if (proxy && address === null)
    throw new OptionError(`cluster.address is missing: ${MEMBER_ADDRESS}; or set cluster.proxy to false`);
  const size = given.streamSize ?? CLUSTER_DEFAULTS.streamSize;
  return {
    node: fitting('cluster.node', given.node, isNodeName, NODE_NAME),
    servers,
    login: login('cluster.login', given.login ?? null),
    tls,
    stream: fitting('cluster.stream', given.stream ?? CLUSTER_DEFAULTS.stream, isStreamName, STREAM_NAME),
    streamSize: wholeNumber('cluster.streamSize', size, STREAM_SIZE_MIN, STREAM_SIZE_MAX),
    system: login('cluster.system', given.system ?? null),
    monitors: texts('cluster.monitors', given.monitors ?? []).map((one, index) =>
      fitting(`cluster.monitors[${index}]`, one, isMonitor, MONITOR),
    ),
    address,
    proxy,
    allowWeak: yesOrNo('cluster.allowWeak', given.allowWeak ?? CLUSTER_DEFAULTS.allowWeak),
  };
}

const CLUSTER_NAMES = [
  'node',
  'servers',
  'login',
  'tls',
  'stream',
  'streamSize',
  'system',
  'monitors',
  'address',
  'proxy',
  'allowWeak',
] as const satisfies readonly (keyof ClusterOptions)[];

export function isNodeName(name: string): boolean {
  return /^[\w.-]{1,64}$/.test(name);
}

export function isStreamName(name: string): boolean {
  return /^[\w-]{1,128}$/.test(name);
}

export function isMonitor(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password } = new URL(address);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

/** Reads a server's address; null: it is none. */
export function parseNatsServer(address: string): { readonly server: string; readonly byTls: boolean } | null {
  const [, scheme, ipv6, name, digits] =
    /^(?:(nats|tls):\/\/)?(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]@?#]+))(?::(\d{1,5}))?\/?$/.exec(address) ?? [];
  const host = hostIn(ipv6, name);
  const port = digits === undefined ? NATS_PORT : Number(digits);
  return host === null || port === 0 || port > PORT_MAX ? null : { server: `${host}:${port}`, byTls: scheme === 'tls' };
}

/** Reads the address of a node; null: it is none that others could reach. */
export function parseMemberAddress(address: string): MembersAddress | null {
  const [, ipv6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]@?#]+)):(\d{1,5})$/.exec(address) ?? [];
  const port = Number(digits);
  const host = ipv6 ?? name;
  return host === undefined || hostIn(ipv6, name) === null || port > PORT_MAX || isAll(host) ? null : { host, port };
}

/** A host as addresses contain it; null: it is none. */
function hostIn(ipv6: string | undefined, name: string | undefined): string | null {
  if (ipv6 !== undefined) return isIP(ipv6) === 6 ? `[${ipv6}]` : null;
  return name ?? null;
}

/** All addresses of this machine: nobody gets there by it. */
function isAll(host: string): boolean {
  return host === '0.0.0.0' || (isIP(host) === 6 && /^[0:.]+$/.test(host));
}

function natsServers(given: unknown): { readonly servers: readonly string[]; readonly byTls: boolean } {
  const all = texts('cluster.servers', given);
  if (all.length === 0) throw new OptionError(`cluster.servers names no NATS server: give each as ${NATS_SERVER}`);
  const parsed = all.map((one, index) => {
    const name = `cluster.servers[${index}]`;
    // What stands before an @ is secret.
    if (one.includes('@')) throw new OptionError(`${name} has a user in it: say that in cluster.login`);
    const server = parseNatsServer(one);
    if (server === null) throw new OptionError(`${name} must be ${NATS_SERVER}, not '${one}'`);
    return server;
  });
  return { servers: parsed.map(({ server }) => server), byTls: parsed.some(({ byTls }) => byTls) };
}

function memberAddress(given: string | null): MembersAddress | null {
  if (given === null) return null;
  const address = parseMemberAddress(given);
  if (address === null) throw new OptionError(`cluster.address must be ${MEMBER_ADDRESS}, not '${given}'`);
  return address;
}

const LOGIN_NAMES = ['user', 'password', 'token', 'credentials'] as const satisfies readonly (keyof ClusterLogin)[];

function login(name: string, given: ClusterLogin | null): ResolvedLogin | null {
  if (given === null) return null;
  refuseUnknown(`${name}.`, given, LOGIN_NAMES);
  const user = textOrNull(`${name}.user`, given.user ?? null);
  const password = secretOrNull(`${name}.password`, given.password ?? null);
  const token = secretOrNull(`${name}.token`, given.token ?? null);
  const file = textOrNull(`${name}.credentials`, given.credentials ?? null);
  const ways = [user ?? password, token, file].filter((way) => way !== null);
  if (ways.length !== 1) throw new OptionError(`${name} must be a user and its password, or a token, or credentials`);
  if (token !== null) return { kind: 'token', token };
  if (file !== null) return { kind: 'credentials', file };
  if (user === null || password === null)
    throw new OptionError(
      `${name}.${user === null ? 'user' : 'password'} is missing: a user and its password go together`,
    );
  return { kind: 'password', user, password };
}

function secretOrNull(name: string, value: unknown): string | null {
  if (value === null || (typeof value === 'string' && value !== '')) return value;
  throw new OptionError(`${name} must be a text that is not empty`);
}

const TLS_NAMES = [
  'authority',
  'certificate',
  'key',
  'handshakeFirst',
] as const satisfies readonly (keyof ClusterTls)[];

function clusterTls(given: ClusterTls | null): ResolvedClusterTls | null {
  if (given === null) return null;
  refuseUnknown('cluster.tls.', given, TLS_NAMES);
  const certificate = textOrNull('cluster.tls.certificate', given.certificate ?? null);
  const key = textOrNull('cluster.tls.key', given.key ?? null);
  if ((certificate === null) !== (key === null))
    throw new OptionError(`cluster.tls.${key === null ? 'key' : 'certificate'} is missing: the two go together`);
  return {
    authority: textOrNull('cluster.tls.authority', given.authority ?? null),
    certificate,
    key,
    handshakeFirst: yesOrNo('cluster.tls.handshakeFirst', given.handshakeFirst ?? false),
  };
}

function fitting(name: string, value: unknown, isRight: (text: string) => boolean, expected: string): string {
  const given = text(name, value);
  if (isRight(given)) return given;
  throw new OptionError(`${name} must be ${expected}, not ${shown(value)}`);
}
