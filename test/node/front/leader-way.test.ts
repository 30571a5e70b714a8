/** Where a node's clients belong, by what it knows of its cluster; and who is let in as one of its nodes. */
import { describe, expect, test } from 'vitest';
import type { ClusterStatus, MemberView } from '../../../src/cluster/protocol/cluster-status.js';
import { parsePlace, wayOf } from '../../../src/node/front/leader-way.js';
import { MemberAddresses } from '../../../src/node/front/member-addresses.js';
import { deferred } from '../../support/waiting.js';

const MEMBER: MemberView = {
  name: 'b',
  version: '0.1.0',
  address: '10.0.0.2:5680',
  state: 'leader',
  epoch: 3,
  read: 10,
  applied: 10,
  trouble: null,
  seenAgo: 100,
  lag: 0,
  lagMs: null,
};
const STATUS: ClusterStatus = {
  name: 'a',
  role: { kind: 'standby' },
  epoch: 3,
  leader: 'b',
  hold: 'close',
  read: 10,
  applied: 10,
  waiting: 0,
  members: [MEMBER],
  stream: null,
  weaknesses: [],
  trouble: null,
  counts: { appends: 0, records: 0, octets: 0, strays: 0, takeOvers: 0, takeOverMs: null },
};

test.each<[string, Partial<ClusterStatus>, string]>([
  ['serves', { role: { kind: 'leader', epoch: 3, serves: true }, leader: 'a' }, 'here'],
  ['follows', {}, '10.0.0.2:5680'],
  ['catches up, and knows who leads', { role: { kind: 'catching-up' } }, '10.0.0.2:5680'],
  ['takes over', { role: { kind: 'leader', epoch: 4, serves: false }, leader: 'a' }, 'this node takes over'],
  ['tries to lead', { role: { kind: 'candidate' } }, 'this node has heard no leader, and tries to lead'],
  ['knows of nobody', { leader: null }, 'nobody leads'],
  [
    'was deposed, and knows of nobody else',
    { role: { kind: 'deposed', epoch: 3 }, leader: 'a' },
    'this node leads no more, and nobody else does yet',
  ],
  ['was deposed by another', { role: { kind: 'deposed', epoch: 2 } }, '10.0.0.2:5680'],
  ['has not heard of the leader', { members: [] }, 'b leads, and has not told where it is'],
  [
    'follows one that serves nobody',
    { members: [{ ...MEMBER, address: null }] },
    'b leads, and has not told where it is',
  ],
  [
    'follows one that has told of its end',
    { members: [{ ...MEMBER, state: 'deposed' }] },
    'b leads no more, and nobody else does yet',
  ],
  // What it told last is from before it led.
  [
    'follows one that has told nothing lately',
    { members: [{ ...MEMBER, state: 'candidate', epoch: 2 }] },
    '10.0.0.2:5680',
  ],
])('a node that %s knows where its clients belong', (_, some, expected) => {
  const way = wayOf({ ...STATUS, ...some });
  const text =
    way.kind === 'there' ? `${way.leader.host}:${way.leader.port}` : way.kind === 'here' ? 'here' : way.reason;
  expect(text).toBe(expected);
  if (way.kind === 'there') expect(way.leader.epoch).toBe(3);
});

test.each([
  ['hare.example:5680', { host: 'hare.example', port: 5680 }],
  ['10.0.0.2:1', { host: '10.0.0.2', port: 1 }],
  ['[fd00::1]:5680', { host: 'fd00::1', port: 5680 }],
  ['fd00::1:5680', null],
  ['hare', null],
  ['hare:99999', null],
  [':5680', null],
  ['', null],
])('of %j the host and the port are known', (address, place) => {
  expect(parsePlace(address)).toEqual(place);
});

describe('a member is', () => {
  const names: Record<string, readonly string[]> = { 'hare.example': ['10.0.0.2', 'fd00:0::0002'] };
  const lookup = async (host: string): Promise<readonly string[]> => {
    const found = names[host];
    if (found === undefined) throw new Error('ENOTFOUND');
    return found;
  };

  test('who comes from an address of a node, however that is written', async () => {
    const members = new MemberAddresses(lookup);
    await members.update(['hare.example:5680', '10.0.0.3:5680', '[fd00::3]:5680', 'nowhere.example:1', 'nonsense']);
    for (const address of ['10.0.0.2', '::ffff:10.0.0.2', 'fd00::2', '10.0.0.3', 'fd00::3'])
      expect(members.isMember(address)).toBe(true);
    for (const address of ['10.0.0.4', 'fd00::4', '127.0.0.1', '']) expect(members.isMember(address)).toBe(false);
  });

  test('nobody before any node has told where it is, nor who is told of no more', async () => {
    const members = new MemberAddresses(lookup);
    expect(members.isMember('10.0.0.3')).toBe(false);
    await members.update(['10.0.0.3:5680']);
    await members.update(['10.0.0.5:5680']);
    expect([members.isMember('10.0.0.3'), members.isMember('10.0.0.5')]).toEqual([false, true]);
  });

  test('who was one while its name cannot be looked up', async () => {
    let isBroken = false;
    const members = new MemberAddresses((host) => (isBroken ? Promise.reject(new Error('EAI_AGAIN')) : lookup(host)));
    await members.update(['hare.example:5680']);
    isBroken = true;
    await members.update(['hare.example:5680']);
    expect(members.isMember('10.0.0.2')).toBe(true);
  });

  test('not who was dropped while its name was looked up', async () => {
    const answer = deferred<readonly string[]>();
    const members = new MemberAddresses(() => answer.promise);
    const updated = members.update(['hare.example:5680']);
    await members.update([]);
    answer.resolve(['10.0.0.2']);
    await updated;
    expect(members.isMember('10.0.0.2')).toBe(false);
  });
});
