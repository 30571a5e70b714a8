/**
 * Users, their passwords, and what each may do: as administrators set it, and as the coordinator and its views go by
 * it.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import { table } from '../../../src/amqp/table.js';
import { digestPassword, isPassword } from '../../../src/broker/access/passwords.js';
import { mayImpersonate, principalOfUser } from '../../../src/broker/access/principal.js';
import { accessForGet, publishRefusal } from '../../../src/broker/topology/access.js';
import { OTHER_VHOST, outcome, Stage, VHOST } from '../support/stage.js';

let stage: Stage;
beforeEach(() => {
  stage = new Stage();
});

const users = () => stage.administration.users;
const NOTHING = { configure: '', write: '', read: '' };
const grant = (rights: Partial<typeof NOTHING>, vhost = VHOST, user = 'ann') =>
  users().setPermissions({ user, vhost, ...NOTHING, ...rights });
/** Connection 1 is Ann's from now on. */
const enter = (vhost = VHOST) => outcome(stage.ask(1, { op: 'connection.open', vhost, user: 'ann', name: null }));
const denied = (what: string) => `403 access to ${what} in vhost '/' refused for user 'ann'`;

describe('passwords', () => {
  test('are hashed as RabbitMQ hashes them, each with a salt of its own', () => {
    const kept = digestPassword('secret');
    expect(kept.hashingAlgorithm).toBe('rabbit_password_hashing_sha256');
    expect(Buffer.from(kept.passwordHash, 'base64')).toHaveLength(36);
    expect(digestPassword('secret')).not.toEqual(kept);
    expect(isPassword(kept, 'secret')).toBe(true);
  });

  // The first is from its documentation, the others were made by RabbitMQ 3.10.8.
  test.each([
    ['sha256', 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR', 'test12'],
    ['sha256', 'N5QNx3v890oScXG/oUVQ6kn/d26qGnr1GCUGjt4yQSFkKi+Y', 'passörd'],
    [
      'sha512',
      'rMLIu7JGZtbG1w+0NymoF8tT9VvFS2yFmnFUQqoJWsS9KK7F+PgZr4r1P6wVw9RMEWU3X9srwOSkNvW6wsYTafihmR8=',
      'passörd',
    ],
    ['md5', 'aC8w+kNOIKdEK2Z8TspETiexmKY=', 'passörd'],
  ] as const)('are known by what RabbitMQ has hashed by %s', (algorithm, passwordHash, password) => {
    const kept = { passwordHash, hashingAlgorithm: `rabbit_password_hashing_${algorithm}` } as const;
    expect(isPassword(kept, password)).toBe(true);
    expect(isPassword(kept, `${password} `)).toBe(false);
    expect(isPassword({ ...kept, passwordHash: passwordHash.slice(0, -4) }, password)).toBe(false);
  });

  test.each([
    ['sha512', 'rabbit_password_hashing_sha512'],
    ['scrypt', 'leveret_password_hashing_scrypt'],
  ] as const)('are hashed by %s where that is wanted', async (passwordHashing, algorithm) => {
    stage = new Stage(null, passwordHashing);
    await users().add('ann', 'secret');
    for (const { accounts } of stage.views) {
      expect(accounts.user('ann')).toMatchObject({ hashingAlgorithm: algorithm });
      expect(await accounts.accepts('ann', 'secret')).toBe(true);
      expect(await accounts.accepts('ann', 'wrong')).toBe(false);
      expect(await accounts.accepts('ann', '')).toBe(false);
      expect(await accounts.accepts('nobody', 'secret')).toBe(false);
    }
  });

  test('that change while a slow one is worked out do not let the old one in', async () => {
    stage = new Stage(null, 'scrypt');
    await users().add('ann', 'secret');
    const isRight = stage.view.accounts.accepts('ann', 'secret');
    users().clearPassword('ann');
    expect(await isRight).toBe(false);
  });

  test('that are hashed slowly by two at once are for one user each', async () => {
    stage = new Stage(null, 'scrypt');
    const both = [users().add('ann', 'one'), users().add('ann', 'two')];
    expect(stage.view.accounts.user('ann')).toBeUndefined();
    expect((await Promise.all(both)).sort()).toEqual([null, "user 'ann' already exists"].sort());
    const late = users().changePassword('ann', 'three');
    users().delete('ann');
    expect(await late).toBe("user 'ann' does not exist");
    expect(stage.view.accounts.user('ann')).toBeUndefined();
  });

  test('can be cleared: nobody is let in then, until there is another one', async () => {
    users().add('ann', 'secret', ['monitoring']);
    expect(users().authenticate('ann', 'secret')).toBe(true);
    expect(users().clearPassword('ann')).toBeNull();
    for (const password of ['secret', '']) expect(users().authenticate('ann', password)).toBe(false);
    expect(users().list()).toContainEqual({ name: 'ann', tags: ['monitoring'] });
    expect(users().changePassword('ann', 'new')).toBeNull();
    expect([users().authenticate('ann', 'new'), users().authenticate('bob', 'new')]).toEqual([true, false]);
    expect(users().clearPassword('bob')).toBe("user 'bob' does not exist");
    expect(users().addHashed('cid', '', 'rabbit_password_hashing_sha512')).toBeNull();
    expect(users().authenticate('cid', '')).toBe(false);
  });

  test('that others have hashed are taken as they are, if they can be', () => {
    const md5 = 'rabbit_password_hashing_md5';
    const hash = 'aC8w+kNOIKdEK2Z8TspETiexmKY=';
    expect(users().addHashed('ann', hash, md5, ['monitoring'])).toBeNull();
    expect(stage.view.accounts.accepts('ann', 'passörd')).toBe(true);
    expect(users().addHashed('ann', hash, md5)).toBe("user 'ann' already exists");
    expect(users().addHashed('bob', hash, 'crypt')).toBe("password hashing algorithm 'crypt' is unknown");
    expect(users().addHashed('bob', 'abc', md5)).toBe('password hash is not the base64 of 20 octets');
    expect(
      users()
        .list()
        .map(({ name }) => name),
    ).toEqual(['guest', 'ann']);
  });

  test('that are empty, and hashes that are none, let nobody in', () => {
    expect(isPassword(digestPassword(''), '')).toBe(false);
    const hashingAlgorithm = 'rabbit_password_hashing_sha256';
    expect(isPassword({ passwordHash: '', hashingAlgorithm }, 'secret')).toBe(false);
    expect(isPassword({ passwordHash: '!', hashingAlgorithm }, '')).toBe(false);
  });

  test('count in every view at once, and until they are changed', () => {
    expect(users().add('ann', 'secret')).toBeNull();
    const accepted = (password: string) => stage.views.map(({ accounts }) => accounts.accepts('ann', password));
    expect([accepted('secret'), accepted('wrong')]).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(users().changePassword('ann', 'new')).toBeNull();
    expect([accepted('secret'), accepted('new')]).toEqual([
      [false, false],
      [true, true],
    ]);
    expect(stage.view.accounts.accepts('nobody', 'secret')).toBe(false);
    expect(stage.view.accounts.accepts('guest', 'guest')).toBe(true);
  });
});

describe('administrators', () => {
  test('see who there is, and what each may do', () => {
    users().add('ann', 'secret', ['monitoring']);
    users().add('bob', 'secret');
    grant({ read: '^a' });
    grant({ write: 'b' }, OTHER_VHOST);
    grant({ configure: '.*' }, OTHER_VHOST, 'bob');
    expect(users().list()).toEqual([
      { name: 'guest', tags: ['administrator'] },
      { name: 'ann', tags: ['monitoring'] },
      { name: 'bob', tags: [] },
    ]);
    const ofAnn = { user: 'ann', vhost: OTHER_VHOST, ...NOTHING, write: 'b' };
    expect(users().permissionsOf('ann')).toEqual([{ user: 'ann', vhost: VHOST, ...NOTHING, read: '^a' }, ofAnn]);
    const ofBob = { user: 'bob', vhost: OTHER_VHOST, ...NOTHING, configure: '.*' };
    expect(users().permissionsIn(OTHER_VHOST).slice(1)).toEqual([ofAnn, ofBob]);
    expect(users().setTags('ann', ['impersonator'])).toBeNull();
    expect(stage.views.map(({ accounts }) => mayImpersonate(principalOfUser(accounts, 'ann')))).toEqual([true, true]);
    expect(users().permissionsOf('ann')).toHaveLength(2);
  });

  test('are told what cannot be, and nothing is changed', () => {
    users().add('ann', 'secret');
    const posted = stage.posted.length;
    expect(users().add('ann', 'other')).toBe("user 'ann' already exists");
    expect(users().add('', 'secret')).toBe('user name is empty');
    expect(users().add('é'.repeat(128), 'secret')).toBe('user name is longer than 255 octets');
    expect(users().add('bob', '')).toBe('password is empty');
    expect(users().changePassword('ann', '')).toBe('password is empty');
    expect(users().changePassword('bob', 'x')).toBe("user 'bob' does not exist");
    expect(users().setTags('bob', [])).toBe("user 'bob' does not exist");
    expect(users().delete('bob')).toBe(false);
    expect(grant({}, VHOST, 'bob')).toBe("user 'bob' does not exist");
    expect(grant({}, 'nowhere')).toBe('vhost nowhere not found');
    expect(grant({ write: '^(?!amq)' })).toBe(
      "invalid regular expression '^(?!amq)' for write: look-ahead ((?!) is not supported",
    );
    expect(grant({ read: '(' })).toMatch(/^invalid regular expression '\(' for read: /);
    expect(users().clearPermissions('ann', VHOST)).toBe(false);
    expect(stage.administration.setLimits('user', 'bob', {})).toBe("user 'bob' does not exist");
    expect(stage.posted).toHaveLength(posted);
  });

  test('take along what a user has when they delete one', () => {
    users().add('ann', 'secret');
    grant({});
    stage.administration.setLimits('user', 'ann', { 'max-channels': 1 });
    expect(enter()).toBe('ok');
    expect(users().delete('ann')).toBe(true);
    expect(stage.notices).toEqual([{ kind: 'close', connection: 1, text: "user 'ann' is deleted" }]);
    expect(stage.administration.limits('user', 'ann')).toEqual({});
    // What the connection asks for before it hears of it.
    expect(outcome(stage.queue('q'))).toBe(denied("queue 'q'"));
    users().add('ann', 'secret');
    expect(users().permissionsOf('ann')).toEqual([]);
  });

  test('take along the permissions for a vhost when they delete it', () => {
    users().add('ann', 'secret');
    grant({}, OTHER_VHOST);
    stage.administration.deleteVhost(OTHER_VHOST);
    stage.administration.createVhost(OTHER_VHOST);
    expect(users().permissionsIn(OTHER_VHOST)).toEqual([]);
    expect(enter(OTHER_VHOST)).toBe("530 access to vhost 'other' refused for user 'ann'");
  });
});

describe('a right', () => {
  beforeEach(() => {
    stage.exchange('x', 'fanout', {}, 2);
    stage.queue('q', {}, 2);
    users().add('ann', 'secret');
    grant({});
    enter();
  });

  test('to configure lets declare and delete', () => {
    expect(outcome(stage.queue('q'))).toBe(denied("queue 'q'"));
    expect(outcome(stage.queue('new'))).toBe(denied("queue 'new'"));
    expect(outcome(stage.queue(''))).toMatch(/^403 access to queue 'amq\.gen-[\w-]{22}' in vhost/);
    expect(outcome(stage.deleteQueue('gone'))).toBe(denied("queue 'gone'"));
    expect(outcome(stage.exchange('x', 'fanout'))).toBe(denied("exchange 'x'"));
    expect(outcome(stage.deleteExchange('x'))).toBe(denied("exchange 'x'"));
    grant({ configure: '^(q|x|amq\\.gen-.*)$' });
    for (const answer of [stage.queue('q'), stage.queue(''), stage.exchange('x', 'fanout')]) {
      expect(outcome(answer)).toBe('ok');
    }
    expect([stage.deleteQueue('q'), stage.deleteExchange('x')].map(outcome)).toEqual(['ok', 'ok']);
  });

  test('of any kind lets see whether something is there', () => {
    const look = () =>
      [stage.queue('q', { passive: true }), stage.exchange('x', 'fanout', { passive: true })].map(outcome);
    expect(look()).toEqual([denied("queue 'q'"), denied("exchange 'x'")]);
    for (const right of ['configure', 'write', 'read']) {
      grant({ [right]: '^(q|x)$' });
      expect(look()).toEqual(['ok', 'ok']);
    }
  });

  test('to read lets consume, get and purge', () => {
    const get = () =>
      accessForGet(stage.view, { id: 1, principal: principalOfUser(stage.view.accounts, 'ann'), vhost: VHOST }, 'q');
    expect(outcome(stage.consume('q', 'c'))).toBe(denied("queue 'q'"));
    expect(outcome(stage.consume('gone', 'c'))).toBe(denied("queue 'gone'"));
    expect(outcome(stage.purge('q'))).toBe(denied("queue 'q'"));
    expect(get()).toMatchObject({ ok: false, refusal: { code: 403 } });
    grant({ read: 'q' });
    expect([stage.consume('q', 'c'), stage.purge('q')].map(outcome)).toEqual(['ok', 'ok']);
    expect(get()).toMatchObject({ ok: true });
  });

  test('to write lets publish', () => {
    const publish = (exchange: string) => {
      const refusal = publishRefusal(
        stage.view,
        { id: 1, principal: principalOfUser(stage.view.accounts, 'ann'), vhost: VHOST },
        exchange,
      );
      return refusal === null ? 'ok' : `${refusal.code} ${refusal.text}`;
    };
    expect(['x', '', 'gone'].map(publish)).toEqual(
      ['x', 'amq.default', 'gone'].map((name) => denied(`exchange '${name}'`)),
    );
    grant({ write: '^(x|amq\\.default)$' });
    expect(['x', ''].map(publish)).toEqual(['ok', 'ok']);
  });

  test('to write to the destination and to read the source lets bind and unbind', () => {
    for (const change of [() => stage.bind('q', 'x'), () => stage.unbind('q', 'x')]) {
      grant({ read: 'x' });
      expect(outcome(change())).toBe(denied("queue 'q'"));
      grant({ write: 'q' });
      expect(outcome(change())).toBe(denied("exchange 'x'"));
      grant({ write: 'q', read: 'x' });
      expect(outcome(change())).toBe('ok');
    }
    grant({ read: 'x' });
    expect(outcome(stage.bindExchange('amq.fanout', 'x'))).toBe(denied("exchange 'amq.fanout'"));
    expect(outcome(stage.bindExchange('', 'x'))).toBe(denied("exchange 'amq.default'"));
    grant({ write: 'fanout' });
    expect(outcome(stage.bindExchange('amq.fanout', ''))).toBe('403 operation not permitted on the default exchange');
  });

  test('is needed at both ends of where dead letters and unroutable messages go', () => {
    const declare = () => outcome(stage.queue('d', { arguments: table({ 'x-dead-letter-exchange': 'x' }) }));
    const alternate = () => outcome(stage.exchange('d', 'fanout', { arguments: table({ 'alternate-exchange': '' }) }));
    grant({ configure: 'd' });
    expect([declare(), alternate()]).toEqual([denied("queue 'd'"), denied("exchange 'd'")]);
    grant({ configure: 'd', read: 'd' });
    expect([declare(), alternate()]).toEqual([denied("exchange 'x'"), denied("exchange 'amq.default'")]);
    grant({ configure: 'd', read: 'd', write: 'x|default' });
    expect([declare(), alternate()]).toEqual(['ok', 'ok']);
    // It is asked for when the thing is made.
    grant({ configure: 'd' });
    expect([declare(), alternate()]).toEqual(['ok', 'ok']);
  });

  test('counts in its vhost alone', () => {
    grant({ configure: '.*' }, OTHER_VHOST);
    expect(outcome(stage.queue('new'))).toBe(denied("queue 'new'"));
    expect(outcome(stage.queue('new', { vhost: OTHER_VHOST }))).toBe('ok');
  });

  test('ends when the permissions are cleared', () => {
    grant({ read: '.*' });
    expect(users().clearPermissions('ann', VHOST)).toBe(true);
    expect(outcome(stage.purge('q'))).toBe(denied("queue 'q'"));
    stage.disconnect(1);
    expect(enter()).toBe("530 access to vhost '/' refused for user 'ann'");
  });
});
