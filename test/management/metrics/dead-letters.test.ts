/**
 * Messages that died are counted by reason and by what became of them, as RabbitMQ counts them. RabbitMQ 3.10's numbers
 * are recorded: with LEVERET_METRICS_REFEREE (where it is scraped) and LEVERET_AMQP_REFEREE (a vhost of its own) anew.
 * And after random deaths at two workers, they are those of a ledger.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import amqp, { type ChannelModel, type ConfirmChannel } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Broker } from '../../../src/index.js';
import { startEmbedded } from '../../support/embedded.js';
import { randomNumbers } from '../../support/fragments.js';
import { eventually } from '../../support/waiting.js';
import { type Metrics, read, scraped } from './scrape.js';

const referee = process.env.LEVERET_METRICS_REFEREE;
const FILE = new URL('recorded/dead-letters-3.10.json', import.meta.url);
const SEED = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const STEPS = 300;
const LENGTH_MAX = 5;

const SENT = { 'x-dead-letter-exchange': 'metrics-dead-exchange' };
const LOST = { 'x-dead-letter-exchange': 'metrics-dead-nowhere' };
const QUORUM = { 'x-queue-type': 'quorum' };
const KEPT = { ...QUORUM, ...SENT, 'x-dead-letter-strategy': 'at-least-once', 'x-overflow': 'reject-publish' };
const DEAD = 'metrics-dead';
const QUEUE = 'metrics-dying';

let broker: Broker;

beforeAll(async () => {
  const options = { management: { host: '127.0.0.1', port: 0 } };
  ({ embedded: broker } = await startEmbedded(undefined, options));
});
afterAll(() => broker?.stop());

interface Scene {
  readonly name: string;
  readonly queue: object;
  /** Of the queue for dead letters. */
  readonly dead?: object;
  act(channel: ConfirmChannel): Promise<void>;
}

async function publish(channel: ConfirmChannel, count: number): Promise<void> {
  for (let i = 0; i < count; i++) channel.sendToQueue(QUEUE, Buffer.from('x'));
  // Some are refused.
  await channel.waitForConfirms().catch(() => {});
}

async function reject(channel: ConfirmChannel): Promise<void> {
  await publish(channel, 3);
  for (let i = 0; i < 2; i++) {
    const message = await channel.get(QUEUE);
    if (message !== false) channel.reject(message, false);
  }
}

/** Requeues the same message until it dies. */
async function requeue(channel: ConfirmChannel): Promise<void> {
  await publish(channel, 1);
  for (;;) {
    const message = await channel.get(QUEUE);
    if (message === false) return;
    channel.nack(message, false, true);
    // It may take a moment until it is in its place again, or dead.
    await eventually(
      'what was requeued',
      async () => (await channel.checkQueue(QUEUE)).messageCount === 1 || message.fields.redelivered,
      (isThere) => isThere,
    );
  }
}

const expire = { 'x-message-ttl': 50 };
const full = { 'x-max-length': 1 };
const refusing = { ...full, 'x-overflow': 'reject-publish' };
const dying = { ...full, 'x-overflow': 'reject-publish-dlx' };
const limited = { ...QUORUM, 'x-delivery-limit': 1 };
const publishes = (channel: ConfirmChannel) => publish(channel, 4);

const SCENES: readonly Scene[] = [
  { name: 'rejected', queue: {}, act: reject },
  { name: 'rejected, sent', queue: SENT, act: reject },
  { name: 'rejected, sent to nowhere', queue: LOST, act: reject },
  { name: 'rejected, kept', queue: KEPT, act: reject },
  { name: 'rejected, kept, sent to nowhere', queue: { ...KEPT, ...LOST }, act: reject },
  { name: 'rejected, kept, refused', queue: KEPT, dead: refusing, act: reject },
  { name: 'expired', queue: expire, act: publishes },
  { name: 'expired, sent', queue: { ...expire, ...SENT }, act: publishes },
  { name: 'expired, kept', queue: { ...expire, ...KEPT }, act: publishes },
  { name: 'too long', queue: full, act: publishes },
  { name: 'too long, sent', queue: { ...full, ...SENT }, act: publishes },
  { name: 'refused', queue: { ...refusing, ...SENT }, act: publishes },
  { name: 'refused and dead', queue: dying, act: publishes },
  { name: 'refused and dead, sent', queue: { ...dying, ...SENT }, act: publishes },
  { name: 'too often', queue: limited, act: requeue },
  { name: 'too often, sent', queue: { ...limited, ...SENT }, act: requeue },
  { name: 'too often, kept', queue: { ...limited, ...KEPT }, act: requeue },
];

