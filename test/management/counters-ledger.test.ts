/**
 * What the HTTP API says that was counted is what clients saw: random traffic of clients at two workers, against a
 * ledger of what each of them sent and got. Counters begin anew with the process; what queues hold outlasts it.
 */
import amqp, { type ChannelModel, type ConfirmChannel, type GetMessage } from 'amqplib';
import { expect, it } from 'vitest';
import { startEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import { cleanUp, directory } from '../support/kept-data.js';
import { eventually } from '../support/waiting.js';
import { HttpApi } from './support/http-client.js';

const QUEUES = ['ledger-a', 'ledger-b', 'ledger-c'] as const;
const STEPS = 400;
const SEED = Date.now() % 2 ** 31 || 1;

/** What is counted of a queue, by RabbitMQ's names, and what it holds. */
class Account {
  publish = 0;
  deliver = 0;
  deliver_get = 0;
  deliver_no_ack = 0;
  get = 0;
  get_no_ack = 0;
  get_empty = 0;
  redeliver = 0;
  ack = 0;
}

class Ledger {
  readonly queues = new Map<string, Account>(QUEUES.map((name) => [name, new Account()]));
  readonly broker = { publish: 0, confirm: 0, return_unroutable: 0, drop_unroutable: 0 };

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
        this.ledger.broker.return_unroutable += 1;
      });
    }
  }

  async step(): Promise<void> {
    const channel = this.#oneOf(this.#channels);
    const queue = this.#oneOf(QUEUES);
    const dice = this.#random();
    if (dice < 0.4) await this.#publish(channel, queue);
    else if (dice < 0.5) await this.#publishNowhere(channel);
    else if (dice < 0.75) await this.#get(channel, queue);
    else if (dice < 0.8) await this.#consume(channel, queue);
    else this.#settle();
  }

  async #publish(channel: ConfirmChannel, queue: string): Promise<void> {
    const count = 1 + Math.floor(this.#random() * 5);
    for (let i = 0; i < count; i++) channel.sendToQueue(queue, Buffer.from('message'), { persistent: true });
    await channel.waitForConfirms();
    this.ledger.of(queue).publish += count;
    this.ledger.broker.publish += count;
    this.ledger.broker.confirm += count;
    this.#change(queue, count);
  }

  async #publishNowhere(channel: ConfirmChannel): Promise<void> {
    const mandatory = this.#random() < 0.5;
    channel.sendToQueue('nowhere', Buffer.from('lost'), { mandatory });
    await channel.waitForConfirms();
    this.ledger.broker.publish += 1;
    this.ledger.broker.confirm += 1;
    if (!mandatory) this.ledger.broker.drop_unroutable += 1;
  }

  async #get(channel: ConfirmChannel, queue: string): Promise<void> {
    const noAck = this.#random() < 0.5;
    const message = await channel.get(queue, { noAck });
    const account = this.ledger.of(queue);
    if (message === false) {
      account.get_empty += 1;
      return;
    }
    account[noAck ? 'get_no_ack' : 'get'] += 1;
    this.#seen(channel, queue, message, noAck);
  }

  /** Takes what is ready by a consumer, and cancels it. */
  async #consume(channel: ConfirmChannel, queue: string): Promise<void> {
    const noAck = this.#random() < 0.5;
    const account = this.ledger.of(queue);
    const { consumerTag } = await channel.consume(
      queue,
      (message) => {
        if (message === null) return;
        account[noAck ? 'deliver_no_ack' : 'deliver'] += 1;
        this.#seen(channel, queue, message as unknown as GetMessage, noAck);
      },
      { noAck },
    );
    await channel.cancel(consumerTag);
  }

  #seen(channel: ConfirmChannel, queue: string, message: GetMessage, noAck: boolean): void {
    const account = this.ledger.of(queue);
    account.deliver_get += 1;
    if (message.fields.redelivered) account.redeliver += 1;
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
      this.ledger.of(queue).ack += 1;
      this.#change(queue, -1);
    } else if (dice < 0.75) channel.nack(message, false, true);
    else {
      channel.reject(message, false);
      this.#change(queue, -1);
    }
  }

  #change(queue: string, by: number): void {
    this.holds.set(queue, (this.holds.get(queue) ?? 0) + by);
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

cleanUp();

it(
  `what is counted is what clients sent and got, also after a restart (seed ${SEED})`,
  { timeout: 90_000 },
  async () => {
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
        for (let i = 0; i < 4; i++) {
          const client = await amqp.connect(broker.url);
          clients.push(client);
          channels.push(await client.createConfirmChannel());
        }
        for (const queue of QUEUES) await channels[0]?.assertQueue(queue, { durable: true });
        const traffic = new Traffic(channels, random, holds);
        for (let step = 0; step < STEPS; step++) await traffic.step();

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
        const { json: overview } = await api.get('/overview');
        expect(overview).toMatchObject({ message_stats: traffic.ledger.broker });
        holds = traffic.holds;
      } finally {
        for (const client of clients) await client.close();
        await embedded.close();
      }
    }
  },
);
