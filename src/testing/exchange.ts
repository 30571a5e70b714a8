/**
 * What is published to an exchange, from the moment at which a test begins to listen: whether it comes to a queue or
 * not, and before any queue has it. What must hold: all that was published, and confirmed to its publisher, before
 * `published` was called is in what it resolves with.
 */
import type { FieldTable, FieldValue } from '../amqp/table.js';
import type { PublishedMessage as Published } from '../connection/faults/faults.js';
import { type AskBroker, counted, WAIT_MS } from './queue.js';

/** A message as it was published. Properties have amqplib's names. */
export interface PublishedMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly content: Buffer;
  /** Those that were sent; `headers` as plain values, `timestamp` in seconds. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly mandatory: boolean;
  /** Who has published it. */
  readonly user: string;
}

export class TestExchange {
  readonly #ask: AskBroker;
  readonly vhost: string;
  readonly name: string;
  #messages: PublishedMessage[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(ask: AskBroker, vhost: string, name: string) {
    this.#ask = ask;
    this.vhost = vhost;
    this.name = name;
  }

  /** All that was published since the test listens, the oldest first. */
  async published(): Promise<readonly PublishedMessage[]> {
    await this.#ask({ op: 'sync' });
    return [...this.#messages];
  }

  /** Resolves when so many messages, or more, have been published. `limit` in ms. */
  async hasPublished(count: number, limit = WAIT_MS): Promise<readonly PublishedMessage[]> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.#messages.length < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      timer = setTimeout(() => {
        this.#waiting.delete(look);
        resolve();
      }, limit);
      look();
    });
    clearTimeout(timer);
    const there = await this.published();
    if (there.length >= count) return there;
    const keys = there.map(({ routingKey }) => `'${routingKey}'`);
    const seen = keys.length === 0 ? '' : `, with the keys ${keys.slice(0, 20).join(', ')}`;
    throw new Error(
      `waited ${limit} ms for ${counted(count, 'message')} to exchange '${this.name}'; ` +
        `there were ${there.length}${seen}`,
    );
  }

  /** Forgets what has been published. */
  clear(): void {
    this.#messages = [];
  }

  /** Something was published. */
  take({ exchange, routingKey, body, properties, mandatory, user }: Published): void {
    const content = Buffer.from(body);
    this.#messages.push({ exchange, routingKey, content, properties: plainProperties(properties), mandatory, user });
    for (const look of [...this.#waiting]) look();
  }
}

function plainProperties({ headers, timestamp, ...others }: Published['properties']): Record<string, unknown> {
  return {
    ...others,
    ...(headers === undefined ? {} : { headers: plainTable(headers) }),
    ...(timestamp === undefined ? {} : { timestamp: Number(timestamp) }),
  };
}

function plainTable(table: FieldTable): Record<string, unknown> {
  return Object.fromEntries([...table].map(([name, field]) => [name, plainValue(field)]));
}

function plainValue({ type, value }: FieldValue): unknown {
  switch (type) {
    case 'F':
      return plainTable(value);
    case 'A':
      return value.map(plainValue);
    case 'x':
      return Buffer.from(value);
    case 'l':
    case 'L':
    case 'T':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case 'D':
      return value.unscaled / 10 ** value.scale;
    default:
      return value;
  }
}
