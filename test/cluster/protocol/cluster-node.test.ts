/** What a node of a cluster does, in stories; that it does so whatever happens is for the simulation. */
import { expect, test } from 'vitest';
import { RecordKind } from '../../../src/cluster/records/record-layout.js';
import { MemoryStore } from '../support/memory-store.js';
import { Scenery, type Seat } from '../support/seat.js';

/** Three nodes of which one serves. */
function cluster(messageOctetsMax?: number) {
  const scenery = new Scenery(messageOctetsMax);
  const seats = ['a', 'b', 'c'].map((name) => scenery.seat(name));
  const leader = serving(scenery, seats);
  return { scenery, seats, leader, others: seats.filter((seat) => seat !== leader) };
}

function serving(scenery: Scenery, seats: readonly Seat[]): Seat {
  scenery.until('one serves', () => seats.some(({ serves }) => serves));
  const leader = seats.find(({ serves }) => serves);
  if (leader === undefined) throw new Error('none serves');
  return leader;
}

test('one leads where nobody did, and all have what it appended, in order', () => {
  const { scenery, seats, leader, others } = cluster();
  expect(leader.led).toEqual([1]);
  const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
  for (const text of texts) leader.append(text);
  scenery.run(1000);
  for (const seat of seats) expect(seat.texts).toEqual(texts);
  for (const { node } of others) expect(node.role.kind).toBe('standby');
  expect(leader.outcomes).not.toContain(null);
  expect(leader.outcomes).toEqual([...leader.outcomes].sort((one, other) => (one ?? 0) - (other ?? 0)));
});

test('what waits goes together: the first few alone, then all in one message', () => {
  const { scenery, leader } = cluster();
  for (let index = 0; index < 50; index++) leader.append(`${index}`);
  scenery.run(100);
  // Four in flight, and one for the rest.
  expect(new Set(leader.outcomes).size).toBe(5);
});

test('a record that is longer than a message goes in parts, between others', () => {
  const { scenery, leader, others } = cluster(200);
  const texts = ['short', 'x'.repeat(3000), 'behind', 'y'.repeat(500)];
  for (const text of texts) leader.append(text);
  scenery.run(1000);
  for (const seat of [leader, ...others]) expect(seat.texts).toEqual(texts);
});

test('a leader that is killed is followed within its lease and a little, by one that has all that was confirmed', () => {
  const { scenery, leader, others } = cluster();
  for (let index = 0; index < 20; index++) leader.append(`${index}`);
  scenery.until('all are certain', () => leader.outcomes.length === 20);
  leader.kill();
  const killedAt = scenery.clock.now();
  const next = serving(scenery, others);
  expect(scenery.clock.now() - killedAt).toBeLessThan(1900);
  expect(next.led).toEqual([2]);
  expect(next.texts).toEqual(Array.from({ length: 20 }, (_, index) => `${index}`));
});

test('a leader that is cut off pauses, then closes, and is deposed when it comes back; what waited is fenced', () => {
  const { scenery, leader, others } = cluster();
  scenery.stream.cutOff(leader.name, 'nobody');
  leader.append('lost');
  scenery.run(1300);
  expect(leader.holds.at(-1)).toBe('pause');
  expect(leader.node.hold(scenery.clock.elapsed())).toBe('pause');
  const next = serving(scenery, others);
  scenery.run(10_000);
  expect(leader.holds.at(-1)).toBe('close');
  expect(leader.outcomes).toEqual([]);
  scenery.stream.heal(leader.name);
  scenery.until('it is deposed', () => leader.node.role.kind === 'deposed');
  expect(leader.outcomes).toEqual([null]);
  expect(next.texts).toEqual([]);
  leader.append('too late');
  scenery.run(10);
  expect(leader.outcomes).toEqual([null, null]);
});

test('a stream that has no leader for a while keeps the node that serves', () => {
  const { scenery, leader } = cluster();
  for (let round = 0; round < 10; round++) {
    scenery.stream.elect();
    leader.append(`${round}`);
    scenery.run(15_000);
    expect(leader.node.role).toEqual({ kind: 'leader', epoch: 1, serves: true });
  }
  expect(leader.outcomes).toHaveLength(10);
});

test("a leader that is lost with the stream's is followed a lease behind the stream", () => {
  const { scenery, leader, others } = cluster();
  scenery.stream.elect();
  leader.kill();
  scenery.until('the stream has a leader', () => scenery.stream.leader !== null);
  const from = scenery.clock.now();
  serving(scenery, others);
  expect(scenery.clock.now() - from).toBeLessThan(4000);
});

