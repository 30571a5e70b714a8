/** Kinds of values that `leveret perf` takes besides those of settings. */
import type { Plain } from '../../amqp/table.js';
import type { Step } from '../../perf/measure/steps.js';
import { plainOf } from '../../perf/plain.js';
import { listOf, numberIn, SECONDS_MAX, url } from '../config/client-kinds.js';
import { type Kind, parsed } from '../config/kinds.js';

const MIB = 1024 ** 2;
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: MIB };
/** What a body may have at most; a broker may take less. */
const SIZE_MAX = 128 * MIB;

export const octets = parsed('SIZE', `octets up to ${SIZE_MAX / MIB}M, such as 1024, 64K or 1M`, sizeIn, String);

function sizeIn(text: string): number | undefined {
  const [, digits, unit = ''] = /^(\d{1,9})([KM]?)$/i.exec(text) ?? [];
  const size = Number(digits) * (UNITS[unit.toUpperCase()] ?? 1);
  return size <= SIZE_MAX ? size : undefined;
}

/** A number of seconds or of messages a second, above nothing. */
export function positive(what: string): Kind<number> {
  const read = (text: string): number | undefined => {
    const value = numberIn(text);
    return value > 0 && value <= SECONDS_MAX * 1000 ? value : undefined;
  };
  return parsed('N', `a number of ${what} above 0`, read, String);
}

/** A value and for how many seconds it holds; one after the other, and from the beginning again. */
function steps(
  argument: string,
  expected: string,
  valueIn: (text: string) => number | undefined,
): Kind<readonly Step[]> {
  const one = parsed(
    argument,
    expected,
    (text): Step | undefined => {
      const [value = '', time = '', ...others] = text.split(':');
      const step = { value: valueIn(value) ?? Number.NaN, seconds: numberIn(time) };
      return others.length === 0 && step.value >= 0 && step.seconds > 0 ? step : undefined;
    },
    (step) => `${step.value}:${step.seconds}`,
  );
  return listOf(one);
}

export const rateSteps = steps('RATE:SECONDS', 'RATE:SECONDS, such as 100:60', numberIn);
export const sizeSteps = steps('SIZE:SECONDS', 'SIZE:SECONDS, such as 1024:60', sizeIn);

export const urls = listOf(url);

/** Names with values: whole numbers, true and false are what they look like. */
export const pairs = listOf(
  parsed<readonly [string, string]>(
    'NAME=VALUE',
    'NAME=VALUE',
    (text) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      return name === undefined || value === undefined ? undefined : [name, value];
    },
    ([name, value]) => `${name}=${value}`,
  ),
);

export function tableOf(given: readonly (readonly [string, string])[]): Readonly<Record<string, Plain>> {
  return Object.fromEntries(given.map(([name, value]) => [name, plainOf(value)]));
}
