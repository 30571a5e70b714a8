import { expect, it } from 'vitest';
import { createServer } from '../../src/management/http/server.js';
import { AmqpSession } from '../../src/management/sessions/amqp-session.js';
import { streamPair } from '../../src/management/sessions/in-process-stream.js';

const caller = {
  user: 'ann',
  password: 'secret',
  tags: ['management'],
  address: '127.0.0.1',
  port: 1,
  isOperator: false,
  grant: null,
  mayEnter: () => true,
};

function serverWith(handle: () => Promise<unknown>) {
  const lines: string[] = [];
  const { app, route } = createServer(
    async () => caller,
    (line) => lines.push(line),
  );
  route('/api/nodes/:node', { GET: { tag: 'management', handle } });
  return { app, lines };
}

it('a defect is 500 for the caller, without its details, and a line with them for the operator', async () => {
  const { app, lines } = serverWith(async () => {
    throw new Error('a table that is none');
  });
  const answer = await app.inject('/api/nodes/mine');
  expect(answer.statusCode).toBe(500);
  expect(answer.json()).toEqual({ error: 'internal_error', reason: 'a defect of the broker: its log says more' });
  expect(lines).toEqual([
    expect.stringMatching(/^GET \/api\/nodes\/:node was answered by 500: Error: a table that is none\n/),
  ]);
  await app.inject('/api/nothing');
  expect(lines).toHaveLength(1);
});

it.each([
  ['ended', undefined, 'the session with the broker was ended without a reason'],
  ['lost', new Error('no more'), 'the session with the broker was lost: no more'],
])('a session with the broker that is %s amid a request is no defect, but 503', async (_how, error, reason) => {
  const { app, lines } = serverWith(async () => {
    const [client, broker] = streamPair();
    broker.on('error', () => {});
    broker.once('data', () => (error === undefined ? broker.destroy() : client.destroy(error)));
    return AmqpSession.open(client, caller, '/');
  });
  const answer = await app.inject('/api/nodes/mine');
  expect(answer.statusCode).toBe(503);
  expect(answer.json()).toEqual({ error: 'unavailable', reason });
  expect(lines).toEqual([]);
});
