/**
 * What was configured, and where: flags come before the environment, that before the file. What must hold: a name that
 * nobody knows, or a value that is none, is one line that tells its place, what would do, and the nearest right name.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { WrongValue } from './kinds.js';
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

/** What was configured cannot be, in words for whoever did it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

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
  try {
    return kind.read(value);
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error;
    const wrong = isSecret ? '' : `, not ${typeof error.value === 'string' ? `'${error.value}'` : String(error.value)}`;
    return refuse(origin, `must be ${kind.expected}${wrong}`);
  }
}

/** What is secret has no flag: others see what a command was started with. */
const FLAG_NAMES = new Map(
  KEYS.filter((key) => settingOf(key).isSecret !== true).flatMap((key): [string, Key][] => {
    const name = flagOf(key).slice(2);
    return settingOf(key).kind.argument === null
      ? [
          [name, key],
          [`no-${name}`, key],
        ]
      : [[name, key]];
  }),
);

/** Reads the flags that follow the command's name. */
export function fromFlags(args: readonly string[]): Flags {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
      ...Object.fromEntries([...FLAG_NAMES].map(([name, key]) => [name, { type: flagType(key) }])),
    },
  });
  const given = new Map<Key, FlagTexts>();
  let help = false;
  let version = false;
  for (const token of tokens) {
    if (token.kind === 'positional') throw new ConfigurationError(`Unexpected argument '${token.value}'`);
    if (token.kind !== 'option') continue;
    if (token.name === 'help') help = true;
    else if (token.name === 'version') version = true;
    else collect(given, token.name, token.rawName, token.value);
  }
  return { help, version, given: [...given].map(flagGiven) };
}

function flagType(key: Key): 'boolean' | 'string' {
  return settingOf(key).kind.argument === null ? 'boolean' : 'string';
}

/** The name that counts is the last one, of `--pin` and `--no-pin`. */
interface FlagTexts {
  readonly name: string;
  readonly texts: readonly string[];
}

function collect(given: Map<Key, FlagTexts>, name: string, rawName: string, value: string | undefined): void {
  const key = FLAG_NAMES.get(name);
  if (key === undefined) {
    const near = nearest(rawName, ['--help', '--version', ...[...FLAG_NAMES.keys()].map((known) => `--${known}`)]);
    throw new ConfigurationError(`Unknown option '${rawName}'${meant(near)}`);
  }
  const { argument } = settingOf(key).kind;
  if (argument === null && value !== undefined) throw new ConfigurationError(`--${name} takes no value`);
  if (argument !== null && value === undefined) throw new ConfigurationError(`--${name} needs a value: ${argument}`);
  const isPositive = `--${name}` === flagOf(key);
  given.set(key, { name, texts: [...(given.get(key)?.texts ?? []), value ?? String(isPositive)] });
}

function flagGiven([key, { name, texts }]: [Key, FlagTexts]): Raw {
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

function meant(name: string | null): string {
  return name === null ? '' : `; the nearest is ${name}`;
}
