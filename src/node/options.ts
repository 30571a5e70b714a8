/**
 * What a broker can be told, what holds where nothing is said, and what is refused. The one table of defaults: those of
 * a program that embeds a broker, and those in which the command differs. What must hold: a wrong value is refused with
 * one line that names the option and says what would do, before anything is started.
 */
import { availableParallelism, totalmem } from 'node:os';
import { DEFAULT_HASHING, HASHINGS, type PasswordHashing } from '../broker/access/passwords.js';
import { type Beginning, GUEST_BEGINNING } from '../broker/coordinator/beginning.js';
import { fitsName } from '../broker/requests/names.js';
import { DEFAULT_LIMITS, NODE_LIMIT_NAMES, NODE_LIMITS, type NodeLimits } from '../broker/requests/node-limits.js';
import type { SanType } from '../connection/certificates/certificate.js';
import type { LoginFrom } from '../connection/certificates/certificate-login.js';
import { type Announced, COMPATIBLE } from '../connection/handshake/identity.js';
import type { Verify } from '../connection/transport/opening/tls-setup.js';
import type { EngineKind } from '../engine/engine.js';
import { MEMORY_MAX, MEMORY_MIN, mebibytesFor, workersIn } from '../engine/sizes.js';
import type { Durability } from '../log/commit-log.js';
import { WORKERS_MAX } from '../log/record-format.js';
import { AREAS, DEFAULT_LEVEL, type LevelSettings, THRESHOLDS } from '../logging/levels.js';
import type { LogTarget } from '../logging/target.js';
import { cpuQuota } from '../platform/cpus/cpu-quota.js';
import type { OauthFiles } from './files/oauth-files.js';
import type { TlsFiles } from './files/tls-files.js';
import {
  AMQP_PORT,
  AMQPS_PORT,
  doesTls,
  type ListenAddress,
  LOCALHOST,
  LOOPBACK,
  MANAGEMENT_PORT,
  NETWORK_KINDS,
  PORT_MAX,
} from './listeners/address.js';
import { parseNetwork } from './listeners/proxies.js';
import type { ControlSocketAddress, HttpAddress, MetricsAddress } from './management-messages.js';
import { type OauthOptions, oauthFiles } from './oauth-options.js';
import {
  OptionError,
  oneOf,
  oneOrMore,
  refuseUnknown,
  shown,
  text,
  textOrNull,
  wholeNumber,
  yesOrNo,
} from './option-values.js';
import type { DataOptions } from './storage.js';

export type { OauthOptions } from './oauth-options.js';
export { OptionError } from './option-values.js';

const MEBIBYTE = 1024 ** 2;

/** Files are PEM. Of several certificates a client gets the first that is for the host it names, or the very first. */
export interface TlsOptions {
  readonly certificate: string | readonly string[];
  /** Of each certificate, in the same order. */
  readonly key: string | readonly string[];
  /** Who may sign for clients. */
  readonly authority?: string | null | undefined;
  /** With an authority, 'required' if nothing is said. */
  readonly verify?: Verify | undefined;
  /** So many authorities may stand between a client's certificate and one that is trusted; 1 if nothing is said. */
  readonly depth?: number | undefined;
  /** Lists of what authorities have revoked (CRL). Where there is any, there must be one of each authority. */
  readonly revoked?: string | readonly string[] | undefined;
  /** Where in a client's certificate the name of the user stands; 'distinguished_name' if nothing is said. */
  readonly loginFrom?: LoginFrom | undefined;
  /** Of what type, for 'subject_alternative_name'; 'dns' if nothing is said. */
  readonly loginSanType?: SanType | undefined;
  /** Which of those of its type; the first, 0, if nothing is said. */
  readonly loginSanIndex?: number | undefined;
  /** Listens by TLS there too, on `host`; with `listeners` they say where. */
  readonly port?: number | undefined;
}

/** OpenTelemetry's spans of messages. */
export interface OtlpOptions {
  /** The receiver's base URL, for OTLP/HTTP with JSON: spans go to `v1/traces` below it. */
  readonly endpoint: string;
}

