/** How a load ends that cannot go on, or that nothing came of: one line, and an exit code that a script can ask. */
import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { startBroker, useBroker } from '../../support/broker.js';
import { startPerf } from './support.js';

const broker = useBroker();
const UNAVAILABLE = 69;

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test.each(['SIGKILL', 'SIGTERM'] as const)('a broker that goes away by %s is told in one line', async (signal) => {
  const going = await startBroker();
  onTestFinished(async () => void (await going.stop('SIGKILL')));
  const run = startPerf(['--url', going.url, '-x', '4', '-y', '4', '--threads', '2', '-i', '0.1']);
  await run.said(/consumed [1-9]/);
  going.signal(signal);
  const { code, out, error } = await run.ended;
  expect(code).toBe(UNAVAILABLE);
  expect(error).toMatch(
    /^leveret perf: amqp:\/\/127\.0\.0\.1:\d+ (has ended the connection|is lost: E[A-Z]+|has closed the connection: 320 [^\n]+)\n$/,
  );
  // What was counted until then is told all the same.
  expect(out).toMatch(/\n {2}consumed {4}[\d,]+, /);
});

test('a broker that falls silent is told of as such', async () => {
  const pairs: [Socket, Socket][] = [];
  const proxy = createServer((client) => {
    const upstream = dial(broker().port, broker().host);
    client.on('error', () => {});
    upstream.on('error', () => {});
    client.pipe(upstream).pipe(client);
    pairs.push([client, upstream]);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    for (const socket of pairs.flat()) socket.destroy();
    proxy.close();
  });
  await once(proxy, 'listening');
  const url = `amqp://127.0.0.1:${portOf(proxy)}`;
  const run = startPerf(['--url', url, '--heartbeat', '1', '--rate', '10', '-i', '0.1']);
  await run.said(/consumed [1-9]/);
  for (const [client, upstream] of pairs) upstream.unpipe(client).resume();
  expect(await run.ended).toMatchObject({
    code: UNAVAILABLE,
    error: `leveret perf: ${url} is silent: no heartbeat comes\n`,
  });
});

test.each([
  [
    'where nobody listens',
    'amqp://127.0.0.1:1',
    /^leveret perf: amqp:\/\/127\.0\.0\.1:1 cannot be reached: ECONNREFUSED\n$/,
  ],
  ['with a wrong password', 'amqp://guest:wrong@', /has closed the connection: 403 ACCESS_REFUSED[^\n]*\n$/],
  ['in a vhost that is not there', 'amqp://guest:guest@/nowhere', /has closed the connection: 530 [^\n]*\n$/],
])('a broker is not reached %s', async (_how, url, line) => {
  const whole = url.replace('@', `@127.0.0.1:${broker().port}`);
  const { code, out, error } = await startPerf(['--url', whole]).ended;
  expect([code, out]).toEqual([UNAVAILABLE, '']);
  expect(error).toMatch(line);
  expect(error).toMatch(/^[^\n]+\n$/);
});

test('what is no broker is told of as such', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { code, error } = await startPerf(['--url', `amqp://127.0.0.1:${portOf(server)}`]).ended;
  expect(code).toBe(UNAVAILABLE);
  expect(error).toMatch(/^leveret perf: amqp:[^\n]* (has ended the connection|sends what is no frame)[^\n]*\n$/);
});

test('what is not there, or is otherwise, is told in the words of the broker', async () => {
  const missing = await startPerf(['--url', broker().url, '-u', 'missing', '--predeclared', '-x', '0']).ended;
  expect(missing.code).toBe(UNAVAILABLE);
  expect(missing.error).toMatch(
    /^leveret perf: [^\n]* has closed the channel: 404 NOT_FOUND - no queue 'missing'[^\n]*\n$/,
  );
  const wrong = await startPerf([
    '--url',
    broker().url,
    '-e',
    'amq.topic',
    '-t',
    'fanout',
    '--queue-arg',
    'x-max-priority=x',
  ]).ended;
  expect(wrong.error).toMatch(/^leveret perf: [^\n]* has closed the channel: 406 PRECONDITION_FAILED[^\n]*\n$/);
});

test('a queue that is deleted under its consumers ends the run', async () => {
  const connection = await connect(broker().url);
  onTestFinished(() => connection.close());
  const channel = await connection.createChannel();
  const run = startPerf(['--url', broker().url, '-u', 'doomed', '-x', '0', '-i', '0.1']);
  await run.said(/time 0\./);
  await channel.deleteQueue('doomed');
  const { code, error } = await run.ended;
  expect(code).toBe(UNAVAILABLE);
  expect(error).toMatch(/^leveret perf: [^\n]* has cancelled a consumer: its queue is gone\n$/);
});

test('where no message came, the exit code says so', async () => {
  const run = startPerf(['--url', broker().url, '-x', '0', '-i', '0.1']);
  await run.said(/time 0\./);
  run.signal('SIGINT');
  expect(await run.ended).toMatchObject({ code: 2, error: 'leveret perf: no message was consumed\n' });
});

test('a wrong flag is one line, and nothing is asked of a broker', async () => {
  expect(await startPerf(['--url', 'amqp://127.0.0.1:1', '--rat', '5']).ended).toEqual({
    code: 1,
    out: '',
    error: "leveret perf: Unknown option '--rat'; the nearest is --rate (try --help)\n",
  });
});
