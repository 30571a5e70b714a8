/**
 * What was counted, beside what a live RabbitMQ 3.10 has told of the same traffic: `message_stats` of vhosts, exchanges,
 * queues and channels, name by name and number by number, and of what it says since when it rests. `LEVERET_HTTP_REFEREE`
 * (`http://localhost:15672/api`) and `LEVERET_AMQP_REFEREE` (`5672`) record.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { type ChannelModel, connect } from 'amqplib';
import { afterEach, expect, it, vi } from 'vitest';
import { useHttpApi } from '../management/support/http-client.js';
import { get, play, put, remove } from './scenario.js';

/** Both tell what was counted after some seconds, in vhosts and elsewhere. */
const COUNTED_MS = 60_000;
const VHOST = 'hc-st';
const BODY = Buffer.from('12345');

const referee = process.env.LEVERET_HTTP_REFEREE;
const api = useHttpApi();
const recordedFile = new URL('recorded/statistics.json', import.meta.url);
const clients: ChannelModel[] = [];

const leave = (): Promise<unknown> => Promise.all(clients.splice(0).map((client) => client.close()));

afterEach(leave);

type Json = Readonly<Record<string, unknown>>;

/** What is compared of something. */
interface Counted {
  readonly stats: Readonly<Record<string, unknown>> | null;
  readonly idle: string;
}

type Told = Readonly<Record<string, Readonly<Record<string, Counted>>>>;

it('what was counted is told as RabbitMQ tells it', async () => {
  if (referee !== undefined) {
    const told = await played(referee, Number(process.env.LEVERET_AMQP_REFEREE));
    await writeFile(recordedFile, `${JSON.stringify(told, null, 1)}\n`);
    return;
  }
  const recorded = JSON.parse(await readFile(recordedFile, 'utf8')) as Told;
  const base = `http://127.0.0.1:${api().broker.management?.port}/api`;
  expect(await played(base, api().broker.port)).toEqual(recorded);
});

async function played(base: string, port: number): Promise<Told> {
  const ask = async (path: string): Promise<unknown> => (await play(base, get(path))).body;
  await play(base, remove(`/vhosts/${VHOST}`));
  await play(base, put(`/vhosts/${VHOST}`));
  await play(base, put(`/permissions/${VHOST}/guest`, { configure: '.*', write: '.*', read: '.*' }));
  try {
    await traffic(`amqp://guest:guest@127.0.0.1:${port}/${VHOST}`);
    await vi.waitFor(async () => expect(await isCounted(ask)).toBe(true), { timeout: COUNTED_MS, interval: 500 });
    const one = async (path: string): Promise<Json> => (await ask(path)) as Json;
    return {
      vhost: { [VHOST]: counted(await one(`/vhosts/${VHOST}`)) },
      exchanges: byName(await ask(`/exchanges/${VHOST}`), ({ name }) => String(name)),
      exchange: { fan: counted(await one(`/exchanges/${VHOST}/fan`)) },
      queues: byName(await ask(`/queues/${VHOST}`), ({ name }) => String(name)),
      queue: { work: counted(await one(`/queues/${VHOST}/work`)) },
      channels: byName(await ask(`/vhosts/${VHOST}/channels`), roleOf),
    };
  } finally {
    await leave();
    await play(base, remove(`/vhosts/${VHOST}`));
  }
}

/** One client publishes to where it is taken and to where nobody takes it; another takes in all ways there are. */
async function traffic(url: string): Promise<void> {
  const [publisher, taker] = [await connect(url), await connect(url)];
  clients.push(publisher, taker);
  for (const client of clients) client.on('error', () => {});
  const publishing = await publisher.createConfirmChannel();
  for (const queue of ['work', 'looked-at', 'only-filled', 'unused']) await publishing.assertQueue(queue);
  for (const exchange of ['fan', 'dead-end']) await publishing.assertExchange(exchange, 'fanout');
  await publishing.bindQueue('work', 'fan', '');
  for (let count = 0; count < 6; count++) publishing.publish('fan', '', BODY);
  publishing.publish('dead-end', '', BODY);
  publishing.publish('dead-end', '', BODY, { mandatory: true });
  publishing.sendToQueue('only-filled', BODY);
  await publishing.waitForConfirms();
  const taking = await taker.createChannel();
  const got = async (noAck = false) => {
    const message = await taking.get('work', { noAck });
    if (message === false) throw new Error('there are messages');
    return message;
  };
  taking.ack(await got());
  await got(true);
  taking.nack(await got());
  await taking.get('looked-at');
  await new Promise<void>((resolve) => {
    let left = 4;
    void taking.consume('work', (message) => {
      if (message !== null) taking.ack(message);
      left -= 1;
      if (left === 0) resolve();
    });
  });
}

/** Whether all that was done stands in the figures, and nothing is busy any more. */
async function isCounted(ask: (path: string) => Promise<unknown>): Promise<boolean> {
  const vhost = (await ask(`/vhosts/${VHOST}`)) as Json;
  const lists = await Promise.all([`/queues/${VHOST}`, `/vhosts/${VHOST}/channels`].map(ask));
  const rows = (lists as readonly (readonly Json[])[]).flat();
  const acks = [vhost, ...rows].map((row) => (row.message_stats as { readonly ack?: number } | undefined)?.ack);
  const publishes = rows.map((row) => (row.message_stats as { readonly publish?: number } | undefined)?.publish);
  const published = (vhost.message_stats as { readonly publish?: number } | undefined)?.publish;
  return (
    acks.filter((ack) => ack === 5).length === 3 &&
    published === 9 &&
    publishes.includes(9) &&
    rows.every((row) => row.idle_since !== undefined)
  );
}

function byName(rows: unknown, nameOf: (row: Json) => string): Readonly<Record<string, Counted>> {
  return Object.fromEntries((rows as readonly Json[]).map((row) => [nameOf(row), counted(row)]));
}

function roleOf({ confirm }: Json): string {
  return confirm === true ? 'publishing' : 'taking';
}

/** Rates are of the moment: that they are numbers is what counts. When something rests, it says so as a time. */
function counted({ message_stats: stats, idle_since: idle }: Json): Counted {
  const isTime = typeof idle === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/.test(idle);
  return { stats: stats === undefined ? null : inOrder(stats as Json), idle: isTime ? 'a time' : `${idle}` };
}

function inOrder(stats: Json): Json {
  const entries = Object.entries(stats).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([inner, held]) => [inner, typeof held]))
        : value,
    ]),
  );
}
