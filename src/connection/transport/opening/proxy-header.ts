/**
 * The header of the PROXY protocol, versions 1 and 2, by which a proxy says for whom it has connected (HAProxy,
 * doc/proxy-protocol.txt). Decides by octets alone. What must hold: never more is asked for than what surely belongs to
 * the header, so that what follows it is left where it is; what is wrong is refused at the first octet that shows it.
 */
import { isIPv4, isIPv6 } from 'node:net';

export interface ProxyAddress {
  readonly address: string;
  readonly port: number;
}

/** What a node of the cluster adds that passes a client on. */
interface PassedOn {
  /** The kind of listener by which the client has come there; nothing: the header does not say it. */
  readonly listener?: string;
}

/** For whom the proxy has connected. */
export type ProxyHeader =
  | ({ readonly kind: 'client'; readonly peer: ProxyAddress; readonly local: ProxyAddress } & PassedOn)
  /** For itself, as to see whether the broker is there. */
  | { readonly kind: 'itself' }
  /** For somebody of whom it does not say where. */
  | ({ readonly kind: 'unknown' } & PassedOn);

/** It is no such header; the message says what is wrong, in words that go on after the client. */
export class ProxyHeaderError extends Error {}

const SIGNATURE_1 = Buffer.from('PROXY ', 'latin1');
export const SIGNATURE_2 = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** No header of version 1 is shorter, or longer. */
const MIN_1 = 'PROXY UNKNOWN\r\n'.length;
const MAX_1 = 107;
/** Signature, version and command, family, length of the rest. */
export const HEAD_2 = 16;
/** So much may follow the head: addresses, and what the proxy tells of its client besides. */
const REST_MAX_2 = 4096;

const CR = 13;
const LF = 10;

export class ProxyHeaderReader {
  #octets: Buffer = Buffer.alloc(0);

  get hasBegun(): boolean {
    return this.#octets.length > 0;
  }

