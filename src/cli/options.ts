/**
 * What the command is to do, from its flags, its environment and the file that these name. Nothing is started or
 * printed here. What cannot be understood is answered with one line that says what would be.
 */
import type { WantedBench } from '../bench/bench.js';
import { NODE_LIMIT_NAMES } from '../broker/requests/node-limits.js';
import { mebibytesFor, workersIn } from '../engine/sizes.js';
import { doesTls } from '../node/listeners/address.js';
import type { MetricsAddress } from '../node/management-messages.js';
import {
  type BrokerOptions,
  COMMAND_DEFAULTS,
  DEFAULTS,
  defaultMemory,
  memoryThere,
  type ResolvedOptions,
  resolveOptions,
  workersFor,
} from '../node/options.js';
import { BENCH_HELP, wantedBench } from './bench/wanted.js';
import { CERT_HELP, type WantedCertificates, wantedCertificates } from './certificates/wanted.js';
import { controlSocket } from './config/control-socket.js';
import { ConfigurationError } from './config/flags.js';
import { HELP } from './config/help.js';
import { inForce } from './config/in-force.js';
import { limitKey } from './config/limit-settings.js';
import type { Key, ValueOf } from './config/settings.js';
import {
  type Configuration,
  configuration,
  type Environment,
  fromFlags,
  type Given,
  refuse,
} from './config/sources.js';
import type { LogPlace } from './logging/output.js';
import { oauthOptions } from './oauth.js';

export type Command =
  | ({ action: 'serve' } & Configured)
  | { action: 'log'; directory: string; check: boolean }
  | { action: Asked; args: readonly string[] }
  | { action: 'config'; inForce: string }
  | { action: 'cert'; wanted: WantedCertificates }
  | { action: 'bench'; wanted: WantedBench }
  | { action: 'help'; help: string }
  | { action: 'version' }
  | { action: 'refuse'; reason: string };

/** Commands that read their arguments themselves. */
const ASKED = ['ctl', 'cluster', 'healthcheck', 'perf', 'migrate'] as const;
type Asked = (typeof ASKED)[number];

/** What a broker serves with. */
export interface Configured {
  /** What was said, and where. */
  readonly given: Configuration;
  /** What a broker is started with. */
  readonly asked: BrokerOptions;
  /** That, with what holds by default: not to be asked for again, as some of it has another form. */
  readonly options: ResolvedOptions;
  readonly log: LogPlace;
}

const MIB = 1024 ** 2;

