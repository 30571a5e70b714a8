/**
 * What operators see of clients, beside what a live RabbitMQ 3.10 has shown of the same ones: played as the scenarios of
 * conformance.test.ts are, with clients of AMQP on the stage. `LEVERET_HTTP_REFEREE` (`http://localhost:15672/api`) and
 * `LEVERET_AMQP_REFEREE` (`5672`) record.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { PATIENCE } from '../support/waiting.js';
import { differences } from './compare.js';
import { breaches } from './contract.js';
import { type Answered, get, play, put, remove, type Step } from './scenario.js';
import { type ClientPart, Stage } from './stage.js';

/** RabbitMQ tells of clients after some seconds. */
const REFEREE_MS = 12_000;

const referee = process.env.LEVERET_HTTP_REFEREE;
const api = useHttpApi();
const recordedFile = new URL('recorded/clients.json', import.meta.url);
let stage = new Stage(0);
/** What answers were like that the document does not allow. */
const broken = new Set<string>();

afterEach(() => stage.clear());

type ClientStep = { readonly opens: string; readonly client: ClientPart } | { readonly isClosed: string };

const opens = (alias: string, client: ClientPart): ClientStep => ({ opens: alias, client });
const isClosed = (alias: string): ClientStep => ({ isClosed: alias });
const ALL = { configure: '.*', write: '.*', read: '.*' };
const withReason = (path: string, reason: string): Step => ({ ...remove(path), headers: { 'x-reason': reason } });

const STEPS: readonly (Step | ClientStep)[] = [
  put('/vhosts/hc-cl'),
  put('/vhosts/hc-cl2'),
  put('/users/hc-own', { password: 'secret', tags: 'management' }),
  put('/users/hc-mon', { password: 'secret', tags: 'monitoring' }),
  put('/permissions/hc-cl/guest', ALL),
  put('/permissions/hc-cl/hc-own', ALL),
  put('/permissions/hc-cl/hc-mon', ALL),
  opens('app', {
    as: 'guest:guest',
    vhost: 'hc-cl',
    channels: [
      {
        confirms: true,
        prefetch: 7,
        globalPrefetch: 9,
        queues: {
          work: { autoDelete: true, durable: false },
          mine: { exclusive: true, durable: false },
          single: { autoDelete: true, durable: false, arguments: { 'x-single-active-consumer': true } },
        },
        consumers: [
          { queue: 'work', consumerTag: 'worker', exclusive: true, arguments: { note: 'a', depth: { n: 1 } } },
          { queue: 'single', consumerTag: 'first', noAck: true },
          { queue: 'single', consumerTag: 'second', priority: 3 },
        ],
      },
      {},
    ],
  }),
  opens('own', { as: 'hc-own:secret', vhost: 'hc-cl', channels: [{}] }),
  get('/vhosts/hc-cl/connections'),
  get('/vhosts/hc-cl2/connections'),
  get('/vhosts/hc-none/connections'),
  get('/connections/{app}'),
  get('/connections/missing'),
  get('/connections/{app}/channels'),
  get('/vhosts/hc-cl/channels'),
  get('/vhosts/hc-none/channels'),
  get(`/channels/{app}${encodeURIComponent(' (1)')}`),
  get(`/channels/{app}${encodeURIComponent(' (3)')}`),
  get('/channels/missing'),
  get('/consumers/hc-cl'),
  get('/consumers/hc-none'),
  get('/queues/hc-cl/work?columns=name,consumers,consumer_details,exclusive_consumer_tag,single_active_consumer_tag'),
  get('/queues/hc-cl/single?columns=name,consumers,exclusive_consumer_tag,single_active_consumer_tag'),
  get('/queues/hc-cl/mine?columns=name,exclusive,owner_pid_details,consumers,exclusive_consumer_tag'),
  get('/queues/hc-cl?columns=name,exclusive,consumers,exclusive_consumer_tag,single_active_consumer_tag'),
  get('/connections?columns=user,name', 'hc-own:secret'),
  get('/channels?columns=user,name', 'hc-own:secret'),
  get('/consumers?columns=consumer_tag', 'hc-own:secret'),
  get('/vhosts/hc-cl/connections?columns=name', 'hc-own:secret'),
  get('/vhosts/hc-cl2/connections', 'hc-own:secret'),
  get('/connections/{app}', 'hc-own:secret'),
  get('/connections/{app}/channels', 'hc-own:secret'),
  get(`/channels/{app}${encodeURIComponent(' (1)')}`, 'hc-own:secret'),
  get('/connections/username/hc-own'),
  get('/connections/username/hc-nobody'),
  get('/connections?page=1&columns=user', 'hc-own:secret'),
  remove('/connections/{app}', 'hc-own:secret'),
  remove('/connections/{app}', 'hc-mon:secret'),
  remove('/connections/missing'),
  withReason('/connections/{app}', 'because'),
  isClosed('app'),
  get('/connections/{app}'),
  get('/connections/{app}/channels', 'nobody:nothing'),
  get(`/channels/{app}${encodeURIComponent(' (1)')}`),
  remove('/connections/{own}', 'hc-own:secret'),
  isClosed('own'),
  opens('again', { as: 'hc-own:secret', vhost: 'hc-cl', channels: [] }),
  remove('/connections/username/hc-own'),
  isClosed('again'),
  remove('/connections/username/hc-nobody'),
  ...['/connections', '/connections/missing', '/connections/missing/channels', '/channels', '/channels/missing'].map(
    (path): Step => ({ method: 'OPTIONS', path, as: null }),
  ),
  ...['/consumers', '/consumers/hc-cl', '/connections/username/hc-own', '/vhosts/hc-cl/connections'].map(
    (path): Step => ({ method: 'OPTIONS', path, as: null }),
  ),
  remove('/users/hc-own'),
  remove('/users/hc-mon'),
  remove('/vhosts/hc-cl2'),
  remove('/vhosts/hc-cl'),
];