type Counted = Readonly<Record<string, number>>;

/** By reason and strategy, of queues of all types: here, their kind is not counted apart. */
function deaths(metrics: Metrics): Counted {
  const counted: Record<string, number> = {};
  for (const [name, { samples }] of metrics) {
    const [, reason] = /^rabbitmq_global_messages_dead_lettered_(\w+)_total$/.exec(name) ?? [];
    if (reason === undefined) continue;
    for (const [labels, value] of samples) {
      const [, strategy = ''] = /dead_letter_strategy="(\w+)"/.exec(labels) ?? [];
      const key = `${reason} ${strategy}`;
      counted[key] = (counted[key] ?? 0) + value;
    }
  }
  return counted;
}

function grown(before: Counted, after: Counted): Counted {
  const all = Object.entries(after).map(([key, value]) => [key, value - (before[key] ?? 0)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

/** Plays a scene, and has `look` wait until all is counted. */
async function play<T>(client: ChannelModel, { queue, dead, act }: Scene, look: () => Promise<T>): Promise<T> {
  const channel = await client.createConfirmChannel();
  await channel.assertExchange(SENT['x-dead-letter-exchange'], 'fanout');
  await channel.assertQueue(DEAD, { arguments: dead ?? {} });
  await channel.bindQueue(DEAD, SENT['x-dead-letter-exchange'], '');
  await channel.assertQueue(QUEUE, { arguments: queue });
  await act(channel);
  const seen = await look();
  for (const name of [QUEUE, DEAD]) await channel.deleteQueue(name);
  await channel.deleteExchange(SENT['x-dead-letter-exchange']);
  await channel.close();
  return seen;
}

async function record(from: string): Promise<void> {
  const counted = async (): Promise<Counted> => deaths(read(await (await fetch(from)).text()));
  const client = await amqp.connect(process.env.LEVERET_AMQP_REFEREE ?? '');
  const recorded: Record<string, Counted> = {};
  for (const scene of SCENES) {
    const before = await counted();
    // Nothing says when all is counted there.
    recorded[scene.name] = await play(client, scene, async () => {
      await setTimeout(5_000);
      return grown(before, await counted());
    });
  }
  await client.close();
  await writeFile(FILE, `${JSON.stringify(recorded, null, 2)}\n`);
}

const counted = async (): Promise<Counted> => deaths(await scraped(broker, '/metrics'));

it(
  'the dead are counted by reason and by what became of them, as RabbitMQ counts them',
  {
    timeout: 200_000,
  },
  async () => {
    if (referee !== undefined) await record(referee);
    const recorded = JSON.parse(await readFile(FILE, 'utf8')) as Readonly<Record<string, Counted>>;
    const client = await amqp.connect(`amqp://guest:guest@127.0.0.1:${broker.port}`);
    for (const scene of SCENES) {
      const before = await counted();
      const expected = JSON.stringify(sorted(recorded[scene.name] ?? {}));
      const look = async (): Promise<string> => JSON.stringify(sorted(grown(before, await counted())));
      const seen = await play(client, scene, () =>
        eventually(`deaths of: ${scene.name}`, look, (now) => now === expected).catch(look),
      );
      expect.soft(seen, scene.name).toBe(expected);
    }
    await client.close();
  },
);

function sorted(counts: Counted): Counted {
  return Object.fromEntries(Object.entries(counts).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** A queue whose messages die, and what is counted of them. */
interface Dying {
  readonly name: string;
  readonly strategy: 'disabled' | 'at_most_once' | 'at_least_once';
  holds: number;
}

class Deaths {
  readonly ledger: Record<string, number> = {};
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  async step(channel: ConfirmChannel, queue: Dying): Promise<void> {
    const dice = this.#random();
    if (queue.holds === 0 && dice < 0.2) await this.#expire(channel, queue);
    else if (queue.holds === 0 || dice < 0.6) await this.#publish(channel, queue);
    else if (dice < 0.8) await this.#take(channel, queue, 'rejected');
    else await this.#take(channel, queue, 'delivery_limit');
  }

  async #publish(channel: ConfirmChannel, queue: Dying): Promise<void> {
    for (let more = 1 + Math.floor(this.#random() * 4); more > 0; more--) {
      channel.sendToQueue(queue.name, Buffer.from('message'));
      await channel.waitForConfirms().catch(() => {});
      if (queue.holds < LENGTH_MAX) queue.holds += 1;
      else if (queue.strategy !== 'at_least_once') this.#died(queue, 'maxlen');
    }
  }

  async #expire(channel: ConfirmChannel, queue: Dying): Promise<void> {
    channel.sendToQueue(queue.name, Buffer.from('message'), { expiration: 0 });
    await channel.waitForConfirms();
    expect(await channel.get(queue.name)).toBe(false);
    this.#died(queue, 'expired');
  }

  /** The oldest is rejected; or put back twice, once more than it may. */
  async #take(channel: ConfirmChannel, queue: Dying, reason: 'rejected' | 'delivery_limit'): Promise<void> {
    for (let times = reason === 'rejected' ? 1 : 2; times > 0; times--) {
      const message = await channel.get(queue.name);
      if (message === false) throw new Error(`${queue.name} holds ${queue.holds} and gave none`);
      channel.nack(message, false, reason === 'delivery_limit');
      // Behind it: it is done when this is answered.
      await channel.checkQueue(queue.name);
    }
    queue.holds -= 1;
    this.#died(queue, reason);
  }

  #died({ strategy }: Dying, reason: string): void {
    const keys = [`${reason} ${strategy}`, ...(strategy === 'at_least_once' ? [`confirmed ${strategy}`] : [])];
    for (const key of keys) this.ledger[key] = (this.ledger[key] ?? 0) + 1;
  }
}

it(`what died at random is counted as it died (seed LEVERET_SEED=${SEED})`, async () => {
  const random = randomNumbers(SEED);
  const clients = await Promise.all([1, 2, 3].map(() => amqp.connect(`amqp://guest:guest@127.0.0.1:${broker.port}`)));
  const channels = await Promise.all(clients.map((client) => client.createConfirmChannel()));
  const [first] = channels;
  if (first === undefined) throw new Error('there are three');
  await first.assertExchange(SENT['x-dead-letter-exchange'], 'fanout');
  await first.assertQueue(DEAD);
  await first.bindQueue(DEAD, SENT['x-dead-letter-exchange'], '');
  const limits = { ...QUORUM, 'x-max-length': LENGTH_MAX, 'x-delivery-limit': 1 };
  const queues: readonly (Dying & { readonly args: object })[] = [
    { name: 'dying-plain', strategy: 'disabled', holds: 0, args: limits },
    { name: 'dying-lost', strategy: 'disabled', holds: 0, args: { ...limits, ...LOST } },
    { name: 'dying-sent', strategy: 'at_most_once', holds: 0, args: { ...limits, ...SENT } },
    { name: 'dying-kept', strategy: 'at_least_once', holds: 0, args: { ...limits, ...KEPT } },
  ];
  for (const { name, args } of queues) await first.assertQueue(name, { arguments: args });
  const before = await counted();
  const deaths = new Deaths(random);
  const oneOf = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  for (let step = 0; step < STEPS; step++) await deaths.step(oneOf(channels), oneOf(queues));
  const expected = JSON.stringify(sorted(deaths.ledger));
  const look = async (): Promise<string> => JSON.stringify(sorted(grown(before, await counted())));
  const seen = await eventually('all deaths to be counted', look, (now) => now === expected).catch(look);
  expect(seen).toBe(expected);
  for (const client of clients) await client.close();
});
