import { expect, it } from 'vitest';
import { createServer } from '../../src/management/http/server.js';

it('a defect is 500 for the caller, without its details, and a line with them for the operator', async () => {
  const lines: string[] = [];
  const caller = {
    user: 'ann',
    password: 'secret',
    tags: ['management'],
    address: '127.0.0.1',
    port: 1,
    isOperator: false,
  };
  const { app, route } = createServer(
    async () => caller,
    (line) => lines.push(line),
  );
  const fail = async (): Promise<never> => {
    throw new Error('a table that is none');
  };
  route('/api/broken/:name', { GET: { tag: 'management', handle: fail } });
  const answer = await app.inject('/api/broken/mine');
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toEqual({ error: 'internal_error', reason: 'a defect of the broker: its log says more' });
  expect(lines).toEqual([
    expect.stringMatching(/^GET \/api\/broken\/:name was answered by 500: Error: a table that is none\n/),
  ]);
  await app.inject('/api/nothing');
  expect(lines).toHaveLength(1);
});
