/**
 * Connections of the soak, and how they end without a word. An end that was not on purpose ends the soak: the broker is
 * gone, or has refused what it should have done.
 */
import amqp from 'amqplib';
import { say } from '../limit/progress.mjs';

const ON_PURPOSE = new Error('cut on purpose');

/** @param {string} url */
export async function open(url) {
  const connection = await amqp.connect(url, { noDelay: true });
  connection.on('error', (error) => {
    if (error === ON_PURPOSE) return;
    say(`WRONG  a connection ended: ${error.message}`);
    process.exit(1);
  });
  return connection;
}

/**
 * Ends a connection as a client that has died does.
 * @param {import('amqplib').ChannelModel} connection
 * @returns {Promise<void>}
 */
export function cut(connection) {
  return new Promise((resolve) => {
    connection.once('close', () => resolve());
    // @ts-expect-error: the socket is not among what the client's types show
    connection.connection.stream.destroy(ON_PURPOSE);
  });
}
