/** What outlasts the broker, and what does not. */
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { EMPTY_TABLE, type FieldTable, table } from '../../../src/amqp/table.js';
import { decodeText } from '../../../src/amqp/text.js';
import { type DurableStage, OTHER_VHOST, outcome, VHOST } from '../support/stage.js';
import { Lives } from '../support/stores.js';

const DURABLE = { durable: true };

let lives: Lives;
let stage: DurableStage;
beforeEach(async () => {
  lives = await Lives.begin();
  stage = await lives.next();
});

const restart = async (nextPosition?: (logId: number) => number): Promise<void> => {
  stage = await lives.next(nextPosition);
};

/** A value of each type that there is in field tables. */
const EVERY_TYPE: FieldTable = new Map([
  ['t', { type: 't', value: true }],
  ['b', { type: 'b', value: -1 }],
  ['B', { type: 'B', value: 255 }],
  ['s', { type: 's', value: -2 }],
  ['u', { type: 'u', value: 65535 }],
  ['I', { type: 'I', value: -3 }],
  ['i', { type: 'i', value: 4_000_000_000 }],
  ['l', { type: 'l', value: -(2n ** 60n) }],
  ['T', { type: 'T', value: 1_700_000_000n }],
  ['f', { type: 'f', value: 0.5 }],
  ['d', { type: 'd', value: 0.1 }],
  ['D', { type: 'D', value: { scale: 2, unscaled: 314 } }],
  ['S', { type: 'S', value: decodeText(Uint8Array.of(0xff, 0x61)) }],
  ['x', { type: 'x', value: Uint8Array.of(0, 255) }],
  ['A', { type: 'A', value: [{ type: 'V', value: null }] }],
  ['F', { type: 'F', value: table({ nested: 'deep' }) }],
]);

