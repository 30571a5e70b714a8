/** What `leveret ctl` does beyond rabbitmqctl: messages shown where they lie and moved, queues paused and explained. */
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/waiting.js';
import { typeTo, useCtlBroker } from './support.js';

const broker = useCtlBroker();

const type = (...args: readonly string[]) => typeTo(broker().socket, ['-q', '--formatter', 'json', ...args]);

async function json<T>(...args: readonly string[]): Promise<T> {
  const said = await type(...args);
  expect(said).toMatchObject({ code: 0, error: '' });
  return JSON.parse(said.out) as T;
}

interface Move {
  readonly id: string;
  readonly state: string;
  readonly moved: number;
}

test('messages are peeked at, moved and looked for, and each stays in one queue', async () => {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker().embedded.port}`);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('here');
  await channel.assertQueue('there');
  for (const body of ['red', 'green', 'blue']) channel.sendToQueue('here', Buffer.from(body), { headers: { body } });
  await channel.waitForConfirms();
  const peek = async (queue: string, ...options: readonly string[]): Promise<string[]> =>
    (await json<{ readonly payload: string }[]>('peek_messages', queue, ...options)).map(({ payload }) => payload);
  expect(await peek('here')).toEqual(['red', 'green', 'blue']);
  expect(await peek('here', '--count', '2')).toEqual(['red', 'green']);
  expect(await peek('here', '--body', '^(red|blue)$', '--regex')).toEqual(['red', 'blue']);
  expect(await peek('here', '--header', 'body=green')).toEqual(['green']);
  const [begun] = await json<Move[]>('move_messages', 'here', '--to-queue', 'there', '--body', 'e', '--count', '2');
  const ended = await eventually(
    'the end of the move',
    async () => (await json<Move[]>('list_moves')).find(({ id }) => id === begun?.id),
    (move) => move?.state === 'done',
  );
  expect(ended?.moved).toBe(2);
  expect(await peek('here')).toEqual(['blue']);
  expect(await peek('there')).toEqual(['red', 'green']);
  // Without a key, each goes under its own.
  await json('move_messages', 'there', '--to-exchange', '', '--count', '1');
  expect((await type('cancel_move', begun?.id ?? '')).code).toBe(0);
  expect((await type('peek_messages', 'nowhere')).code).toBe(69);
  expect((await type('move_messages', 'here')).code).toBe(64);
  expect((await type('peek_messages', 'here', '--header', 'body')).code).toBe(64);
});

test('a look that ended early says so, beside the list, and where to go on', async () => {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker().embedded.port}`);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('large');
  const [messages, body] = [40, Buffer.alloc(512 * 1024, 'x')];
  for (let i = 0; i < messages; i++) channel.sendToQueue('large', body);
  await channel.waitForConfirms();
  const large = ['peek_messages', 'large', '--truncate', String(body.length)];
  const first = await type(...large);
  const shown = (JSON.parse(first.out) as unknown[]).length;
  expect(shown).toBeLessThan(messages);
  const [, looked, next] = /ended early, after (\d+) messages. Go on with --from (\S+)\n$/.exec(first.error) ?? [];
  expect(Number(looked)).toBe(shown);
  // To the end: nothing is left to tell.
  const rest = await json<unknown[]>(...large, '--from', next ?? '');
  expect(rest).toHaveLength(messages - shown);
  expect(await json(...large, '--count', '2')).toHaveLength(2);
});

