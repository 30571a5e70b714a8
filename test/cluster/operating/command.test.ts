/** `leveret cluster` with a node that a test says all of: what it prints, what it asks for, and what it refuses. */
import { describe, expect, test } from 'vitest';
import { runCluster } from '../../../src/cli/cluster/cluster.js';
import { isReferee } from '../../support/broker.js';
import { FakeMember, managed, node, report, socketPath } from './managed.js';

async function typed(socket: string, ...args: readonly string[]) {
  const said = { out: '', error: '' };
  const code = await runCluster(
    args,
    { LEVERET_CTL_SOCKET: socket },
    {
      out: (text) => {
        said.out += text;
      },
      error: (text) => {
        said.error += text;
      },
    },
  );
  return { code, ...said };
}

describe.skipIf(isReferee)('leveret cluster', () => {
  test('status is a table that aligns, with the stream and what is wrong', async () => {
    const member = new FakeMember();
    const long = node('a-long-name', { applied: 7, lag: 113, lagMs: 2500, seenAgo: 61_000, trouble: 'disk\nfull' });
    member.report = report({
      members: [...report().members.slice(0, 2), long],
      alarms: ['node a-long-name was not heard of'],
      weaknesses: ['its servers do not sync'],
    });
    const { code, out, error } = await typed(await managed(member), 'status');
    expect([code, error]).toEqual([0, '']);
    expect(out.split('\n')).toEqual([
      'node a leads, epoch 7; told by node a (leader)',
      '',
      'NODE         STATE    APPLIED  LAG          SEEN      ADDRESS                   VERSION',
      'a            leader   120      0            now       a.example:5680            0.1.0',
      'b            standby  118      2 (0.012 s)  now       b.example:5680            0.1.0',
      'a-long-name  standby  7        113 (2.5 s)  61 s ago  a-long-name.example:5680  0.1.0',
      '',
      'stream: connected, led by n1, messages 3 to 120, 4096 octets',
      'servers: n1, n2, n3 (behind, or away)',
      'sync: weaker than it should be: its servers do not sync',
      'this node: 40 messages appended (90 records, 12345 octets), 2 take-overs, the last in 1.432 s',
      'trouble of a-long-name: disk?full',
      'alarm: node a-long-name was not heard of',
      '',
    ]);
  });

  test('status of a node that has heard of nothing, and as JSON', async () => {
    const member = new FakeMember();
    const { counts } = report();
    const role = { kind: 'leader', epoch: 1, serves: false } as const;
    member.report = report({ role, leader: null, members: [], stream: null, counts: { ...counts, takeOverMs: null } });
    const socket = await managed(member);
    const { out } = await typed(socket, 'status');
    expect(out).toContain('no node leads, epoch 7; told by node a (leader, and does not serve at the moment)\n');
    expect(out).toContain('stream: nothing was heard of it yet\n');
    expect(out).toContain('sync: what is confirmed is on the disks of a majority\n');
    const { code, out: json } = await typed(socket, 'status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(json)).toMatchObject({ node: 'a', role: 'leader', serves: false, nodes: [], stream: null });
  });

  test('step-down and remove are done, or refused with the reason', async () => {
    const member = new FakeMember();
    member.report = report({ members: [node('b'), node('c', { seenAgo: 3_600_000 })] });
    const socket = await managed(member);
    expect(await typed(socket, 'step-down')).toEqual({ code: 0, out: 'the node hands over\n', error: '' });
    expect(await typed(socket, 'step-down', '--to', 'b')).toMatchObject({ code: 0, out: 'the node hands over to b\n' });
    expect(await typed(socket, 'remove', 'c')).toMatchObject({ code: 0, out: 'node c is forgotten\n' });
    expect(member.asked.splice(0)).toEqual(['step down to null', 'step down to b', 'remove c']);
    const refused = (reason: string) => ({ code: 69, out: '', error: `leveret cluster: ${reason}\n` });
    expect(await typed(socket, 'step-down', '--to', 'd')).toEqual(refused("no node 'd' in the cluster"));
    expect(await typed(socket, 'remove', 'b')).toEqual(
      refused('node b was heard of 0 s ago: end it first, and wait 10 s'),
    );
    member.report = report({ role: { kind: 'standby' }, leader: 'b' });
    expect(await typed(socket, 'step-down')).toEqual(refused('Node a does not lead the cluster: node b leads it'));
    expect(member.asked).toEqual([]);
  });

  test('says that there is no cluster, and that there is no broker', async () => {
    const socket = await managed(null);
    const none = { code: 69, out: '', error: 'leveret cluster: this broker belongs to no cluster\n' };
    for (const args of [['status'], ['status', '--json'], ['step-down'], ['remove', 'b']])
      expect(await typed(socket, ...args)).toEqual(none);
    const nowhere = socketPath();
    expect(await typed(nowhere, 'status')).toEqual({
      code: 69,
      out: '',
      error: `leveret cluster: no broker has its socket at ${nowhere} (--socket or --data name another)\n`,
    });
  });
});

test('leveret cluster says what is wrong with a command line, by one line that says what would be right', async () => {
  const known = 'one of status, step-down, remove NODE';
  for (const [args, reason] of [
    [[], `what is to be done? ${known}`],
    [['stats'], `'stats' is not ${known}`],
    [['remove'], 'it is written: leveret cluster remove NODE'],
    [['remove', 'a', 'b'], 'it is written: leveret cluster remove NODE'],
    [['status', 'a'], 'it is written: leveret cluster status'],
    [['status', '--to', 'a'], '--to is for step-down alone'],
    [['remove', 'a', '--json'], '--json is for status alone'],
  ] as const) {
    expect(await typed('/nowhere', ...args)).toEqual({
      code: 1,
      out: '',
      error: `leveret cluster: ${reason} (try --help)\n`,
    });
  }
  expect(await typed('/nowhere', '--help')).toMatchObject({ code: 0, error: '' });
});
