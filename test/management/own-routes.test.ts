/** Routes that RabbitMQ has not: who may call them, by tag. */
import { type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HttpApi, useHttpApi } from './support/http-client.js';

const api = useHttpApi();
let client: ChannelModel;

const TAGS = ['none', 'management', 'policymaker', 'monitoring', 'administrator'] as const;

beforeAll(async () => {
  client = await connect(`amqp://guest:guest@127.0.0.1:${api().broker.port}/`);
  await (await client.createChannel()).assertQueue('q');
  const { users } = api().broker.administration;
  for (const tag of TAGS) {
    await users.add(tag, 'secret', tag === 'none' ? [] : [tag]);
    await users.setPermissions({ user: tag, vhost: '/', configure: '.*', write: '.*', read: '.*' });
  }
});
afterAll(() => client.close());

const CALLS = {
  GET: (caller: HttpApi, path: string) => caller.get(path),
  PUT: (caller: HttpApi, path: string) => caller.put(path, {}),
  POST: (caller: HttpApi, path: string) => caller.post(path, {}),
  DELETE: (caller: HttpApi, path: string) => caller.delete(path),
};

it.each([
  ['PUT', '/queues/%2F/q/pause', [401, 204, 204, 204, 204]],
  ['PUT', '/queues/%2F/q/resume', [401, 204, 204, 204, 204]],
  // As RabbitMQ 4 has them, which RabbitMQ 3 has not.
  ['POST', '/vhosts/%2F/deletion/protection', [401, 401, 401, 401, 204]],
  ['DELETE', '/vhosts/%2F/deletion/protection', [401, 401, 401, 401, 204]],
  ['GET', '/queues/%2F/q/explain', [401, 200, 200, 200, 200]],
] as const)('%s %s', async (method, path, expected) => {
  const statuses: number[] = [];
  for (const user of TAGS) {
    const caller = api().as({ user, password: 'secret' });
    const { status } = await CALLS[method](caller, path);
    statuses.push(status);
  }
  expect(statuses).toEqual(expected);
  expect((await api().as(null).get(path)).status).toBe(method === 'GET' ? 401 : 405);
});
