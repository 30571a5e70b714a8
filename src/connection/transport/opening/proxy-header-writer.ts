/**
 * The header of the PROXY protocol, version 2, by which a node of a cluster says to the one that leads for whom it
 * passes octets on, and by which kind of listener the client has come. What must hold: proxy-header.ts reads the same.
 */
import { isIPv4 } from 'node:net';
import type { ListenerPlace } from '../accepted-socket.js';
import { type Ends, isLoopback } from '../endpoint.js';
import { Command, Family, HEAD_2, LISTENER, SIGNATURE_2, STREAM, VERSION_2 } from './proxy-header.js';

type Kind = ListenerPlace['kind'];

/** Octets of a type and a length, before each value. */
const DETAIL_HEAD = 3;

export function proxyHeader(ends: Ends, kind: Kind): Buffer {
  // Whoever comes by a path comes by plain AMQP.
  const listener = Buffer.from(kind === 'unix' ? 'tcp' : kind, 'latin1');
  const { family, octets } = addresses(ends);
  const head = Buffer.alloc(HEAD_2);
  SIGNATURE_2.copy(head);
  head.writeUInt8(VERSION_2 + Command.PROXY, 12);
  head.writeUInt8(family === Family.UNSPECIFIED ? 0 : (family << 4) | STREAM, 13);
  head.writeUInt16BE(octets.length + DETAIL_HEAD + listener.length, 14);
  return Buffer.concat([head, octets, Buffer.of(LISTENER, 0, listener.length), listener]);
}

/** Unspecified: the client has no address, or only one that would mean another machine to who reads it. */
function addresses({ peer, local }: Ends): { readonly family: number; readonly octets: Buffer } {
  if (peer?.kind !== 'tcp' || local?.kind !== 'tcp' || (peer.isElsewhere === true && isLoopback(peer.address)))
    return { family: Family.UNSPECIFIED, octets: Buffer.alloc(0) };
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(peer.port, 0);
  ports.writeUInt16BE(local.port, 2);
  const both = [peer.address, local.address].map(octets6);
  const isInet = both.every(isMapped);
  const octets = Buffer.concat([...both.map((address) => (isInet ? address.subarray(12) : address)), ports]);
  return { family: isInet ? Family.INET : Family.INET6, octets };
}

const MAPPED = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);

function isMapped(address: Buffer): boolean {
  return address.compare(MAPPED, 0, MAPPED.length, 0, MAPPED.length) === 0;
}

/** The 16 octets of an address; one of IPv4 as IPv6 has it. */
function octets6(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from([...MAPPED, ...address.split('.').map(Number)]);
  // Nobody else knows this machine's names of its networks.
  const [text = ''] = address.split('%');
  const [before = '', behind] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::');
  const first = groups(before);
  const last = groups(behind ?? '');
  const octets = Buffer.alloc(16);
  first.forEach((group, index) => {
    octets.writeUInt16BE(group, index * 2);
  });
  last.forEach((group, index) => {
    octets.writeUInt16BE(group, 16 - (last.length - index) * 2);
  });
  return octets;
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}
