/**
 * Requests about very many things: others are heard meanwhile, and in the end nothing is left of what had to go.
 */
import { setImmediate as nextTick } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import type { Answer } from '../../../src/broker/requests/requests.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

const MANY = 2_000;
/** Changes that reach a worker together, at most. */
const PORTION_MOST = 100;
/** Turns of the event loop in which whatever can go on does. */
const TURNS = 5;

/** A broker whose answers may take a while. */
class LongStage extends Stage {
  begin(connection: number, request: Parameters<Stage['ask']>[1]): Answer | Promise<Answer> {
    return this.handle(connection, request);
  }

  queues(count: number, fields: Parameters<Stage['queue']>[1] = {}, connection = 1): void {
    for (let queue = 0; queue < count; queue++) this.queue(`q${queue}`, fields, connection);
    this.posted.length = 0;
  }

  /** How many queues a worker sees. */
  seen(vhost = VHOST): number {
    return this.view.queueCount(vhost);
  }

  get longestPost(): number {
    return this.posted.reduce((longest, changes) => Math.max(longest, changes.length), 0);
  }
}

test('while the exclusive queues of a connection go, others are heard; it is answered when all are gone', async () => {
  const stage = new LongStage();
  stage.queues(MANY, { exclusive: true }, 2);
  const answer = stage.begin(2, { op: 'disconnect' });
  expect(answer).toBeInstanceOf(Promise);
  expect(stage.seen()).toBeGreaterThan(0);
  expect(outcome(stage.queue('other'))).toBe('ok');
  expect(outcome(stage.queue(`q${MANY - 1}`))).toMatch(/^405 RESOURCE_LOCKED|^405 cannot obtain/);
  expect(outcome(await answer)).toBe('ok');
  expect(stage.seen()).toBe(1);
  expect(stage.longestPost).toBeLessThan(PORTION_MOST);
});

test('a vhost with many queues is closed at once, and goes with all of them', async () => {
  const stage = new LongStage();
  stage.queues(MANY, { vhost: OTHER_VHOST }, 2);
  stage.exchange('x', 'fanout', { vhost: OTHER_VHOST }, 2);
  expect(stage.administration.deleteVhost(OTHER_VHOST)).toBe(true);
  expect(stage.administration.deleteVhost(OTHER_VHOST)).toBe(false);
  expect(stage.seen(OTHER_VHOST)).toBeGreaterThan(0);
  expect(outcome(stage.queue('new', { vhost: OTHER_VHOST }, 2))).toBe(`530 vhost ${OTHER_VHOST} not found`);
  expect(outcome(stage.queue('other'))).toBe('ok');
  expect(stage.notices).toEqual([]);
  await stage.administration.saved();
  expect(stage.view.hasVhost(OTHER_VHOST)).toBe(false);
  expect(stage.notices).toEqual([{ kind: 'close', connection: 2, text: `vhost '${OTHER_VHOST}' is deleted` }]);
  expect(stage.core.retired.length).toBe(MANY);
  expect(stage.longestPost).toBeLessThan(PORTION_MOST);
});

test('no worker finds more than a portion of a long request, however late it comes and however many there are', async () => {
  const stage = new LongStage();
  const connections = [2, 3, 4];
  for (const connection of connections) {
    for (let queue = 0; queue < MANY; queue++) stage.queue(`${connection}-${queue}`, { exclusive: true }, connection);
  }
  stage.allApplied();
  stage.posted.length = 0;
  const answers = Promise.all(connections.map((connection) => stage.begin(connection, { op: 'disconnect' })));
  let isOver = false;
  void answers.then(() => {
    isOver = true;
  });
  // The first portions are done at once.
  let most = connections.length * PORTION_MOST;
  let waits = 0;
  while (!isOver) {
    const posted = stage.posted.flat().length;
    expect(posted).toBeLessThan(most);
    most = posted + PORTION_MOST;
    // Changes may reach a worker before the epoch that it is to tell: it is asked. One of them is late.
    waits += 1;
    for (let turn = 0; turn < TURNS; turn++) await nextTick();
    expect(stage.asked).toBe(waits);
    stage.coordinator.applied(0, stage.epoch);
    for (let turn = 0; turn < TURNS && !isOver; turn++) await nextTick();
    expect(stage.posted.flat().length).toBe(posted);
    stage.coordinator.applied(1, stage.epoch);
    for (let turn = 0; turn < TURNS && !isOver; turn++) await nextTick();
  }
  expect((await answers).map(outcome)).toEqual(['ok', 'ok', 'ok']);
  expect(stage.seen()).toBe(0);
});

test('long requests come to their end while others change things, and when workers tell nothing any more', async () => {
  const stage = new LongStage();
  stage.queues(MANY, { exclusive: true }, 2);
  stage.allApplied();
  const answer = stage.begin(2, { op: 'disconnect' });
  while (stage.seen() > MANY / 2) {
    const before = stage.epoch;
    // They are never up to what is posted last.
    stage.deleteQueue('other');
    stage.queue('other');
    stage.coordinator.applied(0, before);
    stage.coordinator.applied(1, before);
    await nextTick();
  }
  stage.coordinator.close();
  expect(outcome(await answer)).toBe('ok');
  expect(stage.seen()).toBe(1);
});

test('of policies that follow each other the last counts, for each of many queues', async () => {
  const stage = new LongStage();
  stage.queues(MANY);
  for (const length of [1, 2, 3]) {
    const definition = { 'max-length': length };
    expect(stage.administration.setPolicy('policy', { vhost: VHOST, name: 'p', pattern: '', definition })).toBeNull();
  }
  stage.queue('late');
  await stage.administration.saved();
  const lengths = new Set([...stage.core.features.values()].map(({ maxLength }) => maxLength));
  expect(lengths).toEqual(new Set([3]));
  expect(stage.longestPost).toBeLessThan(PORTION_MOST);
});

test('queues that expire together go in portions, but for those that are used in time', async () => {
  const stage = new LongStage();
  const expiry = { arguments: table({ 'x-expires': 1000 }) };
  stage.queues(MANY, expiry);
  stage.clock.pass(1000);
  expect(stage.seen()).toBeGreaterThan(0);
  const [used] = [...stage.view.queuesIn(VHOST)].map(({ name }) => name);
  stage.queue(used ?? '', expiry);
  for (let tick = 0; tick < MANY && stage.seen() > 1; tick++) await nextTick();
  await nextTick();
  expect([...stage.view.queuesIn(VHOST)].map(({ name }) => name)).toEqual([used]);
});

test('single active consumers of many queues are followed by the next, some at a time', async () => {
  const stage = new LongStage();
  stage.queues(MANY, { arguments: table({ 'x-single-active-consumer': true }) });
  for (const connection of [2, 3]) {
    for (let queue = 0; queue < MANY; queue++) stage.consume(`q${queue}`, `c${queue}`, {}, connection);
  }
  const answer = stage.begin(2, { op: 'disconnect' });
  expect(stage.notices.length).toBeLessThan(MANY);
  expect(outcome(await answer)).toBe('ok');
  expect(stage.notices.length).toBe(MANY);
});