  /** So many octets, at least, belong to the header and have not come; never 0. */
  get wanted(): number {
    const { length } = this.#octets;
    if (this.#octets[0] === SIGNATURE_2[0])
      return length < HEAD_2 ? HEAD_2 - length : HEAD_2 + this.#octets.readUInt16BE(14) - length;
    if (length < MIN_1) return MIN_1 - length;
    return this.#octets.at(-1) === CR ? 1 : 2;
  }

  /** Takes octets, at most as many as are wanted. Null: there are more to come. Throws `ProxyHeaderError`. */
  take(octets: Uint8Array): ProxyHeader | null {
    this.#octets = Buffer.concat([this.#octets, octets]);
    if (startsAs(this.#octets, SIGNATURE_2)) return this.#read2();
    if (startsAs(this.#octets, SIGNATURE_1)) return this.#read1();
    throw new ProxyHeaderError('it does not begin with a PROXY header');
  }

  #read1(): ProxyHeader | null {
    const octets = this.#octets;
    const end = octets.indexOf(CR);
    if (end < 0 ? octets.includes(LF) : end + 1 < octets.length && octets[end + 1] !== LF)
      throw new ProxyHeaderError('its PROXY header does not end with CR and LF');
    if (end >= 0 && end + 2 === octets.length) return parse1(octets.toString('latin1', 0, end));
    if (octets.length + this.wanted > MAX_1)
      throw new ProxyHeaderError(`its PROXY header is longer than ${MAX_1} octets`);
    return null;
  }

  #read2(): ProxyHeader | null {
    const octets = this.#octets;
    if (octets.length < HEAD_2) return null;
    const length = octets.readUInt16BE(14);
    if (length > REST_MAX_2)
      throw new ProxyHeaderError(`its PROXY header is longer than ${HEAD_2 + REST_MAX_2} octets`);
    return octets.length < HEAD_2 + length ? null : parse2(octets);
  }
}

/** Whether they are the same as far as both go. */
function startsAs(octets: Buffer, signature: Buffer): boolean {
  const length = Math.min(octets.length, signature.length);
  return octets.compare(signature, 0, length, 0, length) === 0;
}

function parse1(line: string): ProxyHeader {
  const [, family, ...parts] = line.split(' ');
  if (family === 'UNKNOWN') return { kind: 'unknown' };
  if (family !== 'TCP4' && family !== 'TCP6')
    throw new ProxyHeaderError(`its PROXY header is for neither TCP4, TCP6 nor UNKNOWN`);
  const isAddress = family === 'TCP4' ? isIPv4 : isIPv6;
  const [from = '', to = '', fromPort = '', toPort = '', ...others] = parts;
  if (others.length > 0 || !isAddress(from) || !isAddress(to) || !isPort(fromPort) || !isPort(toPort))
    throw new ProxyHeaderError(`its PROXY header does not have two ${family} addresses and two ports`);
  return {
    kind: 'client',
    peer: { address: from, port: Number(fromPort) },
    local: { address: to, port: Number(toPort) },
  };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

export const VERSION_2 = 0x20;
export const Command = { LOCAL: 0, PROXY: 1 } as const;
export const Family = { UNSPECIFIED: 0, INET: 1, INET6: 2, UNIX: 3 } as const;
export const STREAM = 1;
/** Lengths of addresses and ports by family. */
const ADDRESSES = [0, 12, 36, 216] as const;

function parse2(octets: Buffer): ProxyHeader {
  const command = octets.readUInt8(12) - VERSION_2;
  const family = octets.readUInt8(13) >> 4;
  const protocol = octets.readUInt8(13) & 15;
  // All else that is there does not count then.
  if (command === Command.LOCAL) return { kind: 'itself' };
  if (command !== Command.PROXY) throw new ProxyHeaderError('its PROXY header has an unknown version or command');
  const length = ADDRESSES[family];
  if (length === undefined || protocol > 2) throw new ProxyHeaderError('its PROXY header has an unknown family');
  if (octets.length < HEAD_2 + length) throw new ProxyHeaderError('its PROXY header is too short for its addresses');
  const passedOn = readDetails(octets, HEAD_2 + length);
  if (protocol !== STREAM || (family !== Family.INET && family !== Family.INET6))
    return { kind: 'unknown', ...passedOn };
  const size = family === Family.INET ? 4 : 16;
  const end = (index: number): ProxyAddress => {
    const at = HEAD_2 + index * size;
    const address = octets.subarray(at, at + size);
    const port = octets.readUInt16BE(HEAD_2 + 2 * size + 2 * index);
    return { address: family === Family.INET ? address.join('.') : addressText6(address), port };
  };
  return { kind: 'client', peer: end(0), local: end(1), ...passedOn };
}

/** As the system writes it: what IPv6 makes of an IPv4 address is one. */
function addressText6(octets: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => octets.readUInt16BE(index * 2).toString(16));
  const text = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text) ?? [];
  return high === undefined || low === undefined ? text : octets.subarray(12).join('.');
}

const CHECKSUM = 3;
/** The kind of a listener, as text: of those types that every application may use for what it likes. */
export const LISTENER = 0xe0;

/** Type, length, value, one behind the other. Of all that they may tell the checksum and the listener count. */
function readDetails(octets: Buffer, start: number): PassedOn {
  let passedOn: PassedOn = {};
  for (let at = start; at < octets.length; ) {
    const value = at + 3;
    const end = value <= octets.length ? value + octets.readUInt16BE(at + 1) : Number.POSITIVE_INFINITY;
    if (end > octets.length) throw new ProxyHeaderError('its PROXY header ends in the midst of what it tells');
    if (octets[at] === CHECKSUM) checkSum(octets, value, end - value);
    if (octets[at] === LISTENER) passedOn = { listener: octets.toString('latin1', value, end) };
    at = end;
  }
  return passedOn;
}

function checkSum(octets: Buffer, at: number, length: number): void {
  const sum = length === 4 ? octets.readUInt32BE(at) : null;
  if (sum !== null) octets.writeUInt32BE(0, at);
  if (sum !== crc32c(octets)) throw new ProxyHeaderError('its PROXY header has a wrong checksum');
  octets.writeUInt32BE(sum, at);
}

/** CRC-32C (Castagnoli), bit by bit: headers are short. */
function crc32c(octets: Uint8Array): number {
  let crc = 0xffffffff;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0x82f63b78);
  }
  return ~crc >>> 0;
}