test('the first of a queue are thrown away, or all', async () => {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker().embedded.port}`);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('waste');
  for (let i = 0; i < 10; i++) channel.sendToQueue('waste', Buffer.from(`${i}`));
  await channel.waitForConfirms();
  expect((await type('purge_queue', 'waste', '--count', '7')).code).toBe(0);
  expect(await json('peek_messages', 'waste')).toMatchObject(['7', '8', '9'].map((payload) => ({ payload })));
  expect((await type('purge_queue', 'waste')).code).toBe(0);
  expect(await channel.checkQueue('waste')).toMatchObject({ messageCount: 0 });
  expect((await type('purge_queue', 'nowhere', '--count', '7')).code).not.toBe(0);
});

test('a number that is none is refused, and is not taken for all', async () => {
  for (const [line, words] of [
    [
      'move_messages q --to-queue p --count abc',
      "--count must be a whole number from 1 to 9007199254740991, not 'abc'",
    ],
    ['move_messages q --to-queue p --count 0', "not '0'"],
    ['peek_messages q --count 1.5', "--count must be a whole number from 1 to 10000, not '1.5'"],
    ['peek_messages q --truncate=-1', "not '-1'"],
    ['close_all_connections why --limit abc', "--limit must be a whole number from 0 to 9007199254740991, not 'abc'"],
    ['close_all_connections why --per-connection-delay soon', "not 'soon'"],
    ['set_policy p q {} --priority high', "not 'high'"],
  ] as const)
    expect
      .soft(await type(...line.split(' ')), line)
      .toMatchObject({ code: 64, out: '', error: expect.stringContaining(words) });
});

test('an option that is not there is named with the nearest, and an empty name is told of', async () => {
  expect((await type('peek_messages', 'q', '--cuont', '3')).error).toContain(
    "Unknown option '--cuont'; the nearest is --count",
  );
  for (const command of ['add_vhost', 'delete_vhost', 'pause_queue', 'delete_user'])
    expect.soft(await type(command, ''), command).toMatchObject({
      code: 64,
      error: expect.stringContaining('a name must not be empty'),
    });
});

test('a queue is explained, paused and resumed', async () => {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${broker().embedded.port}`);
  onTestFinished(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('halted');
  const got: string[] = [];
  await channel.consume('halted', (message) => got.push(message?.content.toString() ?? ''), { noAck: true });
  expect(await type('pause_queue', 'halted')).toEqual({ code: 0, out: '', error: '' });
  channel.sendToQueue('halted', Buffer.from('later'));
  await channel.waitForConfirms();
  expect(await json('list_queues', 'name', 'state', 'messages')).toContainEqual({
    name: 'halted',
    state: 'paused',
    messages: 1,
  });
  const said = await typeTo(broker().socket, ['explain_queue', 'halted']);
  expect(said.code).toBe(0);
  expect(said.out).toContain("Explaining queue 'halted' in vhost '/' ...");
  expect(said.out).toContain('-> leveret ctl resume_queue halted');
  expect(got).toEqual([]);
  expect((await type('resume_queue', 'halted')).code).toBe(0);
  await eventually(
    'the message',
    async () => got,
    (bodies) => bodies.length === 1,
  );
  expect((await typeTo(broker().socket, ['explain_queue', 'halted'])).out).not.toContain('resume_queue');
  for (const command of ['pause_queue', 'resume_queue', 'explain_queue'])
    expect((await type(command, 'nowhere')).code, command).toBe(69);
});

test('a vhost that is protected from deletion stays', async () => {
  await type('add_vhost', 'safe');
  expect((await typeTo(broker().socket, ['enable_vhost_deletion_protection', 'safe'])).out).toBe(
    'Protecting virtual host "safe" from removal by updating its metadata...\n',
  );
  expect(await type('delete_vhost', 'safe')).toMatchObject({ code: 69, error: expect.stringContaining('protected') });
  expect((await type('disable_vhost_deletion_protection', 'safe')).code).toBe(0);
  expect((await type('delete_vhost', 'safe')).code).toBe(0);
  expect((await type('enable_vhost_deletion_protection', 'safe')).code).toBe(65);
});

test('logins are told by protocol as rabbitmqctl tells them', async () => {
  const { port } = broker().embedded;
  const told = () =>
    json<{ readonly attempts: readonly Record<string, unknown>[] }>('list_node_auth_attempt_stats').then(
      ({ attempts }) => attempts.find(({ protocol }) => protocol === 'amqp091'),
    );
  const before = Number((await told())?.auth_attempts_failed ?? 0);
  await expect(connect(`amqp://guest:wrong@127.0.0.1:${port}`)).rejects.toThrow();
  expect((await told())?.auth_attempts_failed).toBe(before + 1);
  const header = 'protocol\tauth_attempts\tauth_attempts_failed\tauth_attempts_succeeded\n';
  expect((await typeTo(broker().socket, ['-q', 'list_node_auth_attempt_stats'])).out).toContain(header);
  expect((await type('list_node_auth_attempt_stats', '--by-source')).code).toBe(0);
});
