/**
 * What a certificate (X.509, RFC 5280) says of whom it is for: its subject, and the other names. Node gives them as
 * texts for people, from which no name can be taken safely. Pure.
 */
import { DerError, type Element, elementsIn, elementsOf, objectIdentifier, stringOf, Tag } from './der.js';

/** Kinds of other names, by RabbitMQ's words. */
export type SanType = 'dns' | 'ip' | 'email' | 'uri' | 'other_name';

/** Tags of `GeneralName` (RFC 5280, 4.2.1.6). */
const SAN_TAGS: Readonly<Record<SanType, number>> = {
  other_name: Tag.CONTEXT | Tag.CONSTRUCTED,
  email: Tag.CONTEXT | 1,
  dns: Tag.CONTEXT | 2,
  uri: Tag.CONTEXT | 6,
  ip: Tag.CONTEXT | 7,
};

const VERSION = Tag.CONTEXT | Tag.CONSTRUCTED;
const EXTENSIONS = Tag.CONTEXT | Tag.CONSTRUCTED | 3;
const ALTERNATIVE_NAMES = '2.5.29.17';
/** Serial number and algorithm come before, and between them validity. */
const ISSUER = 2;
const SUBJECT = 4;

export interface CertificateParts {
  readonly issuer: Element;
  readonly subject: Element;
  /** Each a `GeneralName`. */
  readonly alternatives: readonly Element[];
}

/** Throws a `DerError`. */
export function certificateParts(der: Uint8Array): CertificateParts {
  const [signed] = elementsOf(elementsIn(der)[0], Tag.SEQUENCE);
  const fields = elementsOf(signed, Tag.SEQUENCE);
  const first = fields[0]?.tag === VERSION ? 1 : 0;
  const [issuer, subject] = [fields[first + ISSUER], fields[first + SUBJECT]];
  if (issuer === undefined || subject === undefined) throw new DerError('no issuer or no subject');
  const extensions = fields.find(({ tag }) => tag === EXTENSIONS);
  return { issuer, subject, alternatives: extensions === undefined ? [] : alternativesIn(extensions) };
}

function alternativesIn(extensions: Element): Element[] {
  for (const extension of elementsOf(elementsIn(extensions.content)[0], Tag.SEQUENCE)) {
    const [id, ...rest] = elementsOf(extension, Tag.SEQUENCE);
    if (objectIdentifier(id) !== ALTERNATIVE_NAMES) continue;
    const value = rest.at(-1);
    if (value?.tag !== Tag.OCTET_STRING) throw new DerError('an extension without a value');
    return elementsOf(elementsIn(value.content)[0], Tag.SEQUENCE);
  }
  return [];
}

/** The names of a kind, in their order. Throws a `DerError`. */
export function alternativesOf({ alternatives }: CertificateParts, type: SanType): Element[] {
  return alternatives.filter(({ tag }) => tag === SAN_TAGS[type]);
}

/** A name in words. Throws a `DerError`. */
export function alternativeText(name: Element, type: SanType): string {
  if (type === 'ip') return addressText(name.content);
  const string = type === 'other_name' ? otherName(name) : { ...name, tag: Tag.IA5_STRING };
  const text = string === undefined ? null : stringOf(string);
  if (text === null) throw new DerError('a name that is no string');
  return text;
}

/** `OtherName`: what kind it is of, and its value, within a tag of its own. */
function otherName(name: Element): Element | undefined {
  const [, value] = elementsIn(name.content);
  return elementsOf(value, Tag.CONTEXT | Tag.CONSTRUCTED)[0];
}

const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;

/** IPv6 as RFC 5952 has it. */
function addressText(octets: Uint8Array): string {
  if (octets.length === IPV4_OCTETS) return octets.join('.');
  if (octets.length !== IPV6_OCTETS) throw new DerError('an address of a strange length');
  const groups = Buffer.from(octets).toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