/** Answers of clients' steps have no status. */
interface Played {
  readonly step: unknown;
  readonly answer: Answered | string;
}

it('clients are shown as RabbitMQ shows them', async () => {
  if (referee !== undefined) {
    stage = new Stage(Number(process.env.LEVERET_AMQP_REFEREE));
    const played: Played[] = [];
    for (const step of STEPS) played.push({ step, answer: await playFor(referee, step) });
    await writeFile(recordedFile, `${JSON.stringify(played, null, 1)}\n`);
    return;
  }
  const recorded = JSON.parse(await readFile(recordedFile, 'utf8')) as readonly Played[];
  expect(
    recorded.map(({ step }) => step),
    'what was played is what is recorded',
  ).toEqual(JSON.parse(JSON.stringify(STEPS)));
  stage = new Stage(api().broker.port);
  const base = `http://127.0.0.1:${api().broker.management?.port}/api`;
  const found: string[] = [];
  for (const [index, step] of STEPS.entries()) found.push(...(await differing(base, step, recorded[index]?.answer)));
  expect(found).toEqual([]);
  expect([...broken]).toEqual([]);
});

/** A listing may be a moment old: it is asked for again. */
async function differing(base: string, step: Step | ClientStep, recorded: Answered | string = ''): Promise<string[]> {
  let found: string[] = [];
  const ask = async (): Promise<void> => {
    const answer = await playOne(base, step);
    if (typeof recorded === 'string' || typeof answer === 'string')
      found = recorded === answer ? [] : [`${answer} instead of ${recorded}`];
    else found = differences(recorded, answer);
    if (found.length > 0) throw new Error(found.join('\n'));
  };
  if ('method' in step && step.method === 'GET') await vi.waitFor(ask, PATIENCE).catch(() => {});
  else await ask().catch(() => {});
  return found.map((difference) => `${what(step)}: ${difference}`);
}

function what(step: Step | ClientStep): string {
  return 'method' in step ? `${step.method} ${step.path} as ${step.as ?? 'guest'}` : JSON.stringify(step);
}

async function playFor(base: string, step: Step | ClientStep): Promise<Answered | string> {
  const answer = await playOne(base, step);
  if (!('method' in step)) await sleep(REFEREE_MS);
  return answer;
}

async function playOne(base: string, step: Step | ClientStep): Promise<Answered | string> {
  if ('opens' in step) {
    await stage.open(step.opens, step.client);
    return 'open';
  }
  if ('isClosed' in step) return stage.closed(step.isClosed);
  const asked = { ...step, path: stage.path(step.path) };
  const answer = await play(base, asked);
  for (const breach of breaches(asked, answer)) broken.add(breach);
  return stage.neutral(answer) as Answered;
}
