/**
 * What `leveret migrate` is to do, from its flags. Nothing is started here. What cannot be understood, and what does not go
 * together, is one line that says what would.
 */
import { type Endpoint, parseEndpoint } from '../../client/endpoint.js';
import type { HttpPlace, Plan } from '../../migrate/plan.js';
import { fileOf, readTable } from '../config/flag-table.js';
import { ConfigurationError } from '../config/flags.js';
import { FLAGS, type MigrateGiven, type MigrateKey } from './table.js';

export interface MigrateCommand {
  readonly plan: Plan;
  readonly isDryRun: boolean;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** Between two lines of progress (ms). */
  readonly interval: number;
}

const STANDARD_URL = 'amqp://localhost';
const HTTP_PORT = 15_672;
const HTTPS_PORT = 15_671;
const HEARTBEAT = 60;
const PREFETCH = 1000;
const PARALLEL = 4;
const PATIENCE = 60;
const STATE = 'leveret-migration';
const MS = 1000;

/** The first means nothing with the second. */
const EXCLUDED: readonly (readonly [MigrateKey, MigrateKey])[] = [
  ['definitions', 'skip-definitions'],
  ['tls-ca', 'tls-insecure'],
  ['follow', 'dry-run'],
  ['interval', 'quiet'],
];

/** The first means nothing without the second. */
const NEEDED: readonly (readonly [MigrateKey, MigrateKey])[] = [
  ['tls-cert', 'tls-key'],
  ['tls-key', 'tls-cert'],
];

/** Reads what follows `migrate`; null: help is wanted. Throws a `ConfigurationError`. */
export function migrateCommand(args: readonly string[]): MigrateCommand | null {
  // Each value is read by its flag's own kind.
  const given = readTable(args, FLAGS) as MigrateGiven | null;
  if (given === null) return null;
  const { from } = given;
  if (from === undefined)
    return refuse('--from is needed: amqp://USER:PASSWORD@HOST:PORT/VHOST of the broker that has the messages');
  check(given);
  return {
    plan: planOf(from, given),
    isDryRun: given['dry-run'] ?? false,
    isJson: given.json ?? false,
    isQuiet: given.quiet ?? false,
    interval: (given.interval ?? 1) * MS,
  };
}

function check(given: MigrateGiven): void {
  for (const [one, other] of EXCLUDED) {
    if (given[one] !== undefined && given[other] !== undefined) refuse(`--${one} means nothing with --${other}`);
  }
  for (const [one, other] of NEEDED) {
    if (given[one] !== undefined && given[other] === undefined) refuse(`--${one} means nothing without --${other}`);
  }
  if (given.queue?.includes('') === true) refuse('--queue must be a name with something in it');
}

function planOf(source: Endpoint, given: MigrateGiven): Plan {
  // The standard one is one.
  const target = given.to ?? (parseEndpoint(STANDARD_URL) as Endpoint);
  if (
    source.host === target.host &&
    source.port === target.port &&
    (given.vhosts === true || source.vhost === target.vhost)
  )
    refuse('--from and --to must not be the same broker and vhost');
  return {
    source,
    target,
    tls: {
      authority: fileOf('tls-ca', given['tls-ca']),
      certificate: fileOf('tls-cert', given['tls-cert']),
      key: fileOf('tls-key', given['tls-key']),
      isVerified: given['tls-insecure'] !== true,
    },
    heartbeat: given.heartbeat ?? HEARTBEAT,
    sourceHttp: httpOf(given['from-http'], source),
    targetHttp: httpOf(given['to-http'], target),
    definitions: fileOf('definitions', given.definitions),
    skipsDefinitions: given['skip-definitions'] ?? false,
    allVhosts: given.vhosts ?? false,
    queues: given.queue ?? [],
    prefetch: given.prefetch ?? PREFETCH,
    parallel: given.parallel ?? PARALLEL,
    follows: given.follow ?? false,
    state: given.state ?? STATE,
    patience: (given.patience ?? PATIENCE) * MS,
  };
}

function httpOf(given: URL | undefined, { host, isTls, user, password }: Endpoint): HttpPlace {
  if (given === undefined) {
    const name = host.includes(':') ? `[${host}]` : host;
    return { url: isTls ? `https://${name}:${HTTPS_PORT}` : `http://${name}:${HTTP_PORT}`, user, password };
  }
  return {
    url: `${given.protocol}//${given.host}${given.pathname.replace(/\/+$/, '')}`,
    user: given.username === '' ? user : decodeURIComponent(given.username),
    password: given.password === '' ? password : decodeURIComponent(given.password),
  };
}

function refuse(reason: string): never {
  throw new ConfigurationError(reason);
}
