/** Messages of all kinds that pass through a vhost while it is traced. */
import { type Channel, connect, type GetMessage } from 'amqplib';
import type { Place } from './story.js';
import { ask } from './story.js';

export const TRACED_VHOST = 'traced-vhost';
/** The key under which the last message is published. */
export const LAST_KEY = 'last';

/** Octets of a body that does not fit into one frame, nor into one of the broker's pieces. */
const LONG = 900_000;

/** `listen` is called when the vhost is there, and before it is traced. */
export async function playTraceStory(place: Place, listen: () => Promise<void>): Promise<void> {
  // RabbitMQ remembers it of a vhost that was deleted.
  await ask(place, 'PUT', `/vhosts/${TRACED_VHOST}`, { tracing: false });
  const all = { configure: '.*', write: '.*', read: '.*' };
  await ask(place, 'PUT', `/permissions/${TRACED_VHOST}/guest`, all);
  await listen();
  // It is there before the vhost is traced.
  const connection = await connect(`${place.amqp}/${TRACED_VHOST}`);
  const channel = await connection.createConfirmChannel();
  for (const queue of ['one', 'two', 'got', 'long']) await channel.assertQueue(queue);
  await channel.assertExchange('topics', 'topic');
  await channel.bindQueue('one', 'topics', 'a.#');
  await channel.bindQueue('two', 'topics', '#.b');
  channel.sendToQueue('got', Buffer.from('not traced yet'));
  await channel.waitForConfirms();
  await ask(place, 'PUT', `/vhosts/${TRACED_VHOST}`, { tracing: true });
  publishAll(channel);
  await channel.waitForConfirms();
  await consume(channel);
  await getAll(channel);
  await ask(place, 'PUT', `/vhosts/${TRACED_VHOST}`, { tracing: false });
  channel.publish('topics', 'a.b', Buffer.from('not traced any more'));
  await channel.waitForConfirms();
  await ask(place, 'PUT', `/vhosts/${TRACED_VHOST}`, { tracing: true });
  channel.publish('topics', LAST_KEY, Buffer.alloc(0));
  await channel.waitForConfirms();
  await connection.close();
}

function publishAll(channel: Channel): void {
  channel.publish('topics', 'a', Buffer.from('to one'));
  channel.publish('topics', 'a.b', Buffer.from('to both'), {
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    headers: { text: 'x', number: 7, yes: true, list: [1, 'y'], inner: { z: 1 } },
    deliveryMode: 2,
    priority: 3,
    correlationId: 'c',
    replyTo: 'r',
    expiration: '1000000',
    messageId: 'm',
    timestamp: 1_700_000_000,
    type: 't',
    userId: 'guest',
    appId: 'app',
  });
  channel.publish('topics', 'nowhere', Buffer.from('to nobody'));
  channel.publish('topics', 'a', Buffer.from('with a copy'), { CC: ['x.b', 'y'] });
  channel.sendToQueue('got', Buffer.alloc(0));
  channel.sendToQueue('long', Buffer.alloc(LONG, 'long '));
}

/** Takes all but what is got; gives one message back, and has it again. */
async function consume(channel: Channel): Promise<void> {
  let requeued = false;
  let left = 6;
  await new Promise<void>((resolve, reject) => {
    for (const queue of ['one', 'two', 'long'])
      channel
        .consume(
          queue,
          (message) => {
            if (message === null) return;
            if (requeued || queue !== 'one') channel.ack(message);
            else channel.nack(message, false, true);
            if (queue === 'one' && !requeued) requeued = true;
            else left -= 1;
            if (left === 0) resolve();
          },
          { consumerTag: `of ${queue}` },
        )
        .catch(reject);
  });
  for (const queue of ['one', 'two', 'long']) await channel.cancel(`of ${queue}`);
}

async function getAll(channel: Channel): Promise<void> {
  for (let got: GetMessage | false = await channel.get('got'); got !== false; got = await channel.get('got'))
    channel.ack(got);
}
