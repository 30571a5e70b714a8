/** Queues that go when nobody uses them. */
import { beforeEach, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { Stage } from '../support/stage.js';

const EXPIRY = { arguments: table({ 'x-expires': 1000 }) };

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.queue('q', EXPIRY);
});

test('an unused queue goes when its time is over, with its bindings and messages, and its memory is given back', () => {
  stage.bind('q', 'amq.fanout');
  const ref = stage.ref('q');
  stage.core.ready.set(ref, 5);
  stage.clock.pass(999);
  expect(stage.hasQueue('q')).toBe(true);
  stage.clock.pass(1);
  expect(stage.hasQueue('q')).toBe(false);
  expect(stage.routed('amq.fanout')).toEqual([]);
  for (const view of stage.views) expect(view.queueByRef(ref)).toBeUndefined();
  stage.allApplied();
  expect(stage.core.freed).toEqual([ref]);
});

test.each([
  ['declaring it again', () => stage.queue('q', EXPIRY)],
  ['asking for it', () => stage.queue('q', { passive: true })],
  ['getting from it', () => stage.core.gets.set(stage.ref('q'), stage.clock.now())],
])('%s counts as use', (_what, use) => {
  stage.clock.pass(600);
  use();
  stage.clock.pass(999);
  expect(stage.hasQueue('q')).toBe(true);
  stage.clock.pass(1);
  expect(stage.hasQueue('q')).toBe(false);
});

test('it stays while it has a consumer; its time begins when the last one leaves', () => {
  stage.consume('q', 'a');
  stage.consume('q', 'b', {}, 2);
  stage.clock.pass(5000);
  stage.cancel(['a']);
  stage.clock.pass(5000);
  stage.disconnect(2);
  stage.clock.pass(999);
  expect(stage.hasQueue('q')).toBe(true);
  stage.clock.pass(1);
  expect(stage.hasQueue('q')).toBe(false);
});

test('a deleted queue leaves no timer, nor does a coordinator that is closed', () => {
  stage.deleteQueue('q');
  expect(stage.clock.timers).toBe(0);
  stage.queue('q', EXPIRY);
  stage.coordinator.close();
  expect(stage.clock.timers).toBe(0);
});
