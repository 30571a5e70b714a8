/**
 * All that can be configured, each setting once: the flags, their help, the environment's variables, the keys of the
 * file, docs/configuration.md and the example file come from this table. What must hold: what holds where nothing is
 * said is what a program that embeds the broker has (`DEFAULTS`), where `COMMAND_DEFAULTS` names nothing else.
 */
import type { Announced } from '../../connection/handshake/identity.js';
import { MEMORY_MAX, MEMORY_MIN, mebibytesFor } from '../../engine/sizes.js';
import { WORKERS_MAX } from '../../log/record-format.js';
import { PORT_MAX } from '../../node/listeners/address.js';
import {
  COMMAND_DEFAULTS,
  DEFAULTS,
  DURABILITIES,
  ENGINES,
  LOGIN_FROM,
  OTLP_ENDPOINT,
  PASSWORD_HASHINGS,
  type ResolvedOptions,
  SAN_INDEX_MAX,
  SAN_TYPES,
  TLS_DEPTH_MAX,
  tracesUrl,
  VERIFIES,
} from '../../node/options.js';
import { LOG_FORMATS, type LogFormat } from '../logging/output.js';
import { CONTROL_SOCKET } from './control-socket.js';
import {
  addresses,
  type Kind,
  logLevels,
  networks,
  oneOf,
  oneOrMore,
  parsed,
  size,
  text,
  wholeNumber,
  yesOrNo,
} from './kinds.js';
import { LIMIT_SETTINGS } from './limit-settings.js';
import { OAUTH_SETTINGS } from './oauth-settings.js';

const MIB = 1024 ** 2;

export interface Setting<T> {
  readonly kind: Kind<T>;
  /** One sentence, without capital and full stop. */
  readonly help: string;
  /** What holds where nothing is said; null: nothing does, or the machine decides. */
  readonly standard: T | null;
  /** The same in words, where the value alone does not say it. */
  readonly standardText?: string;
  /** What the machine has decided. */
  readonly decided?: (options: ResolvedOptions) => T;
  /** Variables of the environment besides `LEVERET_` and the key. */
  readonly variables?: readonly string[];
  /** Never shown. */
  readonly isSecret?: boolean;
  /** A change takes effect by SIGHUP; else it needs a restart. */
  readonly isReloadable?: boolean;
  /** It cannot stand in the file. */
  readonly isOutside?: boolean;
}

function setting<T>(kind: Kind<T>, rest: Omit<Setting<T>, 'kind'>): Setting<T> {
  return { kind, ...rest };
}

const { beginning } = DEFAULTS;
const { data, managementAddress } = COMMAND_DEFAULTS;

