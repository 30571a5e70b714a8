import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { breaches, DOCUMENT_FILE, documented } from './contract.js';
import { play, type Step } from './scenario.js';

const api = useHttpApi();

it('the document that is served is the one that is kept (else: npm run config-docs)', async () => {
  const { status, json } = await api().get('/openapi.json');
  expect(status).toBe(200);
  expect(json).toEqual(JSON.parse(await readFile(DOCUMENT_FILE, 'utf8')));
});

it('nobody gets anything without a password but what is open to all', async () => {
  const base = `http://127.0.0.1:${api().broker.management?.port}`;
  const open: string[] = [];
  for (const [route, isOpen] of documented()) {
    const [method = '', path = ''] = route.split(' ');
    const step = { method: method as Step['method'], path: path.replaceAll(/[{}]/g, ''), as: null };
    const { status } = await play(base, step);
    if (isOpen) open.push(`${route}: ${status}`);
    else expect(status, route).toBe(401);
  }
  expect(open.toSorted()).toEqual([
    // Without a session there is nothing to end.
    'DELETE /api/leveret/session: 204',
    'GET /api/auth: 200',
    'GET /api/health/live: 200',
    'GET /api/health/ready: 200',
    'GET /api/leveret/session: 200',
    // They are how one signs in; the address of the page is missing, and the password.
    'POST /api/leveret/session/issuer: 400',
    'POST /api/leveret/session: 401',
  ]);
});

it('what it does not allow is found', () => {
  const step = { method: 'GET', path: '/queues/%2F/mine' } as const;
  const ofQueue = (body: unknown): string[] => breaches(step, { status: 200, headers: {}, body });
  expect(ofQueue({ name: 'mine', durable: true })).toEqual([]);
  expect(ofQueue({ name: 'mine', durable: 'yes' })).toEqual([
    'GET /api/queues/{vhost}/{name}: data/durable must be boolean',
  ]);
  expect(breaches(step, { status: 500, headers: {}, body: {} })).toEqual([
    'GET /api/queues/{vhost}/{name} may not answer 500',
  ]);
});

it.each([
  ['a query that says the same twice', '/queues?name=a&name=b', 'name must be a text'],
  ['a page that is no number', '/queues?page=x', 'Pagination parameters are invalid'],
])('%s is refused in a line that names it', async (_what, path, reason) => {
  expect(await api().get(path)).toMatchObject({ status: 400, json: { error: 'bad_request', reason } });
});

it.each([
  ['lacks something', '/permissions/%2F/guest', { configure: '', write: '' }, 'missing from the body: read'],
  ['is a list', '/queues/%2F/q', [], 'the body must be a JSON object'],
  ['has a field of another type', '/queues/%2F/q', { durable: 'yes' }, 'durable must be true or false'],
  ['has a table that is none', '/queues/%2F/q', { arguments: 'x' }, 'arguments must be an object'],
])('a body that %s is refused in a line that names it', async (_what, path, body, reason) => {
  expect(await api().put(path, body)).toMatchObject({ status: 400, json: { error: 'bad_request', reason } });
});

it('a method that no path has is 405, too', async () => {
  const base = `http://127.0.0.1:${api().broker.management?.port}/api`;
  const { status, headers } = await play(base, { method: 'PATCH' as Step['method'], path: '/queues/%2F/q' });
  expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'HEAD, GET, PUT, DELETE, OPTIONS' });
});
