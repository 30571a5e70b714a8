/** A work queue by amqplib: what cannot be done goes to a queue of its own. The broker is in this process. */
import amqp from 'amqplib';
import { Broker } from 'leveret';

const JOBS = ['wash', 'dry', 'break', 'fold', 'tear'];
const CANNOT = new Set(['break', 'tear']);

const broker = await Broker.start();
const connection = await amqp.connect(broker.url);
const channel = await connection.createConfirmChannel();

await channel.assertQueue('failed');
await channel.assertQueue('jobs', { deadLetterExchange: '', deadLetterRoutingKey: 'failed' });
for (const job of JOBS) channel.sendToQueue('jobs', Buffer.from(job), { persistent: true });
await channel.waitForConfirms();
console.log(`confirmed: ${JOBS.length}`);

await consumed('jobs', JOBS.length, (message) => {
  const job = message.content.toString();
  console.log(`${CANNOT.has(job) ? 'cannot' : 'can'} ${job}`);
  if (CANNOT.has(job)) channel.nack(message, false, false);
  else channel.ack(message);
});
await consumed('failed', CANNOT.size, (message) => {
  const [{ queue, reason }] = message.properties.headers['x-death'];
  console.log(`${message.content} died in ${queue}: ${reason}`);
  channel.ack(message);
});

await connection.close();
await broker.stop();

/** Takes so many messages of a queue, and no more. */
async function consumed(queue, count, take) {
  await channel.prefetch(1);
  let left = count;
  await new Promise((resolve, reject) => {
    const one = (message) => {
      take(message);
      left -= 1;
      if (left === 0) channel.cancel(queue).then(resolve, reject);
    };
    channel.consume(queue, one, { consumerTag: queue }).catch(reject);
  });
}
