/**
 * Reads DER (ITU-T X.690), as far as certificates need it: what an authority writes into one may come from anybody. Pure.
 * What must hold: whatever the octets are, it ends, reads nothing beside them, and says by a `DerError` what it cannot read.
 */

/** Tags (X.680, 8.4), and what is added to them. */
export const Tag = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  SEQUENCE: 0x30,
  SET: 0x31,
  PRINTABLE_STRING: 0x13,
  TELETEX_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  CONTEXT: 0x80,
  CONSTRUCTED: 0x20,
} as const;

/** The octets are no DER, or none that is understood here. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** With its tag and length. */
  readonly whole: Uint8Array;
}

/** The elements that stand in a row. Throws a `DerError`. */
export function elementsIn(octets: Uint8Array): Element[] {
  const elements: Element[] = [];
  for (let rest = octets; rest.length > 0; ) {
    const element = firstElement(rest);
    elements.push(element);
    rest = rest.subarray(element.whole.length);
  }
  return elements;
}

/** Those within an element, which must have this tag. Throws a `DerError`. */
export function elementsOf(element: Element | undefined, tag: number): Element[] {
  if (element?.tag !== tag) throw new DerError(`no element with tag ${tag}`);
  return elementsIn(element.content);
}

const LONG_LENGTH = 0x80;
/** Of the length; nothing longer is a certificate. */
const LENGTH_OCTETS_MOST = 4;
const MULTI_OCTET_TAG = 0x1f;

function firstElement(octets: Uint8Array): Element {
  const [tag = 0, first = LONG_LENGTH] = octets;
  if ((tag & MULTI_OCTET_TAG) === MULTI_OCTET_TAG) throw new DerError('a tag of several octets');
  const lengthOctets = first < LONG_LENGTH ? 0 : first - LONG_LENGTH;
  const start = 2 + lengthOctets;
  // A length that is not known at the beginning (0x80) is no DER.
  if (first === LONG_LENGTH || lengthOctets > LENGTH_OCTETS_MOST || start > octets.length)
    throw new DerError('no length');
  const length = lengthOctets === 0 ? first : octets.subarray(2, start).reduce((sum, octet) => sum * 256 + octet, 0);
  if (length > octets.length - start) throw new DerError('an element that is cut off');
  const whole = octets.subarray(0, start + length);
  return { tag, content: whole.subarray(start), whole };
}

const CONTINUES = 0x80;

/** With dots between its numbers. Throws a `DerError`. */
export function objectIdentifier(element: Element | undefined): string {
  if (element?.tag !== Tag.OBJECT_IDENTIFIER) throw new DerError('no object identifier');
  const numbers: number[] = [];
  let number = 0;
  for (const octet of element.content) {
    number = number * 128 + (octet & (CONTINUES - 1));
    if (!Number.isSafeInteger(number)) throw new DerError('an object identifier with a number that is too large');
    if (octet >= CONTINUES) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...others] = numbers;
  // The first two are one number (X.690, 8.19.4).
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...others].join('.');
}

/** What a string says; null: the element is none of a kind that is known here. Throws a `DerError`. */
export function stringOf({ tag, content }: Element): string | null {
  switch (tag) {
    case Tag.UTF8_STRING:
      return decoded('utf-8', content);
    case Tag.PRINTABLE_STRING:
    case Tag.IA5_STRING:
      return decoded('utf-8', content);
    // All take it for Latin-1, whatever the standard says.
    case Tag.TELETEX_STRING:
      return Buffer.from(content).toString('latin1');
    case Tag.BMP_STRING:
      return decoded('utf-16be', content);
    case Tag.UNIVERSAL_STRING:
      return codePoints(content);
    default:
      return null;
  }
}

function decoded(encoding: 'utf-8' | 'utf-16be', content: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new DerError('a string that is no text');
  }
}

function codePoints(content: Uint8Array): string {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  if (content.length % 4 !== 0) throw new DerError('a string that is no text');
  try {
    const points = Array.from({ length: content.length / 4 }, (_, index) => view.getUint32(index * 4));
    return points.map((point) => String.fromCodePoint(point)).join('');
  } catch {
    throw new DerError('a string that is no text');
  }
}

/** Null: the element is no time as certificates have it (RFC 5280, 4.1.2.5). */
export function timeOf({ tag, content }: Element): Date | null {
  const text = Buffer.from(content).toString('latin1');
  // Two digits stand for a year up to 2049.
  const digits = tag === Tag.UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  if ((tag !== Tag.UTC_TIME && tag !== Tag.GENERALIZED_TIME) || !/^\d{14}Z$/.test(digits)) return null;
  const [year, month, day, hour, minute, second] = [4, 6, 8, 10, 12, 14].map((end) =>
    digits.slice(end === 4 ? 0 : end - 2, end),
  );
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) ? null : time;
}
