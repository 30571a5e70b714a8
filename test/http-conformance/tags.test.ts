/**
 * Every route with every tag: who may read and change what. The statuses are those of RabbitMQ 3.10, recorded as the
 * scenarios are (conformance.test.ts). Each caller is one of five users who differ by their tags alone, and may enter
 * one vhost; what it does is done again for each.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { get, play, post, put, remove, type Step } from './scenario.js';

const referee = process.env.LEVERET_HTTP_REFEREE;
const api = useHttpApi();
const FILE = new URL('recorded/tags.json', import.meta.url);

const TAGS = ['none', 'management', 'policymaker', 'monitoring', 'administrator'] as const;
const ALL = { configure: '.*', write: '.*', read: '.*' };
const own = 'hc-tags';
const other = 'hc-tags-other';

/** By what they are about; what one makes a later one takes away, for whoever may. */
const ROUTES: readonly Step[] = [
  get('/overview'),
  get('/cluster-name'),
  put('/cluster-name', { name: 'hc-cluster' }),
  get('/nodes?columns=type'),
  get('/extensions'),
  get('/auth'),
  get('/whoami'),
  get('/feature-flags?columns=name'),
  post('/rebalance/queues'),
  get('/health/checks/alarms'),
  get('/health/checks/virtual-hosts'),
  get('/health/checks/node-is-quorum-critical'),
  get('/healthchecks/node'),
  get(`/aliveness-test/${own}`),
  get(`/aliveness-test/${other}`),
  get('/definitions?columns=rabbit_version'),
  get(`/definitions/${own}?columns=rabbit_version`),
  post('/definitions', {}),
  post(`/definitions/${own}`, {}),
  get('/vhosts?columns=name'),
  get(`/vhosts/${own}?columns=name`),
  get(`/vhosts/${own}/permissions`),
  get(`/vhosts/${own}/topic-permissions`),
  put('/vhosts/hc-tags-new'),
  remove('/vhosts/hc-tags-new'),
  get('/users?columns=name'),
  get('/users/hc-tags-none'),
  get('/users/without-permissions'),
  get('/users/hc-tags-none/permissions'),
  get('/users/hc-tags-none/topic-permissions'),
  put('/users/hc-tags-new', { password: 'x', tags: '' }),
  post('/users/bulk-delete', { users: ['hc-tags-new'] }),
  get('/permissions?columns=user'),
  get(`/permissions/${own}/hc-tags-none`),
  put(`/permissions/${own}/hc-tags-none`, ALL),
  get('/topic-permissions'),
  get(`/topic-permissions/${own}/hc-tags-none`),
  put(`/topic-permissions/${own}/hc-tags-none`, { exchange: 'amq.topic', write: '.*', read: '.*' }),
  get(`/topic-permissions/${own}/hc-tags-none/amq.topic`),
  remove(`/topic-permissions/${own}/hc-tags-none/amq.topic`),
  remove(`/topic-permissions/${own}/hc-tags-none`),
  get('/parameters'),
  get('/parameters/vhost-limits'),
  get(`/parameters/vhost-limits/${own}`),
  get(`/parameters/vhost-limits/${other}`),
  put(`/parameters/nothing/${own}/x`, { value: {} }),
  put('/global-parameters/hc-tags', { value: 1 }),
  get('/global-parameters'),
  get('/global-parameters/hc-tags'),
  remove('/global-parameters/hc-tags'),
  get('/policies'),
  get(`/policies/${own}`),
  get(`/policies/${other}`),
  put(`/policies/${own}/p`, { pattern: 'a', definition: { 'max-length': 5 } }),
  get(`/policies/${own}/p`),
  remove(`/policies/${own}/p`),
  get('/operator-policies'),
  get(`/operator-policies/${own}`),
  put(`/operator-policies/${own}/p`, { pattern: 'a', definition: { 'max-length': 5 } }),
  get(`/operator-policies/${own}/p`),
  remove(`/operator-policies/${own}/p`),
  get('/vhost-limits'),
  get(`/vhost-limits/${own}`),
  get(`/vhost-limits/${other}`),
  put(`/vhost-limits/${own}/max-queues`, { value: 50 }),
  remove(`/vhost-limits/${own}/max-queues`),
  get('/user-limits'),
  get('/user-limits/hc-tags-none'),
  put('/user-limits/hc-tags-none/max-channels', { value: 50 }),
  remove('/user-limits/hc-tags-none/max-channels'),
  get('/exchanges?columns=name'),
  get(`/exchanges/${own}?columns=name`),
  get(`/exchanges/${other}?columns=name`),
  get(`/exchanges/${own}/amq.topic?columns=name`),
  get(`/exchanges/${own}/amq.topic/bindings/source`),
  put(`/exchanges/${own}/e`, { type: 'fanout' }),
  put(`/exchanges/${other}/e`, { type: 'fanout' }),
  get('/queues?columns=name'),
  get(`/queues/${own}?columns=name`),
  get(`/queues/${other}?columns=name`),
  put(`/queues/${own}/q`, {}),
  get(`/queues/${own}/q?columns=name`),
  get(`/queues/${own}/q/bindings`),
  post(`/bindings/${own}/e/e/q/q`, { routing_key: 'k', arguments: {} }),
  get('/bindings?columns=source'),
  get(`/bindings/${own}?columns=source`),
  get(`/bindings/${own}/e/e/q/q?columns=source`),
  post(`/exchanges/${own}/e/publish`, {
    routing_key: 'k',
    payload: 'x',
    payload_encoding: 'string',
    properties: {},
  }),
  post(`/queues/${own}/q/get`, { count: 1, ackmode: 'ack_requeue_true', encoding: 'auto' }),
  remove(`/queues/${own}/q/contents`),
  remove(`/bindings/${own}/e/e/q/q/k`),
  remove(`/exchanges/${own}/e`),
  remove(`/queues/${own}/q`),
];

it('who may do what is as in RabbitMQ', async () => {
  const base = referee ?? `http://127.0.0.1:${api().broker.management?.port}/api`;
  const played = await statuses(base);
  if (referee !== undefined) {
    await writeFile(FILE, `${JSON.stringify(played, null, 2)}\n`);
    return;
  }
  expect(played).toEqual(JSON.parse(await readFile(FILE, 'utf8')));
});

/** By route: the statuses that the users get, in the order of `TAGS`. */
async function statuses(base: string): Promise<Record<string, string>> {
  const users = TAGS.map((tag) => `hc-tags-${tag}`);
  for (const vhost of [own, other]) await play(base, put(`/vhosts/${vhost}`));
  for (const [index, name] of users.entries()) {
    const tag = TAGS[index];
    await play(base, put(`/users/${name}`, { password: 'secret', tags: tag === 'none' ? '' : tag }));
    await play(base, put(`/permissions/${own}/${name}`, ALL));
  }
  const found: Record<string, number[]> = {};
  for (const name of users) {
    for (const step of ROUTES) {
      const { status } = await play(base, { ...step, as: `${name}:secret` });
      const route = `${step.method} ${step.path}`;
      found[route] = [...(found[route] ?? []), status];
    }
  }
  for (const name of users) await play(base, remove(`/users/${name}`));
  for (const vhost of [own, other]) await play(base, remove(`/vhosts/${vhost}`));
  return Object.fromEntries(Object.entries(found).map(([route, list]) => [route, list.join(' ')]));
}
