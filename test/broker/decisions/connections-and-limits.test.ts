/** Entering vhosts, within limits; vhosts that come and go. */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  stage.administration.users.add('other', 'secret');
  for (const vhost of [VHOST, OTHER_VHOST]) grant('other', vhost);
});

const grant = (user: string, vhost: string) =>
  stage.administration.users.setPermissions({ user, vhost, configure: '', write: '', read: '' });

const enter = (connection: number, vhost = VHOST, user = 'guest', name: string | null = null) =>
  outcome(stage.ask(connection, { op: 'connection.open', vhost, user, name }));
const openChannel = (connection: number) => outcome(stage.ask(connection, { op: 'channel.open' }));
const limit = (scope: 'vhost' | 'user', name: string, limits: Record<string, unknown>) =>
  stage.administration.setLimits(scope, name, limits);

test('a connection enters vhosts that are there', () => {
  expect(enter(1)).toBe('ok');
  const answer = stage.ask(2, { op: 'connection.open', vhost: 'nowhere', user: 'guest', name: null });
  expect(answer).toMatchObject({ ok: false, refusal: { scope: 'connection', code: 530 } });
  expect(outcome(answer)).toBe('530 vhost nowhere not found');
});

test('administrators see who is in, under what name and with how many channels, as long as they are', () => {
  enter(1, VHOST, 'guest', 'orders');
  enter(2, OTHER_VHOST, 'other');
  enter(3, 'nowhere', 'guest', 'lost');
  for (const connection of [1, 1, 2]) openChannel(connection);
  stage.ask(1, { op: 'channel.close' });
  const orders = { id: 1, vhost: VHOST, user: 'guest', name: 'orders', channels: 1 };
  const nameless = { id: 2, vhost: OTHER_VHOST, user: 'other', name: null, channels: 1 };
  expect(stage.administration.connections()).toEqual([orders, nameless]);
  stage.disconnect(1);
  expect(stage.administration.connections()).toEqual([nameless]);
});

describe('limits', () => {
  test('of a vhost count its connections', () => {
    limit('vhost', VHOST, { 'max-connections': 2 });
    expect([enter(1), enter(2, VHOST, 'other'), enter(3, OTHER_VHOST)]).toEqual(['ok', 'ok', 'ok']);
    expect(enter(4)).toBe("530 access to vhost '/' refused for user 'guest': connection limit (2) is reached");
    stage.disconnect(4);
    stage.disconnect(1);
    expect(enter(5)).toBe('ok');
  });

  test('of a user count the connections to all vhosts', () => {
    limit('user', 'guest', { 'max-connections': 2 });
    expect([enter(1), enter(2, OTHER_VHOST), enter(3, VHOST, 'other')]).toEqual(['ok', 'ok', 'ok']);
    expect(enter(4)).toBe("530 connection refused for user 'guest': user connection limit (2) is reached");
  });

  test('of a user count the channels of all connections', () => {
    limit('user', 'guest', { 'max-channels': 2 });
    for (const connection of [1, 2]) enter(connection);
    const refusal = "530 number of channels opened for user 'guest' has reached the maximum allowed user limit of (2)";
    expect([openChannel(1), openChannel(2), openChannel(1)]).toEqual(['ok', 'ok', refusal]);
    stage.ask(1, { op: 'channel.close' });
    expect([openChannel(2), openChannel(2)]).toEqual(['ok', refusal]);
    stage.disconnect(2);
    expect([openChannel(1), openChannel(1), openChannel(1)]).toEqual(['ok', 'ok', refusal]);
  });

  test('of a vhost count its queues, but not those for replies', () => {
    stage.ask(1, { op: 'reply.open', vhost: VHOST });
    stage.queue('a');
    limit('vhost', VHOST, { 'max-queues': 2 });
    expect(outcome(stage.queue('b', { exclusive: true }))).toBe('ok');
    const refusal = "406 cannot declare queue 'c': queue limit in vhost '/' (2) is reached";
    expect(outcome(stage.queue('c', { arguments: table({ 'x-message-ttl': -1 }) }))).toBe(refusal);
    expect(outcome(stage.queue('a'))).toBe('ok');
    expect(outcome(stage.queue('c', { vhost: OTHER_VHOST }))).toBe('ok');
    stage.deleteQueue('a');
    expect(outcome(stage.queue('c'))).toBe('ok');
  });

  test('of 0 allow nothing, negative ones and none everything', () => {
    limit('vhost', VHOST, { 'max-connections': 0 });
    expect(enter(1)).toMatch(/limit \(0\) is reached$/);
    limit('vhost', VHOST, { 'max-connections': -1 });
    expect(enter(1)).toBe('ok');
    limit('vhost', VHOST, { 'max-connections': 1 });
    stage.administration.clearLimits('vhost', VHOST);
    expect(enter(2)).toBe('ok');
    expect(stage.administration.limits('vhost', VHOST)).toEqual({});
  });

  test('are refused when they are none', () => {
    expect(limit('vhost', VHOST, { 'max-foo': 0 })).toBe('Unrecognised terms [{<<"max-foo">>,0}] in limits');
    expect(limit('user', 'other', { 'max-queues': 1 })).toBe(
      'Unrecognised terms [{<<"max-queues">>,1}] in user-limits',
    );
    const text = 'max-queues should be a number, actually was <<"a">>';
    expect(limit('vhost', VHOST, { 'max-queues': 'a' })).toBe(text);
    expect(limit('vhost', 'nowhere', { 'max-queues': 1 })).toBe('vhost nowhere not found');
    expect(stage.administration.limits('vhost', VHOST)).toEqual({});
  });
});