/** Everything may be left out. */
export interface BrokerOptions {
  /** Where it listens; if nothing is said, by TCP on `host` and `port`. */
  readonly listeners?: readonly ListenAddress[] | undefined;
  /** `localhost`: both addresses of this machine alone, where it has both. */
  readonly host?: string | undefined;
  /** 0, or if nothing is said, takes a free one. */
  readonly port?: number | undefined;
  /** What TLS is done with; null: nothing. */
  readonly tls?: TlsOptions | null | undefined;
  /** How clients come in by tokens instead of passwords; null: they do not. */
  readonly oauth?: OauthOptions | null | undefined;
  /** Addresses, or networks as ADDRESS/BITS, from which each connection begins with a PROXY header. */
  readonly proxyProtocolFrom?: readonly string[] | undefined;
  /** Worker threads; one if nothing is said. */
  readonly workers?: number | undefined;
  readonly engine?: EngineKind | undefined;
  /** Shared memory for messages and queues (octets), rounded down to MiB. */
  readonly memory?: number | undefined;
  /** Bind each worker to the CPUs of one cache. */
  readonly pin?: boolean | undefined;
  /**
   * The folder `dist` of this package, for a program that was bundled and runs where the package cannot be found; null:
   * it can.
   */
  readonly files?: string | null | undefined;
  /** What clients are told of the broker: some compute what it can do from that. */
  readonly announced?: Announced | undefined;
  /** The user as whom clients come in that do not say who they are (SASL ANONYMOUS); null: they do not. */
  readonly anonymous?: string | null | undefined;
  /** How passwords that are set are hashed; those that are kept may be hashed otherwise. */
  readonly passwordHashing?: PasswordHashing | undefined;
  /** The user and the vhost of a broker that starts for the first time; there is nobody else then. */
  readonly beginning?: { readonly [K in keyof Beginning]?: Beginning[K] | undefined } | undefined;
  /** How much there may be of what clients make, where administrators have set nothing else. */
  readonly limits?: { readonly [K in keyof NodeLimits]?: NodeLimits[K] | undefined } | undefined;
  /**
   * A file of definitions, as RabbitMQ exports it, that is imported at the start, and again when it is reconfigured; at
   * the first start there is nobody and nothing but what it says. Null: none.
   */
  readonly loadDefinitions?: string | null | undefined;
  /** What outlasts the broker, and where; null, or if nothing is said: nothing. */
  readonly data?: { readonly [K in keyof DataOptions]?: DataOptions[K] | undefined } | null | undefined;
  /**
   * Where the management's HTTP API listens; null, or if nothing is said: nowhere. `port`: 0, or if nothing is said,
   * takes a free one; null: by its socket alone.
   */
  readonly management?: { readonly [K in keyof HttpAddress]?: HttpAddress[K] | undefined } | null | undefined;
  /** Takes what the log tells; null: nobody does. If nothing is said, standard error, warnings and errors alone. */
  readonly log?: LogTarget | null | undefined;
  /** From which level on each area is told; `default` counts for those that are not named. */
  readonly logLevels?: Partial<LevelSettings> | undefined;
  /**
   * By which clock messages, queues and consumers grow old: `machine` if nothing is said; `manual` is for tests, and
   * stands still but for `clock.advance`.
   */
  readonly clock?: ClockKind | undefined;
  /** Whether what the log tells is published, too, to the exchange `amq.rabbitmq.log` of the vhost `/`. */
  readonly logExchange?: boolean | undefined;
  /** Where spans go of messages whose headers ask for them; null: nowhere, and nobody looks at headers. */
  readonly otlp?: OtlpOptions | null | undefined;
}

export type ClockKind = 'machine' | 'manual';

/** Everything that is told to a broker, as values that can go to another thread. */
export interface ResolvedOptions {
  readonly listeners: readonly ListenAddress[];
  readonly proxyProtocolFrom: readonly string[];
  /** Null when no listener does TLS. */
  readonly tls: TlsFiles | null;
  readonly oauth: OauthFiles | null;
  readonly workers: number;
  readonly engine: EngineKind;
  readonly memory: number;
  readonly pin: boolean;
  readonly files: string | null;
  readonly announced: Announced;
  readonly anonymous: string | null;
  readonly passwordHashing: PasswordHashing;
  readonly beginning: Beginning;
  readonly limits: NodeLimits;
  readonly loadDefinitions: string | null;
  readonly data: DataOptions | null;
  readonly management: HttpAddress | null;
  readonly logLevels: LevelSettings;
  readonly clock: ClockKind;
  readonly logExchange: boolean;
  /** Its endpoint is where the receiver takes traces, in full. */
  readonly otlp: OtlpOptions | null;
}

