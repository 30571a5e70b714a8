/** Floats as Erlang writes them. */
import { expect, test } from 'vitest';
import { floatTerm } from '../../../src/broker/requests/erlang-terms.js';

/** What Erlang's `~p` made of them. */
const WRITTEN =
  '0.0 1.0 10.0 100.0 1.0e3 6.0e4 12345.0 123456789.0 1.5e10 1.5e6 0.1 0.01 0.001 0.0001 1.5e-4 1.0e-7 1.234e-5 1.0e22 ' +
  '1.2345678901234568e17 9.007199254740992e15 -2.5 -6.0e4 7.5 1.0e300 5.0e-324 99999.0 1.2e5 0.5';

test('a float has its shortest digits, a point, and an exponent where that is shorter', () => {
  const written = WRITTEN.split(' ');
  expect(written.map((text) => floatTerm(Number(text)))).toEqual(written);
});
