/** When answers are given, where definitions are stored. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import type { Answer } from '../../../src/broker/requests/requests.js';
import { DurableStage, outcome, VHOST } from '../support/stage.js';
import { GatedStore } from '../support/stores.js';

const DURABLE = { durable: true };
const NOT_SAVED = '541 definitions cannot be written';

let store: GatedStore;
let stage: DurableStage;
beforeEach(() => {
  store = new GatedStore();
  stage = new DurableStage(store);
});

/** Names of what was answered, in the order in which it was. */
class Order {
  readonly told: string[] = [];

  note(name: string, answer: Answer | Promise<Answer>): Promise<Answer> {
    if (!(answer instanceof Promise)) this.told.push(name);
    else void answer.then(() => this.told.push(name));
    return Promise.resolve(answer);
  }
}

test('what is durable is answered when it is written, and all else at once', async () => {
  const order = new Order();
  const declared = order.note('durable', stage.queue('q', DURABLE));
  order.note('transient', stage.queue('t', {}, 2));
  order.note('consumer', stage.consume('t', 'c', {}, 2));
  expect(order.told).toEqual(['transient', 'consumer']);
  await store.succeed();
  expect(outcome(await declared)).toBe('ok');
  expect(order.told).toEqual(['transient', 'consumer', 'durable']);
});

test('a connection is answered in the order of its requests, and told of nothing before', async () => {
  const order = new Order();
  stage.queue('single', { arguments: table({ 'x-single-active-consumer': true }) });
  stage.consume('single', 'first', {}, 2);
  void order.note('durable', stage.queue('q', DURABLE));
  const last = order.note('consumer', stage.consume('single', 'second'));
  stage.cancel(['first'], 2);
  expect(order.told).toEqual([]);
  expect(stage.notices).toEqual([]);
  await store.succeed();
  await last;
  expect(order.told).toEqual(['durable', 'consumer']);
  await stage.coordinator.saved();
  expect(stage.notices).toMatchObject([{ kind: 'activate', connection: 1, consumer: 'second' }]);
});

test('who finds what is being written waits for it too', async () => {
  const order = new Order();
  void order.note('declared', stage.queue('q', DURABLE));
  void order.note('again', stage.queue('q', DURABLE, 2));
  void order.note('asked', stage.queue('q', { passive: true }, 3));
  void order.note('consumed', stage.consume('q', 'c', {}, 4));
  const last = order.note('exchange', stage.exchange('x', 'fanout', DURABLE));
  expect(order.told).toEqual([]);
  await store.succeed();
  await last;
  expect(order.told).toHaveLength(5);
  expect(order.note('again', stage.queue('q', DURABLE, 2))).toBeInstanceOf(Promise);
  expect(order.told).toHaveLength(6);
});

test('what is asked for while one write is under way shares the next', async () => {
  const first = stage.queue('q', DURABLE);
  await Promise.resolve();
  expect(store.writes).toHaveLength(1);
  const others = Array.from({ length: 100 }, (_, i) => stage.queue(`q${i}`, DURABLE, 2 + i));
  await store.succeed();
  await first;
  await store.succeed();
  for (const answer of await Promise.all(others)) expect(outcome(answer)).toBe('ok');
  expect(store.writes.map((changes) => changes.length)).toEqual([1, 100]);
});

describe('a connection that asks ahead', () => {
  test('hears at once what is granted, and its requests share a write', async () => {
    const order = new Order();
    const answers = [order.note('q', stage.queue('q', DURABLE))];
    await Promise.resolve();
    expect(store.writes).toHaveLength(1);
    answers.push(order.note('x', stage.exchange('x', 'fanout', DURABLE)));
    answers.push(order.note('bound', stage.bind('q', 'x')));
    for (let i = 0; i < 100; i++) answers.push(order.note(`q${i}`, stage.queue(`q${i}`, DURABLE)));
    expect(stage.granted).toHaveLength(103);
    expect(stage.granted[0]).toMatchObject([1, { ok: true, queue: 'q' }]);
    expect(order.told).toEqual([]);
    await store.succeed();
    await answers[0];
    expect(order.told).toEqual(['q']);
    await store.succeed();
    for (const answer of await Promise.all(answers)) expect(outcome(answer)).toBe('ok');
    expect(store.writes.map((changes) => changes.length)).toEqual([1, 102]);
    expect(order.told).toEqual(['q', 'x', 'bound', ...Array.from({ length: 100 }, (_, i) => `q${i}`)]);
    expect(stage.routed('x')).toEqual(['q']);
  });

  test('hears of a refusal after what was granted before, in its turn', async () => {
    const order = new Order();
    const granted = order.note('q', stage.queue('q', DURABLE));
    const refused = order.note('refused', stage.bind('q', 'nowhere'));
    expect(stage.granted).toHaveLength(1);
    expect(order.told).toEqual([]);
    await store.succeed();
    await granted;
    expect(outcome(await refused)).toMatch(/^404 /);
    expect(order.told).toEqual(['q', 'refused']);
  });

  test('hears that what was granted cannot be written', async () => {
    const answers = [stage.queue('q', DURABLE), stage.queue('other', DURABLE)];
    await store.fail();
    expect((await Promise.all(answers)).map(outcome)).toEqual([NOT_SAVED, NOT_SAVED]);
  });

  test('hears nothing ahead of consumers and deletions, nor where an answer is due at once', async () => {
    stage.queue('t', {}, 2);
    expect(stage.granted).toEqual([]);
    const declared = stage.queue('q', DURABLE);
    expect(stage.granted).toHaveLength(1);
    const others = [stage.consume('q', 'c'), stage.cancel(['c']), stage.deleteQueue('q')];
    expect(stage.granted).toHaveLength(1);
    await store.succeed();
    await Promise.all([declared, ...others]);
  });

  test('hears that a purge is done before that is written, and is answered in its turn', async () => {
    const order = new Order();
    const declared = order.note('q', stage.queue('q', DURABLE));
    const purged = order.note('purged', stage.purge('q'));
    expect(stage.granted).toHaveLength(2);
    expect(order.told).toEqual([]);
    await store.succeed();
    await Promise.all([declared, purged]);
    expect(order.told).toEqual(['q', 'purged']);
  });
});

