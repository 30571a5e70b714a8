/**
 * Clients that keep messages moving, and an account of those that are confirmed. What must hold: nothing is taken for
 * promised that was not, nor for taken that was only about to be.
 */
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import type { Random } from '../store/support/simulated.js';
import { eventually } from '../support/waiting.js';

/** Queues between which dead letters go round, and one that keeps them until they have arrived in `arrival`. */
const ROUND = ['round-a', 'round-b'];
const KEEPING = 'keeping';
const ARRIVAL = 'arrival';
const URGENT = 'urgent';
const PASSING = 'passing';
const DELAYED = 'later';
const QUEUES = [...ROUND, KEEPING, ARRIVAL, URGENT];
/** At most so long a delayed message is held back. */
const DELAY_MS = 300;

type State = 'sent' | 'confirmed' | 'acknowledged';

interface Work {
  during(milliseconds: number): Promise<void>;
  /** Nothing is done any more; the broker is gone. */
  ended(): Promise<void>;
}

export class Traveller {
  moved = 0;
  confirmed = 0;
  readonly #states = new Map<string, State>();
  /** Those that may be there more than once. */
  readonly #kept = new Set<string>();
  #next = 0;

  constructor(readonly random: Random) {}

  /** Declares what is not there yet, and begins to publish and to move. */
  async travel(url: string): Promise<Work> {
    const connection = await open(url);
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await this.#declare(channel);
    let isOver = false;
    const over = (): boolean => isOver;
    const gone = new Promise<void>((resolve) => connection.on('close', () => resolve())).then(() => {
      isOver = true;
    });
    const acts = [this.#publish(channel, over), ...(await this.#move(connection)), this.#renew(connection, over)];
    // Whatever waits for an answer fails when the broker is gone, and may do so before anybody asks what came of it.
    const work = acts.map((act) => act.catch(() => undefined));
    return {
      during: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      ended: async () => {
        await gone;
        await Promise.all(work);
      },
    };
  }

  /** Throws when something is missing, or there too often. What is looked at goes back. */
  async check(url: string): Promise<void> {
    const connection = await open(url);
    try {
      // What was held back comes by and by, and what is kept until it has arrived goes on.
      await eventually(
        'every message to be where it belongs',
        () => this.#faults(connection),
        (faults) => faults.length === 0,
      );
    } finally {
      await connection.close().catch(() => undefined);
    }
  }

  async #faults(connection: ChannelModel): Promise<string[]> {
    const channel = await connection.createChannel();
    const seen = new Map<string, number>();
    for (const queue of QUEUES) {
      for (let got = await channel.get(queue); got !== false; got = await channel.get(queue)) {
        const id = got.content.toString().split(':')[0] ?? '';
        seen.set(id, (seen.get(id) ?? 0) + 1);
      }
    }
    await channel.close();
    const faults: string[] = [];
    for (const [id, state] of this.#states) {
      const count = seen.get(id) ?? 0;
      if (count === 0 && state === 'confirmed') faults.push(`${id} is lost`);
      if (count > 1 && !this.#kept.has(id)) faults.push(`${id} is there ${count} times`);
    }
    return faults;
  }

  async #declare(channel: Channel): Promise<void> {
    const [a = '', b = ''] = ROUND;
    const to = (routingKey: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': routingKey });
    await channel.assertQueue(a, { arguments: to(b) });
    await channel.assertQueue(b, { arguments: to(a) });
    await channel.assertQueue(ARRIVAL);
    await channel.assertQueue(URGENT, { maxPriority: 4 });
    const keeps = {
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-dead-letter-strategy': 'at-least-once',
    };
    await channel.assertQueue(KEEPING, { arguments: { ...to(ARRIVAL), ...keeps } });
    await channel.assertExchange(DELAYED, 'x-delayed-message', { arguments: { 'x-delayed-type': 'direct' } });
    await channel.bindQueue(a, DELAYED, a);
  }

  async #publish(channel: ConfirmChannel, over: () => boolean): Promise<void> {
    while (!over()) {
      for (let i = 0; i < 40; i++) this.#send(channel);
      await channel.waitForConfirms().catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #send(channel: ConfirmChannel): void {
    const id = String(this.#next++);
    const [a = ''] = ROUND;
    const chance = this.random();
    const [exchange, key] =
      chance < 0.4 ? ['', a] : chance < 0.6 ? [DELAYED, a] : chance < 0.8 ? ['', KEEPING] : ['', URGENT];
    if (key === KEEPING) this.#kept.add(id);
    this.#states.set(id, 'sent');
    const body = Buffer.from(`${id}:${'x'.repeat(this.random() * 3000)}`);
    const headers = exchange === DELAYED ? { 'x-delay': Math.floor(this.random() * DELAY_MS) } : {};
    const priority = Math.floor(this.random() * 5);
    try {
      channel.publish(exchange, key, body, { persistent: true, headers, priority }, (error) => {
        if (error !== null) return;
        this.confirmed += 1;
        if (this.#states.get(id) === 'sent') this.#states.set(id, 'confirmed');
      });
    } catch {
      // The broker is gone.
    }
  }

  /** Sends on what comes, and acknowledges some of it. */
  async #move(connection: ChannelModel): Promise<Promise<unknown>[]> {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await channel.prefetch(20);
    const take = (message: ConsumeMessage | null): void => {
      if (message === null) return;
      const id = message.content.toString().split(':')[0] ?? '';
      try {
        if (this.random() < 0.2) {
          this.#states.set(id, 'acknowledged');
          channel.ack(message);
        } else {
          this.moved += 1;
          channel.nack(message, false, false);
        }
      } catch {
        // The broker is gone.
      }
    };
    return [...ROUND, KEEPING].map((queue) => channel.consume(queue, take).catch(() => undefined));
  }

  /** A queue goes with its messages and comes back under its name, empty. */
  async #renew(connection: ChannelModel, over: () => boolean): Promise<void> {
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    while (!over()) {
      const renewed = channel
        .assertQueue(PASSING)
        .then(() => channel.sendToQueue(PASSING, Buffer.from('passing'), { persistent: true }))
        .then(() => channel.deleteQueue(PASSING));
      await renewed.catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function open(url: string): Promise<ChannelModel> {
  const connection = await connect(url);
  connection.on('error', () => undefined);
  return connection;
}
