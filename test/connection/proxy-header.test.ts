/**
 * The PROXY protocol's header, by octets alone: what it says, what is refused, and that not an octet is asked for that
 * may belong to what follows.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type ProxyHeader,
  ProxyHeaderError,
  ProxyHeaderReader,
} from '../../src/connection/transport/opening/proxy-header.js';
import { details, header2, withChecksum } from '../support/proxy-headers.js';

/** Reads a header from the beginning of a stream, as a socket would; `most`: octets that a read brings at most. */
function read(stream: Uint8Array, most = Number.POSITIVE_INFINITY): { header: ProxyHeader | null; rest: number } {
  const reader = new ProxyHeaderReader();
  let at = 0;
  while (at < stream.length) {
    const { wanted } = reader;
    expect(wanted).toBeGreaterThan(0);
    const octets = stream.subarray(at, at + Math.min(wanted, most));
    at += octets.length;
    const header = reader.take(octets);
    if (header !== null) return { header, rest: stream.length - at };
  }
  return { header: null, rest: 0 };
}

const line = (text: string): Buffer => Buffer.from(text, 'latin1');

const CLIENT_4 = {
  kind: 'client',
  peer: { address: '192.0.2.1', port: 56_324 },
  local: { address: '198.51.100.7', port: 5672 },
};
const CLIENT_6 = {
  kind: 'client',
  peer: { address: '2001:db8::1', port: 1 },
  local: { address: '::1', port: 65_535 },
};
const INET = [192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x16, 0x28];
const INET6 = [
  ...[0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  ...[0, 1, 255, 255],
];

const GOOD: readonly (readonly [string, Buffer, object])[] = [
  ['version 1, IPv4', line('PROXY TCP4 192.0.2.1 198.51.100.7 56324 5672\r\n'), CLIENT_4],
  ['version 1, IPv6', line('PROXY TCP6 2001:db8::1 ::1 1 65535\r\n'), CLIENT_6],
  ['version 1, unknown', line('PROXY UNKNOWN\r\n'), { kind: 'unknown' }],
  ['version 1, unknown with addresses', line(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), { kind: 'unknown' }],
  ['version 2, IPv4', header2(0x21, 0x11, INET), CLIENT_4],
  ['version 2, IPv6', header2(0x21, 0x21, INET6), CLIENT_6],
  ['version 2, IPv4 with details', header2(0x21, 0x11, [...INET, ...details([4, [0, 0]], [2, [104]])]), CLIENT_4],
  ['version 2, with a checksum', withChecksum(0x21, 0x11, INET), CLIENT_4],
  ['version 2, unspecified', header2(0x21, 0x00, []), { kind: 'unknown' }],
  ['version 2, a Unix-domain socket', header2(0x21, 0x31, new Array(216).fill(47)), { kind: 'unknown' }],
  ['version 2, for itself', header2(0x20, 0x00, []), { kind: 'itself' }],
  ['version 2, for itself, with what does not count', header2(0x20, 0xff, [3, 0, 9, 1]), { kind: 'itself' }],
];

describe.each(GOOD)('a header of %s', (_, octets, expected) => {
  test('is read, and what follows it is left', () => {
    expect(read(Buffer.concat([octets, line('AMQP\0\0\x09\x01')]))).toEqual({ header: expected, rest: 8 });
  });

  test('is read octet by octet', () => {
    expect(read(Buffer.concat([octets, line('AMQP\0\0\x09\x01')]), 1)).toEqual({ header: expected, rest: 8 });
  });

  test('is not read before its end', () => {
    expect(read(octets.subarray(0, -1)).header).toBe(null);
  });
});

test('an IPv4 address that comes as one of IPv6 is written as the other', () => {
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1];
  const { header } = read(header2(0x21, 0x21, [...mapped, ...mapped, 0, 1, 0, 2]));
  expect(header).toMatchObject({ peer: { address: '192.0.2.1', port: 1 } });
});

