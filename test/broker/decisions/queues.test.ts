/** Declaring, purging and deleting queues, with RabbitMQ's codes and texts. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

const LOCKED =
  "405 cannot obtain exclusive access to locked queue 'q' in vhost '/'. It could be originally declared on another " +
  'connection or the exclusive property value does not match that of the original declaration.';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

describe('declaring', () => {
  test('a new queue is empty, without consumers, and seen by every worker once the answer is there', () => {
    const answer = stage.queue('q', { durable: true });
    expect(answer).toMatchObject({ ok: true, queue: 'q', messageCount: 0, consumerCount: 0 });
    for (const view of stage.views) expect(view.queue(VHOST, 'q')).toMatchObject({ durable: true, owner: null });
  });

  test('declaring it again counts its messages and consumers', () => {
    stage.queue('q');
    stage.core.ready.set(stage.ref('q'), 3);
    stage.consume('q', 'c');
    expect(stage.queue('q')).toMatchObject({ ok: true, messageCount: 3, consumerCount: 1 });
    expect(stage.queue('q', { passive: true })).toMatchObject({ ok: true, messageCount: 3, consumerCount: 1 });
  });

  test('a queue without a name gets one that nobody else has', () => {
    const names = [stage.queue(''), stage.queue('')].map((answer) => (answer.ok ? answer.queue : ''));
    for (const name of names) expect(name).toMatch(/^amq\.gen-[\w-]{22}$/);
    expect(names[0]).not.toBe(names[1]);
  });

  test('reserved names are the broker’s own', () => {
    expect(outcome(stage.queue('amq.q'))).toBe("403 queue name 'amq.q' contains reserved prefix 'amq.*'");
    expect(outcome(stage.queue('amq.q', { passive: true }))).toBe("404 no queue 'amq.q' in vhost '/'");
  });

  test('line ends in a name are dropped', () => {
    expect(stage.queue('a\r\nb')).toMatchObject({ ok: true, queue: 'ab' });
    expect(stage.queue('ab\n', { passive: true })).toMatchObject({ ok: true, queue: 'ab' });
  });

  test('the same name in another vhost is another queue', () => {
    stage.queue('q');
    expect(outcome(stage.queue('q', { passive: true, vhost: OTHER_VHOST }))).toBe("404 no queue 'q' in vhost 'other'");
    stage.queue('q', { vhost: OTHER_VHOST });
    stage.deleteQueue('q');
    expect(stage.view.queue(OTHER_VHOST, 'q')).toBeDefined();
  });

  test.each([
    ['durability', { durable: true }, "'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'"],
    [
      'auto-delete',
      { autoDelete: true },
      "'auto_delete' for queue 'q' in vhost '/': received 'true' but current is 'false'",
    ],
    [
      'argument',
      { arguments: table({ 'x-max-length': 5 }) },
      "'x-max-length' for queue 'q' in vhost '/': received the value '5' of type 'signedint' but current is none",
    ],
  ])('another %s is told', (_, fields, text) => {
    stage.queue('q');
    expect(outcome(stage.queue('q', fields))).toBe(`406 inequivalent arg ${text}`);
  });

  test('arguments are equal whatever the width of their integers, and unknown ones do not count', () => {
    stage.queue('q', { arguments: table({ 'x-message-ttl': 1000 }) });
    expect(outcome(stage.queue('q', { arguments: table({ 'x-message-ttl': 1000n, 'x-other': 1 }) }))).toBe('ok');
    const start = "406 inequivalent arg 'x-message-ttl' for queue 'q' in vhost '/': ";
    const other = stage.queue('q', { arguments: table({ 'x-message-ttl': 1001 }) });
    expect(outcome(other)).toBe(`${start}received '1001' but current is '1000'`);
    const none = `${start}received none but current is the value '1000' of type 'signedint'`;
    expect(outcome(stage.queue('q'))).toBe(none);
  });

  test('a classic queue need not be called so, a quorum queue must', () => {
    stage.queue('q');
    expect(outcome(stage.queue('q', { arguments: table({ 'x-queue-type': 'classic' }) }))).toBe('ok');
    const text = "received the value 'quorum' of type 'longstr' but current is none";
    const quorum = stage.queue('q', { arguments: table({ 'x-queue-type': 'quorum' }) });
    expect(outcome(quorum)).toBe(`406 inequivalent arg 'x-queue-type' for queue 'q' in vhost '/': ${text}`);
  });

  test('without memory there is no queue', () => {
    stage.core.full = true;
    expect(stage.queue('q')).toMatchObject({ ok: false, refusal: { scope: 'connection', code: 506 } });
    expect(stage.hasQueue('q')).toBe(false);
  });
});

describe('an exclusive queue', () => {
  beforeEach(() => {
    stage.queue('q', { exclusive: true, durable: true }, 1);
  });

  test('is not durable, whatever was asked', () => {
    expect(stage.view.queue(VHOST, 'q')).toMatchObject({ owner: 1, durable: false });
    expect(outcome(stage.queue('q', { exclusive: true, durable: true }))).toBe('ok');
    expect(outcome(stage.queue('q', { exclusive: true, durable: false }))).toBe('ok');
  });

  test('is its connection’s own', () => {
    expect(outcome(stage.queue('q', { exclusive: true }, 2))).toBe(LOCKED);
    expect(outcome(stage.queue('q', { passive: true }, 2))).toBe(LOCKED);
    expect(outcome(stage.purge('q', 2))).toBe(LOCKED);
    expect(outcome(stage.deleteQueue('q', {}, 2))).toBe(LOCKED);
    expect(outcome(stage.consume('q', 'c', {}, 2))).toBe(LOCKED);
    expect(outcome(stage.bind('q', 'amq.fanout', '', undefined, 2))).toBe(LOCKED);
  });

  test('keeps its bindings from others', () => {
    stage.bind('q', 'amq.fanout');
    expect(outcome(stage.unbind('q', 'amq.fanout', '', undefined, 2))).toBe(LOCKED);
    expect(outcome(stage.unbind('q', 'amq.fanout', 'not bound', undefined, 2))).toBe('ok');
  });

  test('must be declared as exclusive again, and others as they are', () => {
    expect(outcome(stage.queue('q'))).toBe(LOCKED);
    expect(outcome(stage.queue('q', { passive: true }))).toBe('ok');
    stage.queue('shared');
    expect(outcome(stage.queue('shared', { exclusive: true }))).toBe(LOCKED.replace("'q'", "'shared'"));
  });

  test('goes with its connection, and can be declared anew at once', () => {
    stage.queue('mine too', { exclusive: true }, 1);
    stage.queue('theirs', { exclusive: true }, 2);
    expect(stage.disconnect(1)).toEqual({ ok: true });
    expect(stage.hasQueue('q')).toBe(false);
    expect(stage.hasQueue('mine too')).toBe(false);
    expect(stage.hasQueue('theirs')).toBe(true);
    expect(outcome(stage.queue('q', { exclusive: true }, 2))).toBe('ok');
  });
});

describe('purging', () => {
  test('tells how many messages were ready', () => {
    stage.queue('q');
    stage.core.ready.set(stage.ref('q'), 7);
    expect(stage.purge('q')).toMatchObject({ ok: true, messageCount: 7 });
    expect(stage.purge('q')).toMatchObject({ ok: true, messageCount: 0 });
    expect(outcome(stage.purge('nope'))).toBe("404 no queue 'nope' in vhost '/'");
  });
});

describe('deleting', () => {
  test('tells how many messages were ready, and takes the bindings along', () => {
    stage.queue('q');
    stage.bind('q', 'amq.fanout');
    stage.core.ready.set(stage.ref('q'), 7);
    expect(stage.deleteQueue('q')).toMatchObject({ ok: true, messageCount: 7 });
    expect(stage.routed('amq.fanout')).toEqual([]);
    stage.queue('q');
    expect(stage.routed('amq.fanout')).toEqual([]);
  });

  test('what is not there is no error', () => {
    expect(stage.deleteQueue('nope', { ifUnused: true, ifEmpty: true })).toEqual({ ok: true, messageCount: 0 });
  });

  test('if-unused minds consumers, if-empty messages, and messages are told first', () => {
    stage.queue('q');
    stage.core.ready.set(stage.ref('q'), 1);
    stage.consume('q', 'c');
    const both = { ifUnused: true, ifEmpty: true };
    expect(outcome(stage.deleteQueue('q', both))).toBe("406 queue 'q' in vhost '/' not empty");
    expect(outcome(stage.deleteQueue('q', { ifUnused: true }))).toBe("406 queue 'q' in vhost '/' in use");
    stage.purge('q');
    stage.cancel(['c']);
    expect(outcome(stage.deleteQueue('q', both))).toBe('ok');
  });
});

describe('the memory of a deleted queue', () => {
  test('waits for the slowest worker', () => {
    stage.queue('q');
    const ref = stage.ref('q');
    stage.deleteQueue('q');
    expect(stage.core.retired).toEqual([ref]);
    stage.coordinator.applied(0, stage.epoch);
    expect(stage.core.freed).toEqual([]);
    stage.coordinator.applied(1, stage.epoch - 1);
    expect(stage.core.freed).toEqual([]);
    stage.coordinator.applied(1, stage.epoch);
    expect(stage.core.freed).toEqual([ref]);
    stage.allApplied();
    expect(stage.core.freed).toEqual([ref]);
  });

  test('is given back in the order of deletion, as far as the workers have come', () => {
    for (const name of ['a', 'b', 'c']) stage.queue(name);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => stage.ref(name));
    stage.deleteQueue('a');
    stage.deleteQueue('b');
    const reached = stage.epoch;
    stage.deleteQueue('c');
    stage.coordinator.applied(0, stage.epoch);
    stage.coordinator.applied(1, reached);
    expect(stage.core.freed).toEqual([a, b]);
    stage.allApplied();
    expect(stage.core.freed).toEqual([a, b, c]);
  });

  test('is given back after the epoch word has turned over', () => {
    stage.epoch = 2 ** 31 - 2;
    stage.queue('q');
    const ref = stage.ref('q');
    stage.deleteQueue('q');
    stage.epoch = -(2 ** 31);
    stage.allApplied();
    expect(stage.core.freed).toEqual([ref]);
  });
});