/** Reads the arguments that follow the command's name. */
export function parseOptions(args: readonly string[], environment: Environment = {}): Command {
  const asked = ASKED.find((name) => name === args[0]);
  if (asked !== undefined) return { action: asked, args: args.slice(1) };
  if (args[0] === 'log') return logCommand(args.slice(1));
  try {
    if (args[0] === 'cert') return certCommand(args.slice(1));
    if (args[0] === 'bench') return benchCommand(args.slice(1));
    const isQuestion = args[0] === 'config';
    const flags = fromFlags(isQuestion ? args.slice(1) : args);
    if (flags.help) return { action: 'help', help: HELP };
    if (flags.version) return { action: 'version' };
    const given = configuration(flags, environment);
    const asked = brokerOptions(given);
    const options = resolveOptions(asked);
    return isQuestion
      ? { action: 'config', inForce: inForce(given, options) }
      : { action: 'serve', given, asked, options, log: logPlace(given) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { action: 'refuse', reason };
  }
}

function logCommand(args: readonly string[]): Command {
  const check = args.includes('--check');
  const [directory, ...others] = args.filter((arg) => arg !== '--check');
  return directory === undefined || others.length > 0
    ? { action: 'refuse', reason: 'log takes one data directory' }
    : { action: 'log', directory, check };
}

function certCommand(args: readonly string[]): Command {
  const wanted = wantedCertificates(args);
  return wanted === null ? { action: 'help', help: CERT_HELP } : { action: 'cert', wanted };
}

function benchCommand(args: readonly string[]): Command {
  const wanted = wantedBench(args);
  return wanted === null ? { action: 'help', help: BENCH_HELP } : { action: 'bench', wanted };
}

/** What a program that embeds the broker would say, to have what the command promises. */
function brokerOptions(given: Configuration): BrokerOptions {
  const value = <K extends Key>(key: K): ValueOf<K> | undefined => (given[key] as Given<ValueOf<K>> | undefined)?.value;
  const memory = value('memory');
  const management = managementOptions(given);
  return {
    listeners: value('listen'),
    ...(given.listen === undefined
      ? { host: value('host') ?? COMMAND_DEFAULTS.host, port: value('port') ?? COMMAND_DEFAULTS.port }
      : {}),
    proxyProtocolFrom: value('proxy_protocol_from'),
    tls: tlsOptions(given),
    oauth: oauthOptions(given),
    workers: workerCount(given.workers, memory, management === null ? 0 : 1),
    engine: value('engine'),
    memory,
    pin: value('pin'),
    announced: value('announce'),
    anonymous: value('anonymous'),
    passwordHashing: value('password_hashing'),
    management,
    beginning: { user: value('default_user'), password: value('default_pass'), vhost: value('default_vhost') },
    limits: Object.fromEntries(NODE_LIMIT_NAMES.map((name) => [name, value(limitKey(name))])),
    logLevels: value('log_level') ?? { default: DEFAULTS.logLevel },
    logExchange: value('log_exchange'),
    otlp: given.otlp_endpoint && { endpoint: given.otlp_endpoint.value },
    loadDefinitions: value('load_definitions'),
    data: value('transient')
      ? null
      : {
          directory: value('data'),
          durability: value('durability'),
          diskFreeLimit: value('disk_free_limit'),
          busyPoll: value('busy_poll'),
          skipUnreadable: value('skip_unreadable'),
          dropUnknownQueues: value('drop_unknown_queues'),
        },
  };
}

function managementOptions(given: Configuration): BrokerOptions['management'] {
  const { http_port: port, https_port: https, http_host: host, http_page: page } = given;
  const socket = controlSocket(given);
  const metrics = metricsOptions(given);
  const tlsPort = https === undefined || https.value === 0 ? null : https.value;
  if (https !== undefined && tlsPort !== null && given.tls_cert === undefined)
    refuse(https.origin, 'needs --tls-cert and --tls-key (or tls_cert and tls_key)');
  const all = COMMAND_DEFAULTS.managementAddress;
  const at = { host: host?.value ?? all.host, tlsPort, page: page?.value, socket, metrics };
  if (port?.value !== 0) return { ...at, port: port?.value ?? all.port };
  if (tlsPort !== null) return { ...at, port: null };
  return socket?.isNeeded === true || metrics !== null ? { port: null, socket, metrics } : null;
}

/** Null: metrics are told by the HTTP API alone. */
function metricsOptions({ metrics_port: port, metrics_host: host }: Configuration): MetricsAddress | null {
  if (port === undefined || port.value === 0) return null;
  return { host: host?.value ?? COMMAND_DEFAULTS.managementAddress.host, port: port.value };
}

function logPlace({ log_file: file, log_format: format }: Configuration): LogPlace {
  return { file: file?.value ?? null, format: format?.value ?? 'auto' };
}

function tlsOptions(given: Configuration): BrokerOptions['tls'] {
  const { listen, tls_cert: cert, tls_key: key, tls_port: port, tls_ca: authority, tls_verify: verify } = given;
  const { tls_depth: depth, tls_crl: revoked, tls_login_from: loginFrom } = given;
  const { tls_login_san_type: loginSanType, tls_login_san_index: loginSanIndex } = given;
  const login = [loginFrom, loginSanType, loginSanIndex];
  const isListed = listen?.value.some(doesTls);
  const isAsked = [cert, key, port, authority, verify, depth, revoked, ...login].some((one) => one !== undefined);
  if (!isAsked && isListed !== true) return undefined;
  if (cert === undefined || key === undefined) {
    throw new ConfigurationError('TLS needs both --tls-cert and --tls-key (or tls_cert and tls_key)');
  }
  if (isListed === false) refuse(cert.origin, 'means nothing without a --listen tls://HOST:PORT or wss://HOST:PORT');
  const [certs, keys] = [cert.value.length, key.value.length];
  if (certs !== keys) refuse(key.origin, `must be given for each certificate, and there are ${certs}, not ${keys}`);
  if (verify !== undefined && verify.value !== 'none' && authority === undefined) {
    refuse(verify.origin, `'${verify.value}' needs --tls-ca (or tls_ca): who may sign for clients`);
  }
  if (revoked !== undefined && (authority === undefined || verify?.value === 'none')) {
    refuse(revoked.origin, 'means nothing where clients are asked for no certificate');
  }
  for (const one of login) {
    if (one !== undefined && (authority === undefined || verify?.value === 'none'))
      refuse(one.origin, 'means nothing where clients are asked for no certificate');
  }
  const san = loginSanType ?? loginSanIndex;
  if (san !== undefined && loginFrom?.value !== 'subject_alternative_name')
    refuse(san.origin, 'means nothing without --tls-login-from subject_alternative_name');
  return {
    certificate: cert.value,
    key: key.value,
    ...(listen === undefined ? { port: port?.value ?? COMMAND_DEFAULTS.tlsPort } : {}),
    authority: authority?.value,
    verify: verify?.value,
    depth: depth?.value,
    revoked: revoked?.value,
    loginFrom: loginFrom?.value,
    loginSanType: loginSanType?.value,
    loginSanIndex: loginSanIndex?.value,
  };
}

/** `others`: threads that need as much memory as a worker. */
function workerCount(given: Given<number> | undefined, memory = defaultMemory(memoryThere()), others = 0): number {
  if (given === undefined) return workersFor(memory, others);
  const { value, origin } = given;
  if (value <= workersIn(memory) - others) return value;
  const needed = mebibytesFor(value + others);
  const has = `${Math.floor(memory / MIB)}M`;
  return refuse(origin, `${value} needs a memory of ${needed}M (--memory), and it is ${has}`);
}
