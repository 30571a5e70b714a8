/**
 * What real clients see of one queue has an order, too: connections over sockets, spread over the workers, that do things
 * by chance at a time. Of each call is told what came of it, and when it was sent and answered; what has no answer of its
 * own is followed by a call that has one. Both engines play the same calls.
 */
import amqp from 'amqplib';
import { describe, expect, test } from 'vitest';
import { ENGINES } from '../engine/support/bench.js';
import { random } from '../schedules/search/strategies.js';
import { useBroker } from '../support/broker.js';
import { expectExplained } from './run.js';
import type { QueueCall, QueueHistory } from './sequential-queue.js';

const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000_000);
const WORKERS = [2, 4];
const CLIENTS = 4;
const ROUNDS = 12;
/** Of each client in a round. */
const CALLS = 16;
const RUN_MAX = 3;
const QUEUE = 'history';

/** The time, which is one for all: a number that is another one each time. */
class History {
  readonly calls: { call: QueueCall; began: number; ended: number; after?: number[] }[] = [];
  #now = 0;
  #messages = 0;

  now(): number {
    return ++this.#now;
  }

  message(): number {
    return ++this.#messages;
  }

  /** Calls that happened one after the other. */
  tell(row: readonly QueueCall[], began: number): void {
    const ended = this.now();
    for (const [i, call] of row.entries()) {
      this.calls.push({ call, began, ended, ...(i === 0 ? {} : { after: [this.calls.length - 1] }) });
    }
  }
}

class Client {
  readonly #channel: amqp.ConfirmChannel;
  readonly #below: (most: number) => number;
  #history: History;
  #held: { message: amqp.GetMessage; number: number }[] = [];

  constructor(channel: amqp.ConfirmChannel, seed: number, history: History) {
    this.#channel = channel;
    this.#below = random(seed);
    this.#history = history;
  }

  async play(history: History, purges: boolean): Promise<void> {
    this.#history = history;
    for (let left = CALLS; left > 0; left--) {
      const kind = this.#below(100);
      if (kind < 36) await this.#publish();
      else if (kind < 64) await this.get();
      else if (kind < 80) await this.#settle(false);
      else if (kind < 98 || !purges) await this.#settle(true);
      else await this.#purge();
    }
    while (this.#held.length > 0) await this.#settle(false);
  }

  async #publish(): Promise<void> {
    const numbers = Array.from({ length: 1 + this.#below(RUN_MAX) }, () => this.#history.message());
    const began = this.#history.now();
    for (const number of numbers) this.#channel.sendToQueue(QUEUE, Buffer.from(String(number)));
    await this.#channel.waitForConfirms();
    this.#history.tell(
      numbers.map((message) => ({ does: 'publish', message })),
      began,
    );
  }

  /** Whether there was something. */
  async get(): Promise<boolean> {
    const began = this.#history.now();
    const message = await this.#channel.get(QUEUE);
    if (message === false) {
      this.#history.tell([{ does: 'find nothing' }], began);
      return false;
    }
    const number = Number(message.content.toString());
    this.#held.push({ message, number });
    this.#history.tell([{ does: 'take', message: number, redelivered: message.fields.redelivered }], began);
    return true;
  }

  async drain(): Promise<void> {
    while (await this.get()) await this.#settle(false);
  }

  async #settle(requeue: boolean): Promise<void> {
    const [one] = this.#held.splice(this.#below(Math.max(1, this.#held.length)), 1);
    if (one === undefined) return;
    const began = this.#history.now();
    if (requeue) this.#channel.nack(one.message);
    else this.#channel.ack(one.message);
    // Its answer says that what went before has been done.
    await this.#channel.prefetch(0);
    this.#history.tell([{ does: requeue ? 'requeue' : 'settle', message: one.number }], began);
  }

  async #purge(): Promise<void> {
    const began = this.#history.now();
    const { messageCount } = await this.#channel.purgeQueue(QUEUE);
    const drops = Array.from({ length: messageCount }, (): QueueCall => ({ does: 'drop' }));
    this.#history.tell([{ does: 'begin to purge' }, ...drops, { does: 'end the purge' }], began);
  }
}

describe.each(ENGINES)('%s', (engine) => {
  describe.each(WORKERS)('clients on %i workers', (workers) => {
    const broker = useBroker({ workers, flags: ['--engine', engine] });

    test('see calls that have an order', { timeout: 120_000 }, async () => {
      console.log(`LEVERET_SEED=${SEED}`);
      // A worker each, as far as there are some: a connection goes to the worker that has the fewest.
      const connections = await Promise.all(Array.from({ length: CLIENTS }, () => amqp.connect(broker().url)));
      try {
        const channels = await Promise.all(connections.map((connection) => connection.createConfirmChannel()));
        await channels[0]?.assertQueue(QUEUE, { durable: false });
        const clients = channels.map((channel, i) => new Client(channel, SEED + i, new History()));
        const histories: QueueHistory[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const history = new History();
          await Promise.all(clients.map((client, i) => client.play(history, i === 0)));
          await clients[0]?.drain();
          histories.push(history.calls);
        }
        expectExplained(histories);
        const takes = histories.flat().filter(({ call }) => call.does === 'take').length;
        expect(takes).toBeGreaterThan((ROUNDS * CLIENTS * CALLS) / 10);
      } finally {
        await Promise.all(connections.map((connection) => connection.close()));
      }
    });
  });
});
