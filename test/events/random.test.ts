/**
 * Whatever clients do, the events tell it: of each connection, channel, exchange, queue, binding and consumer what has
 * become of it, in that order, and nothing else. `LEVERET_SEED=N` repeats a run.
 */
import { expect, it } from 'vitest';
import { EVENT_EXCHANGE } from '../../src/broker/requests/names.js';
import type { Broker } from '../support/broker.js';
import { useEmbedded } from '../support/embedded.js';
import { randomNumbers } from '../support/fragments.js';
import type { RawChannel } from '../support/raw-channel.js';
import { RawClient } from '../support/raw-client.js';
import { type Heard, Listener, said } from './listener.js';

const STEPS = 400;

const started = useEmbedded();

it('tells of each thing that comes and goes, in the order in which it does', async () => {
  const seed = Number(process.env.LEVERET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
  console.info(`events of the seed LEVERET_SEED=${seed}`);
  const { broker } = started();
  const listener = await Listener.open(broker, EVENT_EXCHANGE);
  const life = new Life(broker, randomNumbers(seed));
  for (let step = 0; step < STEPS; step++) await life.step();
  await life.end();
  // All else is told of before.
  const closed = (all: readonly Heard[]): number => all.filter(({ key }) => key === 'connection.closed').length;
  const heard = await listener.until('the end of all', (all) => closed(all) === life.connections);
  expect(byThing(heard)).toEqual(life.expected);
  await listener.close();
});

/** One channel of a client, with what it has declared and consumes. */
interface OpenChannel {
  readonly raw: RawChannel;
  readonly name: string;
  /** Consumers by their tags, with their queues. */
  readonly consumers: Map<string, string>;
}

interface Client {
  readonly name: string;
  readonly raw: RawClient;
  readonly channels: OpenChannel[];
}

/** Clients that do something at random, and what is to be told of it. */
class Life {
  readonly expected: Record<string, string[]> = {};
  connections = 0;
  readonly #clients: Client[] = [];
  /** Queues and exchanges by their names, those with whom they go; null: with nobody. */
  readonly #queues = new Map<string, Client | null>();
  readonly #exchanges = new Set<string>();
  /** `exchange queue key` */
  readonly #bindings = new Set<string>();
  #last = 0;

  constructor(
    private readonly broker: Broker,
    private readonly random: () => number,
  ) {}

  async step(): Promise<void> {
    const client = this.#one(this.#clients);
    const channel = client === undefined ? undefined : this.#one(client.channels);
    if (client === undefined || this.#chance(0.05)) return this.#connect(this.#name('connection'));
    if (channel === undefined || this.#chance(0.1)) return this.#openChannel(client);
    const queue = this.#one([...this.#queues.keys()].filter((name) => this.#mayUse(client, name)));
    const exchange = this.#one([...this.#exchanges]);
    const choice = Math.floor(this.random() * 12);
    if (choice <= 1 || queue === undefined) return this.#declareQueue(client, channel);
    if (choice <= 3 || exchange === undefined) return this.#declareExchange(channel);
    if (choice <= 5) return this.#bind(channel, exchange, queue);
    if (choice === 6) return this.#unbind(channel);
    if (choice <= 8) return this.#consume(channel, queue);
    if (choice === 9) return this.#cancel(channel);
    if (choice === 10) return this.#delete(channel, exchange, queue);
    if (this.#chance(0.5)) return this.#closeChannel(client, channel);
    return this.#close(client);
  }

  /** All clients go. */
  async end(): Promise<void> {
    for (const client of [...this.#clients]) await this.#close(client);
  }

  #tell(thing: string, what: string): void {
    this.expected[thing] = [...(this.expected[thing] ?? []), what];
  }

  async #connect(name: string): Promise<void> {
    this.#clients.push({ name, raw: await RawClient.open(this.broker, { name }), channels: [] });
    this.connections += 1;
    this.#tell(`connection ${name}`, 'created');
  }

  async #close(client: Client): Promise<void> {
    this.#clients.splice(this.#clients.indexOf(client), 1);
    await client.raw.close();
    for (const channel of client.channels) this.#channelGone(channel);
    for (const [name, owner] of [...this.#queues]) if (owner === client) this.#queueGone(name);
    this.#tell(`connection ${client.name}`, 'closed');
  }

  async #openChannel(client: Client): Promise<void> {
    const number = client.channels.reduce((most, { raw }) => Math.max(most, raw.number), 0) + 1;
    const name = `${client.name}/${number}`;
    client.channels.push({ raw: await client.raw.openChannel(number), name, consumers: new Map() });
    this.#tell(`channel ${name}`, 'created');
  }

  async #closeChannel(client: Client, channel: OpenChannel): Promise<void> {
    client.channels.splice(client.channels.indexOf(channel), 1);
    await channel.raw.close();
    this.#channelGone(channel);
  }

  #channelGone(channel: OpenChannel): void {
    for (const tag of channel.consumers.keys()) this.#tell(`consumer ${tag}`, 'deleted');
    this.#tell(`channel ${channel.name}`, 'closed');
  }

  async #declareQueue(client: Client, channel: OpenChannel): Promise<void> {
    const known = this.#chance(0.2) ? this.#one([...this.#queues.keys()]) : undefined;
    const queue = known ?? this.#name('queue');
    if (this.#queues.has(queue)) return;
    const exclusive = this.#chance(0.3);
    await channel.raw.call('queue.declare', { queue, exclusive, durable: this.#chance(0.5) });
    this.#queues.set(queue, exclusive ? client : null);
    this.#tell(`queue ${queue}`, 'created');
  }

  async #declareExchange(channel: OpenChannel): Promise<void> {
    const exchange = this.#name('exchange');
    await channel.raw.call('exchange.declare', { exchange, type: 'topic' });
    this.#exchanges.add(exchange);
    this.#tell(`exchange ${exchange}`, 'created');
  }

  async #bind(channel: OpenChannel, exchange: string, queue: string): Promise<void> {
    const routingKey = this.#chance(0.5) ? 'a' : '#';
    await channel.raw.call('queue.bind', { queue, exchange, routingKey });
    const binding = `${exchange} ${queue} ${routingKey}`;
    if (this.#bindings.has(binding)) return;
    this.#bindings.add(binding);
    this.#tell(`binding ${binding}`, 'created');
  }

  async #unbind(channel: OpenChannel): Promise<void> {
    const binding = this.#one([...this.#bindings]);
    const [exchange = '', queue = '', routingKey = ''] = binding?.split(' ') ?? [];
    if (binding === undefined || this.#queues.get(queue) !== null) return;
    await channel.raw.call('queue.unbind', { queue, exchange, routingKey });
    this.#unbound(binding);
  }

  #unbound(binding: string): void {
    this.#bindings.delete(binding);
    this.#tell(`binding ${binding}`, 'deleted');
  }

  async #consume(channel: OpenChannel, queue: string): Promise<void> {
    const consumerTag = this.#name('consumer');
    await channel.raw.consume(queue, { consumerTag });
    channel.consumers.set(consumerTag, queue);
    this.#tell(`consumer ${consumerTag}`, 'created');
  }

  async #cancel(channel: OpenChannel): Promise<void> {
    const consumerTag = this.#one([...channel.consumers.keys()]);
    if (consumerTag === undefined) return;
    await channel.raw.call('basic.cancel', { consumerTag });
    channel.consumers.delete(consumerTag);
    this.#tell(`consumer ${consumerTag}`, 'deleted');
  }

  async #delete(channel: OpenChannel, exchange: string, queue: string): Promise<void> {
    if (this.#chance(0.5)) return this.#deleteExchange(channel, exchange);
    await channel.raw.call('queue.delete', { queue });
    this.#queueGone(queue);
  }

  #queueGone(queue: string): void {
    this.#queues.delete(queue);
    for (const binding of [...this.#bindings]) if (binding.split(' ')[1] === queue) this.#unbound(binding);
    this.#tell(`queue ${queue}`, 'deleted');
    for (const { channels } of this.#clients)
      for (const { consumers } of channels)
        for (const [tag, from] of [...consumers])
          if (from === queue) {
            consumers.delete(tag);
            this.#tell(`consumer ${tag}`, 'deleted');
          }
  }

  async #deleteExchange(channel: OpenChannel, exchange: string): Promise<void> {
    await channel.raw.call('exchange.delete', { exchange });
    this.#exchanges.delete(exchange);
    for (const binding of [...this.#bindings]) if (binding.split(' ')[0] === exchange) this.#unbound(binding);
    this.#tell(`exchange ${exchange}`, 'deleted');
  }

  #mayUse(client: Client, queue: string): boolean {
    const owner = this.#queues.get(queue);
    return owner === null || owner === client;
  }

  #one<T>(things: readonly T[]): T | undefined {
    return things[Math.floor(this.random() * things.length)];
  }

  #chance(part: number): boolean {
    return this.random() < part;
  }

  #name(kind: string): string {
    this.#last += 1;
    return `${kind}-${this.#last}`;
  }
}

