/** Where messages go: through exchanges, bindings between them, and alternates. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { principalOfUser } from '../../../src/broker/access/principal.js';
import { publishRefusal } from '../../../src/broker/topology/access.js';
import { OTHER_VHOST, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  for (const name of ['a', 'b', 'c']) stage.queue(name);
});

test('the default exchange knows every queue of its vhost by name', () => {
  expect(stage.routed('', 'b')).toEqual(['b']);
  expect(stage.routed('', 'nope')).toEqual([]);
  expect(stage.routed('', 'b', undefined, OTHER_VHOST)).toEqual([]);
  stage.deleteQueue('b');
  expect(stage.routed('', 'b')).toEqual([]);
});

test('names are compared exactly, whatever bytes they stand for', () => {
  const odd = 'q\udc80\u0000"é';
  stage.queue(odd);
  stage.bind(odd, 'amq.direct', odd);
  expect(stage.routed('', odd)).toEqual([odd]);
  expect(stage.routed('amq.direct', odd)).toEqual([odd]);
  expect(stage.routed('amq.direct', 'q\udc81\u0000"é')).toEqual([]);
});

test('a queue is found once, and queues in a stable order', () => {
  stage.bind('c', 'amq.topic', 'x.#');
  stage.bind('a', 'amq.topic', '#');
  stage.bind('c', 'amq.topic', 'x.*');
  stage.bind('c', 'amq.topic', '#');
  const routed = stage.routed('amq.topic', 'x.y');
  expect([...routed].sort()).toEqual(['a', 'c']);
  expect(stage.routed('amq.topic', 'x.y')).toEqual(routed);
  expect(stage.views[1]?.route(VHOST, 'amq.topic', 'x.y')).toEqual(stage.view.route(VHOST, 'amq.topic', 'x.y'));
});

describe('bindings between exchanges', () => {
  test('are followed, each exchange with the message’s own key', () => {
    stage.exchange('in', 'fanout');
    stage.exchange('out', 'direct');
    stage.bindExchange('out', 'in');
    stage.bind('a', 'out', 'k');
    stage.bind('b', 'in');
    expect(stage.routed('in', 'k').sort()).toEqual(['a', 'b']);
    expect(stage.routed('in', 'other')).toEqual(['b']);
  });

  test('may go round in circles', () => {
    stage.exchange('x', 'fanout');
    stage.exchange('y', 'fanout');
    stage.bindExchange('y', 'x');
    stage.bindExchange('x', 'y');
    stage.bindExchange('x', 'x');
    stage.bind('a', 'y');
    expect(stage.routed('x')).toEqual(['a']);
    expect(stage.routed('y')).toEqual(['a']);
    expect(stage.view.asksHost(VHOST, 'x', 'k')).toBe(false);
  });
});

describe('an alternate exchange', () => {
  const alternate = (name: string) => ({ arguments: table({ 'alternate-exchange': name }) });

  test('gets what its exchange routes nowhere, and only that', () => {
    stage.exchange('x', 'direct', alternate('rest'));
    stage.exchange('rest', 'fanout');
    stage.bind('a', 'x', 'k');
    stage.bind('b', 'rest');
    expect(stage.routed('x', 'k')).toEqual(['a']);
    expect(stage.routed('x', 'other')).toEqual(['b']);
  });

  test('may be missing, and may come later', () => {
    stage.exchange('x', 'direct', alternate('later'));
    expect(stage.routed('x', 'k')).toEqual([]);
    stage.exchange('later', 'fanout');
    stage.bind('a', 'later');
    expect(stage.routed('x', 'k')).toEqual(['a']);
  });

  test('may have one itself, even in a circle', () => {
    stage.exchange('x', 'direct', alternate('y'));
    stage.exchange('y', 'direct', alternate('x'));
    stage.bind('a', 'y', 'k');
    expect(stage.routed('x', 'k')).toEqual(['a']);
    expect(stage.routed('x', 'other')).toEqual([]);
  });

  test('is not asked when the message went on to another exchange, even if it ended there', () => {
    stage.exchange('x', 'fanout', alternate('rest'));
    stage.exchange('dead end', 'direct');
    stage.exchange('rest', 'fanout');
    stage.bind('b', 'rest');
    stage.bindExchange('dead end', 'x');
    expect(stage.routed('x')).toEqual([]);
  });

  test('may be the default exchange', () => {
    stage.exchange('x', 'direct', alternate(''));
    expect(stage.routed('x', 'b')).toEqual(['b']);
  });
});

describe('headers are needed', () => {
  test('where a headers exchange can be reached, through bindings or alternates', () => {
    stage.exchange('x', 'fanout');
    stage.exchange('y', 'fanout', { arguments: table({ 'alternate-exchange': 'x' }) });
    const needed = () => ['amq.headers', 'x', 'y'].map((name) => stage.view.asksHost(VHOST, name, 'k'));
    expect(needed()).toEqual([true, false, false]);
    stage.bindExchange('amq.match', 'x');
    expect(needed()).toEqual([true, true, true]);
    stage.unbindExchange('amq.match', 'x');
    expect(needed()).toEqual([true, false, false]);
    expect(stage.view.asksHost(VHOST, 'nope', 'k')).toBe(false);
  });

  test('and then decide', () => {
    stage.exchange('x', 'fanout');
    stage.bindExchange('amq.headers', 'x');
    stage.bind('a', 'amq.headers', '', table({ colour: 'red' }));
    expect(stage.routed('x', '', table({ colour: 'red' }))).toEqual(['a']);
    expect(stage.routed('x', '', table({ colour: 'blue' }))).toEqual([]);
    expect(stage.routed('x', '')).toEqual([]);
  });
});

test('clients publish to exchanges that exist and are not internal', () => {
  const guest = { id: 1, principal: principalOfUser(stage.view.accounts, 'guest'), vhost: VHOST };
  stage.exchange('inner', 'fanout', { internal: true });
  expect(publishRefusal(stage.view, guest, '')).toBeNull();
  expect(publishRefusal(stage.view, guest, 'nope')).toMatchObject({
    code: 404,
    text: "no exchange 'nope' in vhost '/'",
  });
  const text = "cannot publish to internal exchange 'inner' in vhost '/'";
  expect(publishRefusal(stage.view, guest, 'inner')).toMatchObject({ code: 403, text });
});
