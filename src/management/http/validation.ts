/**
 * Requests are checked by their contract's schemas. What must hold: nothing that a request says is changed; what does
 * not fit is refused by one line that names the field, and says what would do.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Schema } from '../contract/schema.js';
import { badRequest, type HttpError } from './errors.js';

/** The schemas are known to be right, and have words of ours. */
const ajv = new Ajv({ strict: false, verbose: true });

type Verdict = { readonly value: unknown } | { readonly error: HttpError };

/** Made at the first request: most routes are never asked for. `part`: `body` or `querystring`. */
export function lazyValidator(schema: Schema, part: string): (given: unknown) => Verdict {
  let validate: ValidateFunction | null = null;
  return (given) => {
    validate ??= ajv.compile(schema);
    if (validate(given)) return { value: given };
    const [first] = validate.errors ?? [];
    return { error: badRequest(first === undefined ? 'the request is wrong' : inWords(first, part)) };
  };
}

function inWords(
  { keyword, instancePath, params: { missingProperty, additionalProperty }, message, parentSchema, data }: ErrorObject,
  part: string,
): string {
  const { 'x-refusal': own, type, enum: values, properties, pattern } = (parentSchema ?? {}) as Schema;
  const isWhole = instancePath === '';
  if (keyword === 'required') {
    const missing = String(missingProperty);
    const saying = properties?.[missing]?.['x-refusal'];
    if (saying !== undefined) return saying;
    return isWhole ? `missing from the body: ${missing}` : `missing from ${nameAt(instancePath)}: ${missing}`;
  }
  if (keyword === 'additionalProperties') {
    const known = Object.keys(properties ?? {}).join(', ');
    if (part === 'querystring')
      return `there is no parameter ${String(additionalProperty)} here, but ${known === '' ? 'none at all' : known}`;
    return `${isWhole ? 'the body' : nameAt(instancePath)} has no field ${String(additionalProperty)}, but ${known}`;
  }
  if (isWhole && part === 'body') return 'the body must be a JSON object';
  if (own !== undefined) return own;
  const name = nameAt(instancePath);
  if (keyword === 'enum') {
    const texts = [...new Set((values ?? []).filter((value) => value !== null).map(String))];
    return `${name} must be ${texts.length > 2 ? 'one of ' : ''}${texts.join(texts.length > 2 ? ', ' : ' or ')}`;
  }
  if (keyword === 'type') return `${name} must be ${typesInWords(type)}`;
  // All patterns of the contract are those of numbers in texts.
  if (keyword === 'pattern')
    return `${name} must be ${pattern?.includes('.') ? 'a number' : 'a whole number'}, not '${data}'`;
  return `${name} ${message}`;
}

function nameAt(instancePath: string): string {
  return instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
}

const WORDS: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  string: 'a text',
  array: 'a list',
  object: 'an object',
};

function typesInWords(type: Schema['type']): string {
  const types = typeof type === 'string' ? [type] : (type ?? []);
  const texts = types.filter((one) => one !== 'null').map((one) => WORDS[one] ?? one);
  // What is meant, where several would do.
  if (texts.includes('a whole number')) return 'a whole number';
  return texts.includes('an object') ? 'an object' : (texts[0] ?? '');
}
