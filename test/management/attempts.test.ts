import { connect } from 'amqplib';
import { expect, it } from 'vitest';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();

interface Counted {
  readonly auth_attempts: number;
  readonly auth_attempts_failed: number;
  readonly auth_attempts_succeeded: number;
}

async function path(): Promise<string> {
  const [node] = (await api().get('/nodes?columns=name')).json as readonly { readonly name: string }[];
  return `/auth/attempts/${node?.name}`;
}

async function counted(): Promise<Readonly<Record<string, Counted>>> {
  const { json } = await api().get(await path());
  return Object.fromEntries((json as (Counted & { protocol: string })[]).map((one) => [one.protocol, one]));
}

const login = (password: string) =>
  connect(`amqp://guest:${password}@127.0.0.1:${api().broker.port}`).then(
    (client) => client.close(),
    () => {},
  );

it('logins are counted by protocol, right and wrong, over all workers, until somebody clears them', async () => {
  expect((await api().delete(await path())).status).toBe(204);
  for (const password of ['guest', 'wrong', 'guest', 'guess', 'guest']) await login(password);
  await api().as({ user: 'guest', password: 'wrong' }).get('/whoami');
  const { http, amqp091 } = await counted();
  expect(amqp091).toMatchObject({ auth_attempts: 5, auth_attempts_failed: 2, auth_attempts_succeeded: 3 });
  expect(http).toMatchObject({ auth_attempts_failed: 1 });
  expect(http?.auth_attempts_succeeded).toBeGreaterThan(0);
  await api().delete(await path());
  expect((await counted()).amqp091).toMatchObject({ auth_attempts: 0 });
});

it('attempts are shown to monitors alone, and not by their sources', async () => {
  const where = await path();
  expect((await api().get(`${where}/source`)).json).toEqual([]);
  expect((await api().delete(`${where}/source`)).status).toBe(204);
  expect((await api().get('/auth/attempts/other@host')).status).toBe(404);
  const { users } = api().broker.administration;
  for (const [tag, statuses] of [
    ['management', [401, 401]],
    ['monitoring', [200, 204]],
  ] as const) {
    await users.add(tag, 'secret', [tag]);
    const caller = api().as({ user: tag, password: 'secret' });
    expect([(await caller.get(where)).status, (await caller.delete(where)).status]).toEqual(statuses);
  }
});
