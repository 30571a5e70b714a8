/** Who may consume, and what goes when the last consumer leaves. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { outcome, Stage, VHOST } from '../support/stage.js';

const IN_USE = "403 queue 'q' in vhost '/' in exclusive use";

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.queue('q');
});

test('a consumer learns which queue it has: another one of that name is another', () => {
  expect(stage.consume('q', 'c')).toMatchObject({ ok: true, queue: 'q', queueId: stage.view.queue(VHOST, 'q')?.id });
  const before = stage.view.queue(VHOST, 'q')?.id;
  stage.deleteQueue('q');
  stage.queue('q');
  const after = stage.view.queue(VHOST, 'q')?.id;
  expect(after).not.toBe(before);
  for (const view of stage.views) expect(view.queue(VHOST, 'q')?.id).toBe(after);
  expect(stage.consume('q', 'c')).toMatchObject({ ok: true, queueId: after });
});

test('a queue that is not there has no consumers', () => {
  expect(outcome(stage.consume('nope', 'c'))).toBe("404 no queue 'nope' in vhost '/'");
});

test('consumers of different connections may have the same name, those of one may not', () => {
  stage.consume('q', 'c', {}, 1);
  expect(outcome(stage.consume('q', 'c', {}, 2))).toBe('ok');
  expect(outcome(stage.consume('q', 'c', {}, 1))).toBe("530 attempt to reuse consumer tag 'c'");
  expect(stage.queue('q', { passive: true })).toMatchObject({ consumerCount: 2 });
});

describe('an exclusive consumer', () => {
  test('bears no other, exclusive or not', () => {
    stage.consume('q', 'a', { exclusive: true });
    expect(outcome(stage.consume('q', 'b'))).toBe(IN_USE);
    expect(outcome(stage.consume('q', 'b', { exclusive: true }, 2))).toBe(IN_USE);
  });

  test('does not come to a queue that has others', () => {
    stage.consume('q', 'a');
    expect(outcome(stage.consume('q', 'b', { exclusive: true }))).toBe(IN_USE);
  });

  test('leaves the queue to others when it is gone', () => {
    stage.consume('q', 'a', { exclusive: true }, 2);
    stage.disconnect(2);
    expect(outcome(stage.consume('q', 'b', { exclusive: true }))).toBe('ok');
  });

  test('does not fit a queue with a single active consumer', () => {
    stage.queue('sac', { arguments: table({ 'x-single-active-consumer': true }) });
    const answer = stage.consume('sac', 'a', { exclusive: true });
    expect(outcome(answer)).toBe(IN_USE.replace("'q'", "'sac'"));
    expect(outcome(stage.consume('sac', 'a'))).toBe('ok');
  });
});

test('a priority is an integer of any sign', () => {
  expect(outcome(stage.consume('q', 'a', { arguments: table({ 'x-priority': -5 }) }))).toBe('ok');
  const answer = stage.consume('q', 'b', { arguments: table({ 'x-priority': 'high' }) });
  expect(outcome(answer)).toBe(
    `406 invalid arg 'x-priority' for queue 'q' in vhost '/': "expected integer, got longstr"`,
  );
});

describe('an auto-delete queue', () => {
  beforeEach(() => {
    stage.queue('auto', { autoDelete: true });
  });

  test('goes with its last consumer, not before', () => {
    stage.consume('auto', 'a', {}, 1);
    stage.consume('auto', 'b', {}, 2);
    stage.cancel(['a'], 1);
    expect(stage.hasQueue('auto')).toBe(true);
    stage.cancel(['b'], 2);
    expect(stage.hasQueue('auto')).toBe(false);
  });

  test('stays while it has never had a consumer', () => {
    stage.disconnect(1);
    expect(stage.hasQueue('auto')).toBe(true);
  });

  test('goes with the connection of its last consumer, and takes an auto-delete exchange along', () => {
    stage.exchange('x', 'fanout', { autoDelete: true });
    stage.bind('auto', 'x');
    stage.consume('auto', 'a', {}, 2);
    stage.consume('auto', 'b', {}, 2);
    stage.disconnect(2);
    expect(stage.hasQueue('auto')).toBe(false);
    expect(stage.hasExchange('x')).toBe(false);
    expect(stage.core.retired).toHaveLength(1);
  });
});

test('cancelling what is not there is no error', () => {
  expect(stage.cancel(['nope'])).toEqual({ ok: true });
});

test('consumers of a deleted queue are forgotten, and their names free again', () => {
  stage.consume('q', 'c');
  stage.deleteQueue('q');
  stage.queue('q');
  expect(stage.queue('q', { passive: true })).toMatchObject({ consumerCount: 0 });
  expect(outcome(stage.consume('q', 'c', { exclusive: true }))).toBe('ok');
  stage.cancel(['c']);
  expect(outcome(stage.consume('q', 'd', { exclusive: true }))).toBe('ok');
});