const DATA_DEFAULTS: DataOptions = {
  directory: 'data',
  durability: 'fsync',
  diskFreeLimit: null,
  busyPoll: true,
  skipUnreadable: false,
  dropUnknownQueues: false,
};

/**
 * What holds where a program says nothing: it gets a broker of its own, which is in nobody's way and leaves nothing
 * behind. Memory is a share of the machine's, of which untouched pages cost nothing.
 */
export const DEFAULTS = {
  host: LOOPBACK,
  port: 0,
  proxyProtocolFrom: [],
  tls: null,
  tlsPort: 0,
  oauth: null,
  tlsDepth: 1,
  tlsLoginFrom: 'distinguished_name',
  tlsLoginSanType: 'dns',
  tlsLoginSanIndex: 0,
  workers: 1,
  engine: 'wasm',
  pin: true,
  files: null,
  announced: COMPATIBLE,
  anonymous: null,
  passwordHashing: DEFAULT_HASHING,
  beginning: GUEST_BEGINNING,
  limits: DEFAULT_LIMITS,
  loadDefinitions: null,
  data: null,
  /** Of `data`, where there is any. */
  dataOptions: DATA_DEFAULTS,
  management: null,
  /** Of `management`, where there is any. */
  managementAddress: { host: LOOPBACK, port: 0, tlsPort: null, page: true, socket: null, metrics: null },
  logLevel: DEFAULT_LEVEL,
  clock: 'machine',
  logExchange: false,
  otlp: null,
  memoryShare: 0.4,
} as const;

/**
 * Where the command's defaults are others: who starts a server looks for it at RabbitMQ's ports, wants back what it was
 * given, and has the machine for it. Workers: one for each CPU (`workersFor`).
 */
export const COMMAND_DEFAULTS = {
  host: LOCALHOST,
  port: AMQP_PORT,
  tlsPort: AMQPS_PORT,
  data: DATA_DEFAULTS,
  managementAddress: { ...DEFAULTS.managementAddress, host: LOCALHOST, port: MANAGEMENT_PORT },
} as const;

export const ENGINES: readonly EngineKind[] = ['wasm', 'js'];
export const PASSWORD_HASHINGS = Object.keys(HASHINGS) as readonly PasswordHashing[];
const CLOCKS: readonly ClockKind[] = ['machine', 'manual'];
export const VERIFIES: readonly Verify[] = ['none', 'optional', 'required'];
export const LOGIN_FROM: readonly LoginFrom[] = ['distinguished_name', 'common_name', 'subject_alternative_name'];
export const SAN_TYPES: readonly SanType[] = ['dns', 'ip', 'email', 'uri', 'other_name'];
export const DURABILITIES: readonly Durability[] = ['fsync', 'os', 'none'];

