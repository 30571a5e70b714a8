/**
 * Connections of the stories: opened on the file's broker, closed after each test.
 */
import { afterEach } from 'vitest';
import type { Broker } from '../../support/broker.js';
import { Inbox } from '../../support/waiting.js';
import type { Client, ClientChannel, ClientConnection, Delivery } from './client.js';

/** Opens connections with one client library. */
export function useConnections(client: Client, broker: () => Broker): () => Promise<ClientConnection> {
  const opened: ClientConnection[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((connection) => connection.close()));
  });
  return async () => {
    const connection = await client.connect(broker().url);
    opened.push(connection);
    return connection;
  };
}

/** Consumes into an inbox. */
export async function collect(
  channel: ClientChannel,
  queue: string,
  options: { noAck?: boolean; exclusive?: boolean } = {},
): Promise<Inbox<Delivery> & { tag: string; cancel(): Promise<void> }> {
  const inbox = new Inbox<Delivery>();
  const consumer = await channel.consume(queue, (delivery) => inbox.push(delivery), options);
  return Object.assign(inbox, { tag: consumer.tag, cancel: () => consumer.cancel() });
}

/** The bodies of messages as text. */
export function texts(messages: readonly { body: Buffer }[]): string[] {
  return messages.map((message) => message.body.toString());
}
