/** Sessions of the web page whose login ends: how they are renewed, and that they end. */
import type { Socket } from 'node:net';
import { beforeEach, expect, test } from 'vitest';
import type { Caller } from '../../src/management/http/authentication.js';
import type { ShownBy } from '../../src/management/signing-in/cookies.js';
import { PageSessions, type Renew } from '../../src/management/signing-in/page-sessions.js';
import { Sealed } from '../../src/management/signing-in/sealed.js';

/** Both clocks (ms). */
let now: number;
let shown: string[];
let sessions: PageSessions;
beforeEach(() => {
  now = 0;
  shown = [];
  sessions = new PageSessions(authenticate, clock, clock);
});

const clock = (): number => now;
const socket = { localPort: 15672 } as Socket;

/** Whoever shows `Bearer NAME-UNTIL` is let in. */
async function authenticate({ headers: { authorization = '' } }: ShownBy): Promise<Caller> {
  shown.push(authorization);
  const [, user = '', until = '0'] = /^Bearer (\w+)-(\d+)$/.exec(authorization) ?? [];
  return {
    user,
    tags: ['management'],
    grant: { name: user, scopes: [], expiresAt: Number(until) },
  } as unknown as Caller;
}

async function begin(until: number, renew: Renew | null = null): Promise<() => Promise<Caller>> {
  const request = { headers: {}, ip: '127.0.0.1', socket };
  const { cookie } = await sessions.begin(request, `Bearer ann-${until}`, { renew, leave: null });
  const headers = { cookie: cookie.split(';')[0], 'x-requested-with': 'leveret' };
  return () => sessions.callerOf({ ...request, headers });
}

test('a session ends with its token, and says so', async () => {
  const call = await begin(1_000);
  now = 999;
  expect(await call()).toMatchObject({ user: 'ann' });
  now = 1_000;
  await expect(call()).rejects.toMatchObject({ status: 401, error: 'session_ended' });
  // Nothing that has expired was shown, and counted as a login that fails.
  expect(shown).toEqual(['Bearer ann-1000', 'Bearer ann-1000']);
});

test('a token is renewed a while before its end, once for all, and nobody waits for that', async () => {
  let renewed = 0;
  let answer = (_shown: string): void => {};
  const call = await begin(600_000, () => {
    renewed++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  now = 539_000;
  await call();
  expect(renewed).toBe(0);
  now = 541_000;
  await Promise.all([call(), call()]);
  expect(renewed).toBe(1);
  answer('Bearer ann-1200000');
  await expect.poll(() => shown.at(-1)).toBe('Bearer ann-1200000');
  now = 700_000;
  expect(await call()).toMatchObject({ user: 'ann' });
  expect(renewed).toBe(1);
});

test('one that has expired meanwhile is waited for', async () => {
  const call = await begin(1_000, async () => 'Bearer ann-9000');
  now = 2_000;
  expect(await call()).toMatchObject({ grant: { expiresAt: 9_000 } });
});

test('an issuer that does not answer is asked again after a while', async () => {
  let asked = 0;
  const call = await begin(600_000, async () => {
    asked++;
    throw new Error('away');
  });
  now = 550_000;
  for (const at of [550_000, 552_000, 556_000]) {
    now = at;
    await call();
  }
  expect(asked).toBe(2);
  now = 600_000;
  await expect(call()).rejects.toThrow('has run out');
});

test.each([
  ['gives no other token', null],
  ['gives one for somebody else', 'Bearer eve-9000'],
])('a session whose issuer %s ends', async (_, next) => {
  const call = await begin(1_000, async () => next);
  now = 1_000;
  await expect(call()).rejects.toThrow('has run out');
});

test('what is sealed can be opened for a while, by nobody else, and not if it was changed', () => {
  const sealed = new Sealed<{ readonly a: number }>(100, clock);
  const text = sealed.seal({ a: 1 });
  expect(sealed.open(text)).toEqual({ a: 1 });
  expect(new Sealed(100, clock).open(text)).toBeNull();
  const octets = Buffer.from(text, 'base64url');
  for (let i = 0; i < octets.length; i++) {
    const changed = Buffer.from(octets);
    changed[i] = (changed[i] ?? 0) ^ 1;
    expect(sealed.open(changed.toString('base64url'))).toBeNull();
  }
  for (const wrong of ['', 'x', text.slice(0, -4)]) expect(sealed.open(wrong)).toBeNull();
  now = 100;
  expect(sealed.open(text)).toBeNull();
});
