/** Hears what a broker publishes to one of its own exchanges: whole messages, with the wire types of their headers. */
import type { Properties } from '../../src/amqp/properties.js';
import type { FieldTable, FieldValue } from '../../src/amqp/table.js';
import type { Broker } from '../support/broker.js';
import { RawClient } from '../support/raw-client.js';
import { eventually } from '../support/waiting.js';

export interface Heard {
  readonly key: string;
  readonly properties: Properties;
  readonly headers: Readonly<Record<string, Typed>>;
  readonly body: Buffer;
}

/** A value with its type letter; tables and arrays hold such values. */
export interface Typed {
  readonly type: string;
  readonly value: unknown;
}

export class Listener {
  readonly heard: Heard[] = [];

  private constructor(private readonly client: RawClient) {}

  static async open(broker: Broker, exchange: string, virtualHost = '/', keys = ['#']): Promise<Listener> {
    const client = await RawClient.open(broker, { virtualHost, name: 'listener' });
    const listener = new Listener(client);
    const channel = await client.openChannel();
    const { queue } = await channel.call('queue.declare', { exclusive: true });
    channel.watch = (arrival) => {
      if (arrival.name !== 'basic.deliver' || !('body' in arrival)) return;
      const { routingKey: key, properties, body } = arrival;
      listener.heard.push({ key, properties, headers: typedTable(properties.headers ?? new Map()), body });
    };
    await channel.consume(queue, { noAck: true });
    for (const routingKey of keys) await channel.call('queue.bind', { queue, exchange, routingKey });
    return listener;
  }

  /** Resolves when enough has been heard. */
  until(what: string, isEnough: (heard: readonly Heard[]) => boolean): Promise<readonly Heard[]> {
    return eventually(what, async () => this.heard, isEnough);
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

/** What a header says, without its type. */
export function said(heard: Heard, header: string): unknown {
  return heard.headers[header]?.value;
}

function typedTable(table: FieldTable): Record<string, Typed> {
  return Object.fromEntries([...table].map(([name, field]) => [name, typed(field)]));
}

function typed(field: FieldValue): Typed {
  switch (field.type) {
    case 'F':
      return { type: 'F', value: typedTable(field.value) };
    case 'A':
      return { type: 'A', value: field.value.map(typed) };
    default:
      return { type: field.type, value: typeof field.value === 'bigint' ? Number(field.value) : field.value };
  }
}
