/** Logins with tokens: verified once for all who come with the same, remembered for a moment, slowed where they fail. */
import { beforeEach, expect, test } from 'vitest';
import type { Grant } from '../../src/broker/access/scopes.js';
import { FailedLogins } from '../../src/connection/handshake/failed-logins.js';
import { TokenLogins } from '../../src/connection/tokens/token-logins.js';
import type { Verdict } from '../../src/connection/tokens/token-verifier.js';

const REFUSED: Verdict = { ok: false, reason: 'the signature of the token is wrong' };

let now: number;
let asked: string[];
let lines: string[];
let judge: (token: string) => Verdict;
let logins: TokenLogins;
beforeEach(() => {
  now = 1_000_000;
  asked = [];
  lines = [];
  judge = () => granted();
  const failed = new FailedLogins(
    (line) => lines.push(line),
    () => now,
  );
  const verify = async (token: string): Promise<Verdict> => {
    asked.push(token);
    return judge(token);
  };
  logins = new TokenLogins({ verify }, failed, () => now);
});

function granted(grant: Partial<Grant> = {}): Verdict {
  return { ok: true, grant: { name: 'ann', scopes: [], expiresAt: now + 600_000, ...grant } };
}

const come = (token: string, user = 'x', address = '10.0.0.1') => logins.login(address, { user, password: token });

test('the name is that of the token, whatever the client says', async () => {
  expect(await come('token', 'root')).toMatchObject({ user: 'ann', grant: { name: 'ann' } });
});

test('a storm of the same token costs one verification, and none while it is remembered', async () => {
  await Promise.all(Array.from({ length: 200 }, () => come('token')));
  expect(asked).toEqual(['token']);
  now += 14_000;
  expect(await come('token')).not.toBeNull();
  expect(asked).toEqual(['token']);
  now += 2_000;
  await come('token');
  expect(asked).toEqual(['token', 'token']);
});

test('a storm of different tokens from one address does not wait', async () => {
  const all = await Promise.all(Array.from({ length: 200 }, (_, i) => come(`token-${i}`)));
  expect(all.filter((login) => login === null)).toEqual([]);
});

test('a token is not remembered for longer than it counts', async () => {
  judge = () => (now < 1_002_000 ? granted({ expiresAt: 1_002_000 }) : REFUSED);
  expect(await come('token')).not.toBeNull();
  now = 1_001_999;
  expect(await come('token')).not.toBeNull();
  now = 1_002_000;
  expect(await come('token')).toBeNull();
});

test('what is wrong is not remembered, is told once, and without the token', async () => {
  judge = () => REFUSED;
  for (let i = 0; i < 3; i++) expect(await come('secret-token')).toBeNull();
  expect(asked).toHaveLength(3);
  expect(lines).toEqual(['login from 10.0.0.1 as user "x" refused: the signature of the token is wrong']);
});

test('after some that fail, those of the same address and user are refused unheard, and nobody else is', async () => {
  judge = (token) => (token === 'wrong' ? REFUSED : granted());
  for (let i = 0; i < 5; i++) await come('wrong');
  const row = Array.from({ length: 20 }, () => come('wrong'));
  expect(await row.at(-1)).toBeNull();
  const heard = asked.length;
  expect(heard).toBeLessThan(20);
  expect(await come('right', 'y')).not.toBeNull();
  expect(await come('right', 'x', '10.0.0.2')).not.toBeNull();
});