/** By the keys of the file; a flag has hyphens, and a variable begins with `LEVERET_`. */
export const SETTINGS = {
  config: setting(text('FILE', 'the name of a file'), {
    help: 'read settings from this TOML file; flags and the environment come before it',
    standard: null,
    isOutside: true,
  }),
  port: setting(wholeNumber(0, PORT_MAX), {
    help: 'port to listen on; 0 takes a free one',
    standard: COMMAND_DEFAULTS.port,
  }),
  host: setting(text('ADDRESS', 'an address'), {
    help: 'address to listen on',
    standard: COMMAND_DEFAULTS.host,
    standardText: `${COMMAND_DEFAULTS.host}: 127.0.0.1, and ::1 where there is IPv6`,
  }),
  listen: setting(addresses, {
    help:
      'listen there, instead of host and port: tcp://HOST:PORT, such as tcp://[::]:5672 (all addresses of this machine), ' +
      'tls://HOST:PORT, the same for TLS, ws://HOST:PORT and wss://HOST:PORT, AMQP over WebSocket without and with ' +
      'TLS, or unix:///PATH, a socket for clients on this machine, of this user or group; several may be given',
    standard: null,
  }),
  proxy_protocol_from: setting(networks, {
    help:
      'addresses of proxies, or networks of them as ADDRESS/BITS, such as 10.0.0.0/8: each connection from there must ' +
      'begin with a PROXY header (version 1 or 2) that says for whom it is; several may be given',
    standard: null,
    standardText: 'nobody is believed',
  }),
  tls_cert: setting(oneOrMore('FILE', 'the name of a file'), {
    help:
      "the broker's certificate (PEM), and behind it those that lead to its authority; with it the broker listens by " +
      'TLS too; of several, a client gets the first that is for the host it names, or the very first',
    standard: null,
    isReloadable: true,
  }),
  tls_key: setting(oneOrMore('FILE', 'the name of a file'), {
    help: 'the key of that certificate (PEM, without a password); of several, in the same order',
    standard: null,
    isReloadable: true,
  }),
  tls_ca: setting(text('FILE', 'the name of a file'), {
    help: 'certificates (PEM) of those who may sign for clients',
    standard: null,
    isReloadable: true,
  }),
  tls_verify: setting(oneOf(VERIFIES), {
    help: 'none, clients are asked for no certificate; optional, what they show is checked; required, they must show one',
    standard: null,
    standardText: 'required with tls_ca, else none',
    isReloadable: true,
  }),
  tls_depth: setting(wholeNumber(0, TLS_DEPTH_MAX), {
    help: "so many authorities may stand between a client's certificate and one of tls_ca that is trusted",
    standard: null,
    standardText: String(DEFAULTS.tlsDepth),
    isReloadable: true,
  }),
  tls_crl: setting(oneOrMore('FILE', 'the name of a file'), {
    help: 'lists (PEM) of what authorities have revoked; where there is any, there must be one of each authority',
    standard: null,
    isReloadable: true,
  }),
  tls_login_from: setting(oneOf(LOGIN_FROM), {
    help: "where in a client's certificate the name of the user stands, for clients that log in by it (EXTERNAL)",
    standard: null,
    standardText: DEFAULTS.tlsLoginFrom,
    isReloadable: true,
  }),
  tls_login_san_type: setting(oneOf(SAN_TYPES), {
    help: 'of which type the name is that is taken, with tls_login_from = subject_alternative_name',
    standard: null,
    standardText: DEFAULTS.tlsLoginSanType,
    isReloadable: true,
  }),
  tls_login_san_index: setting(wholeNumber(0, SAN_INDEX_MAX), {
    help: 'which of those names it is; the first is 0',
    standard: null,
    standardText: String(DEFAULTS.tlsLoginSanIndex),
    isReloadable: true,
  }),
  tls_port: setting(wholeNumber(0, PORT_MAX), {
    help: 'port to listen on by TLS where there is a certificate; 0 takes a free one; for TLS alone, use listen',
    standard: null,
    standardText: String(COMMAND_DEFAULTS.tlsPort),
  }),
  http_port: setting(wholeNumber(0, PORT_MAX), {
    help: 'port of the HTTP API, that of RabbitMQ; 0: there is none',
    standard: managementAddress.port,
  }),
  https_port: setting(wholeNumber(0, PORT_MAX), {
    help: "port of the HTTP API by TLS, with the broker's certificates; RabbitMQ has 15671; 0: there is none",
    standard: null,
    standardText: 'none',
  }),
  http_host: setting(text('ADDRESS', 'an address'), {
    help: 'address of the HTTP API',
    standard: managementAddress.host,
    standardText: `${managementAddress.host}: 127.0.0.1, and ::1 where there is IPv6`,
  }),
  http_page: setting(yesOrNo, {
    help: 'serve the web page at / of the HTTP API; without it there is the API alone',
    standard: managementAddress.page,
  }),
  metrics_port: setting(wholeNumber(0, PORT_MAX), {
    help:
      'port where metrics are told to whoever comes, without a password, as with RabbitMQ, which has 15692; ' +
      '0: there is none, and they are for users of the HTTP API with the tag monitoring',
    standard: 0,
  }),
  metrics_host: setting(text('ADDRESS', 'an address'), {
    help: 'address of that port',
    standard: managementAddress.host,
    standardText: `${managementAddress.host}: 127.0.0.1, and ::1 where there is IPv6`,
  }),
  ctl_socket: setting(text('FILE', 'the name of a file'), {
    help:
      "the socket of 'leveret ctl', which this user alone can open and which needs no password; none: there is none; " +
      'where it is named, it is there without the HTTP API too',
    standard: null,
    standardText: `${CONTROL_SOCKET} in the data directory; none for a transient broker`,
  }),
  workers: setting(wholeNumber(1, WORKERS_MAX), {
    help: 'worker threads',
    standard: null,
    standardText: `one for each CPU that it may use, at most ${WORKERS_MAX} and one for each ${mebibytesFor(1)}M of memory`,
    decided: (options) => options.workers,
  }),
  engine: setting(oneOf(ENGINES), {
    help: 'wasm, or js: the same in plain JavaScript',
    standard: DEFAULTS.engine,
  }),
  memory: setting(
    size(MEMORY_MIN, MEMORY_MAX, `a size from ${MEMORY_MIN / MIB}M to ${MEMORY_MAX / MIB}M, such as 512M`),
    {
      help: 'memory for messages and queues, such as 512M or 2G, at most 4G',
      standard: null,
      standardText: `${DEFAULTS.memoryShare * 100}% of what the machine has, at most 4G`,
      decided: (options) => options.memory,
    },
  ),
  pin: setting(yesOrNo, {
    help: 'bind each worker to the CPUs of one cache',
    standard: DEFAULTS.pin,
  }),
  data: setting(text('DIR', 'the name of a directory'), {
    help: 'where durable queues and persistent messages are kept',
    standard: data.directory,
    standardText: `./${data.directory}`,
  }),
  transient: setting(yesOrNo, {
    help: 'keep nothing on disk',
    standard: false,
  }),
  durability: setting(oneOf(DURABILITIES), {
    help:
      'what a confirm means: fsync, the message is on disk; os, the system has it, so that it outlasts the process; ' +
      'none, it will be written',
    standard: data.durability,
  }),
  disk_free_limit: setting(size(0, Number.MAX_SAFE_INTEGER, 'a size such as 500M or 2G'), {
    help: 'block publishers while less is free on the disk, such as 500M',
    standard: data.diskFreeLimit,
    standardText: '1G, at most a tenth of the file system',
    isReloadable: true,
  }),
  skip_unreadable: setting(yesOrNo, {
    help: 'start without what the disk does not give of the log: it is set aside, and said',
    standard: data.skipUnreadable,
  }),
  drop_unknown_queues: setting(yesOrNo, {
    help: 'start though the log holds messages of queues that the definitions do not know, and let these messages go',
    standard: data.dropUnknownQueues,
  }),
  busy_poll: setting(yesOrNo, {
    help:
      'keep CPUs awake while a client waits for each confirm; without it power is saved, and such a client waits a ' +
      'tenth of a millisecond or two longer',
    standard: data.busyPoll,
  }),
  announce: setting(
    parsed('NAME/VERSION', 'a product and its version, such as RabbitMQ/3.13.7', announcement, announcementText),
    {
      help: 'product and version that clients are told, for those that compute what the broker can do from them',
      standard: DEFAULTS.announced,
    },
  ),
  anonymous: setting(text('USER', 'the name of a user'), {
    help: 'let clients in that do not say who they are (SASL ANONYMOUS), as this user',
    standard: DEFAULTS.anonymous,
    isReloadable: true,
  }),
  password_hashing: setting(oneOf(PASSWORD_HASHINGS), {
    help: 'how passwords that are set are hashed; those that are kept may be hashed otherwise',
    standard: DEFAULTS.passwordHashing,
    isReloadable: true,
  }),
  default_user: setting(text('USER', 'the name of a user'), {
    help: 'the administrator that there is at the first start; with another name there is no guest',
    standard: beginning.user,
    variables: ['RABBITMQ_DEFAULT_USER'],
  }),
  default_pass: setting(text('PASSWORD', 'a password'), {
    help: 'the password of that user at the first start',
    standard: beginning.password,
    variables: ['RABBITMQ_DEFAULT_PASS'],
    isSecret: true,
  }),
  default_vhost: setting(text('VHOST', 'the name of a vhost'), {
    help: 'the vhost that there is at the first start',
    standard: beginning.vhost,
    variables: ['RABBITMQ_DEFAULT_VHOST'],
  }),
  ...OAUTH_SETTINGS,
  ...LIMIT_SETTINGS,
  log_level: setting(logLevels, {
    help:
      'the least level that the log tells: debug, info, warning, error, none, for all areas, and area=level for one, ' +
      'such as connection=debug; several may be given',
    standard: { default: DEFAULTS.logLevel },
    standardText: DEFAULTS.logLevel,
    isReloadable: true,
  }),
  log_format: setting<LogFormat>(oneOf(LOG_FORMATS), {
    help: 'how the log is written: text, for people; json, an object a line; auto: text on a terminal, json elsewhere',
    standard: 'auto',
  }),
  log_file: setting(text('FILE', 'the name of a file'), {
    help: 'write the log to this file, behind what it holds, instead of to standard output',
    standard: null,
  }),
  log_exchange: setting(yesOrNo, {
    help: 'publish what the log tells, too, to the exchange amq.rabbitmq.log of the vhost /',
    standard: DEFAULTS.logExchange,
  }),
  otlp_endpoint: setting(parsed('URL', OTLP_ENDPOINT, otlpEndpoint, String), {
    help:
      "send OpenTelemetry's spans of messages whose headers have a traceparent to this receiver, by OTLP/HTTP; each " +
      'message costs several times as much then',
    standard: null,
  }),
  load_definitions: setting(text('FILE', 'the name of a file'), {
    help:
      'a file of definitions, as RabbitMQ exports it (users, vhosts, queues and so on), that is imported at each ' +
      'start; at the first one it takes the place of the default user and vhost',
    standard: DEFAULTS.loadDefinitions,
    isReloadable: true,
  }),
};