describe('after a restart', () => {
  test('durable queues, exchanges and their bindings are there, and transient and exclusive ones are not', async () => {
    for (const [name, fields] of [
      ['d', DURABLE],
      ['t', {}],
    ] as const) {
      await stage.exchange(`x.${name}`, 'topic', fields);
      await stage.queue(`q.${name}`, fields);
    }
    await stage.queue('q.mine', { durable: true, exclusive: true });
    for (const source of ['x.d', 'x.t', 'amq.topic']) {
      for (const queue of ['q.d', 'q.t', 'q.mine']) await stage.bind(queue, source, 'k');
    }
    await stage.bindExchange('x.d', 'amq.fanout');
    await stage.bindExchange('x.t', 'amq.fanout');
    expect(stage.routed('amq.topic', 'k').sort()).toEqual(['q.d', 'q.mine', 'q.t']);
    await restart();
    expect(['x.d', 'x.t'].map((name) => stage.hasExchange(name))).toEqual([true, false]);
    expect(['q.d', 'q.t', 'q.mine'].map((name) => stage.hasQueue(name))).toEqual([true, false, false]);
    expect(stage.routed('x.d', 'k')).toEqual(['q.d']);
    expect(stage.routed('amq.topic', 'k')).toEqual(['q.d']);
    expect(stage.routed('amq.fanout', 'k')).toEqual(['q.d']);
    expect(lives.count('binding')).toBe(3);
  });

  test('the same declarations are equivalent, and others are told the same as before', async () => {
    const args = table({ 'x-max-length': 5, 'x-dead-letter-exchange': 'dead' });
    const asks = [
      () => stage.queue('q', { durable: true, arguments: args }),
      () => stage.queue('q', { durable: true }),
      () => stage.queue('q', { arguments: args }),
      () => stage.queue('q', { durable: true, autoDelete: true, arguments: args }),
      () => stage.queue('q', { durable: true, arguments: table({ 'x-max-length': 6 }) }),
      () => stage.exchange('x', 'headers', { durable: true, internal: true }),
      () => stage.exchange('x', 'direct', { durable: true, internal: true }),
      () => stage.exchange('x', 'headers', { durable: true }),
    ];
    const outcomes = async () => {
      const told: string[] = [];
      for (const ask of asks) told.push(outcome(await ask()));
      return told;
    };
    const before = await outcomes();
    await restart();
    expect(await outcomes()).toEqual(before);
    expect(before.map((told) => told.slice(0, 3))).toEqual(['ok', '406', '406', '406', '406', 'ok', '406', '406']);
  });

  test('arguments and names are what they were, octet by octet', async () => {
    const odd = ['é\u{1f407}', 'a\u0000b', '\u{f8ff}x', decodeText(Uint8Array.of(0x61, 0xff)), ' ', 'x'.repeat(255)];
    for (const name of odd) {
      await stage.queue(name, { durable: true, arguments: EVERY_TYPE });
      await stage.exchange(name, 'fanout', { durable: true, arguments: EVERY_TYPE });
      await stage.bind(name, name, name, EVERY_TYPE);
    }
    await restart();
    for (const name of odd) {
      expect(stage.view.queue(VHOST, name)?.arguments).toEqual(EVERY_TYPE);
      expect(stage.view.exchange(VHOST, name)?.arguments).toEqual(EVERY_TYPE);
      const [binding] = stage.view.queue(VHOST, name)?.incoming ?? [];
      expect(binding).toMatchObject({ routingKey: name, arguments: EVERY_TYPE });
      expect(outcome(await stage.unbind(name, name, name, EVERY_TYPE))).toBe('ok');
    }
    expect(lives.count('binding')).toBe(0);
  });

  test('what was deleted stays away, with all that hung on it', async () => {
    await stage.exchange('first', 'fanout', { durable: true, autoDelete: true });
    await stage.exchange('second', 'fanout', { durable: true, autoDelete: true });
    await stage.queue('q', DURABLE);
    await stage.bindExchange('second', 'first');
    await stage.bind('q', 'second');
    await stage.bind('q', 'amq.direct', 'k');
    await stage.deleteQueue('q');
    expect([lives.count('queue'), lives.count('exchange'), lives.count('binding')]).toEqual([0, 0, 0]);
    await stage.queue('q', DURABLE);
    await restart();
    expect(stage.hasExchange('first')).toBe(false);
    expect(stage.routed('amq.direct', 'k')).toEqual([]);
    expect(stage.hasQueue('q')).toBe(true);
  });

  test('an exchange that was deleted or unbound has left no bindings', async () => {
    await stage.queue('q', DURABLE);
    for (const name of ['x', 'y', 'z']) await stage.exchange(name, 'direct', DURABLE);
    await stage.bind('q', 'x', 'k');
    await stage.bindExchange('x', 'y', 'k');
    await stage.bind('q', 'z', 'k');
    await stage.deleteExchange('x');
    await stage.unbind('q', 'z', 'k');
    expect(lives.count('binding')).toBe(0);
    await stage.exchange('x', 'direct', DURABLE);
    await restart();
    for (const name of ['x', 'y', 'z']) expect(stage.routed(name, 'k')).toEqual([]);
  });

  test('queues that went by themselves are gone', async () => {
    await stage.queue('consumed', { durable: true, autoDelete: true });
    await stage.queue('unused', { durable: true, arguments: table({ 'x-expires': 100 }) });
    await stage.consume('consumed', 'c');
    await stage.disconnect(1);
    stage.clock.pass(100);
    await stage.coordinator.saved();
    expect(lives.count('queue')).toBe(0);
    await restart();
    expect(stage.hasQueue('consumed') || stage.hasQueue('unused')).toBe(false);
  });

  test('the time to expiry counts anew, and a queue that goes with its last consumer waits for a first one', async () => {
    await stage.queue('expiring', { durable: true, arguments: table({ 'x-expires': 1000 }) });
    await stage.queue('consumed', { durable: true, autoDelete: true });
    stage.clock.pass(900);
    await restart();
    stage.clock.pass(999);
    expect(stage.hasQueue('expiring')).toBe(true);
    stage.clock.pass(1);
    expect(stage.hasQueue('expiring')).toBe(false);
    expect(stage.hasQueue('consumed')).toBe(true);
    await stage.consume('consumed', 'c');
    await stage.cancel(['c']);
    expect(stage.hasQueue('consumed')).toBe(false);
  });

  test('features, dead letters and alternates are set, whether by argument or by policy', async () => {
    const { administration } = stage;
    const policy = { vhost: VHOST, pattern: '^q', priority: 3 };
    administration.setPolicy('policy', { ...policy, name: 'p', definition: { 'message-ttl': 9, 'max-length': 7 } });
    administration.setPolicy('operator policy', { ...policy, name: 'p', definition: { 'max-length': 4 } });
    administration.setPolicy('policy', {
      ...policy,
      name: 'x',
      pattern: '^x',
      definition: { 'alternate-exchange': 'y' },
    });
    administration.setPolicy('policy', { ...policy, name: 'gone', definition: { expires: 1 }, priority: 0 });
    administration.clearPolicy('policy', VHOST, 'gone');
    await administration.saved();
    const args = table({ 'x-dead-letter-exchange': 'dead', 'x-max-priority': 3 });
    await stage.queue('q', { durable: true, arguments: args });
    await stage.exchange('x', 'fanout', DURABLE);
    await stage.exchange('z', 'fanout', { durable: true, arguments: table({ 'alternate-exchange': 'w' }) });
    const features = stage.core.features.get(stage.ref('q'));
    expect(features).toMatchObject({ ttl: 9, maxLength: 4, deadLetters: true, maxPriority: 3 });
    const policies = stage.administration.policies('policy', VHOST);
    await restart();
    expect(stage.core.features.get(stage.ref('q'))).toEqual(features);
    expect(stage.view.queue(VHOST, 'q')?.deadLetterExchange).toBe('dead');
    expect(stage.view.exchange(VHOST, 'x')?.alternate).toBe('y');
    expect(stage.view.exchange(VHOST, 'z')?.alternate).toBe('w');
    expect(stage.administration.policies('policy', VHOST)).toEqual(policies);
    expect(stage.administration.policies('operator policy', VHOST)).toHaveLength(1);
  });

  test('vhosts and limits are as they were left', async () => {
    const { administration } = stage;
    administration.createVhost('new');
    administration.users.setPermissions({ user: 'guest', vhost: 'new', configure: '.*', write: '', read: '' });
    administration.setLimits('vhost', 'new', { 'max-queues': 1 });
    administration.setLimits('user', 'guest', { 'max-channels': 5 });
    administration.setLimits('vhost', OTHER_VHOST, { 'max-queues': 1 });
    administration.setPolicy('policy', { vhost: OTHER_VHOST, name: 'p', pattern: '', definition: { expires: 1 } });
    await stage.queue('q', { durable: true, vhost: OTHER_VHOST });
    await stage.bind('q', 'amq.direct');
    await stage.queue('q', { durable: true, vhost: 'new' });
    administration.deleteVhost(OTHER_VHOST);
    await administration.saved();
    expect([lives.count('queue'), lives.count('policy'), lives.count('binding')]).toEqual([1, 0, 0]);
    await restart();
    for (const view of stage.views) expect(view.vhosts().sort()).toEqual([VHOST, 'new']);
    expect(stage.administration.limits('vhost', 'new')).toEqual({ 'max-queues': 1 });
    expect(stage.administration.limits('user', 'guest')).toEqual({ 'max-channels': 5 });
    expect(outcome(await stage.queue('q2', { durable: true, vhost: 'new' }))).toMatch(/^406 .*queue limit/);
    expect(stage.administration.createVhost(OTHER_VHOST)).toBe(true);
    expect(stage.administration.limits('vhost', OTHER_VHOST)).toEqual({});
  });
});

