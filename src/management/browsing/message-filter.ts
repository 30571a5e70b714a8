/**
 * Which messages somebody is after: by what they were published to, what they say of themselves, and the first octets of
 * their bodies. All that is asked for must be found; a text is found anywhere, as it is written, or is an expression as
 * in permissions (RE2, on octets). What must hold: a wrong expression is refused before anything is looked at.
 */

import { AmqpError } from '../../amqp/errors.js';
import { decodeHeader, type Properties } from '../../amqp/properties.js';
import { decodeKey } from '../../amqp/publish-key.js';
import { NamePattern, patternError } from '../../broker/access/name-pattern.js';
import type { BrowsedMessage } from '../../engine/browsing.js';
import { propertiesToJson } from '../api/base/message-properties.js';
import { badRequest } from '../http/errors.js';
import type { Json, JsonObject } from '../http/listings.js';

/** So many octets of a body are searched. */
export const BODY_SEARCHED = 128 * 1024;

/** As it goes over the wire, and to disk. */
export interface FilterSpec {
  /** In any of the others. */
  readonly match?: string;
  readonly key?: string;
  readonly exchange?: string;
  readonly body?: string;
  /** By name: what their values have in them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly properties?: Readonly<Record<string, string>>;
  readonly useRegex?: boolean;
}

/** A message with what it says, read; null where that cannot be read. */
export interface ReadMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Properties;
  readonly bodySize: number;
}

export function readMessage({ key, header }: Pick<BrowsedMessage, 'key' | 'header'>): ReadMessage | null {
  try {
    return { ...decodeKey(key), ...decodeHeader(header) };
  } catch (error) {
    if (error instanceof AmqpError) return null;
    throw error;
  }
}

type Test = (octets: Uint8Array) => boolean;

export class MessageFilter {
  /** Whether it looks at bodies. */
  readonly searchesBody: boolean;
  readonly isEmpty: boolean;
  readonly #match: Test | null;
  readonly #key: Test | null;
  readonly #exchange: Test | null;
  readonly #body: Test | null;
  readonly #headers: readonly (readonly [name: string, test: Test])[];
  readonly #properties: readonly (readonly [name: string, test: Test])[];

  /** Throws the answer to an expression that is none. */
  constructor(spec: FilterSpec) {
    const isRegex = spec.useRegex === true;
    const test = (name: string, text: string | undefined): Test | null =>
      text === undefined || text === '' ? null : testFor(name, text, isRegex);
    const tests = (kind: string, given: Readonly<Record<string, string>> = {}): (readonly [string, Test])[] =>
      Object.entries(given).map(([name, text]) => [name, testFor(`${kind}.${name}`, text, isRegex)]);
    this.#match = test('match', spec.match);
    this.#key = test('key', spec.key);
    this.#exchange = test('exchange', spec.exchange);
    this.#body = test('body', spec.body);
    this.#headers = tests('header', spec.headers);
    this.#properties = tests('property', spec.properties);
    this.searchesBody = this.#match !== null || this.#body !== null;
    const named = this.#headers.length + this.#properties.length;
    this.isEmpty = !this.searchesBody && this.#key === null && this.#exchange === null && named === 0;
  }

  /** `read`: what the message says, null where nobody can read it. */
  matches(read: ReadMessage | null, body: Uint8Array): boolean {
    if (this.isEmpty) return true;
    if (this.#body !== null && !this.#body(body.subarray(0, BODY_SEARCHED))) return false;
    if (read === null) return this.#key === null && this.#exchange === null && this.#isOnlyBody(body);
    if (this.#key !== null && !this.#key(octets(read.routingKey))) return false;
    if (this.#exchange !== null && !this.#exchange(octets(read.exchange))) return false;
    if (this.#headers.length + this.#properties.length === 0 && this.#match === null) return true;
    const { headers, ...properties } = propertiesToJson(read.properties);
    const isFound = (fields: JsonObject, [name, test]: readonly [string, Test]): boolean =>
      Object.hasOwn(fields, name) && test(octets(asText(fields[name])));
    const fields = (headers ?? {}) as JsonObject;
    if (!this.#headers.every((one) => isFound(fields, one))) return false;
    if (!this.#properties.every((one) => isFound(properties, one))) return false;
    return this.#match === null || this.#matchesAny(this.#match, read, { properties, headers: fields }, body);
  }

  #isOnlyBody(body: Uint8Array): boolean {
    if (this.#headers.length + this.#properties.length > 0) return false;
    return this.#match === null || this.#match(body.subarray(0, BODY_SEARCHED));
  }

  #matchesAny(
    test: Test,
    { routingKey, exchange }: ReadMessage,
    { properties, headers }: { readonly properties: JsonObject; readonly headers: JsonObject },
    body: Uint8Array,
  ): boolean {
    if (test(octets(routingKey)) || test(octets(exchange))) return true;
    for (const value of Object.values(properties)) if (test(octets(asText(value)))) return true;
    for (const [name, value] of Object.entries(headers))
      if (test(octets(name)) || test(octets(asText(value)))) return true;
    return test(body.subarray(0, BODY_SEARCHED));
  }
}

function testFor(name: string, text: string, isRegex: boolean): Test {
  if (!isRegex) return (within) => Buffer.from(within.buffer, within.byteOffset, within.length).includes(text);
  const error = patternError(text);
  if (error !== null) throw badRequest(`${name} is no regular expression: ${error}`);
  const pattern = new NamePattern(text);
  return (within) => pattern.findsIn(within);
}

function octets(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Texts as they are, all else as JSON. */
function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