describe('vhosts', () => {
  test('come with their own exchanges, in every view, once', () => {
    expect(stage.administration.createVhost('new')).toBe(true);
    expect(stage.administration.createVhost('new')).toBe(false);
    expect(stage.administration.vhosts()).toEqual([VHOST, OTHER_VHOST, 'new']);
    for (const view of stage.views) expect(view.exchange('new', 'amq.topic')).toMatchObject({ vhost: 'new' });
    expect(enter(1, 'new')).toBe("530 access to vhost 'new' refused for user 'guest'");
    stage.administration.users.setPermissions({ user: 'guest', vhost: 'new', configure: 'q', write: '', read: '' });
    expect(enter(1, 'new')).toBe('ok');
    expect(outcome(stage.queue('q', { vhost: 'new' }))).toBe('ok');
    expect(stage.hasQueue('q')).toBe(false);
  });

  test('go with all that is in them, and their connections are told', () => {
    const gone = { vhost: OTHER_VHOST };
    enter(1, OTHER_VHOST);
    enter(2);
    stage.exchange('x', 'fanout', { ...gone, autoDelete: true });
    stage.queue('q', { ...gone, exclusive: true });
    stage.queue('q');
    stage.ask(1, { op: 'queue.bind', ...gone, queue: 'q', exchange: 'x', routingKey: '', arguments: new Map() });
    stage.ask(1, { op: 'reply.open', ...gone });
    stage.consume('q', 'c', gone);
    stage.administration.setPolicy('policy', { ...gone, name: 'p', pattern: '', definition: { 'max-length': 1 } });

    expect(stage.administration.deleteVhost(OTHER_VHOST)).toBe(true);
    expect(stage.administration.deleteVhost(OTHER_VHOST)).toBe(false);
    expect(stage.notices).toEqual([{ kind: 'close', connection: 1, text: "vhost 'other' is deleted" }]);
    for (const view of stage.views) expect(view.hasVhost(OTHER_VHOST)).toBe(false);
    stage.allApplied();
    expect(stage.core.freed).toHaveLength(2);
    expect(stage.hasQueue('q')).toBe(true);
    expect(stage.administration.policies('policy', OTHER_VHOST)).toEqual([]);

    // What the connection asks for before it hears of it.
    expect(outcome(stage.queue('late', gone))).toBe('530 vhost other not found');
    expect(outcome(stage.ask(1, { op: 'reply.open', ...gone }))).toBe('530 vhost other not found');
    expect(outcome(stage.disconnect(1))).toBe('ok');
    expect(outcome(stage.cancel(['c']))).toBe('ok');
  });
});
