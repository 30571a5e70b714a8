/** Queues for direct replies: hidden from all but the default exchange. */
import { beforeEach, expect, test } from 'vitest';
import { outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

function open(connection = 1): { queue: string; ref: number } {
  const answer = stage.ask(connection, { op: 'reply.open', vhost: VHOST });
  if (!answer.ok || answer.queue === undefined || answer.ref === undefined) throw new Error('no reply queue');
  return { queue: answer.queue, ref: answer.ref };
}

test('the default exchange leads to it by its name, as long as its connection is there', () => {
  const { queue, ref } = open();
  expect(queue).toMatch(/^amq\.rabbitmq\.reply-to\.[\w-]{24}$/);
  expect(stage.view.route(VHOST, '', queue)).toEqual([ref]);
  stage.disconnect(1);
  expect(stage.view.route(VHOST, '', queue)).toEqual([]);
  stage.allApplied();
  expect(stage.core.freed).toEqual([ref]);
});

test('closing takes it away, once, and only for its own connection', () => {
  const { queue, ref } = open();
  stage.ask(2, { op: 'reply.close', queue });
  expect(stage.view.route(VHOST, '', queue)).toEqual([ref]);
  stage.ask(1, { op: 'reply.close', queue });
  stage.ask(1, { op: 'reply.close', queue });
  stage.disconnect(1);
  expect(stage.core.retired).toEqual([ref]);
});

test('to declare it is to ask whether the requester is there', () => {
  const { queue } = open();
  const there = { ok: true, queue, messageCount: 0, consumerCount: 1 };
  expect(stage.queue(queue, {}, 2)).toEqual(there);
  expect(stage.queue(queue, { passive: true }, 2)).toEqual(there);
  expect(stage.queue('amq.rabbitmq.reply-to')).toMatchObject({ ok: true, messageCount: 0, consumerCount: 1 });
  stage.disconnect(1);
  expect(outcome(stage.queue(queue))).toBe(`404 no queue '${queue}' in vhost '/'`);
});

test('nobody can consume from it, bind, purge or delete it', () => {
  const { queue } = open();
  const missing = `404 no queue '${queue}' in vhost '/'`;
  expect(outcome(stage.consume(queue, 'c'))).toBe(missing);
  expect(outcome(stage.bind(queue, 'amq.direct'))).toBe(missing);
  expect(outcome(stage.purge(queue))).toBe(missing);
  stage.deleteQueue(queue);
  expect(stage.view.route(VHOST, '', queue)).toHaveLength(1);
});
