import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { breaches, DOCUMENT_FILE } from './contract.js';

const api = useHttpApi();

it('the document that is served is the one that is kept (else: npm run config-docs)', async () => {
  const { status, json } = await api().get('/openapi.json');
  expect(status).toBe(200);
  expect(json).toEqual(JSON.parse(await readFile(DOCUMENT_FILE, 'utf8')));
});

it('nobody is shown it without a password', async () => {
  expect((await api().as(null).get('/openapi.json')).status).toBe(401);
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