test('a leader that steps down names who leads next, who does so at once, when nothing is delivered any more', () => {
  const { scenery, leader, others } = cluster();
  const [next] = others;
  expect(leader.node.stepDown(next?.name ?? null)).toBe(true);
  expect(leader.node.stepDown(null)).toBe(false);
  expect(leader.node.hold(scenery.clock.elapsed())).toBe('pause');
  leader.append('the last');
  scenery.run(3000);
  // Beats go on until it is ready.
  expect(leader.node.role.kind).toBe('leader');
  const from = scenery.clock.now();
  leader.ready?.();
  expect(serving(scenery, others)).toBe(next);
  expect(scenery.clock.now() - from).toBeLessThan(100);
  expect(leader.node.role).toEqual({ kind: 'deposed', epoch: 1, to: next?.name });
  expect(next?.texts).toEqual(['the last']);
  expect(leader.outcomes).not.toContain(null);
});

test('a leader that steps down for any names the standby that has applied most', () => {
  const { scenery, leader, others } = cluster();
  const [slow, next] = others;
  if (slow !== undefined) slow.store.delay = Number.POSITIVE_INFINITY;
  scenery.run(5000);
  leader.node.stepDown(null);
  const from = scenery.clock.now();
  leader.ready?.();
  expect(serving(scenery, others)).toBe(next);
  expect(scenery.clock.now() - from).toBeLessThan(100);
  expect(leader.node.role).toMatchObject({ to: next?.name });
});

test('a leader that steps down and has heard of nobody is followed at once by whoever is there', () => {
  const { scenery, leader, others } = cluster();
  scenery.presences.reaches = () => false;
  scenery.run(10_000);
  leader.node.stepDown(null);
  const from = scenery.clock.now();
  leader.ready?.();
  serving(scenery, others);
  expect(scenery.clock.now() - from).toBeLessThan(500);
  expect(leader.node.role).toMatchObject({ kind: 'deposed', to: null });
});

test('who leads serves when its store has all that was before, and beats meanwhile', () => {
  const { scenery, leader, others } = cluster();
  for (const seat of others) seat.store.delay = Number.POSITIVE_INFINITY;
  leader.append('one');
  scenery.run(100);
  leader.kill();
  scenery.run(10_000);
  const next = others.find(({ node }) => node.role.kind === 'leader');
  expect(next?.node.role).toEqual({ kind: 'leader', epoch: 2, serves: false });
  expect(next?.led).toEqual([]);
  const { position } = next?.store.portions.at(-1) ?? {};
  if (position !== undefined) next?.store.settle(position);
  expect(next?.led).toEqual([2]);
});

test('a standby whose store is slow reads no more than it may hold', () => {
  const { scenery, leader } = cluster();
  const store = new MemoryStore(scenery.clock);
  store.delay = Number.POSITIVE_INFINITY;
  const slow = scenery.seat('slow', store, { limits: { unapplied: 2000 } });
  for (let index = 0; index < 100; index++) {
    leader.append('x'.repeat(500));
    scenery.run(20);
  }
  const octets = store.portions.flatMap(({ records }) => records).reduce((sum, { body }) => sum + body.length, 0);
  expect(octets).toBeGreaterThan(500);
  expect(octets).toBeLessThan(4000);
  store.delay = 0;
  const last = store.portions.at(-1);
  if (last !== undefined) store.settle(last.position);
  scenery.run(1000);
  expect(slow.texts).toHaveLength(100);
});

test('a record that is longer than a standby may hold is read to its end', () => {
  const { scenery, leader } = cluster(1000);
  const small = scenery.seat('small', new MemoryStore(scenery.clock), { limits: { unapplied: 2000 } });
  leader.append('x'.repeat(10_000));
  leader.append('behind');
  scenery.run(1000);
  expect(small.texts.map(({ length }) => length)).toEqual([10_000, 6]);
});

test('a leader that comes back when what deposed it is purged is deposed all the same', () => {
  const { scenery, leader, others } = cluster();
  scenery.stream.cutOff(leader.name, 'nobody');
  leader.append('lost');
  const next = serving(scenery, others);
  next.append('kept');
  scenery.run(1000);
  scenery.stream.purge(scenery.stream.last);
  next.append('behind');
  scenery.run(1000);
  scenery.stream.heal(leader.name);
  scenery.until('it is deposed', () => leader.node.role.kind === 'deposed');
  expect(leader.outcomes).toEqual([null]);
});

