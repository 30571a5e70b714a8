/** Metrics of a cluster: after any sequence of roles, epochs and counts they are what the node says. */
import { describe, expect, test } from 'vitest';
import type { ClusterReport } from '../../../dist/node/cluster/cluster-member.js';
import { read } from '../../management/metrics/scrape.js';
import { randomFrom } from '../../store/support/simulated.js';
import { isReferee } from '../../support/broker.js';
import { ask, FakeMember, managed, node, report } from './managed.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const STEPS = 40;

type State = ClusterReport['role'];

describe.skipIf(isReferee)('metrics of a cluster', () => {
  test('are what the node is at that moment, whatever it was before', async () => {
    process.stdout.write(`roles at random, seed ${SEED}\n`);
    const random = randomFrom(SEED);
    const below = (limit: number): number => Math.floor(random() * limit);
    const member = new FakeMember();
    const socket = await managed(member);
    let epoch = 1;
    let counts = report().counts;
    for (let step = 0; step < STEPS; step++) {
      epoch += below(3);
      const roles: readonly State[] = [
        { kind: 'catching-up' },
        { kind: 'standby' },
        { kind: 'candidate' },
        { kind: 'leader', epoch, serves: random() < 0.5 },
        { kind: 'deposed', epoch },
        { kind: 'failed', reason: 'store', error: new Error('the disk has failed') },
      ];
      const role = roles[below(roles.length)] ?? { kind: 'stopped' };
      counts = { ...counts, appends: counts.appends + below(100), takeOverMs: random() < 0.3 ? null : below(5000) };
      const hold = (['serve', 'pause', 'close'] as const)[below(3)] ?? 'serve';
      const members = Array.from({ length: below(4) }, (_, at) =>
        node(`n${at}`, { lag: below(1000), lagMs: random() < 0.5 ? null : below(1000), seenAgo: below(120_000) }),
      );
      const trouble = random() < 0.5 ? null : 'the stream gives no answer';
      member.report = report({ role, epoch, hold, members, counts, trouble, applied: below(1e6), alarms: ['a', 'b'] });
      const { status, text } = await ask(socket, 'GET', '/metrics');
      expect(status).toBe(200);
      const metrics = read(text);
      const samples = (name: string) => Object.fromEntries(metrics.get(`leveret_cluster_${name}`)?.samples ?? []);
      const only = (name: string) => Object.values(samples(name));
      const has = Object.entries(samples('role')).filter(([, value]) => value === 1);
      expect(has).toEqual([[`role="${role.kind}"`, 1]]);
      const serves = role.kind === 'leader' && role.serves && hold === 'serve';
      expect(only('serves')).toEqual([serves ? 1 : 0]);
      expect(only('epoch')).toEqual([epoch]);
      expect(only('applied_sequence')).toEqual([member.report.applied]);
      expect(only('appends_total')).toEqual([counts.appends]);
      expect(only('appended_bytes_total')).toEqual([counts.octets]);
      expect(only('last_take_over_seconds')).toEqual(counts.takeOverMs === null ? [] : [counts.takeOverMs / 1000]);
      expect(samples('lag_messages')).toEqual(
        Object.fromEntries(members.map(({ name, lag }) => [`node="${name}"`, lag])),
      );
      expect(Object.keys(samples('lag_seconds'))).toEqual(
        members.filter(({ lagMs }) => lagMs !== null).map(({ name }) => `node="${name}"`),
      );
      expect(only('members_seen')).toEqual([members.filter(({ seenAgo }) => seenAgo <= 60_000).length]);
      expect(only('trouble')).toEqual([trouble === null ? 0 : 1]);
      expect(only('alarms')).toEqual([2]);
    }
    const asked = await ask(socket, 'GET', '/metrics/detailed?family=leveret_cluster');
    expect([...read(asked.text).keys()]).toContain('leveret_cluster_epoch');
  });

  test('without a cluster are not there, not even by name', async () => {
    const socket = await managed(null);
    for (const path of ['/metrics', '/metrics/per-object', '/metrics/detailed?family=leveret_cluster']) {
      const { status, text } = await ask(socket, 'GET', path);
      expect(status).toBe(200);
      expect(text).not.toContain('leveret_cluster');
    }
  });
});
