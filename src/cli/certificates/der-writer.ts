/**
 * Writes DER (ITU-T X.690), as far as certificates need it. Pure.
 */
import { Tag } from '../../connection/certificates/der.js';

/** An element with this tag, of these parts in a row. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag, ...lengthOctets(content.length)), content]);
}

const SHORT_MOST = 127;

function lengthOctets(length: number): number[] {
  if (length <= SHORT_MOST) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 | octets.length, ...octets];
}

export function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(Tag.SEQUENCE, ...parts);
}

/** Of octets that stand for a number above 0, the most significant first. */
export function integer(octets: Uint8Array): Buffer {
  const isNegative = (octets[0] ?? 0) >= 0x80;
  return element(Tag.INTEGER, isNegative ? Buffer.of(0) : Buffer.of(), octets);
}

/** Written with dots between its numbers. */
export function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split('.').map(Number);
  return element(Tag.OBJECT_IDENTIFIER, Buffer.from([first * 40 + second, ...others].flatMap(base128)));
}

function base128(number: number): number[] {
  const octets = [number % 128];
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift((rest % 128) | 0x80);
  return octets;
}

/** `unused`: bits at the end that do not count. */
export function bitString(octets: Uint8Array, unused = 0): Buffer {
  return element(Tag.BIT_STRING, Buffer.of(unused), octets);
}

export function utf8String(text: string): Buffer {
  return element(Tag.UTF8_STRING, Buffer.from(text));
}

/** The first year that takes four digits (RFC 5280, 4.1.2.5). */
const LONG_YEARS = 2050;

export function time(date: Date): Buffer {
  const digits = `${date.toISOString().replaceAll(/\D/g, '').slice(0, 14)}Z`;
  return date.getUTCFullYear() < LONG_YEARS
    ? element(Tag.UTC_TIME, Buffer.from(digits.slice(2)))
    : element(Tag.GENERALIZED_TIME, Buffer.from(digits));
}
