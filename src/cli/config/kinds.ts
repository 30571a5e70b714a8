/**
 * Kinds of values that a setting may have: how each is written as a flag or in the environment, and in a file, and what
 * is none of the kind. What must hold: whatever the source, the same value comes out.
 */
import {
  AREAS,
  type Area,
  DEFAULT_LEVEL,
  type LevelSettings,
  THRESHOLDS,
  type Threshold,
} from '../../logging/levels.js';
import { addressText, type ListenAddress, parseAddress } from '../../node/listeners/address.js';
import { parseNetwork } from '../../node/listeners/proxies.js';

const MIB = 1024 ** 2;
const UNITS: Readonly<Record<string, number>> = { K: 1024, M: MIB, G: 1024 ** 3 };

/** A value as a TOML file has it. */
export type FileValue = string | number | boolean | readonly string[];

export interface Kind<T> {
  /** Stands for the value in the help; null: the flag has none, as it is yes or, with `no-`, no. */
  readonly argument: string | null;
  /** What goes on after "must be". */
  readonly expected: string;
  /** Whether the flag may be given several times. */
  readonly isList: boolean;
  /** What a file would have for the texts of flags, or of a variable. */
  fromTexts(texts: readonly string[]): unknown;
  /** Reads what a file has; throws `WrongValue`. */
  read(value: unknown): T;
  /** As a file has it. */
  write(value: T): FileValue;
}

/** It is not what the kind expects. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue';
  constructor(readonly value: unknown) {
    super('wrong value');
  }
}

type Reading<T> = (value: unknown) => T | undefined;

function kind<T>(argument: string, expected: string, read: Reading<T>, write: (value: T) => FileValue): Kind<T> {
  return { argument, expected, isList: false, fromTexts: only, read: orWrong(read), write };
}

function only(texts: readonly string[]): string {
  return texts.at(-1) ?? '';
}

function orWrong<T>(read: Reading<T>): (value: unknown) => T {
  return (value) => {
    const result = read(value);
    if (result === undefined) throw new WrongValue(value);
    return result;
  };
}

export function wholeNumber(min: number, max: number): Kind<number> {
  const isIn = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= min && Number(value) <= max;
  return {
    ...kind(
      'N',
      `a whole number from ${min} to ${max}`,
      (value) => (isIn(value) ? value : undefined),
      (value) => value,
    ),
    fromTexts: (texts) => (/^\d+$/.test(only(texts)) ? Number(only(texts)) : only(texts)),
  };
}

/** Octets, written with a unit. */
export function size(min: number, max: number, expected: string): Kind<number> {
  const read = (value: unknown): number | undefined => {
    const octets = sizeIn(value);
    return octets >= min && octets <= max ? octets : undefined;
  };
  return kind('SIZE', expected, read, sizeText);
}

/** Not a number when it is no size. */
function sizeIn(value: unknown): number {
  const match = /^(\d+)([KMG])(?:i?B)?$/i.exec(String(value));
  const unit = UNITS[match?.[2]?.toUpperCase() ?? ''];
  return match !== null && unit !== undefined ? Number(match[1]) * unit : Number.NaN;
}

/** A number of octets in the largest unit that gives a whole number. */
function sizeText(octets: number): string {
  const unit = ['G', 'M', 'K'].find((name) => octets % (UNITS[name] ?? 1) === 0) ?? 'K';
  return `${Math.floor(octets / (UNITS[unit] ?? 1))}${unit}`;
}

export function text(argument: string, expected: string): Kind<string> {
  const read = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
  return kind(argument, expected, read, (value) => value);
}

/** Texts, of which one may stand alone. In the environment commas stand between them. */
export function oneOrMore(argument: string, expected: string): Kind<readonly string[]> {
  const one = text(argument, expected);
  return {
    argument,
    expected,
    isList: true,
    fromTexts: (given) => given,
    read: (value) => (Array.isArray(value) ? value.map(one.read) : [one.read(value)]),
    write: (value) => value,
  };
}

export function oneOf<T extends string>(all: readonly T[]): Kind<T> {
  const expected = `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
  return kind(
    'KIND',
    expected,
    (value) => all.find((known) => known === value),
    (value) => value,
  );
}

/** A text that means something else. */
export function parsed<T>(
  argument: string,
  expected: string,
  parse: (text: string) => T | undefined,
  write: (value: T) => string,
): Kind<T> {
  return kind(argument, expected, (value) => (typeof value === 'string' ? parse(value) : undefined), write);
}

const YES_OR_NO: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false };

export const yesOrNo: Kind<boolean> = {
  argument: null,
  expected: 'true or false',
  isList: false,
  fromTexts: (texts) => YES_OR_NO[only(texts)] ?? only(texts),
  read: orWrong((value) => (typeof value === 'boolean' ? value : undefined)),
  write: (value) => value,
};

/** Texts, each with something in it. In the environment commas stand between them. */
export function texts(
  argument: string,
  expected: string,
  isOne = (one: string) => one !== '',
): Kind<readonly string[]> {
  return {
    argument,
    expected,
    isList: true,
    fromTexts: (given) => given,
    read: (value) => {
      if (!Array.isArray(value)) throw new WrongValue(value);
      return value.map(orWrong((one) => (typeof one === 'string' && isOne(one) ? one : undefined)));
    },
    write: (value) => value,
  };
}

export const networks = texts('ADDRESS', 'an address or ADDRESS/BITS', (one) => parseNetwork(one) !== null);

/** In the environment commas stand between the addresses. */
export const addresses: Kind<readonly ListenAddress[]> = {
  argument: 'ADDRESS',
  expected: 'tcp://HOST:PORT, tls://HOST:PORT, ws://HOST:PORT, wss://HOST:PORT or unix:///PATH',
  isList: true,
  fromTexts: (texts) => texts,
  read: (value) => {
    if (!Array.isArray(value)) throw new WrongValue(value);
    return value.map(orWrong((one) => (typeof one === 'string' ? (parseAddress(one) ?? undefined) : undefined)));
  },
  write: (value) => value.map(addressText),
};

/** The levels of the log, each for all areas or for one; in flags, too, commas may stand between them. */
export const logLevels: Kind<LevelSettings> = {
  argument: 'LEVEL',
  expected: `${THRESHOLDS.slice(0, -1).join(', ')} or ${THRESHOLDS.at(-1)}, or AREA=LEVEL with one of the areas ${AREAS.join(', ')}`,
  isList: true,
  fromTexts: (texts) => texts.flatMap((text) => text.split(',').map((one) => one.trim())),
  read: (value) => {
    const settings: { default: Threshold } & { [A in Area]?: Threshold } = { default: DEFAULT_LEVEL };
    for (const one of Array.isArray(value) ? value : [value]) {
      const [area, level] = levelIn(one);
      settings[area] = level;
    }
    return settings;
  },
  write: ({ default: all, ...areas }) => [all, ...Object.entries(areas).map(([area, level]) => `${area}=${level}`)],
};

function levelIn(value: unknown): ['default' | Area, Threshold] {
  const words = typeof value === 'string' ? value.split('=') : [];
  const area = words.length === 2 ? AREAS.find((known) => known === words[0]) : 'default';
  const level = THRESHOLDS.find((known) => known === words.at(-1));
  if (area === undefined || level === undefined || words.length > 2) throw new WrongValue(value);
  return [area, level];
}
