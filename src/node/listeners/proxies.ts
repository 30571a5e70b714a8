/**
 * Which addresses are those of proxies that are trusted to say for whom they connect: addresses, or networks as
 * ADDRESS/BITS. What must hold: an IPv4 address is the same in both ways in which a listener may see it.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export type IsProxy = (address: string) => boolean;

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Null: it is none. */
export function parseNetwork(text: string): Network | null {
  const [, address = '', digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (family === 'ipv6' && (!isIPv6(address) || address.includes('%'))) return null;
  const most = family === 'ipv4' ? 32 : 128;
  const bits = digits === undefined ? most : Number(digits);
  return bits > most ? null : { address, bits, family };
}

/** Null: there is none, and nobody need ask. */
export function proxiesIn(texts: readonly string[]): IsProxy | null {
  if (texts.length === 0) return null;
  const list = new BlockList();
  for (const text of texts) {
    const network = parseNetwork(text);
    if (network !== null) list.addSubnet(network.address, network.bits, network.family);
  }
  return (address) => {
    const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
    const plain = mapped ?? address;
    return list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
  };
}
