/** Alarms of a cluster: when they begin, what they say, and that each is told once and is over once. */
import { expect, test } from 'vitest';
import type { ClusterReport } from '../../../src/node/cluster/cluster-member.js';
import { ClusterWatch } from '../../../src/node/cluster/cluster-watch.js';
import { randomFrom } from '../../store/support/simulated.js';
import { FakeMember, node, report } from './managed.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);

function scene() {
  const member = new FakeMember();
  const lines: string[] = [];
  let now = 0;
  const clock = { now: () => now, elapsed: () => now, after: () => () => undefined };
  const watch = new ClusterWatch(member, clock, (line) => lines.push(line));
  /** What is told when this is so at this time (s). */
  const at = async (second: number, over: Partial<ClusterReport>): Promise<string[]> => {
    now = second * 1000;
    member.report = report(over);
    await watch.look();
    return lines.splice(0);
  };
  return { member, watch, at };
}

test('a cluster that is well raises none', async () => {
  const { watch, at } = scene();
  expect(await at(0, {})).toEqual([]);
  expect((await watch.status()).alarms).toEqual([]);
});

test('a member that is silent is told of after a minute, and when it is back', async () => {
  const { watch, at } = scene();
  const silent = 'node b was not heard of for a minute: until it is back, one node less can take over';
  expect(await at(1, { members: [node('b', { seenAgo: 60_000 })] })).toEqual([]);
  expect(await at(2, { members: [node('b', { seenAgo: 61_000 }), node('a', { seenAgo: 99_000 })] })).toEqual([silent]);
  expect(await at(3, { members: [node('b', { seenAgo: 62_000 })] })).toEqual([]);
  expect((await watch.status()).alarms).toEqual([silent]);
  expect(await at(4, {})).toEqual([`this is over: ${silent}`]);
  // Who has ended in order, or was removed, is among the members no more.
  await at(5, { members: [node('c', { seenAgo: 61_000 })] });
  expect(await at(6, { members: [] })).toHaveLength(1);
  expect((await watch.status()).alarms).toEqual([]);
});

test('a stream that takes nothing is told of after five seconds, and one that is only busy is not', async () => {
  const { at } = scene();
  const stalled = 'the stream has taken nothing for 5 s: publishers wait until it does';
  const { counts } = report();
  for (let second = 0; second < 20; second++)
    expect(await at(second, { waiting: 1000, counts: { ...counts, appends: 100 + second } })).toEqual([]);
  const waits = { waiting: 1000, counts: { ...counts, appends: 119 } };
  expect(await at(20, waits)).toEqual([]);
  expect(await at(24, waits)).toEqual([]);
  expect(await at(25, waits)).toEqual([stalled]);
  expect(await at(26, waits)).toEqual([]);
  expect(await at(27, { ...waits, waiting: 0 })).toEqual([`this is over: ${stalled}`]);
});

test('trouble, weaker sync and a node that cannot be asked are told in words', async () => {
  const { member, at } = scene();
  const weak = { weaknesses: ['its servers do not sync'] };
  expect(await at(0, { ...weak, trouble: 'no answer' })).toEqual([
    'the stream promises less than it should: its servers do not sync',
  ]);
  expect(await at(5, { ...weak, trouble: 'no answer' })).toEqual([
    'this node is in trouble with the stream: no answer',
  ]);
  expect(await at(6, { ...weak, members: [node('b', { trouble: 'its disk is full' })] })).toEqual([
    'node b is in trouble: its disk is full',
    'this is over: this node is in trouble with the stream: no answer',
  ]);
  member.status = () => Promise.reject(new Error('its thread has ended'));
  expect(await at(7, {})).toContain('this node does not tell how it is: its thread has ended');
});

test('whatever comes and goes, each alarm begins once and is over once', async () => {
  process.stdout.write(`alarms at random, seed ${SEED}\n`);
  const random = randomFrom(SEED);
  const { watch, at } = scene();
  const open = new Set<string>();
  let appends = 0;
  for (let second = 0; second < 2000; second++) {
    if (random() < 0.3) appends += 1;
    const told = await at(second, {
      waiting: random() < 0.1 ? 0 : 1,
      counts: { ...report().counts, appends },
      trouble: random() < 0.1 ? null : 'no answer',
      members: ['b', 'c', 'd'].flatMap((name) =>
        random() < 0.2 ? [] : [node(name, { seenAgo: random() * 70_000, trouble: random() < 0.9 ? null : 'x' })],
      ),
      weaknesses: random() < 0.9 ? [] : ['it has one replica'],
    });
    for (const line of told) {
      const [, over] = /^this is over: (.*)$/.exec(line) ?? [];
      if (over !== undefined) expect(open.delete(over), line).toBe(true);
      else {
        expect(open.has(line), line).toBe(false);
        open.add(line);
      }
    }
    expect(watch.alarms.toSorted()).toEqual([...open].toSorted());
  }
  watch.stop();
});
