/**
 * Rights by routing key, as administrators set them, and as the coordinator and its views go by them. The refusals are
 * those of RabbitMQ 3.10.8.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { principalOfUser } from '../../../src/broker/access/principal.js';
import type { TopicPermissions } from '../../../src/broker/access/topic-permissions.js';
import { topicRefusal } from '../../../src/broker/topology/access.js';
import { KeyRoutes } from '../../../src/broker/topology/key-routes.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
  users().add('ann', 'secret');
  users().setPermissions({ user: 'ann', vhost: VHOST, configure: '.*', write: '.*', read: '.*' });
  stage.ask(1, { op: 'connection.open', vhost: VHOST, user: 'ann', name: null });
  stage.queue('q');
});

const users = () => stage.administration.users;
const set = (rights: Partial<TopicPermissions>) =>
  users().setTopicPermissions({ user: 'ann', vhost: VHOST, exchange: 'amq.topic', write: '.*', read: '.*', ...rights });
const publish = (exchange: string, key: string, user = 'ann', vhost = VHOST) => {
  const principal = principalOfUser(stage.view.accounts, user);
  const refusal = new KeyRoutes(stage.view, { id: 1, principal, vhost }, exchange).keyRefusal(key);
  return refusal === null ? 'ok' : `${refusal.code} ${refusal.text}`;
};
const denied = (key: string, user = 'ann') =>
  `403 access to topic '${key}' in exchange 'amq.topic' in vhost '/' refused for user '${user}'`;

describe('a topic permission', () => {
  test('to write is for the keys of publishes, to read for those of bindings', () => {
    set({ write: '^a\\.', read: '^b\\.' });
    expect([publish('amq.topic', 'a.x'), publish('amq.topic', 'b.x')]).toEqual(['ok', denied('b.x')]);
    for (const change of ['bind', 'unbind'] as const) {
      expect(outcome(stage[change]('q', 'amq.topic', 'b.#'))).toBe('ok');
      expect(outcome(stage[change]('q', 'amq.topic', 'a.x'))).toBe(denied('a.x'));
    }
    for (const change of ['bindExchange', 'unbindExchange'] as const) {
      expect(outcome(stage[change]('amq.fanout', 'amq.topic', 'b.#'))).toBe('ok');
      expect(outcome(stage[change]('amq.fanout', 'amq.topic', '#'))).toBe(denied('#'));
    }
  });

  test('is of no matter where none is set, or the exchange is no topic exchange', () => {
    for (const exchange of ['amq.direct', 'amq.fanout', 'amq.headers', '']) set({ exchange, write: '', read: '' });
    for (const exchange of ['amq.direct', 'amq.fanout', 'amq.headers', '', 'amq.topic'])
      expect(publish(exchange, 'k')).toBe('ok');
    expect(outcome(stage.bind('q', 'amq.direct', 'k'))).toBe('ok');
    set({ write: '', read: '' });
    // The destination of a binding is written to under all keys that its source lets through.
    expect(outcome(stage.bindExchange('amq.topic', 'amq.direct', 'k'))).toBe('ok');
  });

  test('that is empty is for the empty key alone', () => {
    set({ write: '', read: '' });
    expect([publish('amq.topic', ''), publish('amq.topic', 'k')]).toEqual(['ok', denied('k')]);
    expect(outcome(stage.bind('q', 'amq.topic', 'k'))).toBe(denied('k'));
  });

  test('is of its user, vhost and exchange', () => {
    set({ write: '', read: '' });
    stage.exchange('t', 'topic');
    expect(publish('t', 'k')).toBe('ok');
    expect(publish('amq.topic', 'k', 'guest')).toBe('ok');
    expect(publish('amq.topic', 'k', 'ann', OTHER_VHOST)).toBe('ok');
  });

  test('comes after the right on the exchange, and before the exchange or the queue is looked for', () => {
    set({ write: '', read: '' });
    expect(outcome(stage.bind('gone', 'amq.topic', 'k'))).toBe(denied('k'));
    expect(outcome(stage.bind('q', 'gone', 'k'))).toBe("404 no exchange 'gone' in vhost '/'");
    users().setPermissions({ user: 'ann', vhost: VHOST, configure: '', write: '.*', read: '' });
    const text = "403 access to exchange 'amq.topic' in vhost '/' refused for user 'ann'";
    expect(outcome(stage.bind('q', 'amq.topic', 'k'))).toBe(text);
  });

  test('may name its user and vhost, which stand for themselves', () => {
    const user = 'a.b+{vhost}|.*é';
    users().add(user, 'secret');
    set({ user, write: '^{username}\\.|^in {vhost}$|^{client_id}$' });
    for (const key of [`${user}.x`, 'in /', '{client_id}']) expect(publish('amq.topic', key, user)).toBe('ok');
    for (const key of ['axb.x', 'in x', '', 'a']) expect(publish('amq.topic', key, user)).toBe(denied(key, user));
  });

  test('holds for each of several keys, and the first that it refuses is told', () => {
    set({ write: '^a' });
    const refusal = (...keys: string[]) =>
      topicRefusal(
        stage.view,
        'write',
        { principal: principalOfUser(stage.view.accounts, 'ann'), vhost: VHOST },
        'amq.topic',
        keys,
      );
    expect(refusal('a', 'ab')).toBeNull();
    expect(refusal('a', 'x', 'y')).toMatchObject({ text: denied('x').slice(4) });
  });
});

describe('administrators', () => {
  test('see, change and clear topic permissions', () => {
    const common = { user: 'ann', exchange: 'amq.topic', write: '^a', read: '' };
    users().setPermissions({ user: 'ann', vhost: OTHER_VHOST, configure: '', write: '.*', read: '' });
    expect(set(common)).toBeNull();
    expect(set({ ...common, exchange: 'not there' })).toBeNull();
    expect(set({ ...common, vhost: OTHER_VHOST })).toBeNull();
    set({ user: 'guest', write: 'g' });
    const own = [
      { ...common, vhost: VHOST },
      { ...common, vhost: VHOST, exchange: 'not there' },
      { ...common, vhost: OTHER_VHOST },
    ];
    expect(users().topicPermissionsOf('ann')).toEqual(own);
    expect(users().topicPermissionsIn(OTHER_VHOST)).toEqual(own.slice(2));
    expect(users().topicPermissionsIn(VHOST)).toHaveLength(3);
    set({ ...common, write: '^b' });
    expect([publish('amq.topic', 'a'), publish('amq.topic', 'b')]).toEqual([denied('a'), 'ok']);
    expect(users().clearTopicPermissions('ann', VHOST, 'amq.topic')).toBe(true);
    expect(users().clearTopicPermissions('ann', VHOST, 'amq.topic')).toBe(false);
    expect(publish('amq.topic', 'a')).toBe('ok');
    expect(users().clearTopicPermissions('ann', VHOST)).toBe(true);
    expect(users().topicPermissionsOf('ann')).toEqual(own.slice(2));
    expect(users().clearTopicPermissions('nobody', VHOST)).toBe(false);
  });

  test('are told what cannot be, and nothing is changed', () => {
    const posted = stage.posted.length;
    expect(set({ user: 'bob' })).toBe("user 'bob' does not exist");
    expect(set({ vhost: 'nowhere' })).toBe('vhost nowhere not found');
    expect(set({ exchange: 'é'.repeat(128) })).toBe('exchange name is longer than 255 octets');
    expect(set({ write: '(' })).toBe("invalid regular expression '(' for write: missing closing ): `(`");
    expect(set({ read: '{username}(?=x)' })).toMatch(
      /^invalid regular expression '\{username\}\(\?=x\)' for read: look-ahead/,
    );
    expect(stage.posted).toHaveLength(posted);
  });

  test('keep them when the password or the tags change, and lose them with the user or the vhost', () => {
    set({ write: '^a' });
    set({ vhost: OTHER_VHOST });
    users().changePassword('ann', 'new');
    users().setTags('ann', ['monitoring']);
    expect(publish('amq.topic', 'k')).toBe(denied('k'));
    stage.administration.deleteVhost(OTHER_VHOST);
    stage.administration.createVhost(OTHER_VHOST);
    expect(users().topicPermissionsIn(OTHER_VHOST)).toEqual([]);
    users().delete('ann');
    users().add('ann', 'secret');
    expect(users().topicPermissionsOf('ann')).toEqual([]);
  });
});
