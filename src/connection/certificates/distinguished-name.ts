/**
 * Distinguished names in words, as RabbitMQ writes them, since they are names of users: RFC 4514, the last part first,
 * and in hexadecimal all that is not printable ASCII. Pure.
 */
import { DerError, type Element, elementsOf, objectIdentifier, stringOf, Tag } from './der.js';

/** RabbitMQ's names of attributes; the others, a street too, are written as numbers. */
const ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.12', 'TITLE'],
  ['2.5.4.42', 'GIVENNAME'],
  ['2.5.4.43', 'INITIALS'],
  ['2.5.4.44', 'GENERATIONQUALIFIER'],
  ['2.5.4.65', 'PSEUDONYM'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['1.2.840.113549.1.9.1', 'EMAILADDRESS'],
]);

/** The attribute that is the common name. */
export const COMMON_NAME = '2.5.4.3';

interface Attribute {
  /** An object identifier. */
  readonly type: string;
  readonly value: Element;
}

/** The parts of a name (`Name`, RFC 5280), each of one attribute or several. Throws a `DerError`. */
export function attributesOf(name: Element): Attribute[][] {
  return elementsOf(name, Tag.SEQUENCE).map((part) =>
    elementsOf(part, Tag.SET).map((attribute) => {
      const [type, value] = elementsOf(attribute, Tag.SEQUENCE);
      if (value === undefined) throw new DerError('an attribute without a value');
      return { type: objectIdentifier(type), value };
    }),
  );
}

/** Empty for a name without parts. Throws a `DerError`. */
export function distinguishedName(name: Element): string {
  return attributesOf(name)
    .map((part) => part.map(attributeText).join('+'))
    .reverse()
    .join(',');
}

function attributeText({ type, value }: Attribute): string {
  const text = stringOf(value);
  return `${ATTRIBUTES.get(type) ?? type}=${text === null ? `#${Buffer.from(value.whole).toString('hex')}` : escaped(text)}`;
}

const SPECIAL = new Set('"+,;<>\\');
const PRINTABLE_LEAST = 0x20;
/** RabbitMQ leaves the tilde out too. */
const PRINTABLE_END = 0x7e;

function escaped(text: string): string {
  const octets = Buffer.from(text);
  const last = octets.length - 1;
  const parts = Array.from(octets, (octet, index) => {
    const character = String.fromCharCode(octet);
    if (octet < PRINTABLE_LEAST || octet >= PRINTABLE_END)
      return `\\${octet.toString(16).toUpperCase().padStart(2, '0')}`;
    const isOutside =
      (index === 0 && (character === ' ' || character === '#')) || (index === last && character === ' ');
    return isOutside || SPECIAL.has(character) ? `\\${character}` : character;
  });
  return parts.join('');
}

/** All values of an attribute, in their order. Throws a `DerError`. */
export function valuesOf(name: Element, wanted: string): string[] {
  return attributesOf(name)
    .flat()
    .filter(({ type }) => type === wanted)
    .map(({ value }) => {
      const text = stringOf(value);
      if (text === null) throw new DerError('a value that is no string');
      return text;
    });
}
