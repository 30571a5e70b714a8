/**
 * Many logins that fail, from one address: others come in meanwhile, and the operator is told once, without secrets.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedBroker, startEmbedded, troubles } from '../../support/embedded.js';
import { RawClient } from '../../support/raw-client.js';
import { Inbox } from '../../support/waiting.js';

const lines = new Inbox<string>();
let started: EmbeddedBroker;
beforeAll(async () => {
  started = await startEmbedded(undefined, { workers: 1, log: troubles((line) => lines.push(line)) });
  const { users } = started.embedded.administration;
  await users.add('ann', 'secret');
  await users.setPermissions({ user: 'ann', vhost: '/', configure: '', write: '', read: '' });
});
afterAll(() => started.embedded.stop());

const login = (password: string) => ({ response: Buffer.from(`\0ann\0${password}`) });

async function guess(): Promise<number> {
  const client = await RawClient.dial(started.broker, '127.0.0.1');
  await client.startUp(login('guessed')).catch(() => {});
  return (await client.failure()).replyCode;
}

test('an honest client from another address comes in while those from one address fail', async () => {
  const codes: number[] = [];
  const guesses = Array.from({ length: 40 }, async () => codes.push(await guess()));
  const honest = await RawClient.dial(started.broker, '127.0.0.2');
  const tune = await honest.startUp(login('secret'));
  honest.tune({ ...tune, heartbeat: 0 });
  honest.send('connection.open', { virtualHost: '/' });
  await honest.expect('connection.open-ok');
  await Promise.all(guesses);
  expect(new Set(codes)).toEqual(new Set([403]));
  expect(await lines.next('a line')).toBe('login from 127.0.0.1 as user "ann" refused: wrong password');
  expect(lines.waiting).toEqual([]);
  await honest.close();
});
