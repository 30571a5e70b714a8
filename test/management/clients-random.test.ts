/**
 * Random clients come and go, open and close channels, begin and cancel consumers, while somebody looks: no look finds
 * anything that is not whole, and once all is quiet what is shown equals what the test knows.
 */
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { expect, it, vi } from 'vitest';
import { randomNumbers } from '../support/fragments.js';
import { PATIENCE } from '../support/waiting.js';
import { useHttpApi } from './support/http-client.js';

const STEPS = 250;
const CLIENTS_MAX = 12;
const QUEUES = ['q-0', 'q-1', 'q-2'];

interface Known {
  readonly connection: ChannelModel;
  readonly channels: Map<Channel, Set<string>>;
}

const api = useHttpApi();

it('what is shown of random clients is what there is of them', async () => {
  const seed = Number(process.env.LEVERET_TEST_SEED ?? Date.now() % 2 ** 31);
  console.info(`seed ${seed}`);
  const next = randomNumbers(seed);
  const below = (bound: number): number => Math.floor(next() * bound);
  const known = new Map<string, Known>();
  for (const queue of QUEUES) await api().put(`/queues/%2F/${queue}`, {});
  let isDone = false;
  const looking = look(() => isDone);
  let lastName = 0;
  for (let step = 0; step < STEPS; step++) {
    const names = [...known.keys()];
    const name = names[below(names.length)];
    const one = name === undefined ? undefined : known.get(name);
    const channel = one === undefined ? undefined : [...one.channels.keys()][below(one.channels.size)];
    const tags = channel === undefined ? undefined : one?.channels.get(channel);
    const dice = below(10);
    if (one === undefined || name === undefined || (dice < 2 && known.size < CLIENTS_MAX)) {
      lastName += 1;
      known.set(`random-${lastName}`, { connection: await client(`random-${lastName}`), channels: new Map() });
    } else if (dice === 2) {
      known.delete(name);
      await one.connection.close();
    } else if (dice < 5 || channel === undefined || tags === undefined) {
      one.channels.set(await one.connection.createChannel(), new Set());
    } else if (dice === 5) {
      one.channels.delete(channel);
      await channel.close();
    } else if (dice === 6 && tags.size > 0) {
      const tag = String([...tags][below(tags.size)]);
      tags.delete(tag);
      await channel.cancel(tag);
    } else {
      const { consumerTag } = await channel.consume(String(QUEUES[below(QUEUES.length)]), () => {});
      tags.add(consumerTag);
    }
  }
  isDone = true;
  await looking;
  await vi.waitFor(async () => expect(await shown(), `seed ${seed}`).toEqual(expected(known)), PATIENCE);
  for (const { connection } of known.values()) await connection.close();
  await vi.waitFor(async () => expect(await shown(), `seed ${seed}`).toEqual({}), PATIENCE);
});

async function client(name: string): Promise<ChannelModel> {
  return connect(`amqp://guest:guest@127.0.0.1:${api().broker.port}`, {
    clientProperties: { connection_name: name },
  });
}

/** Each connection's channels: how many there are with which consumers. */
type Shown = Readonly<Record<string, readonly string[]>>;

function expected(known: ReadonlyMap<string, Known>): Shown {
  const entries = [...known].map(([name, { channels }]): [string, string[]] => [
    name,
    [...channels.values()].map((tags) => [...tags].toSorted().join()).toSorted(),
  ]);
  return Object.fromEntries(entries);
}

interface ConnectionJson {
  readonly name: string;
  readonly user_provided_name: string;
  readonly channels: number;
}

interface ChannelJson {
  readonly name: string;
  readonly consumer_count: number;
  readonly connection_details: { readonly name: string };
}

interface ConsumerJson {
  readonly consumer_tag: string;
  readonly channel_details: { readonly name: string; readonly connection_name: string };
}

async function shown(): Promise<Shown> {
  const connections = await listOf<ConnectionJson>('/connections');
  const channels = await listOf<ChannelJson>('/channels');
  const consumers = await listOf<ConsumerJson>('/consumers');
  const entries = connections
    .filter(({ user_provided_name: name }) => name.startsWith('random-'))
    .map((connection): [string, string[]] => {
      const own = channels.filter(({ connection_details: { name } }) => name === connection.name);
      expect(own.length).toBe(connection.channels);
      const tagsOf = own.map((channel) => {
        const tags = consumers.filter(({ channel_details: { name } }) => name === channel.name);
        expect(tags.length).toBe(channel.consumer_count);
        return tags
          .map(({ consumer_tag: tag }) => tag)
          .toSorted()
          .join();
      });
      return [connection.user_provided_name, tagsOf.toSorted()];
    });
  return Object.fromEntries(entries);
}

async function listOf<T>(path: string): Promise<readonly T[]> {
  const { status, json } = await api().get(path);
  expect(status).toBe(200);
  return json as readonly T[];
}

/** Whatever comes and goes meanwhile, a list names nothing twice, and what it names is whole. */
async function look(isDone: () => boolean): Promise<void> {
  while (!isDone()) {
    const consumers = await listOf<ConsumerJson>('/consumers');
    const names = consumers.map(({ consumer_tag: tag, channel_details: { name } }) => `${name} ${tag}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { channel_details: at } of consumers) expect(at.name.startsWith(`${at.connection_name} (`)).toBe(true);
    const connections = await listOf<ConnectionJson>('/connections');
    expect(new Set(connections.map(({ name }) => name)).size).toBe(connections.length);
  }
}
