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
