/** What nodes tell each other of themselves comes out as it went in; what is no status is passed over. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MemberStatus } from '../../../src/cluster/protocol/presence.js';
import { readStatus, ToldPresence } from '../../../src/cluster/protocol/told-presence.js';

const STATUS: MemberStatus = {
  name: 'a',
  version: '1.2.3',
  address: 'a.example:5672',
  state: 'standby',
  epoch: 3,
  read: 12,
  applied: 11,
  trouble: null,
  leaves: false,
};

function octetsOf(status: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(status));
}

test('a status that is told is heard', async () => {
  const told: Uint8Array[] = [];
  let hear: (octets: Uint8Array) => void = () => {};
  let isClosed = false;
  const presence = new ToldPresence(
    {
      tell: (octets) => told.push(octets),
      onTold: (listener) => {
        hear = listener;
      },
      close: async () => {
        isClosed = true;
      },
    },
    (error) => {
      throw error;
    },
  );
  const heard: MemberStatus[] = [];
  presence.onStatus((status) => heard.push(status));
  presence.publish(STATUS);
  presence.publish({ ...STATUS, state: 'copying', address: null, trouble: 'no answer', leaves: true });
  hear(Buffer.from('{'));
  for (const octets of told) hear(octets);
  expect(heard).toEqual([STATUS, { ...STATUS, state: 'copying', address: null, trouble: 'no answer', leaves: true }]);
  presence.close();
  expect(isClosed).toBe(true);
});

test('what a newer node tells besides is passed over', () => {
  expect(readStatus(octetsOf({ ...STATUS, groups: [1, 2] }))).toEqual(STATUS);
});

test.each([
  ['without a name', { ...STATUS, name: '' }],
  ['in a state that is none', { ...STATUS, state: 'constructor' }],
  ['with less than nothing applied', { ...STATUS, applied: -1 }],
  ['with a fraction of an epoch', { ...STATUS, epoch: 0.5 }],
  ['that is longer than any', { ...STATUS, trouble: 'x'.repeat(9000) }],
  ['that is null', null],
  ['that is a list', [STATUS]],
])('a status %s is none', (_, status) => {
  expect(readStatus(octetsOf(status))).toBeNull();
});

test('no octets do harm', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((json) => Buffer.from(json)),
      ),
      (octets) => {
        expect(readStatus(octets)).toBeNull();
      },
    ),
  );
});