test('a candidate that comes back when what it would have read is purged must copy', () => {
  const { scenery, leader, others } = cluster();
  const [cut] = others;
  if (cut === undefined) throw new Error('there is no other');
  // Who is cut off, and served by what calls itself the leader, believes that nobody leads.
  scenery.stream.cutOff(cut.name, 'leader');
  scenery.until('it is a candidate', () => cut.node.role.kind === 'candidate');
  scenery.run(3000);
  scenery.stream.purge(scenery.stream.last);
  leader.append('behind');
  scenery.run(1000);
  scenery.stream.heal(cut.name);
  scenery.run(5000);
  expect(cut.node.role).toMatchObject({ kind: 'failed', reason: 'must-copy' });
});

test('a leader that has much that waits is full, and says when it is not any more', () => {
  const { scenery, seats } = cluster();
  for (const seat of seats) seat.kill();
  const only = scenery.seat('only', new MemoryStore(scenery.clock), { limits: { waiting: 1000 } });
  serving(scenery, [only]);
  for (let index = 0; index < 20; index++) only.append('x'.repeat(100));
  expect(only.node.isFull).toBe(true);
  scenery.run(1000);
  expect(only.node.isFull).toBe(false);
  expect(only.drains).toBe(1);
});

test('a node that was away reads on; one for which that is purged must copy', () => {
  const { scenery, leader, others } = cluster();
  const [away] = others;
  away?.kill();
  leader.append('meanwhile');
  scenery.run(1000);
  const back = scenery.seat('back', away?.store);
  scenery.run(1000);
  expect(back.node.role.kind).toBe('standby');
  expect(back.texts).toEqual(['meanwhile']);
  scenery.stream.purge(scenery.stream.last);
  const late = scenery.seat('late');
  scenery.run(1000);
  expect(late.node.role).toMatchObject({ kind: 'failed', reason: 'must-copy' });
});

test('the stream keeps what a member has not applied that was heard of lately, and lets go of the rest', () => {
  const scenery = new Scenery();
  const timing = { memberSeen: 5000, purge: 1000 };
  const seats = ['a', 'b', 'c'].map((name) => scenery.seat(name, new MemoryStore(scenery.clock), { timing }));
  const leader = serving(scenery, seats);
  scenery.run(2000);
  const slow = seats.find((seat) => seat !== leader);
  if (slow === undefined) throw new Error('there is no other');
  slow.store.delay = Number.POSITIVE_INFINITY;
  const from = slow.node.applied;
  scenery.run(20_000);
  expect(scenery.stream.first).toBeGreaterThan(1);
  expect(scenery.stream.first).toBeLessThanOrEqual(from + 1);
  slow.kill();
  scenery.run(20_000);
  expect(scenery.stream.first).toBeGreaterThan(from + 10);
  expect(scenery.stream.first).toBeLessThanOrEqual(leader.node.applied + 1);
});

test('the stream keeps what no other node has, however long these are away: else it went with one machine', () => {
  const scenery = new Scenery();
  const timing = { memberSeen: 2000, purge: 1000 };
  const seats = ['a', 'b', 'c'].map((name) => scenery.seat(name, new MemoryStore(scenery.clock), { timing }));
  const leader = serving(scenery, seats);
  scenery.run(10_000);
  const others = seats.filter((seat) => seat !== leader);
  for (const other of others) other.kill();
  const last = Math.max(...others.map(({ node }) => node.applied));
  leader.append('alone');
  scenery.run(20_000);
  expect(leader.serves).toBe(true);
  expect(scenery.stream.last).toBeGreaterThan(last + 10);
  expect(scenery.stream.first).toBeLessThanOrEqual(last + 1);
  const fresh = scenery.seat('fresh', others[0]?.store, { timing });
  scenery.run(20_000);
  expect(fresh.texts).toContain('alone');
  expect(scenery.stream.first).toBeGreaterThan(last + 10);
});

test('a stream that may not have more is purged whoever has not applied it', () => {
  const scenery = new Scenery();
  const limits = { kept: 20_000 };
  const timing = { purge: 100, status: 100 };
  const only = scenery.seat('only', new MemoryStore(scenery.clock), { timing, limits });
  serving(scenery, [only]);
  for (let index = 0; index < 100; index++) {
    only.append('x'.repeat(1000));
    scenery.run(50);
  }
  expect(scenery.stream.last - scenery.stream.first).toBeLessThan(30);
});

