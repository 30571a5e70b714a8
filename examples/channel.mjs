/**
 * A program with a broker in it, which it speaks with without a socket: orders go to a queue, the ones that cannot be
 * handled to another one, and a client by a socket could take part at any time.
 *
 *   node examples/channel.mjs
 */
import { Broker } from 'leveret';

const broker = await Broker.start();
const channel = await broker.channel({ name: 'orders' });

await channel.declareExchange('refused', 'fanout');
await channel.declareQueue('refused');
await channel.bindQueue('refused', 'refused');
await channel.declareQueue('orders', { arguments: { 'x-dead-letter-exchange': 'refused' } });

// Each promise resolves when the broker has the message.
const orders = ['apples', 'stones', 'pears'];
await Promise.all(orders.map((order, id) => channel.publish('', 'orders', order, { messageId: `${id}` })));

let handled = 0;
for await (const message of channel.messages('orders', { prefetch: 10 })) {
  const order = message.body.toString();
  if (order === 'stones') channel.reject(message, { requeue: false });
  else channel.ack(message);
  console.log(`${message.properties.messageId}: ${order === 'stones' ? 'refused' : 'done'}`);
  handled += 1;
  if (handled === orders.length) break;
}

const refused = await channel.get('refused', { noAck: true });
console.log(
  `refused: ${refused?.body.toString()}, ${JSON.stringify(refused?.properties.headers?.['x-first-death-reason'])}`,
);

// What goes nowhere comes back, where that is asked for.
channel.on('returned', ({ replyText, routingKey }) => console.log(`returned from '${routingKey}': ${replyText}`));
await channel.publish('', 'nowhere', 'lost', { mandatory: true });

// An error closes the channel, and says what failed.
await channel.declareQueue('missing', { passive: true }).catch(({ code, method, message }) => {
  console.log(`${code} at ${method}: ${message}`);
});
await broker.stop();
