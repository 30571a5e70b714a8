/**
 * Clients of AMQP on the stage of a scenario: opened and closed by it, seen by HTTP under the names that it gives them.
 * What must hold: what is each broker's or each run's own (ports, times, versions) is the same word in all answers.
 */
import type { Socket } from 'node:net';
import { type ChannelModel, connect, type Options } from 'amqplib';

/** What a client of the scenario is and does. */
export interface ClientPart {
  readonly as: string;
  readonly vhost: string;
  readonly channels: readonly ChannelPart[];
}

export interface ChannelPart {
  readonly confirms?: boolean;
  readonly prefetch?: number;
  readonly globalPrefetch?: number;
  readonly queues?: Readonly<Record<string, Options.AssertQueue>>;
  readonly consumers?: readonly (Options.Consume & { readonly queue: string; readonly consumerTag: string })[];
}

interface Actor {
  /** As the broker under test calls it. */
  readonly name: string;
  readonly connection: ChannelModel;
  readonly closed: Promise<string>;
}

export class Stage {
  readonly #port: number;
  readonly #actors = new Map<string, Actor>();

  /** The port is where AMQP is spoken. */
  constructor(port: number) {
    this.#port = port;
  }

  async open(alias: string, { as, vhost, channels }: ClientPart): Promise<void> {
    const url = `amqp://${as}@127.0.0.1:${this.#port}/${encodeURIComponent(vhost)}`;
    const connection = await connect(url, { clientProperties: { connection_name: alias, plays: 7 } });
    connection.on('error', () => {});
    const closed = new Promise<string>((resolve) => {
      connection.once('close', (error?: Error) => resolve(error?.message ?? 'closed'));
    });
    const { localPort } = (connection.connection as unknown as { readonly stream: Socket }).stream;
    this.#actors.set(alias, { name: `127.0.0.1:${localPort} -> 127.0.0.1:${this.#port}`, connection, closed });
    for (const channel of channels) await openChannel(connection, channel);
  }

  /** What a client is told when the broker closes it. */
  async closed(alias: string): Promise<string> {
    return (await this.#actors.get(alias)?.closed) ?? 'not there';
  }

  /** Closes all that are still there. */
  async clear(): Promise<void> {
    const actors = [...this.#actors.values()];
    this.#actors.clear();
    await Promise.all(actors.map(({ connection }) => connection.close().catch(() => {})));
  }

  /** A path that names clients as `{alias}`. */
  path(path: string): string {
    return [...this.#actors].reduce((text, [alias, { name }]) => {
      return text.replaceAll(`{${alias}}`, encodeURIComponent(name));
    }, path);
  }

  /** An answer without what is each broker's or each run's own. */
  neutral(answer: unknown): unknown {
    let text = JSON.stringify(answer);
    for (const [alias, { name }] of this.#actors) text = text.replaceAll(name, `{${alias}}`);
    return JSON.parse(text, (field, value: unknown) => {
      if (INNER.has(field)) return undefined;
      return OWN.has(field) ? `some ${typeof value}` : value;
    });
  }
}

const OWN = new Set([
  'connected_at',
  'peer_port',
  'platform',
  'port',
  'recv_cnt',
  'recv_oct',
  'send_cnt',
  'send_oct',
  'rate',
  'version',
]);

/** What RabbitMQ's statistics add after a while, and what only its virtual machine has. */
const INNER = new Set([
  'garbage_collection',
  'idle_since',
  'message_stats',
  'reductions',
  'reductions_details',
  'deliveries',
  'incoming',
]);

async function openChannel(connection: ChannelModel, part: ChannelPart): Promise<void> {
  const channel = part.confirms ? await connection.createConfirmChannel() : await connection.createChannel();
  if (part.prefetch !== undefined) await channel.prefetch(part.prefetch);
  if (part.globalPrefetch !== undefined) await channel.prefetch(part.globalPrefetch, true);
  for (const [queue, options] of Object.entries(part.queues ?? {})) await channel.assertQueue(queue, options);
  for (const { queue, ...options } of part.consumers ?? []) await channel.consume(queue, () => {}, options);
}