/** What this process may use at most (octets): in a container less than the machine has. */
export function memoryThere(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** The share of the machine's memory that is taken by default, in whole MiB. */
export function defaultMemory(total: number): number {
  const share = Math.floor((total * DEFAULTS.memoryShare) / MEBIBYTE) * MEBIBYTE;
  return Math.max(MEMORY_MIN, Math.min(share, MEMORY_MAX));
}

/**
 * One worker for each CPU, as far as the memory holds them; `others`: threads that need as much memory as a worker. A
 * quota of CPU time is not exceeded: all threads of a group that has used it up stand still until its period is over.
 */
export function workersFor(memory: number, others: number, cpus = usableCpus()): number {
  return Math.max(1, Math.min(cpus, workersIn(memory) - others));
}

function usableCpus(): number {
  return Math.min(availableParallelism(), Math.floor(cpuQuota()));
}

/** Everything that holds: what was given, and the defaults for the rest. */
export function resolveOptions(given: BrokerOptions = {}): ResolvedOptions {
  refuseUnknown('', given, OPTION_NAMES);
  const tls = tlsFiles(given.tls ?? DEFAULTS.tls);
  const listeners = listenAddresses(given);
  const management = httpAddress(given.management ?? DEFAULTS.management);
  checkTls(tls, listeners, management);
  const asked = given.memory ?? defaultMemory(memoryThere());
  const memory = Math.floor(wholeNumber('memory', asked, MEMORY_MIN, MEMORY_MAX) / MEBIBYTE) * MEBIBYTE;
  return {
    listeners,
    proxyProtocolFrom: networks(given.proxyProtocolFrom ?? DEFAULTS.proxyProtocolFrom),
    tls,
    oauth: oauthFiles(given.oauth ?? DEFAULTS.oauth),
    workers: workerCount(given.workers ?? DEFAULTS.workers, memory, management === null ? 0 : 1),
    engine: oneOf('engine', given.engine ?? DEFAULTS.engine, ENGINES),
    memory,
    pin: yesOrNo('pin', given.pin ?? DEFAULTS.pin),
    files: textOrNull('files', given.files ?? DEFAULTS.files),
    announced: announced(given.announced ?? DEFAULTS.announced),
    anonymous: textOrNull('anonymous', given.anonymous ?? DEFAULTS.anonymous),
    passwordHashing: oneOf('passwordHashing', given.passwordHashing ?? DEFAULTS.passwordHashing, PASSWORD_HASHINGS),
    beginning: beginning(given.beginning ?? {}),
    limits: nodeLimits(given.limits ?? {}),
    loadDefinitions: textOrNull('loadDefinitions', given.loadDefinitions ?? DEFAULTS.loadDefinitions),
    data: dataOptions(given.data ?? DEFAULTS.data),
    management,
    logLevels: logLevels(given),
    clock: oneOf('clock', given.clock ?? DEFAULTS.clock, CLOCKS),
    logExchange: yesOrNo('logExchange', given.logExchange ?? DEFAULTS.logExchange),
    otlp: otlp(given.otlp ?? DEFAULTS.otlp),
  };
}

const OPTION_NAMES = [
  'listeners',
  'host',
  'port',
  'tls',
  'oauth',
  'proxyProtocolFrom',
  'workers',
  'engine',
  'memory',
  'pin',
  'files',
  'announced',
  'anonymous',
  'passwordHashing',
  'beginning',
  'limits',
  'loadDefinitions',
  'data',
  'management',
  'log',
  'logLevels',
  'clock',
  'logExchange',
  'otlp',
] as const satisfies readonly (keyof BrokerOptions)[];

function listenAddresses({ listeners, host, port, tls }: BrokerOptions): readonly ListenAddress[] {
  if (listeners === undefined) {
    const address = text('host', host ?? DEFAULTS.host);
    const plain = {
      kind: 'tcp',
      host: address,
      port: wholeNumber('port', port ?? DEFAULTS.port, 0, PORT_MAX),
    } as const;
    if (tls === undefined || tls === null) return [plain];
    const tlsPort = wholeNumber('tls.port', tls.port ?? DEFAULTS.tlsPort, 0, PORT_MAX);
    return [plain, { kind: 'tls', host: address, port: tlsPort }];
  }
  if (host !== undefined || port !== undefined)
    throw new OptionError('host and port mean nothing beside listeners: say all of them there');
  if (tls?.port !== undefined) throw new OptionError('tls.port means nothing beside listeners: say it there');
  if (!Array.isArray(listeners)) throw new OptionError(`listeners must be a list, not ${shown(listeners)}`);
  return listeners.map((address, index) => listenAddress(`listeners[${index}]`, address));
}

function listenAddress(name: string, address: ListenAddress): ListenAddress {
  switch (address.kind) {
    case 'tcp':
    case 'tls':
    case 'ws':
    case 'wss': {
      const host = text(`${name}.host`, address.host);
      return { kind: address.kind, host, port: wholeNumber(`${name}.port`, address.port, 0, PORT_MAX) };
    }
    case 'unix':
      return { kind: 'unix', path: text(`${name}.path`, address.path) };
    default:
      throw new OptionError(`${name}.kind must be one of ${NETWORK_KINDS.join(', ')}, unix`);
  }
}

function networks(given: unknown): readonly string[] {
  if (!Array.isArray(given)) throw new OptionError(`proxyProtocolFrom must be a list, not ${shown(given)}`);
  return given.map((one, index) => {
    const name = `proxyProtocolFrom[${index}]`;
    if (parseNetwork(text(name, one)) === null)
      throw new OptionError(`${name} must be an address or ADDRESS/BITS, not ${shown(one)}`);
    return one as string;
  });
}

const TLS_NAMES = [
  'certificate',
  'key',
  'authority',
  'verify',
  'depth',
  'revoked',
  'loginFrom',
  'loginSanType',
  'loginSanIndex',
  'port',
] as const satisfies readonly (keyof TlsOptions)[];
/** OpenSSL's own limit. */
export const TLS_DEPTH_MAX = 100;
/** No certificate has more names. */
export const SAN_INDEX_MAX = 1000;

function tlsFiles(given: NonNullable<BrokerOptions['tls']> | null): TlsFiles | null {
  if (given === null) return null;
  refuseUnknown('tls.', given, TLS_NAMES);
  const certificate = oneOrMore('tls.certificate', given.certificate);
  const key = oneOrMore('tls.key', given.key);
  if (certificate.length !== key.length || key.length === 0)
    throw new OptionError(
      `tls.certificate and tls.key must be of the same number, not ${certificate.length} and ${key.length}`,
    );
  const authority = textOrNull('tls.authority', given.authority ?? null);
  const verify = oneOf('tls.verify', given.verify ?? (authority === null ? 'none' : 'required'), VERIFIES);
  if (verify !== 'none' && authority === null)
    throw new OptionError(`tls.verify '${verify}' needs tls.authority: who may sign for clients`);
  const revoked = oneOrMore('tls.revoked', given.revoked ?? []);
  if (verify === 'none' && revoked.length > 0)
    throw new OptionError('tls.revoked means nothing where clients are not asked for a certificate');
  const depth = wholeNumber('tls.depth', given.depth ?? DEFAULTS.tlsDepth, 0, TLS_DEPTH_MAX);
  const loginFrom = oneOf('tls.loginFrom', given.loginFrom ?? DEFAULTS.tlsLoginFrom, LOGIN_FROM);
  const loginSanType = oneOf('tls.loginSanType', given.loginSanType ?? DEFAULTS.tlsLoginSanType, SAN_TYPES);
  const sanIndex = given.loginSanIndex ?? DEFAULTS.tlsLoginSanIndex;
  const loginSanIndex = wholeNumber('tls.loginSanIndex', sanIndex, 0, SAN_INDEX_MAX);
  return { certificate, key, authority, revoked, verify, depth, loginFrom, loginSanType, loginSanIndex };
}

function checkTls(tls: TlsFiles | null, listeners: readonly ListenAddress[], management: HttpAddress | null): void {
  const doesHttps = (management?.tlsPort ?? null) !== null;
  if (doesHttps && tls === null) throw new OptionError('management.tlsPort needs a certificate and its key');
  const isAsked = doesHttps || listeners.some(doesTls);
  if (isAsked && tls === null) throw new OptionError('a TLS listener needs a certificate and its key');
  if (!isAsked && tls !== null) throw new OptionError('a certificate means nothing without a TLS listener');
}

function beginning(given: NonNullable<BrokerOptions['beginning']>): Beginning {
  const all = DEFAULTS.beginning;
  refuseUnknown('beginning.', given, Object.keys(all));
  return {
    user: resourceName('beginning.user', given.user ?? all.user),
    password: text('beginning.password', given.password ?? all.password),
    vhost: resourceName('beginning.vhost', given.vhost ?? all.vhost),
  };
}

function nodeLimits(given: NonNullable<BrokerOptions['limits']>): NodeLimits {
  refuseUnknown('limits.', given, NODE_LIMIT_NAMES);
  const limits = NODE_LIMIT_NAMES.map((name) => {
    const { least, most } = NODE_LIMITS[name];
    return [name, wholeNumber(`limits.${name}`, given[name] ?? DEFAULTS.limits[name], least, most)] as const;
  });
  return Object.fromEntries(limits) as NodeLimits;
}

function logLevels({ log, logLevels: given = {} }: BrokerOptions): LevelSettings {
  refuseUnknown('logLevels.', given, ['default', ...AREAS]);
  for (const [area, least] of Object.entries(given)) oneOf(`logLevels.${area}`, least, THRESHOLDS);
  // Nobody has asked for a log: what is said then is what should not be missed.
  return { ...given, default: given.default ?? (log === undefined ? 'warning' : DEFAULTS.logLevel) };
}

function dataOptions(given: NonNullable<BrokerOptions['data']> | null): DataOptions | null {
  if (given === null) return null;
  refuseUnknown('data.', given, Object.keys(DEFAULTS.dataOptions));
  const all = DEFAULTS.dataOptions;
  return {
    directory: text('data.directory', given.directory ?? all.directory),
    durability: oneOf('data.durability', given.durability ?? all.durability, DURABILITIES),
    diskFreeLimit: octetsOrNull('data.diskFreeLimit', given.diskFreeLimit ?? all.diskFreeLimit),
    busyPoll: yesOrNo('data.busyPoll', given.busyPoll ?? all.busyPoll),
    skipUnreadable: yesOrNo('data.skipUnreadable', given.skipUnreadable ?? all.skipUnreadable),
    dropUnknownQueues: yesOrNo('data.dropUnknownQueues', given.dropUnknownQueues ?? all.dropUnknownQueues),
  };
}

/** `others`: threads that need as much memory as a worker. */
function workerCount(given: unknown, memory: number, others: number): number {
  const room = workersIn(memory) - others;
  const workers = wholeNumber('workers', given, 1, WORKERS_MAX - others);
  if (workers <= room) return workers;
  const needed = mebibytesFor(workers + others);
  throw new OptionError(`${workers} workers need a memory of ${needed} MiB, and there are ${memory / MEBIBYTE}`);
}

function httpAddress(given: NonNullable<BrokerOptions['management']> | null): HttpAddress | null {
  if (given === null) return null;
  const all = DEFAULTS.managementAddress;
  refuseUnknown('management.', given, Object.keys(all));
  const tlsPort = given.tlsPort ?? all.tlsPort;
  return {
    host: text('management.host', given.host ?? all.host),
    port: given.port === null ? null : wholeNumber('management.port', given.port ?? all.port, 0, PORT_MAX),
    tlsPort: tlsPort === null ? null : wholeNumber('management.tlsPort', tlsPort, 0, PORT_MAX),
    page: yesOrNo('management.page', given.page ?? all.page),
    socket: controlSocket(given.socket ?? all.socket),
    metrics: metricsAddress(given.metrics ?? all.metrics),
  };
}

function metricsAddress(given: MetricsAddress | null): MetricsAddress | null {
  if (given === null) return null;
  refuseUnknown('management.metrics.', given, ['host', 'port']);
  return {
    host: text('management.metrics.host', given.host),
    port: wholeNumber('management.metrics.port', given.port, 0, PORT_MAX),
  };
}

function controlSocket(given: ControlSocketAddress | null): ControlSocketAddress | null {
  if (given === null) return null;
  refuseUnknown('management.socket.', given, ['path', 'isNeeded']);
  return {
    path: text('management.socket.path', given.path),
    isNeeded: yesOrNo('management.socket.isNeeded', given.isNeeded),
  };
}

export const OTLP_ENDPOINT = 'a URL with http or https, such as http://127.0.0.1:4318, without user and password';
const TRACES = '/v1/traces';

/** Where the receiver takes traces, by its base URL or in full; null: that is no such URL. */
export function tracesUrl(endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return null;
  const url = new URL(endpoint);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  if (url.username !== '' || url.password !== '') return null;
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(TRACES) ? path : path + TRACES;
  url.hash = '';
  return url.href;
}

function otlp(given: NonNullable<BrokerOptions['otlp']> | null): ResolvedOptions['otlp'] {
  if (given === null) return null;
  refuseUnknown('otlp.', given, ['endpoint']);
  const endpoint = tracesUrl(text('otlp.endpoint', given.endpoint));
  if (endpoint === null) throw new OptionError(`otlp.endpoint must be ${OTLP_ENDPOINT}, not '${given.endpoint}'`);
  return { endpoint };
}

function octetsOrNull(name: string, value: unknown): number | null {
  return value === null ? null : wholeNumber(name, value, 0, Number.MAX_SAFE_INTEGER);
}

/** The name of something that clients must be able to name. */
function resourceName(name: string, value: unknown): string {
  const given = text(name, value);
  if (fitsName(given)) return given;
  throw new OptionError(`${name} must be a name of at most 255 octets, not one of ${Buffer.byteLength(given)}`);
}

function announced(value: Announced): Announced {
  return { product: text('announced.product', value.product), version: text('announced.version', value.version) };
}
