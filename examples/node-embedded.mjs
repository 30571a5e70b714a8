/**
 * A program with a broker of its own: a client publishes to it and consumes from it, and the program hears who comes.
 * Run with `npm install leveret amqplib`, then `node node-embedded.mjs`.
 */
import amqp from 'amqplib';
import { Broker } from 'leveret';

const broker = await Broker.start();
broker.on('connection', ({ what, user }) => console.log(`a connection of ${user} is ${what}`));
await broker.administration.users.add('ann', 'secret');
await broker.administration.users.setPermissions({ user: 'ann', vhost: '/', configure: '.*', write: '.*', read: '.*' });

const connection = await amqp.connect({
  hostname: broker.host,
  port: broker.port,
  username: 'ann',
  password: 'secret',
});
const channel = await connection.createConfirmChannel();
await channel.assertQueue('letters');
const read = new Promise((resolve) => {
  channel.consume('letters', (message) => resolve(message?.content.toString()), { noAck: true });
});
channel.sendToQueue('letters', Buffer.from('hello'));
await channel.waitForConfirms();
console.log(`read: ${await read}`);

const closed = new Promise((resolve) => broker.once('connection', resolve));
await connection.close();
await closed;
await broker.stop();
console.log('stopped');
