/**
 * Flags as all commands of ours that have a table of them read them. What must hold: a name that nobody knows, a value
 * that is missing or that is none, is one line that tells what would do, and the nearest right name.
 */
import { parseArgs } from 'node:util';
import { type Kind, WrongValue } from './kinds.js';
import { nearest } from './nearest.js';

/** What was configured cannot be, in words for whoever did it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** A name by which something is given. */
export interface Flag<K> {
  readonly key: K;
  /** Stands for the value in the help; null: it has none. */
  readonly argument: string | null;
  /** A letter that stands for it. */
  readonly short?: string;
  /** What it says where it has no value; `true`, if nothing else. */
  readonly text?: string;
}

export interface FlagTexts {
  /** The name that counts is the last one, of `--pin` and `--no-pin`. */
  readonly name: string;
  readonly texts: readonly string[];
}

/** `flags`: by name, without the dashes. `take`: what is no flag. */
export function readFlags<K>(
  args: readonly string[],
  flags: ReadonlyMap<string, Flag<K>>,
  take: (word: string) => void = refuse,
): Map<K, FlagTexts> {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries([...flags].map(([name, flag]) => [name, optionOf(flag)])),
  });
  const given = new Map<K, FlagTexts>();
  for (const token of tokens) {
    if (token.kind === 'positional') take(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const flag = flags.get(name);
    if (flag === undefined) {
      const near = nearest(
        rawName,
        [...flags.keys()].map((known) => `--${known}`),
      );
      throw new ConfigurationError(`Unknown option '${rawName}'${meant(near)}`);
    }
    const { key, argument, text = 'true' } = flag;
    if (argument === null && value !== undefined) throw new ConfigurationError(`--${name} takes no value`);
    if (argument !== null && value === undefined) throw new ConfigurationError(`--${name} needs a value: ${argument}`);
    given.set(key, { name, texts: [...(given.get(key)?.texts ?? []), value ?? text] });
  }
  return given;
}

function refuse(word: string): never {
  throw new ConfigurationError(`Unexpected argument '${word}'`);
}

function optionOf({ argument, short }: Flag<unknown>): { type: 'boolean' | 'string'; short?: string } {
  const type = argument === null ? 'boolean' : 'string';
  return short === undefined ? { type } : { type, short };
}

/** Reads a value; throws what it should be as a `ConfigurationError`. `place` comes before what is said. */
export function readValue<T>(kind: Kind<T>, value: unknown, place: string, isSecret = false): T {
  try {
    return kind.read(value);
  } catch (error) {
    if (!(error instanceof WrongValue)) throw error;
    const wrong = isSecret ? '' : `, not ${typeof error.value === 'string' ? `'${error.value}'` : String(error.value)}`;
    throw new ConfigurationError(`${place} must be ${kind.expected}${wrong}`);
  }
}

/** What is said besides of a name that nobody knows. */
export function meant(name: string | null): string {
  return name === null ? '' : `; the nearest is ${name}`;
}