/** What is told of each thing, but for those of the listener itself. */
function byThing(heard: readonly Heard[]): Record<string, string[]> {
  const told: Record<string, string[]> = {};
  const names = new Map<unknown, string>();
  for (const event of heard) {
    const [kind = '', what = ''] = event.key.split('.');
    if (event.key === 'connection.created') names.set(said(event, 'pid'), String(said(event, 'user_provided_name')));
    if (event.key === 'channel.created')
      names.set(said(event, 'pid'), `${names.get(said(event, 'connection'))}/${said(event, 'number')}`);
    const name = nameOf(kind, event, names);
    if (name !== null && !/amq\.|listener|undefined/.test(name))
      told[`${kind} ${name}`] = [...(told[`${kind} ${name}`] ?? []), what];
  }
  return told;
}

/** Null: it is no thing that comes and goes. */
function nameOf(kind: string, event: Heard, names: ReadonlyMap<unknown, string>): string | null {
  switch (kind) {
    case 'connection':
    case 'channel':
      return names.get(said(event, 'pid')) ?? null;
    case 'queue':
    case 'exchange':
      return String(said(event, 'name'));
    case 'binding':
      return ['source_name', 'destination_name', 'routing_key'].map((field) => said(event, field)).join(' ');
    case 'consumer':
      return String(said(event, 'consumer_tag'));
    default:
      return null;
  }
}
