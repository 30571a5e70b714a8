/** Whom failed logins make wait, and how long: whoever tries the same from the same address, and nobody else. */
import { beforeEach, expect, test } from 'vitest';
import { FailedLogins } from '../../src/connection/handshake/failed-logins.js';

let now: number;
let failed: FailedLogins;
beforeEach(() => {
  now = 0;
  failed = new FailedLogins(
    () => {},
    () => now,
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

test('a flood of made-up names makes forget whoever tried longest ago, and takes no more room', () => {
  waits(5);
  for (let i = 0; i < 4095; i++) waits(1, '10.0.0.1', `u${i}`);
  expect(waits(1)).toEqual([100]);
  for (let i = 0; i < 4096; i++) waits(1, '10.0.0.2', `u${i}`);
  expect(waits(1)).toEqual([0]);
});
