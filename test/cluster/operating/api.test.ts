/** A cluster by the HTTP API of a node that serves: what is told, what can be done, and what is refused with which words. */
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { CLUSTER } from '../../../src/management/contract/cluster.js';
import { isReferee } from '../../support/broker.js';
import { ask, FakeMember, managed, node, report } from './managed.js';

const STATUS = '/api/leveret/cluster';
const STEP_DOWN = '/api/leveret/cluster/step-down';
const REMOVED = (name: string): string => `/api/leveret/cluster/members/${name}`;

const isAsAgreed = new Ajv({ strict: false }).compile(CLUSTER['GET /api/leveret/cluster']?.answers[200] ?? false);

describe.skipIf(isReferee)('the API of a cluster', () => {
  test('tells of all nodes, the stream, and what was counted', async () => {
    const member = new FakeMember();
    const socket = await managed(member);
    const { status, json } = await ask(socket, 'GET', STATUS);
    expect(status).toBe(200);
    expect(isAsAgreed(json), JSON.stringify(isAsAgreed.errors)).toBe(true);
    expect(json).toMatchObject({ node: 'a', role: 'leader', serves: true, epoch: 7, leader: 'a', alarms: [] });
    expect(json.nodes.map(({ name, state, lag }: Record<string, unknown>) => [name, state, lag])).toEqual([
      ['a', 'leader', 0],
      ['b', 'standby', 2],
      ['c', 'standby', 2],
    ]);
    expect(json.nodes[1]).toMatchObject({ address: 'b.example:5680', seen_seconds_ago: 0.4, lag_seconds: 0.012 });
    expect(json.stream).toMatchObject({
      leader: 'n1',
      last: 120,
      replicas: [{}, {}, { server: 'n3', current: false }],
    });
    expect(json.counts).toMatchObject({ bytes: 12_345, take_overs: 2, last_take_over_seconds: 1.432 });
    member.report = report({
      role: { kind: 'failed', reason: 'refused', error: new Error('the stream has gone back') },
      hold: 'close',
      leader: null,
      stream: null,
      weaknesses: ['its servers do not sync'],
      alarms: ['node b was not heard of'],
    });
    const failed = await ask(socket, 'GET', STATUS);
    expect(isAsAgreed(failed.json), JSON.stringify(isAsAgreed.errors)).toBe(true);
    expect(failed.json).toMatchObject({
      role: 'failed',
      serves: false,
      trouble: 'the stream has gone back',
      weaknesses: ['its servers do not sync'],
      alarms: ['node b was not heard of'],
    });
  });

  test('is for administrators, and each refusal leaves all as it was', async () => {
    const member = new FakeMember();
    const socket = await managed(member);
    const watcher = { password: 'secret', tags: 'monitoring' };
    expect(await ask(socket, 'PUT', '/api/users/watcher', { body: watcher })).toMatchObject({ status: 201 });
    for (const [method, path] of [
      ['GET', STATUS],
      ['POST', STEP_DOWN],
      ['DELETE', REMOVED('b')],
    ] as const) {
      expect(await ask(socket, method, path, { login: 'watcher:secret' })).toMatchObject({
        status: 401,
        json: { reason: 'Not administrator user' },
      });
    }
    expect(member.asked).toEqual([]);
  });

  test('has the leader hand over', async () => {
    const member = new FakeMember();
    const socket = await managed(member);
    const stepDown = (body?: object) => ask(socket, 'POST', STEP_DOWN, body === undefined ? {} : { body });
    expect(await stepDown()).toMatchObject({ status: 204 });
    expect(await stepDown({ to: null })).toMatchObject({ status: 204 });
    expect(await stepDown({ to: 'b' })).toMatchObject({ status: 204 });
    expect(member.asked.splice(0)).toEqual(['step down to null', 'step down to null', 'step down to b']);
    member.report = report({ members: [node('c', { state: 'catching-up' })] });
    for (const [to, status, reason] of [
      ['a', 400, 'node a leads already'],
      ['d', 404, "no node 'd' in the cluster"],
      ['c', 400, 'node c is no standby: its state is catching-up'],
    ] as const) {
      expect(await stepDown({ to })).toMatchObject({ status, json: { reason } });
    }
    expect(await stepDown({ two: 'b' })).toMatchObject({ status: 400 });
    member.report = report({ role: { kind: 'leader', epoch: 7, serves: false } });
    expect(await stepDown()).toMatchObject({ status: 400, json: { reason: 'node a has not begun to serve yet' } });
    member.report = report({ role: { kind: 'standby' }, leader: 'b' });
    expect(await stepDown()).toMatchObject({
      status: 400,
      json: { reason: 'Node a does not lead the cluster: node b leads it' },
    });
    expect(member.asked).toEqual([]);
    member.report = report();
    member.does = false;
    expect(await stepDown()).toMatchObject({ status: 400, json: { reason: 'this node hands over already' } });
  });

  test('has all forget a node that is gone, and none that is there', async () => {
    const member = new FakeMember();
    const socket = await managed(member);
    const remove = (name: string) => ask(socket, 'DELETE', REMOVED(name));
    member.report = report({ members: [node('b'), node('c', { seenAgo: 3_600_000 })] });
    expect(await remove('c')).toMatchObject({ status: 204 });
    expect(member.asked.splice(0)).toEqual(['remove c']);
    expect(await remove('b')).toMatchObject({
      status: 400,
      json: { reason: 'node b was heard of 0 s ago: end it first, and wait 10 s' },
    });
    expect(await remove('d')).toMatchObject({ status: 404, json: { reason: "no node 'd' in the cluster" } });
    expect(await remove('a')).toMatchObject({
      status: 400,
      json: { reason: 'node a answers this itself: end it first, and ask another one' },
    });
    expect(member.asked).toEqual([]);
    member.does = false;
    expect(await remove('c')).toMatchObject({ status: 404 });
  });

  test('says whether this node is the one that serves, to whoever asks', async () => {
    const member = new FakeMember();
    const socket = await managed(member);
    const ready = () => ask(socket, 'GET', '/api/health/ready');
    expect(await ready()).toMatchObject({ status: 200, json: { status: 'ok', leader: 'a' } });
    for (const [over, reason] of [
      [{ hold: 'pause' }, 'Node a leads the cluster, and does not serve at the moment.'],
      [{ role: { kind: 'standby' }, leader: 'b' }, 'Node a does not lead the cluster: node b leads it.'],
      [
        { role: { kind: 'candidate' }, leader: null },
        'Node a does not lead the cluster: no node leads it at the moment.',
      ],
    ] as const) {
      member.report = report(over);
      expect(await ready()).toMatchObject({ status: 503, json: { status: 'failed', reason } });
      expect(await ask(socket, 'GET', '/api/health/live')).toMatchObject({ status: 200, json: { status: 'ok' } });
    }
  });

  test('without a cluster says so', async () => {
    const socket = await managed(null);
    for (const [method, path] of [
      ['GET', STATUS],
      ['POST', STEP_DOWN],
      ['DELETE', REMOVED('b')],
    ] as const) {
      expect(await ask(socket, method, path)).toMatchObject({
        status: 404,
        json: { error: 'not_found', reason: 'this broker belongs to no cluster' },
      });
    }
    expect((await ask(socket, 'GET', '/api/health/ready')).json).toEqual({ status: 'ok' });
  });
});
