/** Which policies are in force for a queue, as the API tells of it. */
import { expect, it } from 'vitest';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();

it('a queue says which policies are in force, and that the lower of two limits counts', async () => {
  await api().put('/queues/%2F/ruled', { durable: true });
  const none = { policy: null, operator_policy: null, effective_policy_definition: {} };
  expect((await api().get('/queues/%2F/ruled')).json).toMatchObject(none);
  const own = { pattern: '^ruled', definition: { 'max-length': 100, overflow: 'reject-publish' }, priority: 1 };
  const other = { pattern: '.*', definition: { 'max-length': 1 }, priority: 0 };
  const operators = { pattern: '^ruled', definition: { 'max-length': 10, 'message-ttl': 5000 } };
  await api().put('/policies/%2F/own', own);
  await api().put('/policies/%2F/other', other);
  await api().put('/operator-policies/%2F/limit', operators);
  expect((await api().get('/queues/%2F/ruled')).json).toMatchObject({
    policy: 'own',
    operator_policy: 'limit',
    effective_policy_definition: { 'max-length': 10, overflow: 'reject-publish', 'message-ttl': 5000 },
  });
});

it('lists of queues and of exchanges say so, too, can be sorted by it, and leave it out where there is none', async () => {
  for (const vhost of ['listed', 'bare']) {
    await api().put(`/vhosts/${vhost}`, {});
    for (const name of ['a', 'b']) await api().put(`/queues/${vhost}/${name}`, {});
    await api().put(`/exchanges/${vhost}/b`, { type: 'fanout' });
  }
  await api().put('/policies/listed/short', { pattern: '^b$', definition: { 'max-length': 1 }, 'apply-to': 'queues' });
  await api().put('/policies/listed/spare', {
    ...{ pattern: '^b$', definition: { 'alternate-exchange': 'amq.fanout' }, 'apply-to': 'exchanges' },
  });
  await api().put('/operator-policies/listed/cap', { pattern: '^a$', definition: { expires: 60_000 } });
  const columns = 'columns=name,policy,operator_policy,effective_policy_definition';
  const a = { name: 'a', policy: null, operator_policy: 'cap', effective_policy_definition: { expires: 60_000 } };
  const b = { name: 'b', policy: 'short', operator_policy: null, effective_policy_definition: { 'max-length': 1 } };
  expect((await api().get(`/queues/listed?${columns}&sort=policy&sort_reverse=true`)).json).toEqual([b, a]);
  expect((await api().get(`/queues/bare?${columns}&name=a`)).json).toEqual([
    { name: 'a', policy: null, operator_policy: null, effective_policy_definition: {} },
  ]);
  const exchange = async (path: string): Promise<unknown> => (await api().get(`/exchanges/${path}`)).json;
  expect(await exchange('listed/b')).toMatchObject({ name: 'b', policy: 'spare' });
  expect(await exchange('bare/b')).not.toHaveProperty('policy');
  expect(await exchange('listed?columns=name,policy&use_regex=true&name=^b%24')).toEqual([
    { name: 'b', policy: 'spare' },
  ]);
});
