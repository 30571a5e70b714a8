/**
 * The command's flags: what they are called, what they accept, what they mean when left out. Pure: nothing is started
 * or printed here. A flag that cannot be understood is answered with one line that says what would be.
 */
import { totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { PasswordHashing } from '../broker/access/passwords.js';
import type { Announced } from '../connection/handshake/identity.js';
import type { EngineKind } from '../engine/engine.js';
import { MEMORY_MAX, MEMORY_MIN, mebibytesFor, workersIn } from '../engine/open.js';
import type { Durability } from '../log/commit-log.js';
import { WORKERS_MAX } from '../log/record-format.js';
import { type ListenAddress, PORT_MAX, parseAddress } from '../node/listeners/address.js';
import {
  type BrokerOptions,
  DEFAULTS,
  DURABILITIES,
  defaultMemory,
  ENGINES,
  PASSWORD_HASHINGS,
  type ResolvedOptions,
  resolveOptions,
} from '../node/options.js';

export type Command =
  | { action: 'serve'; options: ResolvedOptions }
  | { action: 'log'; directory: string; check: boolean }
  | { action: 'help' }
  | { action: 'version' }
  | { action: 'refuse'; reason: string };

const MIB = 1024 ** 2;
const UNITS: Readonly<Record<string, number>> = { K: 1024, M: MIB, G: 1024 ** 3 };

export const HELP = `Usage: leveret [options]
       leveret log DIR    shows what the log files of a data directory hold
       leveret log DIR --check
                          says what is wrong with them, and what to do

Serves AMQP 0-9-1 (user guest, password guest, virtual host /).

  --port N          port to listen on; 0 takes a free one (default ${DEFAULTS.port})
  --host ADDRESS    address to listen on (default ${DEFAULTS.host}: 127.0.0.1, and ::1 where there is IPv6)
  --listen ADDRESS  listen there, instead of --host and --port; may be given several times:
                    tcp://HOST:PORT, such as tcp://[::]:5672 (all of this machine's addresses),
                    tls://HOST:PORT, the same for TLS, or
                    unix:///PATH, a socket for clients on this machine, of this user or group
  --tls-cert FILE   the broker's certificate (PEM), and behind it those that lead to its
                    authority; with it the broker listens by TLS too
  --tls-key FILE    the key of that certificate (PEM, without a password)
  --tls-port N      port to listen on by TLS; 0 takes a free one (default ${DEFAULTS.tlsPort}); for TLS
                    alone, say --listen tls://HOST:PORT
  --workers N       worker threads (default: one for each CPU, at most ${WORKERS_MAX} and one
                    for each ${mebibytesFor(1)}M of memory)
  --engine KIND     wasm, or js: the same in plain JavaScript (default ${DEFAULTS.engine})
  --memory SIZE     memory for messages and queues, such as 512M or 2G, at most 4G
                    (default: ${DEFAULTS.memoryShare * 100}% of the machine's memory, at most 4G)
  --data DIR        where durable queues and persistent messages are kept (default ./${DEFAULTS.data.directory})
  --transient       keep nothing on disk
  --durability KIND what a confirm means: fsync, the message is on disk; os, the system has it,
                    so that it outlasts the process; none, it will be written (default ${DEFAULTS.data.durability})
  --disk-free-limit SIZE
                    block publishers while less is free on the disk, such as 500M
                    (default: 1G, at most a tenth of the file system)
  --skip-unreadable start without what the disk does not give of the log: it is set aside, and said
  --drop-unknown-queues
                    start though the log holds messages of queues that the definitions do not
                    know, and let these messages go
  --no-busy-poll    let CPUs sleep while a client waits for each confirm: saves power, and costs
                    such a client a tenth of a millisecond or two
  --no-pin          do not bind workers to the CPUs of a cache
  --announce NAME/VERSION
                    product and version that clients are told, for those that compute what
                    the broker can do from them (default ${DEFAULTS.announced.product}/${DEFAULTS.announced.version})
  --anonymous USER  let clients in that do not say who they are (SASL ANONYMOUS), as this user
  --password-hashing KIND
                    how passwords that are set are hashed: ${PASSWORD_HASHINGS.join(', ')} (default ${DEFAULTS.passwordHashing})
  --help, --version
`;

/** Reads the flags that follow the command's name. */
export function parseOptions(args: readonly string[]): Command {
  if (args[0] === 'log') return logCommand(args.slice(1));
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        listen: { type: 'string', multiple: true },
        'tls-cert': { type: 'string' },
        'tls-key': { type: 'string' },
        'tls-port': { type: 'string' },
        workers: { type: 'string' },
        engine: { type: 'string' },
        memory: { type: 'string' },
        data: { type: 'string' },
        transient: { type: 'boolean' },
        durability: { type: 'string' },
        'disk-free-limit': { type: 'string' },
        'skip-unreadable': { type: 'boolean' },
        'drop-unknown-queues': { type: 'boolean' },
        'no-busy-poll': { type: 'boolean' },
        'no-pin': { type: 'boolean' },
        announce: { type: 'string' },
        anonymous: { type: 'string' },
        'password-hashing': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
    if (values.help) return { action: 'help' };
    if (values.version) return { action: 'version' };
    const memory = values.memory === undefined ? undefined : memorySize(values.memory);
    const given: BrokerOptions = {
      ...listenAddresses(values),
      tls: tlsOptions(values),
      workers: values.workers === undefined ? undefined : workerCount(values.workers, memory),
      engine: values.engine === undefined ? undefined : engineKind(values.engine),
      memory,
      pin: values['no-pin'] ? false : undefined,
      announced: values.announce === undefined ? undefined : announcement(values.announce),
      anonymous: values.anonymous === undefined ? undefined : userName(values.anonymous),
      passwordHashing: passwordHashing(values['password-hashing']),
      data: dataOptions(values),
    };
    return { action: 'serve', options: resolveOptions(given) };
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

function workerCount(text: string, memory = defaultMemory(totalmem())): number {
  const workers = wholeNumber('--workers', text, 1, WORKERS_MAX);
  if (workers <= workersIn(memory)) return workers;
  const needed = mebibytesFor(workers);
  throw new Error(`--workers ${workers} needs a memory of ${needed}M (--memory), and it is ${memory / MIB}M`);
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(`${flag} must be a whole number from ${min} to ${max}, not '${text}'`);
}

function tlsOptions(values: {
  'tls-cert'?: string;
  'tls-key'?: string;
  'tls-port'?: string;
  listen?: string[];
}): BrokerOptions['tls'] {
  const { 'tls-cert': certificate, 'tls-key': key, 'tls-port': port, listen } = values;
  const isAsked = listen?.some((text) => parseAddress(text)?.kind === 'tls') ?? true;
  if (port !== undefined && listen !== undefined) throw new Error('--tls-port means nothing with --listen');
  if (certificate === undefined && key === undefined && port === undefined && (listen === undefined || !isAsked))
    return undefined;
  if (certificate === undefined || key === undefined) throw new Error('TLS needs both --tls-cert and --tls-key');
  if (!isAsked) throw new Error('--tls-cert means nothing without a --listen tls://HOST:PORT');
  return {
    certificate,
    key,
    port: port === undefined ? undefined : wholeNumber('--tls-port', port, 0, PORT_MAX),
  };
}

function listenAddresses(values: { listen?: string[]; host?: string; port?: string }): BrokerOptions {
  const { listen, host, port } = values;
  if (listen === undefined) return { host, port: port === undefined ? port : wholeNumber('--port', port, 0, PORT_MAX) };
  for (const flag of ['host', 'port'] as const) {
    if (values[flag] !== undefined) throw new Error(`--${flag} means nothing with --listen`);
  }
  return { listeners: listen.map(listenAddress) };
}

function listenAddress(text: string): ListenAddress {
  const address = parseAddress(text);
  if (address !== null) return address;
  throw new Error(`--listen must be tcp://HOST:PORT, tls://HOST:PORT or unix:///PATH, not '${text}'`);
}

const DATA_FLAGS = [
  'data',
  'durability',
  'disk-free-limit',
  'skip-unreadable',
  'drop-unknown-queues',
  'no-busy-poll',
] as const;

function dataOptions(values: {
  data?: string;
  transient?: boolean;
  durability?: string;
  'disk-free-limit'?: string;
  'skip-unreadable'?: boolean;
  'drop-unknown-queues'?: boolean;
  'no-busy-poll'?: boolean;
}): BrokerOptions['data'] {
  const { data, transient, durability, 'disk-free-limit': limit } = values;
  if (transient) {
    for (const flag of DATA_FLAGS) {
      if (values[flag] !== undefined) throw new Error(`--${flag} means nothing with --transient`);
    }
    return null;
  }
  if (data === '') throw new Error('--data must name a directory');
  return {
    directory: data,
    durability: durability === undefined ? undefined : durabilityKind(durability),
    diskFreeLimit: limit === undefined ? undefined : diskSize(limit),
    busyPoll: values['no-busy-poll'] ? false : undefined,
    skipUnreadable: values['skip-unreadable'],
    dropUnknownQueues: values['drop-unknown-queues'],
  };
}

function durabilityKind(text: string): Durability {
  const kind = DURABILITIES.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new Error(`--durability must be fsync, os or none, not '${text}'`);
}

function diskSize(text: string): number {
  const bytes = sizeIn(text);
  if (bytes >= 0) return bytes;
  throw new Error(`--disk-free-limit must be a size such as 500M or 2G, not '${text}'`);
}

function engineKind(text: string): EngineKind {
  const kind = ENGINES.find((known) => known === text);
  if (kind !== undefined) return kind;
  throw new Error(`--engine must be wasm or js, not '${text}'`);
}

function announcement(text: string): Announced {
  const [, product, version] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (product !== undefined && version !== undefined) return { product, version };
  throw new Error(`--announce must be a product and its version, such as RabbitMQ/3.13.7, not '${text}'`);
}

function passwordHashing(text: string | undefined): PasswordHashing | undefined {
  const hashing = PASSWORD_HASHINGS.find((known) => known === text);
  if (hashing !== undefined || text === undefined) return hashing;
  throw new Error(`--password-hashing must be one of ${PASSWORD_HASHINGS.join(', ')}, not '${text}'`);
}

function userName(text: string): string {
  if (text !== '') return text;
  throw new Error('--anonymous must name a user');
}

/** Octets; not a number when it is no size. */
function sizeIn(text: string): number {
  const match = /^(\d+)([KMG])(?:i?B)?$/i.exec(text);
  const unit = UNITS[match?.[2]?.toUpperCase() ?? ''];
  return match !== null && unit !== undefined ? Number(match[1]) * unit : Number.NaN;
}

function memorySize(text: string): number {
  const bytes = sizeIn(text);
  if (bytes >= MEMORY_MIN && bytes <= MEMORY_MAX) return Math.floor(bytes / MIB) * MIB;
  throw new Error(
    `--memory must be a size from ${MEMORY_MIN / MIB}M to ${MEMORY_MAX / MIB}M, such as 512M, not '${text}'`,
  );
}