test('a node refuses a stream that has gone back, and applies nothing of it', () => {
  const { scenery, leader, others } = cluster();
  for (let index = 0; index < 5; index++) {
    leader.append(`${index}`);
    scenery.run(10);
  }
  for (const seat of [leader, ...others]) seat.kill();
  scenery.stream.regress(3);
  const [away] = others;
  const fresh = scenery.seat('fresh');
  const back = scenery.seat('back', away?.store);
  scenery.run(5000);
  expect(fresh.serves).toBe(true);
  expect(back.troubles[0] ?? '').toContain('gone back');
  for (let index = 0; index < 10; index++) {
    fresh.append('other');
    scenery.run(10);
  }
  scenery.run(1000);
  expect(back.node.role).toMatchObject({ kind: 'failed', reason: 'refused', error: { code: 'backward' } });
  expect(back.texts).not.toContain('other');
});

test('a node whose files fail leads no more', () => {
  const { scenery, leader, others } = cluster();
  leader.node.fail(new Error('EIO'));
  expect(leader.node.hold(scenery.clock.elapsed())).toBe('close');
  expect(leader.node.role).toMatchObject({ kind: 'failed', reason: 'store' });
  serving(scenery, others);
});

test('the leader moves the stream away from its own machine', () => {
  const scenery = new Scenery();
  const only = scenery.seat('only', new MemoryStore(scenery.clock), { besides: 's1', timing: { purge: 1000 } });
  serving(scenery, [only]);
  scenery.until('another leads the stream', () => scenery.stream.leader !== 's1' && scenery.stream.leader !== null);
  scenery.run(20_000);
  expect(scenery.stream.leader).not.toBe('s1');
  expect(only.serves).toBe(true);
});

test('each node can tell of all: who leads, how far each is, how late', () => {
  const { scenery, leader, others } = cluster();
  const [slow] = others;
  if (slow === undefined) throw new Error('there is no other');
  slow.store.delay = Number.POSITIVE_INFINITY;
  scenery.run(5000);
  const { status } = leader.node;
  expect(status).toMatchObject({ name: leader.name, leader: leader.name, epoch: 1, hold: 'serve', trouble: null });
  expect(status.members.map(({ name }) => name).sort()).toEqual(['a', 'b', 'c']);
  const late = status.members.find(({ name }) => name === slow.name);
  expect(late).toMatchObject({ state: 'standby', address: `${slow.name}:5672` });
  expect(late?.lag).toBeGreaterThan(5);
  expect(late?.lagMs).toBeGreaterThan(3000);
  expect(status.stream).toMatchObject({ state: 'connected', leader: 's1' });
  expect(slow.node.status).toMatchObject({ leader: leader.name, role: { kind: 'standby' } });
  expect(status.counts).toMatchObject({ takeOvers: 1, strays: 0 });
});

test('records of all kinds that a leader may append reach the others', () => {
  const { scenery, leader, others } = cluster();
  for (const kind of [RecordKind.KNOWN, RecordKind.DELETED, RecordKind.BATCH]) leader.append('12345678', kind);
  scenery.run(1000);
  const kinds = others[0]?.store.portions.flatMap(({ records }) => records.map(({ kind }) => kind));
  for (const kind of [RecordKind.KNOWN, RecordKind.DELETED, RecordKind.BATCH]) expect(kinds).toContain(kind);
});

test('a node that is gone is forgotten by all when one of them is told so, until it tells of itself again', () => {
  const { scenery, seats, leader, others } = cluster();
  const [gone, stays] = others;
  if (gone === undefined || stays === undefined) throw new Error('two follow');
  const known = (seat: Seat) => seat.node.status.members.map(({ name }) => name);
  const name = gone.node.status.name;
  scenery.run(3000);
  for (const seat of seats) expect(known(seat)).toContain(name);
  gone.kill();
  scenery.run(3000);
  expect(leader.node.remove('nobody')).toBe(false);
  expect(leader.node.remove(name)).toBe(true);
  expect(known(leader)).not.toContain(name);
  scenery.run(3000);
  for (const seat of [leader, stays]) expect(known(seat)).not.toContain(name);
  expect(leader.node.remove(name)).toBe(false);
  expect(leader.node.remove(stays.node.status.name)).toBe(true);
  scenery.run(3000);
  expect(known(leader)).toContain(stays.node.status.name);
});
