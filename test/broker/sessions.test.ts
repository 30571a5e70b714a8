/** Entering a vhost. */
import { expect, test } from 'vitest';
import { outcome, Stage, VHOST } from './support/stage.js';

test('a connection enters vhosts that are there', () => {
  const stage = new Stage();
  expect(outcome(stage.ask(1, { op: 'connection.open', vhost: VHOST, user: 'guest' }))).toBe('ok');
  const answer = stage.ask(2, { op: 'connection.open', vhost: 'nowhere', user: 'guest' });
  expect(answer).toMatchObject({ ok: false, refusal: { scope: 'connection', code: 530 } });
  expect(outcome(answer)).toBe('530 vhost nowhere not found');
});
