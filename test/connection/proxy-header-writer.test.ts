/** The header that a node writes for a client is the one that the leader reads. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ends } from '../../src/connection/transport/endpoint.js';
import { type ProxyHeader, ProxyHeaderReader } from '../../src/connection/transport/opening/proxy-header.js';
import { proxyHeader } from '../../src/connection/transport/opening/proxy-header-writer.js';

/** Read as it comes, with nothing left over. */
function read(octets: Buffer): ProxyHeader {
  const reader = new ProxyHeaderReader();
  for (let at = 0; at < octets.length; ) {
    const part = octets.subarray(at, at + reader.wanted);
    at += part.length;
    const header = reader.take(part);
    if (header === null) continue;
    expect(at).toBe(octets.length);
    return header;
  }
  throw new Error('the header ends too early');
}

function ends(peer: string, local: string, isElsewhere = false): Ends {
  return {
    peer: { kind: 'tcp', address: peer, port: 56_324, isElsewhere },
    local: { kind: 'tcp', address: local, port: 5672 },
  };
}

/** As the system writes an address, which is how it is read. */
const canonical = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1);

test.each([
  ['192.0.2.1', '198.51.100.7', '192.0.2.1', '198.51.100.7'],
  ['::ffff:192.0.2.1', '::ffff:198.51.100.7', '192.0.2.1', '198.51.100.7'],
  ['2001:db8::1', '::1', '2001:db8::1', '::1'],
  ['fe80::1%eth0', 'fe80::2%eth0', 'fe80::1', 'fe80::2'],
  ['192.0.2.1', '2001:db8::1', '192.0.2.1', '2001:db8::1'],
  ['::', '1:2:3:4:5:6:7:8', '::', '1:2:3:4:5:6:7:8'],
])('says of %s at %s where both are', (peer, local, readPeer, readLocal) => {
  expect(read(proxyHeader(ends(peer, local), 'tls'))).toEqual({
    kind: 'client',
    peer: { address: readPeer, port: 56_324 },
    local: { address: readLocal, port: 5672 },
    listener: 'tls',
  });
});

test('says every address of either family as it is', () => {
  const address6 = fc.ipV6().map(canonical);
  fc.assert(
    fc.property(fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(address6, address6)), ([peer, local]) => {
      const header = read(proxyHeader(ends(peer, local), 'ws'));
      const isMapped = [peer, local].some((address) => address.startsWith('::ffff:'));
      if (isMapped) return;
      expect(header).toMatchObject({ peer: { address: peer }, local: { address: local }, listener: 'ws' });
    }),
  );
});

test.each<[string, Ends, 'tcp' | 'unix']>([
  ['comes by a path', { peer: { kind: 'unix', path: '/s' }, local: { kind: 'unix', path: '/s' } }, 'unix'],
  ['is gone', { peer: null, local: null }, 'tcp'],
  ['is on the machine of the proxy before', ends('127.0.0.1', '127.0.0.1', true), 'tcp'],
])('says no address of a client who %s', (_, of, kind) => {
  expect(read(proxyHeader(of, kind))).toEqual({ kind: 'unknown', listener: 'tcp' });
});
