/** Routes of many keys to one exchange: what the view would say of each, for as long as the view stays what it was. */
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { principalOfUser } from '../../../src/broker/access/principal.js';
import type { Actor } from '../../../src/broker/topology/access.js';
import { KeyRoutes } from '../../../src/broker/topology/key-routes.js';
import { Stage, VHOST } from '../support/stage.js';

const EXCHANGES = ['', 'amq.topic', 'amq.direct', 'amq.fanout', 'amq.headers', 'hash', 'before', 'other', 'nowhere'];
const KEYS = ['', 'a', 'b', 'a.b', 'a.b.c', 'q0', 'q1', '.', 'ä.b'];

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.exchange('hash', 'x-consistent-hash');
  stage.exchange('before', 'direct');
  stage.exchange('other', 'topic', { arguments: table({ 'alternate-exchange': 'amq.fanout' }) });
  for (let queue = 0; queue < 20; queue++) stage.queue(`q${queue}`);
  stage.queue('once', { arguments: table({ 'x-message-deduplication': true }) });
  stage.bindExchange('amq.topic', 'before', 'a');
});

function actor(user: string): Actor {
  return { id: 1, principal: principalOfUser(stage.view.accounts, user), vhost: VHOST };
}

function expectSame(exchange: string): void {
  const routes = new KeyRoutes(stage.view, actor('guest'), exchange);
  for (const key of KEYS) {
    const asked = stage.view.asksHost(VHOST, exchange, key);
    const queues = routes.queues(key);
    if (asked) expect(queues).toBeNull();
    else expect(queues).toEqual(stage.view.route(VHOST, exchange, key));
  }
}

test('each key goes where the view says, whatever is bound to what', () => {
  const binding = fc.record({
    exchange: fc.constantFrom('amq.topic', 'amq.direct', 'amq.fanout', 'before', 'other'),
    queue: fc.constantFrom(...Array.from({ length: 20 }, (_, queue) => `q${queue}`), 'once'),
    key: fc.constantFrom('#', '*', 'a', 'a.*', '*.b', 'a.#', '#.c', 'q0', ''),
  });
  fc.assert(
    fc.property(fc.array(binding, { maxLength: 30 }), (bindings) => {
      for (const { exchange, queue, key } of bindings) stage.bind(queue, exchange, key);
      for (const exchange of EXCHANGES) expectSame(exchange);
      for (const { exchange, queue, key } of bindings) stage.unbind(queue, exchange, key);
    }),
    { numRuns: 50 },
  );
});

test('a queue that many bindings lead to is found once', () => {
  for (let queue = 0; queue < 20; queue++) {
    for (const key of ['#', 'a', 'a.#', '*']) stage.bind(`q${queue}`, 'amq.topic', key);
  }
  const queues = new KeyRoutes(stage.view, actor('guest'), 'amq.topic').queues('a') ?? [];
  expect(queues.length).toBe(20);
  expect(new Set(queues).size).toBe(20);
});

test('it says nothing more once anything has changed', () => {
  const routes = new KeyRoutes(stage.view, actor('guest'), 'amq.topic');
  expect(routes.isCurrent).toBe(true);
  stage.bind('q1', 'amq.topic', 'a');
  expect(routes.isCurrent).toBe(false);
});

test('who may not write there, or finds no exchange, is refused', () => {
  expect(new KeyRoutes(stage.view, actor('guest'), 'amq.topic').refusal).toBeNull();
  expect(new KeyRoutes(stage.view, actor('guest'), 'nowhere').refusal?.code).toBe(404);
  expect(new KeyRoutes(stage.view, actor('nobody'), 'amq.topic').refusal?.code).toBe(403);
});
