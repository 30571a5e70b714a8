/**
 * Whatever passes through a traced vhost, each publish and each delivery is copied once. `LEVERET_SEED=N` repeats a run.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TRACE_EXCHANGE } from '../../src/broker/requests/names.js';
import type { Broker } from '../support/broker.js';
import { type EmbeddedBroker, startEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import { type Draft, type Notes, type Party, type Publication, RandomTraffic } from '../support/random-traffic.js';
import { RawClient } from '../support/raw-client.js';
import { type Heard, Listener, said, type Typed } from './listener.js';

const STEPS = 500;
const LAST = 'the last';

let started: EmbeddedBroker;

beforeAll(async () => {
  started = await startEmbedded(undefined, { memory: 256 * 1024 ** 2 });
});
afterAll(() => started.embedded.stop());

it('copies each publish and each delivery once', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
  console.info(`traffic of the seed LEVERET_SEED=${seed}`);
  const { broker, embedded } = started;
  const noted = new Noted();
  const traffic = new RandomTraffic(broker, randomNumbers(seed), noted);
  await traffic.begin();
  // Clients are there, and messages wait, before anybody listens.
  const listener = await Listener.open(broker, TRACE_EXCHANGE);
  await embedded.administration.describeVhost('/', { tracing: true });
  for (let step = 0; step < STEPS; step++) await traffic.step();
  await traffic.end();
  await publishLast(broker);
  const heard = await listener.until('the copy of the last message', (all) =>
    all.some(({ body }) => body.toString() === LAST),
  );
  const copies = heard.filter(({ body }) => body.toString() !== LAST);
  expect(told(copies, 'publish.')).toEqual(noted.published.sort());
  expect(told(copies, 'deliver.')).toEqual(noted.delivered.sort());
  await listener.close();
});

async function publishLast(broker: Broker): Promise<void> {
  const client = await RawClient.open(broker);
  const channel = await client.openChannel();
  channel.publish('amq.topic', 'nowhere', LAST);
  await channel.sync();
  await client.close();
}

/** What passes, as copies tell of it. */
class Noted implements Notes {
  readonly published: string[] = [];
  readonly delivered: string[] = [];

  write({ id, queues, filling }: Draft, { client, channel }: Party): Publication {
    const [first = ''] = queues;
    // Some go to their queue by its name.
    const isDirect = queues.length === 1 && id % 2 === 0;
    const exchange = isDirect ? '' : 'amq.topic';
    const who = `${channel.number} ${client.socket.localPort}`;
    this.published.push(`${exchange} ${id} ${[...queues].sort().join()} ${who}`);
    return { exchange, routingKey: isDirect ? first : queues.join('.'), body: `${id} ${filling}` };
  }

  seen({ body, redelivered }: Parameters<Notes['seen']>[0], queue: string, { client, channel }: Party): void {
    this.delivered.push(`${queue} ${idOf(body)} ${redelivered} ${channel.number} ${client.socket.localPort}`);
  }
}

function idOf(body: Buffer): string {
  return body.subarray(0, 12).toString().split(' ')[0] ?? '';
}

/** What copies of one kind tell, as the traffic has noted it. */
function told(copies: readonly Heard[], kind: 'publish.' | 'deliver.'): string[] {
  return copies
    .filter(({ key }) => key.startsWith(kind))
    .map((copy) => {
      const where = copy.key.slice(kind.length);
      const [, port] = /:(\d+) ->/.exec(String(said(copy, 'connection'))) ?? [];
      const who = `${said(copy, 'channel')} ${port}`;
      if (kind === 'deliver.') return `${where} ${idOf(copy.body)} ${said(copy, 'redelivered') === 1} ${who}`;
      const queues = (said(copy, 'routed_queues') as readonly Typed[]).map(({ value }) => value);
      return `${where} ${idOf(copy.body)} ${queues.sort().join()} ${who}`;
    })
    .sort();
}
