/**
 * What was configured, and where: flags come before the environment, that before the file. What must hold: a name that
 * nobody knows, or a value that is none, is one line that tells its place, what would do, and the nearest right name.
 */
import { readFileSync } from 'node:fs';
import { ConfigurationError, type Flag, type FlagTexts, meant, readFlags, readValue } from './flags.js';
import { nearest } from './nearest.js';
import {
  EXCLUDED,
  FILE_KEYS,
  flagOf,
  KEYS,
  type Key,
  SETTINGS,
  settingOf,
  type ValueOf,
  variablesOf,
} from './settings.js';
import { readToml } from './toml.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a value was given: what to call it there, and, in a file, its place. */
export interface Origin {
  readonly source: 'flag' | 'environment' | 'file';
  readonly name: string;
  /** Comes before what is said of it. */
  readonly place: string;
}

export interface Given<T> {
  readonly value: T;
  readonly origin: Origin;
}

export type Configuration = { readonly [K in Key]?: Given<ValueOf<K>> };

export function refuse(origin: Origin, reason: string): never {
  throw new ConfigurationError(`${origin.place}${origin.name} ${reason}`);
}

interface Raw {
  readonly key: Key;
  readonly value: unknown;
  readonly origin: Origin;
}

export interface Flags {
  readonly help: boolean;
  readonly version: boolean;
  readonly given: readonly Raw[];
}

/** Reads everything that was configured: of two sources the nearer one counts. */
export function configuration(flags: Flags, environment: Environment): Configuration {
  const near = [...flags.given, ...fromEnvironment(environment)];
  const path = near.find(({ key }) => key === 'config');
  const all = path === undefined ? near : [...near, ...fromFile(path)];
  const found = new Map<Key, Given<unknown>>();
  for (const raw of all) {
    // What does not count must be right, too: it is not seen else until it does.
    const value = read(raw);
    if (!found.has(raw.key)) found.set(raw.key, { value, origin: raw.origin });
  }
  exclude(found);
  return Object.fromEntries(found) as Configuration;
}

/** Of two that cannot both be, the nearer one counts; side by side they are a mistake. */
function exclude(found: Map<Key, Given<unknown>>): void {
  const order = ['flag', 'environment', 'file'];
  for (const [key, others] of Object.entries(EXCLUDED) as [Key, readonly Key[]][]) {
    for (const other of others) {
      const one = found.get(key);
      const two = found.get(other);
      if (one === undefined || one.value === false || two === undefined) continue;
      if (one.origin.source === two.origin.source) refuse(two.origin, `means nothing with ${one.origin.name}`);
      const isNearer = order.indexOf(one.origin.source) < order.indexOf(two.origin.source);
      found.delete(isNearer ? other : key);
    }
  }
}

function read({ key, value, origin }: Raw): unknown {
  const { kind, isSecret } = settingOf(key);
  return readValue<unknown>(kind, value, `${origin.place}${origin.name}`, isSecret);
}

/** What is secret has no flag: others see what a command was started with. */
const FLAGS = new Map<string, Flag<Key | 'help' | 'version'>>([
  ['help', { key: 'help', argument: null, short: 'h' }],
  ['version', { key: 'version', argument: null, short: 'v' }],
  ...KEYS.filter((key) => settingOf(key).isSecret !== true).flatMap((key): [string, Flag<Key>][] => {
    const name = flagOf(key).slice(2);
    const { argument } = settingOf(key).kind;
    const flag = { key, argument };
    return argument === null
      ? [
          [name, flag],
          [`no-${name}`, { ...flag, text: 'false' }],
        ]
      : [[name, flag]];
  }),
]);

/** Reads the flags that follow the command's name. */
export function fromFlags(args: readonly string[]): Flags {
  const all = readFlags(args, FLAGS);
  const given: Raw[] = [];
  for (const [key, texts] of all) if (key !== 'help' && key !== 'version') given.push(flagGiven(key, texts));
  return { help: all.has('help'), version: all.has('version'), given };
}

function flagGiven(key: Key, { name, texts }: FlagTexts): Raw {
  return { key, value: settingOf(key).kind.fromTexts(texts), origin: { source: 'flag', name: `--${name}`, place: '' } };
}

const PREFIX = 'LEVERET_';
/** What Kubernetes sets for a service called leveret, in every container beside it. */
const SERVICE = /^LEVERET_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$/;
const SERVICE_PORT = /^(tcp|udp|sctp):\/\//;

function isOfService(name: string, value: string): boolean {
  return SERVICE.test(name) || (name === 'LEVERET_PORT' && SERVICE_PORT.test(value));
}

function fromEnvironment(environment: Environment): Raw[] {
  const keys = new Map(KEYS.flatMap((key) => variablesOf(key).map((name): [string, Key] => [name, key])));
  for (const [name, value = ''] of Object.entries(environment)) {
    if (!name.startsWith(PREFIX) || keys.has(name) || isOfService(name, value)) continue;
    throw new ConfigurationError(`unknown variable ${name}${meant(nearest(name, [...keys.keys()]))}`);
  }
  return [...keys].flatMap(([name, key]): Raw[] => {
    const value = environment[name];
    if (value === undefined || isOfService(name, value)) return [];
    const { kind } = settingOf(key);
    const texts = kind.isList ? value.split(',').map((text) => text.trim()) : [value];
    return [{ key, value: kind.fromTexts(texts), origin: { source: 'environment', name, place: '' } }];
  });
}

function fromFile(path: Raw): Raw[] {
  const file = SETTINGS.config.kind.read(path.value);
  return readToml(textOf(file, path.origin), file).map(({ key: name, value, line }) => {
    const place = `${file}:${line}: `;
    const key = FILE_KEYS.find((known) => known === name);
    if (key === undefined)
      throw new ConfigurationError(`${place}unknown key '${name}'${meant(nearest(name, FILE_KEYS))}`);
    return { key, value, origin: { source: 'file', name: key, place } };
  });
}

function textOf(file: string, origin: Origin): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return refuse(origin, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
