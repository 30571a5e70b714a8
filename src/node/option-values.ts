/**
 * Checks of single values that a program gives: each that is wrong is refused with one line that names the option and
 * says what would do. What is given may come from a program without types.
 */

/** An option cannot be understood, in words for whoever gave it. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

export function refuseUnknown(prefix: string, given: unknown, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw new OptionError('options must be an object');
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new OptionError(`there is no option '${prefix}${unknown}'; there are ${known.join(', ')}`);
}

export function wholeNumber(name: string, value: unknown, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new OptionError(`${name} must be a whole number from ${min} to ${max}, not ${shown(value)}`);
}

export function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new OptionError(`${name} must be a text that is not empty, not ${shown(value)}`);
}

export function oneOrMore(name: string, value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((one, index) => text(`${name}[${index}]`, one)) : [text(name, value)];
}

export function texts(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new OptionError(`${name} must be a list of texts, not ${shown(value)}`);
  return value.map((one, index) => text(`${name}[${index}]`, one));
}

export function textOrNull(name: string, value: unknown): string | null {
  return value === null ? null : text(name, value);
}

export function oneOf<T extends string>(name: string, value: unknown, all: readonly T[]): T {
  const one = all.find((known) => known === value);
  if (one !== undefined) return one;
  throw new OptionError(`${name} must be one of ${all.join(', ')}, not ${shown(value)}`);
}

export function yesOrNo(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new OptionError(`${name} must be true or false, not ${shown(value)}`);
}

export function shown(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
