/** What the node allows in all, and each vhost and each user for which nothing else is set. */
import { beforeEach, describe, expect, test } from 'vitest';
import { NODE_NAME } from '../../../src/broker/requests/names.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.administration.users.add('other', 'secret');
  for (const vhost of [VHOST, OTHER_VHOST])
    stage.administration.users.setPermissions({ user: 'other', vhost, configure: '', write: '', read: '' });
});

const enter = (connection: number, vhost = VHOST, user = 'guest') =>
  outcome(stage.ask(connection, { op: 'connection.open', vhost, user, name: null }));
const openChannel = (connection: number) => outcome(stage.ask(connection, { op: 'channel.open' }));

describe('connections', () => {
  test('in all are those that are in, whoever they are', () => {
    stage.limit({ connectionMax: 2 });
    expect([enter(1), enter(2, OTHER_VHOST, 'other')]).toEqual(['ok', 'ok']);
    const text = '530 connection refused: node connection limit (2) is reached';
    expect([enter(3), enter(4, OTHER_VHOST)]).toEqual([text, text]);
    for (const refused of [3, 4]) stage.disconnect(refused);
    expect(enter(5)).toBe(text);
    stage.disconnect(1);
    expect(enter(6)).toBe('ok');
  });

  test('of a user and of a vhost are limited too, unless something else is set for the one', () => {
    stage.limit({ connectionMaxPerUser: 1, connectionMaxPerVhost: 2 });
    expect([enter(1), enter(2)]).toEqual([
      'ok',
      "530 connection refused for user 'guest': user connection limit (1) is reached",
    ]);
    stage.administration.setLimits('user', 'guest', { 'max-connections': -1 });
    expect([enter(3), enter(4)]).toEqual([
      'ok',
      "530 access to vhost '/' refused for user 'guest': connection limit (2) is reached",
    ]);
    stage.administration.setLimits('vhost', VHOST, { 'max-connections': 3, 'max-queues': 5 });
    expect(enter(5)).toBe('ok');
    stage.administration.clearLimits('vhost', VHOST);
    expect(enter(6)).toMatch(/connection limit \(2\) is reached$/);
  });

  test('that are there stay when the limit is lowered below them', () => {
    for (const connection of [1, 2, 3]) enter(connection);
    stage.limit({ connectionMax: 1 });
    expect(stage.administration.connections()).toHaveLength(3);
    expect(stage.notices).toEqual([]);
    stage.disconnect(1);
    expect(enter(4)).toMatch(/^530/);
    stage.disconnect(2);
    stage.disconnect(3);
    expect(enter(5)).toBe('ok');
  });
});

describe('channels', () => {
  test('in all are those of all connections', () => {
    for (const connection of [1, 2]) enter(connection);
    stage.limit({ channelMaxPerNode: 2 });
    const text = `530 number of channels opened on node '${NODE_NAME}' has reached the maximum allowed limit of (2)`;
    expect([openChannel(1), openChannel(2), openChannel(2)]).toEqual(['ok', 'ok', text]);
    stage.ask(1, { op: 'channel.close' });
    expect([openChannel(2), openChannel(1)]).toEqual(['ok', text]);
    stage.disconnect(2);
    expect([openChannel(1), openChannel(1), openChannel(1)]).toEqual(['ok', 'ok', text]);
  });

  test('of each user are limited where nothing else is set for the user', () => {
    stage.limit({ channelMaxPerUser: 1 });
    enter(1);
    enter(2, VHOST, 'other');
    const text = "530 number of channels opened for user 'guest' has reached the maximum allowed user limit of (1)";
    expect([openChannel(1), openChannel(1), openChannel(2)]).toEqual(['ok', text, 'ok']);
    stage.administration.setLimits('user', 'guest', { 'max-channels': 2 });
    expect([openChannel(1), openChannel(1)]).toEqual(['ok', text.replace('(1)', '(2)')]);
  });
});

describe('queues', () => {
  test('of each vhost, and in all', () => {
    stage.limit({ queueMaxPerVhost: 2, clusterQueueLimit: 3 });
    for (const name of ['a', 'b']) stage.queue(name);
    expect(outcome(stage.queue('c'))).toBe("406 cannot declare queue 'c': queue limit in vhost '/' (2) is reached");
    expect(outcome(stage.queue('a', { vhost: OTHER_VHOST }))).toBe('ok');
    const text = "406 cannot declare queue 'b': queue limit in cluster (3) is reached";
    expect(outcome(stage.queue('b', { vhost: OTHER_VHOST }))).toBe(text);
    expect(outcome(stage.queue('a'))).toBe('ok');
    stage.deleteQueue('a');
    expect(outcome(stage.queue('b', { vhost: OTHER_VHOST }))).toBe('ok');
  });
});

describe('exchanges', () => {
  test('of each vhost, and in all', () => {
    const predeclared = stage.view.exchangeCount(VHOST);
    const inAll = predeclared + stage.view.exchangeCount(OTHER_VHOST) + 1;
    stage.limit({ exchangeMaxPerVhost: predeclared + 1, clusterExchangeLimit: inAll });
    expect(outcome(stage.exchange('a', 'fanout'))).toBe('ok');
    expect(outcome(stage.exchange('b', 'fanout'))).toBe(
      `406 cannot declare exchange 'b': exchange limit in vhost '/' (${predeclared + 1}) is reached`,
    );
    expect(outcome(stage.exchange('b', 'fanout', { vhost: OTHER_VHOST }))).toBe(
      `406 cannot declare exchange 'b' in vhost 'other': exchange limit of ${inAll} is reached`,
    );
    expect(outcome(stage.exchange('a', 'fanout'))).toBe('ok');
    stage.deleteExchange('a');
    expect(outcome(stage.exchange('b', 'fanout', { vhost: OTHER_VHOST }))).toBe('ok');
    stage.administration.deleteVhost(OTHER_VHOST);
    expect(stage.view.exchangeCountInAll).toBe(predeclared);
  });
});

describe('bindings', () => {
  test('of each vhost, of queues and of exchanges alike', () => {
    stage.limit({ bindingMaxPerVhost: 3 });
    stage.queue('q');
    for (const name of ['x', 'y']) stage.exchange(name, 'direct');
    expect([stage.bind('q', 'x', 'a'), stage.bind('q', 'x', 'b'), stage.bindExchange('y', 'x')].map(outcome)).toEqual([
      'ok',
      'ok',
      'ok',
    ]);
    const reached = "binding limit in vhost '/' (3) is reached";
    expect(outcome(stage.bind('q', 'x', 'c'))).toBe(`406 cannot bind queue 'q': ${reached}`);
    expect(outcome(stage.bindExchange('x', 'y'))).toBe(`406 cannot bind exchange 'x': ${reached}`);
    expect(outcome(stage.bind('q', 'x', 'a'))).toBe('ok');
    stage.unbind('q', 'x', 'a');
    expect(outcome(stage.bindExchange('x', 'x', 'itself'))).toBe('ok');
    expect(stage.view.bindingCount(VHOST)).toBe(3);
    stage.deleteExchange('x');
    expect(stage.view.bindingCount(VHOST)).toBe(0);
    for (const key of ['a', 'b', 'c']) expect(outcome(stage.bind('q', 'y', key))).toBe('ok');
    stage.deleteQueue('q');
    expect(stage.view.bindingCount(VHOST)).toBe(0);
  });
});
