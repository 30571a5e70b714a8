/** What is tested: sends a mail for each order; where that fails, again after a minute, three times in all. */
const amqp = require('amqplib');

const MINUTE = 60_000;
const TRIES = 3;

async function startMailer(url, sendMail) {
  const connection = await amqp.connect(url, { clientProperties: { connection_name: 'mailer' } });
  connection.on('error', () => {});
  const channel = await connection.createChannel();
  await channel.assertExchange('orders', 'topic');
  await channel.assertQueue('waiting', { messageTtl: MINUTE, deadLetterExchange: '', deadLetterRoutingKey: 'mails' });
  await channel.assertQueue('mails', { deadLetterExchange: '', deadLetterRoutingKey: 'waiting' });
  await channel.bindQueue('mails', 'orders', 'order.confirmed');
  await channel.consume('mails', async (message) => {
    if (message === null) return;
    const deaths = message.properties.headers['x-death'] ?? [];
    const failures = deaths.find(({ queue }) => queue === 'mails')?.count ?? 0;
    try {
      await sendMail(message.content.toString());
      channel.ack(message);
    } catch {
      if (failures + 1 < TRIES) channel.nack(message, false, false);
      else channel.ack(message);
    }
  });
}

module.exports = { startMailer };
