/**
 * Sends a datagram to a Unix-domain socket, which Node cannot. What must hold: an address that begins with `@` is one of
 * Linux's abstract names, as service managers write them.
 */
import { closeSync } from 'node:fs';
import { endianness } from 'node:os';
import { loadKoffi } from './foreign-calls.js';

const AF_UNIX = 1;
/** SOCK_DGRAM and SOCK_CLOEXEC. */
const DATAGRAM_SOCKET = 0x2 | 0x80000;
const MSG_NOSIGNAL = 0x4000;
/** A path, or an abstract name, with the octet that ends the one and begins the other. */
const PATH_MAX = 108;

export type SendDatagram = (text: string) => void;

/** What sends to this address; throws where this platform cannot, or the address is none. Each call throws where it fails. */
export function datagramsTo(address: string): SendDatagram {
  if (process.platform !== 'linux') throw new Error('datagrams of Unix-domain sockets are sent on Linux alone');
  if (!/^[/@]./.test(address)) throw new Error(`'${address}' is neither a path nor an abstract name`);
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int, int, int)');
  const sendTo = libc.func('long sendto(int, void *, size_t, int, void *, unsigned int)');
  const to = socketAddress(address);
  return (text) => {
    const octets = Buffer.from(text);
    const fd: number = socket(AF_UNIX, DATAGRAM_SOCKET, 0);
    if (fd < 0) throw new Error(`socket: error ${koffi.errno()}`);
    try {
      const sent: number = sendTo(fd, octets, octets.length, MSG_NOSIGNAL, to, to.length);
      if (sent < 0) throw new Error(`sendto ${address}: error ${koffi.errno()}`);
    } finally {
      closeSync(fd);
    }
  };
}

/** A `sockaddr_un`: the family in the machine's order, the path. */
function socketAddress(address: string): Buffer {
  const path = Buffer.from(address.startsWith('@') ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.length > PATH_MAX) throw new Error(`'${address}' is longer than ${PATH_MAX - 1} octets`);
  const family = Buffer.from(endianness() === 'LE' ? [AF_UNIX, 0] : [0, AF_UNIX]);
  return Buffer.concat([family, path]);
}
