/** Kinds of values that commands take which are clients of brokers. */
import { type Endpoint, parseEndpoint } from '../../client/endpoint.js';
import { type Kind, parsed } from './kinds.js';

export const SECONDS_MAX = 2_000_000;

/** The flag may be given several times. */
export function listOf<T>(one: Kind<T>): Kind<readonly T[]> {
  return {
    argument: one.argument,
    expected: one.expected,
    isList: true,
    fromTexts: (texts) => texts,
    read: (value) => (Array.isArray(value) ? value.map(one.read) : [one.read(value)]),
    write: (value) => value.map((each) => String(one.write(each))),
  };
}

export const url: Kind<Endpoint> = parsed(
  'URL',
  'amqp://USER:PASSWORD@HOST:PORT/VHOST, or amqps://',
  parseEndpoint,
  ({ host, port }) => `${host}:${port}`,
);

export function numberIn(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

export const seconds = parsed(
  'SECONDS',
  'a number of seconds above 0',
  (text) => {
    const value = numberIn(text);
    return value > 0 && value <= SECONDS_MAX ? value : undefined;
  },
  String,
);

const SHORT_OCTETS = 255;

/** A name as AMQP has them. */
export function shortName(what: string): Kind<string> {
  const read = (text: string): string | undefined => (Buffer.byteLength(text) <= SHORT_OCTETS ? text : undefined);
  return parsed('NAME', `${what} of at most ${SHORT_OCTETS} octets`, read, String);
}
