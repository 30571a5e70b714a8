/** Logins that a worker remembers: which let a client in without a hash, and what they forget. */
import { beforeEach, expect, test } from 'vitest';
import { Accounts, type User } from '../../src/broker/access/accounts.js';
import { HASHINGS, hashPassword } from '../../src/broker/access/passwords.js';
import { Logins } from '../../src/connection/handshake/logins.js';

const SLOW: User = { name: 'ann', ...hashPassword('secret', HASHINGS.scrypt), tags: [] };

let accounts: Accounts;
let hashes: number;
let now: number;
let logins: Logins;
beforeEach(() => {
  accounts = new Accounts([]);
  accounts.apply({ kind: 'user.set', user: SLOW });
  hashes = 0;
  now = 0;
  const counted = {
    user: (name: string) => accounts.user(name),
    accepts: (name: string, password: string) => {
      hashes++;
      return accounts.accepts(name, password);
    },
  };
  logins = new Logins(counted, () => now);
});

test('a storm of the same login costs one hash, and none while it is remembered', async () => {
  const storm = Array.from({ length: 50 }, () => logins.accepts('ann', 'secret'));
  expect(new Set(await Promise.all(storm))).toEqual(new Set([true]));
  expect(logins.accepts('ann', 'secret')).toBe(true);
  expect(hashes).toBe(1);
  now += 15_000;
  expect(await logins.accepts('ann', 'secret')).toBe(true);
  expect(hashes).toBe(2);
});

test('another password is none that is remembered, and what is wrong is worked out each time', async () => {
  await logins.accepts('ann', 'secret');
  expect(await logins.accepts('ann', 'secre')).toBe(false);
  expect(await logins.accepts('ann', 'secre')).toBe(false);
  expect(await logins.accepts('an', 'nsecret')).toBe(false);
  expect(hashes).toBe(4);
});

test('any change of the user is the end of what is remembered', async () => {
  await logins.accepts('ann', 'secret');
  accounts.apply({ kind: 'user.set', user: { ...SLOW, tags: ['monitoring'] } });
  expect(await logins.accepts('ann', 'secret')).toBe(true);
  expect(hashes).toBe(2);
  accounts.apply({ kind: 'user.set', user: { ...SLOW, ...hashPassword('new') } });
  expect(await logins.accepts('ann', 'secret')).toBe(false);
  accounts.apply({ kind: 'user.set', user: SLOW });
  await logins.accepts('ann', 'secret');
  accounts.apply({ kind: 'user.deleted', user: 'ann' });
  expect(await logins.accepts('ann', 'secret')).toBe(false);
});

test('the oldest are forgotten where many come', () => {
  for (let i = 0; i <= 4096; i++) {
    accounts.apply({ kind: 'user.set', user: { name: `u${i}`, ...hashPassword('secret'), tags: [] } });
    logins.accepts(`u${i}`, 'secret');
  }
  hashes = 0;
  logins.accepts('u4096', 'secret');
  expect(hashes).toBe(0);
  logins.accepts('u0', 'secret');
  expect(hashes).toBe(1);
});
