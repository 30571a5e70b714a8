/** Whom failed logins make wait, and how long: whoever tries the same from the same address, and nobody else. */
import { beforeEach, expect, test } from 'vitest';
import { FailedLogins } from '../../src/connection/handshake/failed-logins.js';
import { createLoginSources, LoginSources } from '../../src/connection/handshake/login-sources.js';

let now: number;
let failed: FailedLogins;
beforeEach(() => {
  now = 0;
  failed = new FailedLogins(
    () => {},
    () => now,
    new LoginSources(undefined, () => now),
  );
});

const waits = (count: number, address = '10.0.0.1', name = 'ann') =>
  Array.from({ length: count }, () => failed.wait(address, name));

test('after some that fail, those of the same address and user wait in a row, then are refused at once', () => {
  expect(waits(12)).toEqual([0, 0, 0, 0, 0, 100, 300, 700, 1500, 3100, null, null]);
});

test('others do not wait: neither another address nor another user', () => {
  waits(20);
  expect(waits(1, '10.0.0.2')).toEqual([0]);
  expect(waits(1, '10.0.0.1', 'bob')).toEqual([0]);
});

test('a row moves on with time, and is forgotten when nobody tries', () => {
  waits(20);
  now += 5_100;
  expect(waits(1)).toEqual([0]);
  now += 60_000;
  expect(waits(6)).toEqual([0, 0, 0, 0, 0, 100]);
});

test('one that is right ends the row', () => {
  waits(20);
  failed.succeeded('10.0.0.1', 'ann');
  expect(waits(2)).toEqual([0, 0]);
});

test('a flood of made-up names takes no more room, and makes nobody wait who is honest', () => {
  for (let i = 0; i < 2_000; i++) waits(6, `10.0.${i >> 8}.${i & 255}`, `u${i}`);
  expect(waits(1, '192.0.2.1')).toEqual([0]);
});

test('who spreads logins over workers waits in one row, and comes out of it in all of them', () => {
  const shared = createLoginSources();
  const workers = [0, 1, 2].map(() => new FailedLogins(() => {}, performance.now, new LoginSources(shared, () => now)));
  const tries = (count: number) =>
    Array.from({ length: count }, (_, index) => workers[index % workers.length]?.wait('10.0.0.1', 'ann'));
  expect(tries(12)).toEqual([0, 0, 0, 0, 0, 100, 300, 700, 1500, 3100, null, null]);
  expect(workers.map((worker) => worker.isFailing('10.0.0.1', 'ann'))).toEqual([true, true, true]);
  workers[1]?.succeeded('10.0.0.1', 'ann');
  expect(tries(2)).toEqual([0, 0]);
});

test('a clock that was ahead leaves nobody waiting when it is put right', () => {
  now = 3_600_000;
  waits(20);
  now = 0;
  expect(waits(1)).toEqual([0]);
});

test('from an address where too many have failed nobody is heard for a moment, whichever worker is asked', () => {
  const shared = createLoginSources();
  const workers = [0, 1].map(
    () =>
      new FailedLogins(
        () => {},
        () => now,
        new LoginSources(shared, () => now),
      ),
  );
  const fail = (times: number): number => {
    let heard = 0;
    for (let i = 0; i < times; i++) {
      const worker = workers[i % 2] as FailedLogins;
      if (worker.wait('10.0.0.1', `${now} ${i}`) === null) continue;
      heard++;
      worker.tell('10.0.0.1', `${now} ${i}`, 'there is no such user');
    }
    return heard;
  };
  workers[0]?.succeeded('10.0.0.1', 'carol');
  expect(fail(1_000)).toBe(50);
  expect(workers[1]?.wait('10.0.0.1', 'dave')).toBe(null);
  // Another address is heard, and so is who came in from there before, by whichever worker.
  expect(workers[1]?.wait('10.0.0.2', 'dave')).toBe(0);
  expect(workers[1]?.wait('10.0.0.1', 'carol')).toBe(0);
  now += 300;
  expect(fail(1_000)).toBe(3);
  now += 60_000;
  expect(fail(1_000)).toBe(50);
});

test('all addresses of one IPv6 network count as one', () => {
  const sources = new LoginSources(undefined, () => now);
  for (let i = 0; i < 50; i++) sources.failed(`2001:db8::${i.toString(16)}`);
  expect(sources.refuses('2001:db8::ffff', 'ann')).toBe(true);
  expect(sources.refuses('2001:db8:0:0:1::1', 'ann')).toBe(true);
  expect(sources.refuses('2001:db8:0:1::1', 'ann')).toBe(false);
});