describe('a queue whose messages are logged', () => {
  test('is seen by workers only when its definition is written, with its bindings and features by then', async () => {
    const declared = stage.queue('q', DURABLE);
    stage.bind('q', 'amq.direct', 'a', undefined, 2);
    stage.bind('q', 'amq.direct', 'b', undefined, 2);
    stage.unbind('q', 'amq.direct', 'a', undefined, 3);
    stage.administration.setPolicy('policy', {
      vhost: VHOST,
      name: 'p',
      pattern: '',
      definition: { 'dead-letter-exchange': 'x' },
    });
    expect(stage.hasQueue('q')).toBe(false);
    await store.succeed();
    await declared;
    expect(['a', 'b'].map((key) => stage.routed('amq.direct', key))).toEqual([[], ['q']]);
    for (const view of stage.views) expect(view.queue(VHOST, 'q')?.deadLetterExchange).toBe('x');
  });

  test('is never seen when it is deleted before, and its memory is given back', async () => {
    void stage.queue('q', DURABLE);
    await Promise.resolve();
    const deleted = stage.deleteQueue('q', {}, 2);
    await store.succeed();
    await store.succeed();
    expect(outcome(await deleted)).toBe('ok');
    expect(stage.posted.flat()).toEqual([]);
    stage.allApplied();
    expect(stage.core.freed).toEqual(stage.core.retired);
    expect(stage.core.freed).toHaveLength(1);
  });
});

test('a deletion is one write, and only then do messages of the queue count no more', async () => {
  const setUp = Promise.all([
    stage.queue('q', DURABLE),
    stage.exchange('x', 'fanout', { ...DURABLE, autoDelete: true }),
  ]);
  stage.bind('q', 'x');
  await store.succeed();
  await setUp;
  const deleted = stage.deleteQueue('q');
  expect(stage.forgotten).toEqual([]);
  await store.succeed();
  await deleted;
  expect(stage.forgotten).toEqual([256]);
  expect(
    store.writes
      .at(-1)
      ?.map((change) => 'remove' in change && change.remove)
      .sort(),
  ).toEqual(['binding', 'exchange', 'queue']);
});

describe('when a write fails', () => {
  test('whoever waits for it is told, and so is the operator', async () => {
    const answers = [stage.queue('q', DURABLE), stage.queue('q', DURABLE, 2), stage.exchange('x', 'fanout', DURABLE)];
    await store.fail();
    for (const answer of answers) expect(outcome(await answer)).toBe(NOT_SAVED);
    expect(stage.reports).toEqual(['definitions cannot be written: no space left']);
    expect(stage.hasQueue('q')).toBe(false);
  });

  test('what it held goes with the next one, and is told to be there only then', async () => {
    const declared = stage.queue('q', DURABLE);
    await store.fail();
    expect(outcome(await declared)).toBe(NOT_SAVED);
    const again = stage.queue('q', DURABLE, 2);
    await store.fail();
    expect(outcome(await again)).toBe(NOT_SAVED);
    const other = stage.exchange('x', 'fanout', DURABLE);
    await store.succeed();
    expect(outcome(await other)).toBe('ok');
    expect(store.writes.at(-1)).toHaveLength(2);
    expect(stage.hasQueue('q')).toBe(true);
    expect(outcome(await stage.queue('q', DURABLE, 3))).toBe('ok');
  });

  test('an administrator is told, and who leaves may leave', async () => {
    stage.queue('own', { durable: true, autoDelete: true });
    await store.succeed();
    await stage.coordinator.saved();
    await stage.consume('own', 'c');
    stage.administration.createVhost('new');
    const saved = expect(stage.administration.saved()).rejects.toThrow('no space left');
    const gone = stage.disconnect(1);
    await store.fail();
    await saved;
    expect(outcome(await gone)).toBe('ok');
  });
});
