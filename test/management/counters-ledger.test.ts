/**
 * What the HTTP API says that was counted is what clients saw: random traffic of clients at two workers, against a
 * ledger of what each of them sent and got. Counters begin anew with the process; what queues hold outlasts it.
 */
import amqp, { type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import { expect, it, vi } from 'vitest';
import { startEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import { cleanUp, directory } from '../support/kept-data.js';
import { eventually, PATIENCE } from '../support/waiting.js';
import { HttpApi } from './support/http-client.js';

const QUEUES = ['ledger-a', 'ledger-b', 'ledger-c'] as const;
const STEPS = 400;
const SEED = Date.now() % 2 ** 31 || 1;

const EXCHANGE = 'ledger-x';
/** The queues that it is bound to. */
const BOUND = ['ledger-a', 'ledger-b'] as const;

/** What clients take, by RabbitMQ's names. */
class Taken {
  deliver = 0;
  deliver_get = 0;
  deliver_no_ack = 0;
  get = 0;
  get_no_ack = 0;
  get_empty = 0;
  redeliver = 0;
  ack = 0;
}

/** What is counted of a queue, and what it holds. */
class Account extends Taken {
  publish = 0;
}

/** What is counted of a channel. */
class ChannelAccount extends Account {
  confirm = 0;
  return_unroutable = 0;
  drop_unroutable = 0;
}

/** What is counted of an exchange. */
class ExchangeAccount {
  publish_in = 0;
  publish_out = 0;
}

class Ledger {
  readonly queues = new Map<string, Account>(QUEUES.map((name) => [name, new Account()]));
  readonly channels = new Map<ConfirmChannel, ChannelAccount>();
  readonly exchanges = new Map([EXCHANGE, ''].map((name) => [name, new ExchangeAccount()]));

  ofChannel(channel: ConfirmChannel): ChannelAccount {
    const account = this.channels.get(channel) ?? new ChannelAccount();
    this.channels.set(channel, account);
    return account;
  }

  ofExchange(name: string): ExchangeAccount {
    const account = this.exchanges.get(name);
    if (account === undefined) throw new Error(`no account of ${name}`);
    return account;
  }

  /** What some channels, or all, have done. */
  sum(channels: Iterable<ChannelAccount> = this.channels.values()): ChannelAccount {
    const sum: Record<string, number> = { ...new ChannelAccount() };
    for (const account of channels)
      for (const [name, value] of Object.entries(account)) sum[name] = (sum[name] ?? 0) + value;
    return sum as unknown as ChannelAccount;
  }

  of(queue: string): Account {
    const account = this.queues.get(queue);
    if (account === undefined) throw new Error(`no account of ${queue}`);
    return account;
  }
}

/** What a client holds and has not acknowledged. */
interface Held {
  readonly channel: ConfirmChannel;
  readonly message: GetMessage;
  readonly queue: string;
}

class Traffic {
  readonly ledger = new Ledger();
  readonly held: Held[] = [];
  readonly #random: () => number;
  readonly #channels: readonly ConfirmChannel[];
  /** What queues held when it began, and what came and went since. */
  readonly holds: Map<string, number>;

  constructor(channels: readonly ConfirmChannel[], random: () => number, holds: ReadonlyMap<string, number>) {
    this.#channels = channels;
    this.#random = random;
    this.holds = new Map(holds);
    for (const channel of channels) {
      channel.on('return', () => {
        this.ledger.ofChannel(channel).return_unroutable += 1;
      });
    }
  }

  async step(): Promise<void> {
    const channel = this.#oneOf(this.#channels);
    const queue = this.#oneOf(QUEUES);
    const dice = this.#random();
    if (dice < 0.3) await this.#publish(channel, '', queue);
    else if (dice < 0.4) await this.#publish(channel, EXCHANGE, 'any');
    else if (dice < 0.5) await this.#publishNowhere(channel);
    else if (dice < 0.75) await this.#get(channel, queue);
    else if (dice < 0.8) await this.#consume(channel, queue);
    else this.#settle();
  }

  async #publish(channel: ConfirmChannel, exchange: string, key: string): Promise<void> {
    const count = 1 + Math.floor(this.#random() * 5);
    // Some of them the host sends.
    const copies = this.#random() < 0.3 ? { CC: [] } : {};
    for (let i = 0; i < count; i++)
      channel.publish(exchange, key, Buffer.from('message'), { persistent: true, ...copies });
    await channel.waitForConfirms();
    const queues = exchange === '' ? [key] : BOUND;
    for (const queue of queues) {
      this.ledger.of(queue).publish += count;
      this.#change(queue, count);
    }
    this.ledger.ofExchange(exchange).publish_out += count * queues.length;
    this.#published(channel, exchange, count);
  }

  #published(channel: ConfirmChannel, exchange: string, count: number): void {
    const account = this.ledger.ofChannel(channel);
    account.publish += count;
    account.confirm += count;
    this.ledger.ofExchange(exchange).publish_in += count;
  }

  async #publishNowhere(channel: ConfirmChannel): Promise<void> {
    const mandatory = this.#random() < 0.5;
    channel.sendToQueue('nowhere', Buffer.from('lost'), { mandatory });
    await channel.waitForConfirms();
    this.#published(channel, '', 1);
    if (!mandatory) this.ledger.ofChannel(channel).drop_unroutable += 1;
  }

  async #get(channel: ConfirmChannel, queue: string): Promise<void> {
    const noAck = this.#random() < 0.5;
    const message = await channel.get(queue, { noAck });
    if (message === false) this.#count(channel, queue, 'get_empty');
    if (message === false) return;
    this.#count(channel, queue, noAck ? 'get_no_ack' : 'get');
    this.#seen(channel, queue, message, noAck);
  }

  /** Takes what is ready by a consumer, and cancels it. */
  async #consume(channel: ConfirmChannel, queue: string): Promise<void> {
    const noAck = this.#random() < 0.5;
    const { consumerTag } = await channel.consume(
      queue,
      (message) => {
        if (message === null) return;
        this.#count(channel, queue, noAck ? 'deliver_no_ack' : 'deliver');
        this.#seen(channel, queue, message as unknown as GetMessage, noAck);
      },
      { noAck },
    );
    await channel.cancel(consumerTag);
  }

  #seen(channel: ConfirmChannel, queue: string, message: GetMessage, noAck: boolean): void {
    this.#count(channel, queue, 'deliver_get');
    if (message.fields.redelivered) this.#count(channel, queue, 'redeliver');
    if (noAck) this.#change(queue, -1);
    else this.held.push({ channel, message, queue });
  }

  #settle(): void {
    const [one] = this.held.splice(Math.floor(this.#random() * this.held.length), 1);
    if (one === undefined) return;
    const { channel, message, queue } = one;
    const dice = this.#random();
    if (dice < 0.5) {
      channel.ack(message);
      this.#count(channel, queue, 'ack');
      this.#change(queue, -1);
    } else if (dice < 0.75) channel.nack(message, false, true);
    else {
      channel.reject(message, false);
      this.#change(queue, -1);
    }
  }

  #count(channel: ConfirmChannel, queue: string, what: keyof Taken): void {
    this.ledger.of(queue)[what] += 1;
    this.ledger.ofChannel(channel)[what] += 1;
  }

  #change(queue: string, by: number): void {
    this.holds.set(queue, (this.holds.get(queue) ?? 0) + by);
  }

  /** A channel ends; what it held goes back. */
  async end(channel: ConfirmChannel): Promise<void> {
    for (const one of this.held.filter((held) => held.channel === channel)) this.held.splice(this.held.indexOf(one), 1);
    await channel.close();
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[Math.floor(this.#random() * all.length)] as T;
  }
}

/** What the API says of a queue, in the ledger's words. */
async function told(api: HttpApi, queue: string) {
  const { json } = await api.get(`/queues/%2F/${queue}`);
  const { message_stats: stats, ...lengths } = json as Record<string, number> & { message_stats?: object };
  const account = Object.fromEntries(
    Object.keys(new Account()).map((name) => [name, (stats as Record<string, number> | undefined)?.[name] ?? 0]),
  );
  return { account, messages: lengths.messages, unacked: lengths.messages_unacknowledged };
}

interface Told {
  readonly name: string;
  readonly vhost: string;
  readonly number: number;
  readonly user_provided_name?: string;
  readonly connection_details: { readonly name: string };
  readonly message_stats?: { readonly [name: string]: number };
}

/** The figures of `message_stats` that an account has. */
function figures<A extends object>({ message_stats: stats = {} }: Pick<Told, 'message_stats'>, account: A): A {
  return Object.fromEntries(Object.keys(account).map((name) => [name, stats[name] ?? 0])) as A;
}

/** What the API says of clients, exchanges and the vhost, in the ledger's words. */
async function toldOfClients(api: HttpApi) {
  const of = async (path: string): Promise<readonly Told[]> => (await api.get(path)).json as readonly Told[];
  const [connections, channels, exchanges, vhosts] = [
    await of('/connections'),
    await of('/channels'),
    await of('/exchanges/%2F'),
    await of('/vhosts'),
  ];
  const nameOf = (name: string): string => connections.find((one) => one.name === name)?.user_provided_name ?? '';
  return {
    connections: Object.fromEntries(
      connections.map((one) => [one.user_provided_name, figures(one, new ChannelAccount())]),
    ),
    channels: Object.fromEntries(
      channels.map((one) => [
        `${nameOf(one.connection_details.name)} ${one.number}`,
        figures(one, new ChannelAccount()),
      ]),
    ),
    exchanges: Object.fromEntries(
      exchanges
        .filter(({ message_stats: stats }) => stats !== undefined)
        .map((one) => [one.name, figures(one, new ExchangeAccount())]),
    ),
    vhost: figures(vhosts.find(({ name }) => name === '/') ?? {}, new ChannelAccount()),
  };
}

cleanUp();

it(`what is counted is what clients sent and got, also after a restart (seed ${SEED})`, async () => {
  const data = directory();
  const random = randomNumbers(SEED);
  let holds: ReadonlyMap<string, number> = new Map();
  for (const life of ['first', 'second']) {
    const { embedded, broker } = await startEmbedded(data, { management: { host: '127.0.0.1', port: 0 } });
    const api = new HttpApi(embedded);
    const clients: ChannelModel[] = [];
    try {
      if (life === 'second') {
        for (const queue of QUEUES)
          expect(await told(api, queue)).toEqual({
            account: { ...new Account() },
            messages: holds.get(queue) ?? 0,
            unacked: 0,
          });
      }
      const channels: ConfirmChannel[] = [];
      /** By the names of their connections, those that have ended, too. */
      const owned = new Map<string, ConfirmChannel[]>();
      for (let i = 0; i < 4; i++) {
        const name = `client-${i}`;
        const client = await amqp.connect(broker.url, { clientProperties: { connection_name: name } });
        clients.push(client);
        const own = [await client.createConfirmChannel(), await client.createConfirmChannel()];
        channels.push(...own);
        owned.set(name, own);
      }
      for (const queue of QUEUES) await channels[0]?.assertQueue(queue, { durable: true });
      await channels[0]?.assertExchange(EXCHANGE, 'fanout', { durable: true });
      for (const queue of BOUND) await channels[0]?.bindQueue(queue, EXCHANGE, '');
      const traffic = new Traffic(channels, random, holds);
      for (let step = 0; step < STEPS; step++) await traffic.step();
      const ended = channels.at(-1);
      if (ended !== undefined) await traffic.end(ended);

      for (const queue of QUEUES) {
        const expected = {
          account: { ...traffic.ledger.of(queue) },
          messages: traffic.holds.get(queue) ?? 0,
          unacked: traffic.held.filter((one) => one.queue === queue).length,
        };
        // Acknowledgements have no answer.
        const text = JSON.stringify(expected);
        const tell = async (): Promise<string> => JSON.stringify(await told(api, queue));
        await eventually(`what is counted of ${queue} to be ${text}`, tell, (answer) => answer === text);
      }
      const { ledger } = traffic;
      const live = [...owned].flatMap(([name, own]) =>
        own.map((channel, index) => [`${name} ${index + 1}`, channel] as const),
      );
      const expected = {
        connections: Object.fromEntries(
          [...owned].map(([name, own]) => [name, ledger.sum(own.map((channel) => ledger.ofChannel(channel)))]),
        ),
        channels: Object.fromEntries(
          live
            .filter(([, channel]) => channel !== ended)
            .map(([name, channel]) => [name, { ...ledger.ofChannel(channel) }]),
        ),
        exchanges: Object.fromEntries([...ledger.exchanges].map(([name, account]) => [name, { ...account }])),
        vhost: ledger.sum(),
      };
      // The vhost's figures are those of its last sample.
      await eventually(
        'what is counted of clients, exchanges and the vhost to be what they did',
        async () => {
          try {
            expect(await toldOfClients(api)).toEqual(expected);
            return true;
          } catch (error) {
            return error;
          }
        },
        (outcome) => outcome === true,
      );
      // The broker's are sampled after those of its vhosts.
      const { publish, confirm, return_unroutable, drop_unroutable } = ledger.sum();
      const ofBroker = { message_stats: { publish, confirm, return_unroutable, drop_unroutable } };
      await vi.waitFor(async () => expect((await api.get('/overview')).json).toMatchObject(ofBroker), PATIENCE);
      holds = traffic.holds;
    } finally {
      for (const client of clients) await client.close();
      await embedded.stop();
    }
  }
});