test('names that the store has no room for are refused, and hold up nothing', async () => {
  const { administration } = stage;
  const long = 'é'.repeat(128);
  expect(administration.createVhost(long)).toBe(false);
  const policy = { vhost: VHOST, name: long, pattern: '', definition: { expires: 1 } };
  expect(administration.setPolicy('policy', policy)).toBe('name is longer than 255 octets');
  expect(administration.users.add(long, 'secret')).toBe('user name is longer than 255 octets');
  await administration.saved();
  expect(outcome(await stage.queue('q', DURABLE))).toBe('ok');
});

test('who ends before a write has ended finds all of it or nothing', async () => {
  const declared = Array.from({ length: 50 }, (_, i) => stage.queue(`q${i}`, DURABLE));
  for (let i = 0; i < 50; i++) stage.bind(`q${i}`, 'amq.fanout');
  const first = await declared[0];
  expect(first?.ok).toBe(true);
  await restart();
  expect(stage.routed('amq.fanout')).toHaveLength(50);
});

describe('the number of a queue in the log', () => {
  const logId = (queue: string) => stage.core.logIds.get(stage.ref(queue))?.id ?? 0;

  test('is a multiple of 256, its own for good, and the core knows it with the place of its next message', async () => {
    await stage.queue('a', DURABLE);
    await stage.queue('b', { durable: true, arguments: table({ 'x-max-priority': 2 }) });
    const [a, b] = [logId('a'), logId('b')];
    expect(a > 0 && b > 0 && a !== b && a % 256 === 0 && b % 256 === 0).toBe(true);
    expect(stage.core.logIds.get(stage.ref('a'))?.nextPosition).toBe(0);
    await restart((id) => (id < b ? 70 : 10 * (id - b)));
    expect(stage.core.logIds.get(stage.ref('a'))).toEqual({ id: a, nextPosition: 70 });
    expect(stage.core.logIds.get(stage.ref('b'))).toEqual({ id: b, nextPosition: 20 });
  });

  test('is not given to another queue, and is told to count no more when its queue is gone', async () => {
    await stage.queue('q', DURABLE);
    const first = logId('q');
    await stage.deleteQueue('q');
    expect(stage.forgotten).toEqual([first]);
    await stage.queue('q', DURABLE);
    const second = logId('q');
    await stage.deleteQueue('q');
    await restart();
    await stage.queue('q', DURABLE);
    expect(new Set([first, second, logId('q')]).size).toBe(3);
  });

  test('is 0 for what does not outlast the broker', async () => {
    await stage.queue('transient');
    await stage.queue('mine', { durable: true, exclusive: true });
    expect(stage.core.logIds.size).toBe(0);
    expect(stage.view.queue(VHOST, 'mine')?.logId).toBe(0);
  });
});

test('what this version does not know is left in the store, and told', async () => {
  await stage.exchange('x', 'fanout', DURABLE);
  await stage.bindExchange('x', 'amq.topic', 'k', EMPTY_TABLE);
  await lives.put({ vhost: VHOST, name: 'x', type: 'x-unheard-of' });
  await restart();
  expect(stage.hasExchange('x')).toBe(false);
  expect(stage.reports.join()).toMatch(
    /exchange 'x' in vhost '\/' is left out: there is no exchange type 'x-unheard-of'/,
  );
  expect([lives.count('exchange'), lives.count('binding')]).toEqual([1, 1]);
});

test('a restoration that takes long says how far it is, now and then', async () => {
  for (let i = 0; i < 100; i++) {
    await stage.queue(`q${i}`, DURABLE);
    await stage.bind(`q${i}`, 'amq.topic', 'k');
  }
  expect(stage.reports).toEqual([]);
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
    now += 50;
    return now;
  });
  await restart();
  clock.mockRestore();
  const lines = stage.reports.filter((line) => /^restoring (queues|bindings): \d+ of 100$/.test(line));
  expect(lines).toEqual(stage.reports);
  // 200 things at 50 ms each.
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.length).toBeLessThan(10);
});