export type Key = keyof typeof SETTINGS;
export type ValueOf<K extends Key> = (typeof SETTINGS)[K] extends Setting<infer T> ? T : never;

export const KEYS = Object.keys(SETTINGS) as readonly Key[];
export const FILE_KEYS: readonly Key[] = KEYS.filter((key) => settingOf(key).isOutside !== true);

/** Where the one is given, and is not false, the others mean nothing. */
export const EXCLUDED: Partial<Record<Key, readonly Key[]>> = {
  listen: ['host', 'port', 'tls_port'],
  transient: ['data', 'durability', 'disk_free_limit', 'skip_unreadable', 'drop_unknown_queues', 'busy_poll'],
};

/** A setting as those see it who treat all alike. */
export function settingOf(key: Key): Setting<unknown> {
  return SETTINGS[key] as Setting<unknown>;
}

export function flagOf(key: Key): string {
  return `--${key.replaceAll('_', '-')}`;
}

/** The variables of the environment that give a setting; the first one counts. */
export function variablesOf(key: Key): readonly string[] {
  return [`LEVERET_${key.toUpperCase()}`, ...(settingOf(key).variables ?? [])];
}

/** What holds where nothing is said, in words; null: nothing does. */
export function standardText(key: Key): string | null {
  const { kind, standard, standardText: words } = settingOf(key);
  if (words !== undefined) return words;
  return standard === null ? null : String(kind.write(standard));
}

function otlpEndpoint(given: string): string | undefined {
  return tracesUrl(given) === null ? undefined : given;
}

function announcement(given: string): Announced | undefined {
  const [, product, version] = /^([^/]+)\/([^/]+)$/.exec(given) ?? [];
  return product !== undefined && version !== undefined ? { product, version } : undefined;
}

function announcementText({ product, version }: Announced): string {
  return `${product}/${version}`;
}
