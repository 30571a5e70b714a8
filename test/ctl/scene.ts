/** A client of AMQP, with what `leveret ctl` is to tell of it. */
import amqp from 'amqplib';

/** Comes as ctl-user to ctl-vhost; call what it resolves with to have it go. */
export async function enter(address: string): Promise<() => Promise<void>> {
  const connection = await amqp.connect(`amqp://ctl-user:pass@${address}/ctl-vhost`);
  // It may be closed by the one who asks.
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  await channel.assertQueue('kept', {
    arguments: { 'x-max-length': 5, 'x-dead-letter-exchange': 'amq.fanout', 'x-single-active-consumer': true },
  });
  await channel.assertQueue('passing', { durable: false, autoDelete: true });
  await channel.assertExchange('orders', 'topic', { arguments: { 'alternate-exchange': 'amq.fanout' } });
  await channel.bindQueue('kept', 'orders', 'eu.#', { count: 1, kind: 'book' });
  await channel.prefetch(3);
  await channel.consume('passing', () => {}, { consumerTag: 'reader', arguments: { 'x-priority': 2 } });
  channel.sendToQueue('kept', Buffer.from('one'));
  channel.sendToQueue('kept', Buffer.from('two'));
  await channel.waitForConfirms();
  return async () => {
    await connection.close().catch(() => {});
  };
}
