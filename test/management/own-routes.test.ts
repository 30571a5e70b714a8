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

/** By route of the document; in the order of `TAGS`: what each is answered. */
const ANSWERS: Readonly<Record<string, readonly number[]>> = {
  'GET /api/queues/{vhost}/{name}/messages': [401, 200, 200, 200, 200],
  'POST /api/queues/{vhost}/{name}/move': [401, 202, 202, 202, 202],
  'PUT /api/queues/{vhost}/{name}/pause': [401, 204, 204, 204, 204],
  'PUT /api/queues/{vhost}/{name}/resume': [401, 204, 204, 204, 204],
  'GET /api/queues/{vhost}/{name}/explain': [401, 200, 200, 200, 200],
  'GET /api/leveret/moves': [401, 200, 200, 200, 200],
  // That there is none is for those to know who may ask.
  'GET /api/leveret/moves/{id}': [401, 404, 404, 404, 404],
  'DELETE /api/leveret/moves/{id}': [401, 404, 404, 404, 404],
  'POST /api/leveret/policies/{vhost}/trial': [401, 200, 200, 200, 200],
  'POST /api/leveret/patterns': [401, 200, 200, 200, 200],
  'GET /api/leveret/topology/{vhost}': [401, 200, 200, 200, 200],
  'GET /api/leveret/consumers': [401, 200, 200, 200, 200],
  'GET /api/leveret/latency': [401, 401, 401, 200, 200],
  'GET /api/leveret/history': [401, 401, 401, 200, 200],
  'GET /api/leveret/events/overview': [401, 401, 401, 200, 200],
  'GET /api/leveret/events/queues/{vhost}/{name}': [401, 200, 200, 200, 200],
  'GET /api/leveret/log': [401, 401, 401, 200, 200],
  'GET /api/leveret/certificates': [401, 401, 401, 200, 200],
  'GET /api/leveret/threads': [401, 401, 401, 200, 200],
  'GET /api/leveret/environment': [401, 401, 401, 401, 200],
  'GET /api/leveret/log-levels': [401, 401, 401, 401, 200],
  'PUT /api/leveret/log-levels': [401, 401, 401, 401, 204],
  // This broker belongs to no cluster.
  'GET /api/leveret/cluster': [401, 401, 401, 401, 404],
  'POST /api/leveret/cluster/step-down': [401, 401, 401, 401, 404],
  'DELETE /api/leveret/cluster/members/{member}': [401, 401, 401, 401, 404],
  // By the control socket alone.
  'POST /api/leveret/stop': [401, 401, 401, 401, 401],
  // As RabbitMQ 4 has them, which RabbitMQ 3 has not.
  'POST /api/vhosts/{vhost}/deletion/protection': [401, 401, 401, 401, 204],
  'DELETE /api/vhosts/{vhost}/deletion/protection': [401, 401, 401, 401, 204],
  // RabbitMQ has them on another port, for everybody.
  'GET /metrics': [401, 401, 401, 200, 200],
  'GET /metrics/per-object': [401, 401, 401, 200, 200],
  'GET /metrics/detailed': [401, 401, 401, 200, 200],
};

const BODIES: Readonly<Record<string, object>> = {
  'POST /api/queues/{vhost}/{name}/move': { to: { queue: 'q' } },
  'POST /api/leveret/policies/{vhost}/trial': { pattern: '^q' },
  'POST /api/leveret/patterns': { patterns: ['^a'], name: 'b' },
  'PUT /api/leveret/log-levels': { level: 'info' },
};

/** Some answers do not end: their heads are enough. */
async function statusOf(route: string, user: string | null): Promise<number> {
  const [method = '', template = ''] = route.split(' ');
  const path = template.replace('{vhost}', '%2F').replace('{name}', 'q').replace('{id}', '77');
  const body = method === 'GET' || method === 'DELETE' ? null : JSON.stringify(BODIES[route] ?? {});
  const login = `Basic ${Buffer.from(`${user}:secret`).toString('base64')}`;
  const enough = new AbortController();
  const { status } = await fetch(`http://127.0.0.1:${api().broker.management?.port}${path}`, {
    method,
    body,
    headers: user === null ? {} : { authorization: login },
    signal: enough.signal,
  });
  enough.abort();
  return status;
}

it.each(Object.entries(ANSWERS))('%s', async (route, expected) => {
  const statuses: number[] = [];
  for (const user of TAGS) statuses.push(await statusOf(route, user));
  expect(statuses).toEqual(expected);
  expect(await statusOf(route, null)).toBe(401);
});

it('each route of our own is tried with each tag', async () => {
  const { json } = await api().get('/openapi.json');
  const { paths } = json as { readonly paths: Readonly<Record<string, object>> };
  const isOwn = /^\/(api\/leveret|metrics)(\/|$)|\/(messages|move|pause|resume|explain|protection)$/;
  const routes = Object.entries(paths)
    // Who signs in, or out, shows no tag.
    .filter(([path]) => isOwn.test(path) && !path.startsWith('/api/leveret/session'))
    .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`));
  expect(routes.filter((route) => (route.split(' ')[0] ?? '') in CALLS).toSorted()).toEqual(
    Object.keys(ANSWERS).toSorted(),
  );
});

it('what is not there is named, with its vhost', async () => {
  const there: Record<string, string> = { vhost: '%2F', name: 'none', id: '77' };
  const nowhere = { ...there, vhost: 'nowhere' };
  const at = (route: string, parts: Record<string, string>): string =>
    route.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => parts[name] ?? '');
  const routes = Object.keys(ANSWERS).filter((route) => route.includes('{'));
  for (const route of routes) {
    const [method = '', path = ''] = route.replace('/api', '').split(' ');
    const call = CALLS[method as keyof typeof CALLS];
    const body = path.endsWith('/move') ? { to: 'origin' } : (BODIES[route] ?? {});
    const missing = path.includes('{name}') ? "no queue 'none' in vhost '/'" : "no move '77'";
    if (/\{(name|id)\}/.test(path))
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

it('a parameter that nobody knows is refused by routes of our own, and named with those that are there', async () => {
  const refused = (reason: string) => ({ status: 400, json: { error: 'bad_request', reason } });
  expect(await api().get('/queues/%2F/q/messages?bdoy=x')).toMatchObject(
    refused(
      'there is no parameter bdoy here, but from, count, encoding, truncate, match, key, exchange, body, header.NAME, ' +
        'property.NAME, use_regex',
    ),
  );
  expect(await api().get('/queues/%2F/q/messages?header.kind=x&property.app_id=y')).toMatchObject({ status: 200 });
  expect(await api().get('/queues/%2F/q/messages?header.=x')).toMatchObject({ status: 400 });
  expect(await api().get('/leveret/moves?state=done')).toMatchObject(
    refused('there is no parameter state here, but none at all'),
  );
  // As RabbitMQ passes over them.
  expect(await api().get('/queues?bdoy=x')).toMatchObject({ status: 200 });
});

it('each of the own routes that shows something refuses what nobody knows', async () => {
  for (const route of Object.keys(ANSWERS).filter((one) => one.startsWith('GET /api/'))) {
    const path = route.slice('GET /api'.length).replace('{vhost}', '%2F').replace('{name}', 'q').replace('{id}', '77');
    const answer = await api().get(`${path}?unknown=1`);
    expect
      .soft(answer, route)
      .toMatchObject({ status: 400, json: { reason: expect.stringContaining('no parameter unknown here') } });
  }
});
