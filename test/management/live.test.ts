/** Server-sent events, as a real EventSource hears them. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { EventSource } from 'eventsource';
import { afterEach, expect, it } from 'vitest';
import { EventStreams } from '../../src/management/live/event-streams.js';
import { startEmbedded } from '../support/embedded.js';
import { Inbox } from '../support/waiting.js';
import { useHttpApi } from './support/http-client.js';

const api = useHttpApi();
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const GUEST = basic('guest', 'guest');

const sources: EventSource[] = [];
afterEach(() => {
  for (const source of sources.splice(0)) source.close();
});

const base = (port = api().broker.management?.port): string => `http://127.0.0.1:${port}/api/leveret`;

/** The data of events of a kind; errors come as `null`. */
function hear(url: string, kind: string, authorization = GUEST): Inbox<Readonly<Record<string, unknown>> | null> {
  const inbox = new Inbox<Readonly<Record<string, unknown>> | null>();
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, authorization } }),
  });
  sources.push(source);
  source.addEventListener(kind, ({ data }) => inbox.push(JSON.parse(data) as Readonly<Record<string, unknown>>));
  source.addEventListener('error', () => inbox.push(null));
  return inbox;
}

it('figures of the broker come at once, and again in each interval', async () => {
  const samples = hear(`${base()}/events/overview?interval=0.5`, 'sample');
  for (let i = 0; i < 3; i++)
    expect(await samples.next('a sample')).toMatchObject({ queue_totals: { messages: expect.any(Number) } });
});

it('figures of a queue follow it, until it is gone', async () => {
  await api().put('/queues/%2F/watched', {});
  const url = `${base()}/events/queues/%2F/watched?interval=0.5`;
  const samples = hear(url, 'sample');
  const gone = hear(url, 'gone');
  expect(await samples.next('a sample')).toMatchObject({ name: 'watched', messages: 0 });
  const message = { payload: 'x', payload_encoding: 'string', properties: {}, routing_key: 'watched' };
  await api().post('/exchanges/%2F/amq.default/publish', message);
  let sample = await samples.next('a sample');
  while (sample?.messages === 0) sample = await samples.next('a sample');
  expect(sample).toMatchObject({ messages: 1 });
  await api().delete('/queues/%2F/watched');
  expect(await gone.next('the end')).toEqual({});
});

it('samples say all that the route does, where that is asked for', async () => {
  await api().put('/queues/%2F/whole', {});
  for (const path of ['overview', 'queues/%2F/whole']) {
    const samples = hear(`${base()}/events/${path}?interval=0.5&whole=true&lengths_age=60&lengths_incr=10`, 'sample');
    const { json } = await api().get(`/${path}?lengths_age=60&lengths_incr=10`);
    for (let i = 0; i < 2; i++)
      expect(Object.keys((await samples.next('a sample')) ?? {}).sort()).toEqual(Object.keys(json as object).sort());
  }
  const gone = hear(`${base()}/events/queues/%2F/whole?interval=0.5&whole=true`, 'gone');
  await api().delete('/queues/%2F/whole');
  expect(await gone.next('the end')).toEqual({});
});

it('a queue goes with its vhost', async () => {
  await api().put('/vhosts/going', {});
  await api().put('/permissions/going/guest', { configure: '.*', write: '.*', read: '.*' });
  await api().put('/queues/going/q', {});
  const url = `${base()}/events/queues/going/q?interval=0.5&whole=true`;
  const [samples, gone] = [hear(url, 'sample'), hear(url, 'gone')];
  expect(await samples.next('a sample')).toMatchObject({ vhost: 'going' });
  await api().delete('/vhosts/going');
  expect(await gone.next('the end')).toEqual({});
});

it('the log comes as it is told', async () => {
  const entries = hear(`${base()}/log`, 'entry');
  const heard = async (part: string) => {
    let entry = await entries.next('an entry');
    while (!String(entry?.message).includes(part)) entry = await entries.next('an entry');
    return entry;
  };
  // The reader has begun to listen once something comes: nothing tells it before.
  const guess = setInterval(
    () =>
      void api()
        .as({ user: `n${Math.random()}`, password: 'x' })
        .get('/whoami'),
    100,
  );
  expect(await heard('refused: there is no such user')).toMatchObject({ level: 'warning', area: 'login' });
  clearInterval(guess);
});

it('curl hears it, too, with the headers of an event stream', async () => {
  const url = `${base()}/events/overview?interval=0.5`;
  const child = execFile('curl', ['-sN', '-D', '-', '-u', 'guest:guest', url]);
  let text = '';
  child.stdout?.on('data', (part: string) => {
    text += part;
    if (text.split('event: sample\ndata: {').length > 2) child.kill();
  });
  await once(child, 'close');
  expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(text).toMatch(/^content-type: text\/event-stream\r$/m);
  expect(text).toMatch(/^x-content-type-options: nosniff\r$/m);
});

it('is for those who may see it', async () => {
  const { users } = api().broker.administration;
  await users.add('manager', 'secret', ['management']);
  const asked = (path: string, authorization?: string) =>
    fetch(`${base()}${path}`, { headers: authorization === undefined ? {} : { authorization } });
  for (const path of ['/events/overview', '/log', '/events/queues/%2F/q']) {
    expect((await asked(path)).status, path).toBe(401);
    expect((await asked(path, basic('manager', 'secret'))).status, path).toBe(401);
  }
  expect((await asked('/events/queues/%2F/nothing', GUEST)).status).toBe(404);
  expect((await asked('/events/overview?interval=0.1', GUEST)).status).toBe(400);
  expect((await asked('/events/overview?interval=often', GUEST)).status).toBe(400);
  const head = await fetch(`${base()}/log`, { method: 'HEAD', headers: { authorization: GUEST } });
  expect(head.status).toBe(200);
});

it('ends with the broker', async () => {
  const { embedded } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } });
  const samples = hear(`${base(embedded.management?.port)}/events/overview`, 'sample');
  expect(await samples.next('a sample')).not.toBeNull();
  await embedded.stop();
  expect(await samples.next('a sample')).toBeNull();
});

it('is refused where too many watch already, and there for others once they have gone', async () => {
  const watch = async () => {
    const asked = request(`${base()}/events/overview?interval=60`, { headers: { authorization: GUEST } });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    return { asked, status: answer.statusCode };
  };
  const watching: Awaited<ReturnType<typeof watch>>[] = [];
  while (watching.at(-1)?.status !== 503) watching.push(await watch());
  expect(watching.length).toBeGreaterThan(90);
  for (const { asked } of watching) asked.destroy();
  let again = await watch();
  while (again.status === 503) again = await watch();
  expect(again.status).toBe(200);
  again.asked.destroy();
});

it('a reader that is slow loses events, and is told how many', () => {
  const written: string[] = [];
  const raw = {
    writableLength: 0,
    writeHead: () => {},
    write: (text: string) => written.push(text),
    once: () => {},
    on: () => {},
  };
  const reply = { raw, hijack: () => {}, getHeaders: () => ({}) };
  const stream = new EventStreams().open(reply as unknown as Parameters<EventStreams['open']>[0], () => true);
  stream.send('sample', 1);
  raw.writableLength = 1e6;
  for (let i = 2; i < 5; i++) stream.send('sample', i);
  raw.writableLength = 0;
  stream.send('sample', 5);
  expect(written.slice(1)).toEqual([
    'event: sample\ndata: 1\n\n',
    'event: skipped\ndata: {"events":3}\n\n',
    'event: sample\ndata: 5\n\n',
  ]);
});
