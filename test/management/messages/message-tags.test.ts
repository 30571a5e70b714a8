/** Who may look at messages where they lie, and move them, by tag: as with RabbitMQ's `get`. */
import { expect, it } from 'vitest';
import { useHttpApi } from '../support/http-client.js';

const api = useHttpApi();

const TAGS = ['', 'management', 'policymaker', 'monitoring', 'administrator'];

it('who has a tag for the HTTP API and the rights peeks and moves; moves of others are for monitors to see', async () => {
  await api().put('/vhosts/tags', {});
  await api().put('/permissions/tags/guest', { configure: '.*', write: '.*', read: '.*' });
  await api().put('/queues/tags/q', {});
  const { id } = (await api().post('/queues/tags/q/move', { to: { queue: 'q' } })).json as { readonly id: string };
  const found: Record<string, number[]> = {};
  for (const [i, tags] of TAGS.entries()) {
    const credentials = { user: `user-${i}`, password: 'p' };
    await api().put(`/users/${credentials.user}`, { password: 'p', tags });
    await api().put(`/permissions/tags/${credentials.user}`, { configure: '', write: '.*', read: '.*' });
    const caller = api().as(credentials);
    const answers = {
      peek: await caller.get('/queues/tags/q/messages'),
      move: await caller.post('/queues/tags/q/move', { to: { queue: 'q' } }),
      'elsewhere, peek': await caller.get('/queues/%2F/q/messages'),
      'elsewhere, move': await caller.post('/queues/%2F/q/move', { to: { queue: 'q' } }),
      moves: await caller.get('/leveret/moves'),
      'move of another': await caller.get(`/leveret/moves/${id}`),
      'end of the move of another': await caller.delete(`/leveret/moves/${id}`),
    };
    for (const [what, { status }] of Object.entries(answers)) found[what] = [...(found[what] ?? []), status];
  }
  expect(found).toEqual({
    peek: [401, 200, 200, 200, 200],
    move: [401, 202, 202, 202, 202],
    'elsewhere, peek': [401, 401, 401, 401, 401],
    'elsewhere, move': [401, 401, 401, 401, 401],
    moves: [401, 200, 200, 200, 200],
    'move of another': [401, 404, 404, 200, 200],
    'end of the move of another': [401, 404, 404, 401, 204],
  });
});
