/** Logins that a worker remembers: which let a client in without a hash, and what they forget. */
import { beforeEach, expect, test } from 'vitest';
import { Accounts, type User } from '../../src/broker/access/accounts.js';
import { digestPassword, HASHINGS, hashPassword } from '../../src/broker/access/passwords.js';
import { Logins } from '../../src/connection/handshake/logins.js';

const SLOW: User = { name: 'ann', ...(await hashPassword('secret', HASHINGS.scrypt)), tags: [] };

let accounts: Accounts;
let hashes: number;
let now: number;
let reports: string[];
let logins: Logins;
/** Each from an address of its own, so that none has to wait for another. */
let addresses = 0;
const accepts = (name: string, password: string) => logins.accepts(`10.0.0.${++addresses}`, name, password);
beforeEach(() => {
  reports = [];
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
  logins = new Logins(
    counted,
    (line) => reports.push(line),
    () => now,
  );
});

test('a storm of the same login costs one hash, and none while it is remembered', async () => {
  const storm = Array.from({ length: 50 }, () => accepts('ann', 'secret'));
  expect(new Set(await Promise.all(storm))).toEqual(new Set([true]));
  expect(accepts('ann', 'secret')).toBe(true);
  expect(hashes).toBe(1);
  now += 15_000;
  expect(await accepts('ann', 'secret')).toBe(true);
  expect(hashes).toBe(2);
});

test('another password is none that is remembered, and what is wrong is worked out each time', async () => {
  await accepts('ann', 'secret');
  expect(await accepts('ann', 'secre')).toBe(false);
  expect(await accepts('ann', 'secre')).toBe(false);
  expect(await accepts('an', 'nsecret')).toBe(false);
  expect(hashes).toBe(4);
});

test('any change of the user is the end of what is remembered', async () => {
  await accepts('ann', 'secret');
  accounts.apply({ kind: 'user.set', user: { ...SLOW, tags: ['monitoring'] } });
  expect(await accepts('ann', 'secret')).toBe(true);
  expect(hashes).toBe(2);
  accounts.apply({ kind: 'user.set', user: { ...SLOW, ...digestPassword('new') } });
  expect(await accepts('ann', 'secret')).toBe(false);
  accounts.apply({ kind: 'user.set', user: SLOW });
  await accepts('ann', 'secret');
  accounts.apply({ kind: 'user.deleted', user: 'ann' });
  expect(await accepts('ann', 'secret')).toBe(false);
});

test('the oldest are forgotten where many come', () => {
  for (let i = 0; i <= 4096; i++) {
    accounts.apply({ kind: 'user.set', user: { name: `u${i}`, ...digestPassword('secret'), tags: [] } });
    accepts(`u${i}`, 'secret');
  }
  hashes = 0;
  accepts('u4096', 'secret');
  expect(hashes).toBe(0);
  accepts('u0', 'secret');
  expect(hashes).toBe(1);
});

test('what fails is told once with address and reason, and never with the password', async () => {
  for (let i = 0; i < 3; i++) await logins.accepts('10.1.0.1', 'ann', 'guessed');
  await logins.accepts('10.1.0.1', 'no"body', 'guessed');
  expect(reports).toEqual([
    'login from 10.1.0.1 as user "ann" refused: wrong password',
    'login from 10.1.0.1 as user "no\\"body" refused: there is no such user',
  ]);
  now += 60_000;
  await logins.accepts('10.1.0.1', 'ann', 'guessed');
  expect(reports.at(-1)).toBe(
    'login from 10.1.0.1 as user "ann" refused: wrong password, after 2 more that were not listed',
  );
});

test('a flood of made-up names is told in a bounded number of lines', () => {
  logins = new Logins(
    new Accounts([]),
    (line) => reports.push(line),
    () => now,
  );
  for (let i = 0; i < 1000; i++) logins.accepts('10.1.0.1', `u${i}`, 'guessed');
  expect(reports).toHaveLength(10);
  now += 10_000;
  logins.accepts('10.1.0.1', 'late', 'guessed');
  expect(reports.slice(10)).toEqual([
    '990 more failed logins of other addresses or users not listed',
    'login from 10.1.0.1 as user "late" refused: there is no such user',
  ]);
});

test('a certificate lets in a user that there is, at once and without a hash, however many others are refused', () => {
  accounts.apply({ kind: 'user.set', user: { ...SLOW, name: 'CN=ann' } });
  for (let tries = 0; tries < 200; tries++) void logins.external('10.0.0.1', { ok: true, name: 'CN=bob' });
  expect(logins.external('10.0.0.1', { ok: true, name: 'CN=ann' })).toEqual({ user: 'CN=ann', grant: null });
  expect(hashes).toBe(0);
});

test('certificates that name nobody that there is wait as wrong passwords do, and are told of', async () => {
  const tries = Array.from({ length: 10 }, () => logins.external('10.0.0.1', { ok: true, name: 'CN=bob' }));
  expect(tries.slice(0, 5)).toEqual([null, null, null, null, null]);
  expect(tries[5]).toBeInstanceOf(Promise);
  const nameless = { ok: false, reason: 'has no common name' } as const;
  expect(await logins.external('10.0.0.2', nameless)).toBe(null);
  expect(reports).toEqual([
    'login from 10.0.0.1 as user "CN=bob" refused: there is no such user',
    'login from 10.0.0.2 as user "" refused: its certificate has no common name',
  ]);
});
