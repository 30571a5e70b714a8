/** Headers of the PROXY protocol, version 2, as proxies make them. */

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** `versionAndCommand`: 0x21 for a client; `family`: 0x11 for TCP by IPv4, 0x21 by IPv6. */
export function header2(versionAndCommand: number, family: number, rest: readonly number[]): Buffer {
  const { length } = rest;
  return Buffer.concat([SIGNATURE, Buffer.of(versionAndCommand, family, length >> 8, length & 255), Buffer.from(rest)]);
}

/** Types with their values, one behind the other. */
export function details(...all: readonly (readonly [type: number, value: readonly number[]])[]): number[] {
  return all.flatMap(([type, value]) => [type, value.length >> 8, value.length & 255, ...value]);
}

/** With the checksum that belongs to it. */
export function withChecksum(versionAndCommand: number, family: number, rest: readonly number[]): Buffer {
  const octets = header2(versionAndCommand, family, [...rest, ...details([3, [0, 0, 0, 0]])]);
  octets.writeUInt32BE(crc32c(octets), octets.length - 4);
  return octets;
}

/** By the table of the polynomial's remainders. */
function crc32c(octets: Uint8Array): number {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
    return value >>> 0;
  });
  let crc = 0xffffffff;
  for (const octet of octets) crc = (crc >>> 8) ^ (table[(crc ^ octet) & 255] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