const WRONG: readonly (readonly [string, Buffer, string])[] = [
  ['AMQP', line('AMQP\0\0\x09\x01'), 'it does not begin with a PROXY header'],
  ['TLS', Buffer.of(22), 'it does not begin with a PROXY header'],
  ['another signature', Buffer.of(13, 10, 13, 10, 0, 13, 11), 'it does not begin with a PROXY header'],
  ['another word', line('PROXIED TCP4'), 'it does not begin with a PROXY header'],
  ['a line of LF alone', line('PROXY TCP4 192.0.2.1\n'), 'its PROXY header does not end with CR and LF'],
  ['a line of CR alone', line('PROXY TCP4 192.0.2.1\r1'), 'its PROXY header does not end with CR and LF'],
  ['a long line', line(`PROXY TCP4 ${'1'.repeat(96)}`), 'its PROXY header is longer than 107 octets'],
  ['UDP', line('PROXY UDP4 1.1.1.1 1.1.1.1 1 1\r\n'), 'its PROXY header is for neither TCP4, TCP6 nor UNKNOWN'],
  ...[
    '192.0.2.1 198.51.100.7 56324',
    '192.0.2.1 198.51.100.7 56324 65536',
    '192.0.2.1 198.51.100.7 56324 -1',
    '192.0.2.1 198.51.100.7 056324 1',
    '192.0.2.1 198.51.100.7 1 1 1',
    '192.0.2.1  198.51.100.7 1 1',
    '192.0.2.256 198.51.100.7 1 1',
    '::1 ::1 1 1',
  ].map(
    (rest) =>
      [
        rest,
        line(`PROXY TCP4 ${rest}\r\n`),
        'its PROXY header does not have two TCP4 addresses and two ports',
      ] as const,
  ),
  ['another version', header2(0x31, 0x11, INET), 'its PROXY header has an unknown version or command'],
  ['another command', header2(0x22, 0x11, INET), 'its PROXY header has an unknown version or command'],
  ['another family', header2(0x21, 0x41, INET), 'its PROXY header has an unknown family'],
  ['short addresses', header2(0x21, 0x21, INET), 'its PROXY header is too short for its addresses'],
  ['a long header', header2(0x21, 0x11, new Array(4097).fill(0)), 'its PROXY header is longer than 4112 octets'],
  ['a cut detail', header2(0x21, 0x11, [...INET, 4, 0]), 'its PROXY header ends in the midst of what it tells'],
  ['a cut value', header2(0x21, 0x11, [...INET, 4, 0, 2, 0]), 'its PROXY header ends in the midst of what it tells'],
  [
    'a wrong checksum',
    header2(0x21, 0x11, [...INET, ...details([3, [1, 2, 3, 4]])]),
    'its PROXY header has a wrong checksum',
  ],
  ['a short checksum', header2(0x21, 0x11, [...INET, ...details([3, [1]])]), 'its PROXY header has a wrong checksum'],
];

test.each(WRONG)('%s is refused, whole or octet by octet', (_, octets, reason) => {
  expect(() => read(octets)).toThrow(new ProxyHeaderError(reason));
  expect(() => read(octets, 1)).toThrow(new ProxyHeaderError(reason));
});

test('whatever comes is read, waited for or refused, the same whole and in pieces, and bounded', () => {
  const outcome = (octets: Uint8Array, most: number): unknown => {
    try {
      return read(octets, most);
    } catch (error) {
      if (!(error instanceof ProxyHeaderError)) throw error;
      // Where two things are wrong, pieces may show either first.
      return 'refused';
    }
  };
  const mutated = fc
    .tuple(
      fc.constantFrom(...GOOD.map(([, octets]) => octets)),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
      fc.uint8Array({ maxLength: 20 }),
    )
    .map(([octets, changes, tail]) => {
      const copy = Buffer.concat([octets, tail]);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    });
  fc.assert(
    fc.property(mutated, fc.integer({ min: 1, max: 30 }), (octets, most) => {
      expect(outcome(octets, most)).toEqual(outcome(octets, 1));
    }),
    { numRuns: 2000 },
  );
});
