/**
 * What `leveret config` prints: each setting as a file would have it, and where its value comes from. What must hold:
 * it can be read as such a file; what is secret is not shown.
 */
import type { ResolvedOptions } from '../../node/options.js';
import type { FileValue } from './kinds.js';
import { EXCLUDED, KEYS, type Key, settingOf, standardText } from './settings.js';
import type { Configuration, Given, Origin } from './sources.js';

const COLUMN = 40;

export function inForce(given: Configuration, options: ResolvedOptions): string {
  return `${KEYS.map((key) => line(key, given, options)).join('\n')}\n`;
}

function line(key: Key, given: Configuration, options: ResolvedOptions): string {
  const other = excluding(key, given);
  if (other !== undefined) return `# ${key} means nothing with ${other}`;
  const { kind, isSecret, isOutside } = settingOf(key);
  const one: Given<unknown> | undefined = given[key];
  const value = valueInForce(key, given, options);
  const from = one === undefined ? 'default' : originText(one.origin);
  if (value === null)
    return `# ${key} is not set`
      .padEnd(COLUMN)
      .concat(` # ${standardText(key) ?? from}`)
      .trimEnd();
  const hidden = isSecret === true || isOutside === true ? '# ' : '';
  const shown = isSecret === true ? 'is not shown' : `= ${toml(kind.write(value))}`;
  return `${hidden}${key} ${shown}`.padEnd(COLUMN).concat(` # ${from}`);
}

/** Null: nothing holds, or what the broker makes of that. */
export function valueInForce(key: Key, given: Configuration, options: ResolvedOptions): unknown {
  const { standard, decided } = settingOf(key);
  return given[key]?.value ?? decided?.(options) ?? standard;
}

/** The setting that takes this one's meaning. */
function excluding(key: Key, given: Configuration): Key | undefined {
  return KEYS.find(
    (other) => given[other] !== undefined && given[other].value !== false && EXCLUDED[other]?.includes(key),
  );
}

function originText({ place, name }: Origin): string {
  return place === '' ? name : place.replace(/: $/, '');
}

/** A value in TOML: texts are written as in JSON, but for the one control character that JSON leaves as it is. */
export function toml(value: FileValue): string {
  if (typeof value === 'object') return `[${value.map(toml).join(', ')}]`;
  return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
}
