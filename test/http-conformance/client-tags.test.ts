/**
 * Every route about clients with every tag, as tags.test.ts has the others: who sees and closes which of them. Each
 * caller has a connection of its own in the vhost that it may enter, and there is one of somebody else in another.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { PATIENCE } from '../support/waiting.js';
import { get, play, put, remove, type Step } from './scenario.js';
import { type ClientPart, Stage } from './stage.js';

const referee = process.env.LEVERET_HTTP_REFEREE;
const api = useHttpApi();
const FILE = new URL('recorded/client-tags.json', import.meta.url);

const TAGS = ['none', 'management', 'policymaker', 'monitoring', 'administrator'] as const;
const ALL = { configure: '.*', write: '.*', read: '.*' };
const own = 'hc-client-tags';
const other = 'hc-client-tags-other';
const stranger = 'hc-client-tags-stranger';
const CHANNEL = encodeURIComponent(' (1)');

let stage = new Stage(0);
afterEach(() => stage.clear());

/** `{own}` and `{other}` are connections; `SELF` is the caller's name. Those that close come last. */
const ROUTES: readonly Step[] = [
  get('/connections?columns=user'),
  get('/connections/{own}?columns=user'),
  get('/connections/{other}?columns=user'),
  get('/connections/{own}/channels?columns=user'),
  get('/connections/{other}/channels?columns=user'),
  get('/connections/username/SELF?columns=user'),
  get(`/connections/username/${stranger}?columns=user`),
  get('/channels?columns=user'),
  get(`/channels/{own}${CHANNEL}?columns=user`),
  get(`/channels/{other}${CHANNEL}?columns=user`),
  get('/consumers?columns=consumer_tag'),
  get(`/consumers/${own}?columns=consumer_tag`),
  get(`/consumers/${other}?columns=consumer_tag`),
  get(`/vhosts/${own}/connections?columns=user`),
  get(`/vhosts/${other}/connections?columns=user`),
  get(`/vhosts/${own}/channels?columns=user`),
  get(`/vhosts/${other}/channels?columns=user`),
  remove('/connections/missing'),
  remove('/connections/{other}'),
  remove(`/connections/username/${stranger}`),
  remove('/connections/{own}'),
  remove('/connections/username/SELF'),
];

it('who sees and closes which clients is as in RabbitMQ', async () => {
  const base = referee ?? `http://127.0.0.1:${api().broker.management?.port}/api`;
  stage = new Stage(referee === undefined ? api().broker.port : Number(process.env.LEVERET_AMQP_REFEREE));
  const played = await statuses(base);
  if (referee !== undefined) {
    await writeFile(FILE, `${JSON.stringify(played, null, 2)}\n`);
    return;
  }
  const recorded = JSON.parse(await readFile(FILE, 'utf8')) as Record<string, string>;
  expect(played).toEqual({ ...recorded, ...INSTEAD_OF_500 });
  const defects = Object.keys(recorded).filter((route) => recorded[route]?.includes('500'));
  expect(Object.keys(INSTEAD_OF_500).toSorted()).toEqual(defects.toSorted());
}, 240_000);

/** Where RabbitMQ fails over a caller who is not an administrator, or over many at once. */
const INSTEAD_OF_500: Readonly<Record<string, string>> = {
  'GET /connections/username/SELF?columns=user': '401 200 200 200 200',
  [`GET /connections/username/${stranger}?columns=user`]: '401 401 401 200 200',
  'DELETE /connections/missing': '401 404 404 404 404',
  [`DELETE /connections/username/${stranger}`]: '401 401 401 401 204',
  'DELETE /connections/username/SELF': '401 204 204 204 204',
};

/** By route: the statuses that the users get, in the order of `TAGS`. */
async function statuses(base: string): Promise<Record<string, string>> {
  for (const vhost of [own, other]) await play(base, put(`/vhosts/${vhost}`));
  await user(base, stranger, other, '');
  const found: Record<string, number[]> = {};
  for (const tag of TAGS) {
    const self = `hc-client-tags-${tag}`;
    await user(base, self, own, tag === 'none' ? '' : tag);
    await stage.open('own', client(self, own));
    await stage.open('other', client(stranger, other));
    await vi.waitFor(() => told(base), { ...PATIENCE, interval: 200 });
    for (const step of ROUTES) {
      const path = stage.path(step.path).replace('SELF', self);
      const { status } = await play(base, { ...step, path, as: `${self}:secret` });
      const route = `${step.method} ${step.path}`;
      found[route] = [...(found[route] ?? []), status];
    }
    await stage.clear();
    await play(base, remove(`/users/${self}`));
  }
  await play(base, remove(`/users/${stranger}`));
  for (const vhost of [own, other]) await play(base, remove(`/vhosts/${vhost}`));
  return Object.fromEntries(Object.entries(found).map(([route, list]) => [route, list.join(' ')]));
}

async function user(base: string, name: string, vhost: string, tags: string): Promise<void> {
  await play(base, put(`/users/${name}`, { password: 'secret', tags }));
  await play(base, put(`/permissions/${vhost}/${name}`, ALL));
}

function client(name: string, vhost: string): ClientPart {
  const queues = { work: { autoDelete: true, durable: false } };
  return { as: `${name}:secret`, vhost, channels: [{ queues, consumers: [{ queue: 'work', consumerTag: 'one' }] }] };
}

/** Rejects while one of the two, or its channel, is not told of. */
async function told(base: string): Promise<void> {
  for (const path of [
    '/connections/{own}',
    '/connections/{other}',
    `/channels/{own}${CHANNEL}`,
    `/channels/{other}${CHANNEL}`,
  ]) {
    const { status } = await play(base, get(stage.path(`${path}?columns=user`)));
    if (status !== 200) throw new Error(`${path} was answered by ${status}`);
  }
}
