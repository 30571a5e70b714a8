/**
 * Makes certificates (X.509, RFC 5280) for a trial: keys on P-256, each signed by an authority that is made beside it.
 * Node can read certificates, but makes none, and the libraries that do bring a score of packages for these few fields.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import { Tag } from '../../connection/certificates/der.js';
import { bitString, element, integer, objectIdentifier, sequence, time, utf8String } from './der-writer.js';

/** A certificate and its key, PEM. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

/** Who signs. */
export interface Authority extends Issued {
  readonly name: string;
  readonly privateKey: KeyObject;
  /** By which those that it signs name its key. */
  readonly keyId: Uint8Array;
}

export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

const ECDSA_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const COMMON_NAME = objectIdentifier('2.5.4.3');
const YES = element(Tag.BOOLEAN, Buffer.of(0xff));
const VERSION_3 = Buffer.of(2);

/** Extensions, and purposes of a key, by their object identifiers. */
const Extension = {
  SUBJECT_KEY: '2.5.29.14',
  KEY_USAGE: '2.5.29.15',
  ALTERNATIVE_NAMES: '2.5.29.17',
  BASIC_CONSTRAINTS: '2.5.29.19',
  AUTHORITY_KEY: '2.5.29.35',
  PURPOSES: '2.5.29.37',
} as const;
const FOR_SERVERS = '1.3.6.1.5.5.7.3.1';
const FOR_CLIENTS = '1.3.6.1.5.5.7.3.2';

/** Bits of the key's usage, and how many behind them do not count. */
const SIGNS = bitString(Buffer.of(0b1000_0000), 7);
const SIGNS_CERTIFICATES = bitString(Buffer.of(0b0000_0110), 1);

export function issueAuthority(name: string, validity: Validity): Authority {
  const pair = newKey();
  const own = [
    extension(Extension.BASIC_CONSTRAINTS, sequence(YES), true),
    extension(Extension.KEY_USAGE, SIGNS_CERTIFICATES, true),
  ];
  const signer = { name, privateKey: pair.privateKey, keyId: pair.keyId };
  return { ...signer, ...issue(name, pair, signer, validity, own) };
}

/** For these names and addresses. */
export function issueForServer(hosts: readonly string[], authority: Authority, validity: Validity): Issued {
  const names = extension(Extension.ALTERNATIVE_NAMES, sequence(...hosts.map(generalName)));
  return issue('Leveret trial broker', newKey(), authority, validity, [...endEntity(FOR_SERVERS), names]);
}

export function issueForClient(name: string, authority: Authority, validity: Validity): Issued {
  return issue(name, newKey(), authority, validity, endEntity(FOR_CLIENTS));
}

function endEntity(purpose: string): Buffer[] {
  return [
    extension(Extension.BASIC_CONSTRAINTS, sequence(), true),
    extension(Extension.KEY_USAGE, SIGNS, true),
    extension(Extension.PURPOSES, sequence(objectIdentifier(purpose))),
  ];
}

interface NewKey {
  readonly privateKey: KeyObject;
  /** `SubjectPublicKeyInfo`. */
  readonly publicKey: Buffer;
  readonly keyId: Uint8Array;
}

/** Of an uncompressed point on P-256, which stands at the end of a public key. */
const POINT_OCTETS = 65;

function newKey(): NewKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const info = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey: info, keyId: createHash('sha1').update(info.subarray(-POINT_OCTETS)).digest() };
}

const SERIAL_OCTETS = 16;

function issue(
  name: string,
  { privateKey, publicKey, keyId }: NewKey,
  signer: Pick<Authority, 'name' | 'privateKey' | 'keyId'>,
  { from, to }: Validity,
  extensions: readonly Buffer[],
): Issued {
  const keys = [
    extension(Extension.SUBJECT_KEY, element(Tag.OCTET_STRING, keyId)),
    extension(Extension.AUTHORITY_KEY, sequence(element(Tag.CONTEXT, signer.keyId))),
  ];
  const content = sequence(
    element(Tag.CONTEXT | Tag.CONSTRUCTED, integer(VERSION_3)),
    integer(serialNumber()),
    ECDSA_SHA256,
    distinguishedName(signer.name),
    sequence(time(from), time(to)),
    distinguishedName(name),
    publicKey,
    element(Tag.CONTEXT | Tag.CONSTRUCTED | 3, sequence(...extensions, ...keys)),
  );
  const whole = sequence(content, ECDSA_SHA256, bitString(sign('sha256', content, signer.privateKey)));
  return {
    certificate: pem('CERTIFICATE', whole),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Never 0 in front, which would be one octet too many (X.690, 8.3.2). */
function serialNumber(): Buffer {
  const octets = randomBytes(SERIAL_OCTETS);
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40;
  return octets;
}

function distinguishedName(commonName: string): Buffer {
  return sequence(element(Tag.SET, sequence(COMMON_NAME, utf8String(commonName))));
}

function extension(id: string, value: Uint8Array, isCritical = false): Buffer {
  return sequence(objectIdentifier(id), ...(isCritical ? [YES] : []), element(Tag.OCTET_STRING, value));
}

/** Tags of `GeneralName` (RFC 5280, 4.2.1.6). */
function generalName(host: string): Buffer {
  if (isIP(host) === 0) return element(Tag.CONTEXT | 2, Buffer.from(host));
  return element(Tag.CONTEXT | 7, isIPv4(host) ? Buffer.from(host.split('.').map(Number)) : ipv6Octets(host));
}

const IPV6_GROUPS = 8;

function ipv6Octets(address: string): Buffer {
  // In hexadecimal throughout, with at most one gap.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = plain.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const gap = Array.from({ length: IPV6_GROUPS - head.length - tail.length }, () => '0');
  return Buffer.from([...head, ...gap, ...tail].map((group) => group.padStart(4, '0')).join(''), 'hex');
}

const PEM_WIDTH = 64;

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(new RegExp(`.{1,${PEM_WIDTH}}`, 'g')) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
