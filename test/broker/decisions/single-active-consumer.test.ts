/** Queues whose messages go to one consumer at a time. */
import { beforeEach, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { outcome, Stage } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.queue('q', { arguments: table({ 'x-single-active-consumer': true }) });
});

const active = (consumer: string, connection: number) => ({
  kind: 'activate',
  connection,
  consumer,
  queueId: stage.view.queue('/', 'q')?.id,
});

test('the first consumer is active, the others stand by', () => {
  expect(stage.consume('q', 'a')).toMatchObject({ ok: true, active: true });
  expect(stage.consume('q', 'b')).toMatchObject({ ok: true, active: false, consumerCount: 2 });
  expect(stage.view.queue('/', 'q')).toMatchObject({ singleActive: true });
  expect(stage.notices).toEqual([]);
});

test('when the active one leaves, the next in order of registration takes its place', () => {
  stage.consume('q', 'a');
  stage.consume('q', 'b', {}, 2);
  stage.consume('q', 'c', {}, 3);
  stage.cancel(['a']);
  expect(stage.notices).toEqual([active('b', 2)]);
  stage.disconnect(2);
  expect(stage.notices).toEqual([active('b', 2), active('c', 3)]);
  stage.cancel(['c'], 3);
  expect(stage.consume('q', 'd')).toMatchObject({ active: true });
  expect(stage.notices).toHaveLength(2);
});

test('one that stands by may leave without anybody noticing', () => {
  stage.consume('q', 'a');
  stage.consume('q', 'b', {}, 2);
  stage.consume('q', 'c', {}, 3);
  stage.cancel(['b'], 2);
  expect(stage.notices).toEqual([]);
  stage.cancel(['a']);
  expect(stage.notices).toEqual([active('c', 3)]);
});

test('nobody becomes active who leaves together with the active one', () => {
  stage.consume('q', 'a');
  stage.consume('q', 'b');
  stage.consume('q', 'c', {}, 2);
  stage.disconnect(1);
  expect(stage.notices).toEqual([active('c', 2)]);
});

test('the highest priority is next, but does not drive out who is active', () => {
  const consumerPriorities = (priority: number) => ({ arguments: table({ 'x-priority': priority }) });
  stage.consume('q', 'a');
  expect(stage.consume('q', 'b', consumerPriorities(1), 2)).toMatchObject({ active: false, priority: 1 });
  expect(stage.consume('q', 'c', consumerPriorities(9), 3)).toMatchObject({ active: false, priority: 9 });
  stage.cancel(['a']);
  expect(stage.notices).toEqual([active('c', 3)]);
});

test('it has no exclusive consumers', () => {
  expect(outcome(stage.consume('q', 'a', { exclusive: true }))).toBe("403 queue 'q' in vhost '/' in exclusive use");
});

test('a queue of the same name begins anew', () => {
  stage.consume('q', 'a');
  stage.deleteQueue('q');
  stage.queue('q', { arguments: table({ 'x-single-active-consumer': true }) });
  expect(stage.consume('q', 'b')).toMatchObject({ active: true });
});
