/** Routes that RabbitMQ has not: who may call them, by tag, and what they say of what is not there. */
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
  PUT: (caller: HttpApi, path: string, body: object = {}) => caller.put(path, body),
  POST: (caller: HttpApi, path: string, body: object = {}) => caller.post(path, body),
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

/** The document's routes that RabbitMQ 3 has not, of those that name something. */
async function ownRoutes(): Promise<string[]> {
  const { json } = await api().get('/openapi.json');
  const { paths } = json as { readonly paths: Readonly<Record<string, object>> };
  const isOwn = /\/api\/leveret\/.*\{|\/(messages|move|pause|resume|explain|protection)$/;
  return Object.entries(paths)
    .filter(([path]) => isOwn.test(path))
    .flatMap(([path, item]) =>
      Object.keys(item)
        .filter((method) => method.toUpperCase() in CALLS)
        .map((method) => `${method.toUpperCase()} ${path.replace('/api', '')}`),
    );
}

it('what is not there is named, with its vhost', async () => {
  const there: Record<string, string> = { vhost: '%2F', name: 'none', id: '77' };
  const nowhere = { ...there, vhost: 'nowhere' };
  const at = (route: string, parts: Record<string, string>): string =>
    route.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => parts[name] ?? '');
  const routes = await ownRoutes();
  expect(routes.length).toBeGreaterThan(8);
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    const call = CALLS[method as keyof typeof CALLS];
    const body = path.endsWith('/move') ? { to: 'origin' } : {};
    const missing = path.includes('{name}') ? "no queue 'none' in vhost '/'" : "no move '77'";
    if (!path.endsWith('/protection'))
      expect
        .soft(await call(api(), at(path, there), body), route)
        .toMatchObject({ status: 404, json: { error: 'not_found', reason: missing } });
    if (path.includes('{vhost}'))
      expect
        .soft(await call(api(), at(path, nowhere), body), route)
        .toMatchObject({ status: 404, json: { error: 'not_found', reason: "no vhost 'nowhere'" } });
  }
});

it('where a move is to go is named, if it is not there', async () => {
  const move = (to: object) => api().post('/queues/%2F/q/move', { to });
  const named = (reason: string) => ({ status: 404, json: { error: 'not_found', reason } });
  expect(await move({ queue: 'none' })).toMatchObject(named("no queue 'none' in vhost '/'"));
  expect(await move({ exchange: null })).toMatchObject({
    status: 400,
    json: { reason: 'to must be origin, or name one exchange or queue' },
  });
  expect(await move({ exchange: 'none', routing_key: 'k' })).toMatchObject(named("no exchange 'none' in vhost '/'"));
});
