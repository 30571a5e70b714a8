/**
 * The numbers by which a core keeps routes: one for each user in a virtual host, and no more of them than are needed.
 */
import { expect, test } from 'vitest';
import { RouteSpaces } from '../../src/connection/routes/route-spaces.js';

test('connections of one user in one virtual host share a number, others have their own', () => {
  const spaces = new RouteSpaces();
  const first = spaces.enter(1, '/', 'ada');
  expect(spaces.enter(2, '/', 'ada')).toBe(first);
  const others = [spaces.enter(3, '/', 'bob'), spaces.enter(4, 'other', 'ada')];
  expect(new Set([first, ...others]).size).toBe(3);
});

test("a number is nobody else's while the core may have routes by it", () => {
  const spaces = new RouteSpaces();
  const number = spaces.enter(1, '/', 'ada');
  spaces.leave(1);
  const other = spaces.enter(2, '/', 'bob');
  expect(other).not.toBe(number);
  expect(spaces.enter(3, '/', 'ada')).toBe(number);
  spaces.routesForgotten();
  expect(spaces.enter(4, '/', 'ada')).toBe(number);
  expect([number, other]).not.toContain(spaces.enter(5, '/', 'cleo'));
});

test('users and virtual hosts that come and go leave nothing behind once routes are forgotten', () => {
  const spaces = new RouteSpaces();
  const stays = spaces.enter(0, '/', 'stays');
  for (let i = 1; i <= 1_000; i++) {
    const number = spaces.enter(i, `vhost ${i}`, 'guest');
    expect(number).not.toBe(stays);
    expect(number).toBeLessThan(2);
    spaces.leave(i);
    spaces.routesForgotten();
  }
  expect(spaces.size).toBe(1);
});

test('a connection that never got as far as a virtual host leaves without a trace', () => {
  const spaces = new RouteSpaces();
  spaces.leave(1);
  spaces.routesForgotten();
  expect(spaces.size).toBe(0);
});
