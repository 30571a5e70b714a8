/** Which sockets are taken before a word is said, and what the operator hears of those that are not. */
import { expect, test } from 'vitest';
import { Admission } from '../../src/node/workers/admission.js';

const HERE = '192.0.2.1';

test('an address has so many at once, and what was closed counts no more', () => {
  const admission = new Admission({ connectionMax: 100, connectionMaxPerAddress: 2 }, () => 0);
  const enter = (connection: number, address: string | null) => admission.enter(connection, address).ok;
  expect([enter(1, HERE), enter(2, HERE), enter(3, HERE)]).toEqual([true, true, false]);
  expect([enter(4, '192.0.2.2'), enter(5, null), enter(6, null), enter(7, null)]).not.toContain(false);
  admission.leave(3);
  expect(enter(8, HERE)).toBe(false);
  admission.leave(1);
  expect([enter(9, HERE), enter(10, HERE)]).toEqual([true, false]);
});

test('there are a thousand more at most than may enter a vhost, who can be told that it is full', () => {
  const admission = new Admission({ connectionMax: 5, connectionMaxPerAddress: 10_000 }, () => 0);
  for (let connection = 1; connection <= 1_005; connection++) expect(admission.enter(connection, null).ok).toBe(true);
  expect(admission.enter(1_006, null)).toEqual({
    ok: false,
    line: 'a connection was closed at once: there are 1005 already (connection_max is 5)',
  });
  admission.leave(1);
  expect(admission.enter(1_007, null).ok).toBe(true);
});

test('a limit that is lowered leaves those alone that are there', () => {
  const admission = new Admission({ connectionMax: 100, connectionMaxPerAddress: 10 }, () => 0);
  for (const connection of [1, 2, 3]) admission.enter(connection, HERE);
  admission.change({ connectionMax: 100, connectionMaxPerAddress: 1 });
  expect(admission.enter(4, HERE).ok).toBe(false);
  for (const connection of [1, 2, 3]) admission.leave(connection);
  expect(admission.enter(5, HERE).ok).toBe(true);
});

test('the operator is told at once, and of the rest in one line', () => {
  let now = 0;
  const admission = new Admission({ connectionMax: 100, connectionMaxPerAddress: 0 }, () => now);
  const refusal = (connection: number) => admission.enter(connection, HERE);
  const reason = `there are 0 from ${HERE} already (connection_max_per_address)`;
  expect(refusal(1)).toEqual({ ok: false, line: `a connection was closed at once: ${reason}` });
  expect([refusal(2), refusal(3)]).toEqual([
    { ok: false, line: null },
    { ok: false, line: null },
  ]);
  now = 10_000;
  expect(refusal(4)).toEqual({ ok: false, line: `3 connections were closed at once: ${reason}` });
});
