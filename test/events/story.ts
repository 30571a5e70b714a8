/** A story of which events are told, played on any broker that speaks AMQP and RabbitMQ's HTTP API. */
import { connect } from 'amqplib';

export const VHOST = 'events-vhost';
export const USER = 'events-user';
/** Who comes and goes when all else is over. */
export const LAST_USER = 'events-last-user';

/** Where a broker is. */
export interface Place {
  /** `amqp://guest:guest@127.0.0.1:5672` */
  readonly amqp: string;
  /** `http://127.0.0.1:15672/api` */
  readonly http: string;
}

export async function playStory(place: Place): Promise<void> {
  await administrate(place);
  await useAsClient(place);
  await takeBack(place);
}

async function administrate(place: Place): Promise<void> {
  const put = (path: string, body: unknown): Promise<void> => ask(place, 'PUT', path, body);
  await put(`/vhosts/${VHOST}`, {});
  await put(`/vhosts/${VHOST}`, { description: 'a vhost', tags: 'a,b' });
  await put(`/users/${USER}`, { password: 'first', tags: 'management' });
  await put(`/users/${USER}`, { password: 'secret', tags: 'monitoring,management' });
  await put(`/permissions/${VHOST}/${USER}`, { configure: '.*', write: '^w', read: '.*' });
  await put(`/permissions/${VHOST}/${USER}`, { configure: '.*', write: '.*', read: '.*' });
  await put(`/topic-permissions/${VHOST}/${USER}`, { exchange: 'amq.topic', write: '.*', read: '^a' });
  const policy = { pattern: '^limited', definition: { 'max-length': 5 }, 'apply-to': 'queues', priority: 3 };
  await put(`/policies/${VHOST}/mine`, policy);
  await put(`/operator-policies/${VHOST}/theirs`, policy);
  await put(`/vhost-limits/${VHOST}/max-queues`, { value: 50 });
  await put(`/user-limits/${USER}/max-channels`, { value: 40 });
  await put('/global-parameters/events-global', { name: 'events-global', value: { a: [1, true, 'x'] } });
}

async function useAsClient({ amqp }: Place): Promise<void> {
  const url = amqp.replace('guest:guest', `${USER}:secret`);
  const connection = await connect(`${url}/${VHOST}`, { clientProperties: { connection_name: 'by name' } });
  const channel = await connection.createChannel();
  await channel.prefetch(7);
  await channel.assertExchange('ours', 'topic', {
    autoDelete: true,
    arguments: { 'alternate-exchange': 'amq.fanout' },
  });
  await channel.assertQueue('mine', { exclusive: true, arguments: { 'x-message-ttl': 1000 } });
  await channel.assertQueue('fleeting', { autoDelete: true, durable: false });
  await channel.assertQueue('lasting', { durable: true });
  await channel.bindQueue('mine', 'ours', 'a.#', { text: 'a "text"', number: 1, yes: true });
  await channel.bindExchange('ours', 'amq.fanout', 'key');
  await channel.consume('mine', () => {}, { consumerTag: 'first', arguments: { 'x-priority': 1 } });
  await channel.consume('fleeting', () => {}, { consumerTag: 'second', noAck: true });
  await channel.cancel('first');
  await channel.consume('mine', () => {}, { consumerTag: 'third', exclusive: true });
  // The exchange goes with its last binding.
  await channel.unbindQueue('mine', 'ours', 'a.#', { text: 'a "text"', number: 1, yes: true });
  const other = await connection.createChannel();
  await other.close();
  await connect(`${amqp.replace('guest:guest', `${USER}:wrong`)}/${VHOST}`).then(
    () => Promise.reject(new Error('it came in by a wrong password')),
    () => {},
  );
  await connection.close();
}

async function takeBack(place: Place): Promise<void> {
  const remove = (path: string): Promise<void> => ask(place, 'DELETE', path);
  await remove(`/user-limits/${USER}/max-channels`);
  await remove(`/policies/${VHOST}/mine`);
  await remove(`/operator-policies/${VHOST}/theirs`);
  await remove(`/topic-permissions/${VHOST}/${USER}`);
  await remove(`/permissions/${VHOST}/${USER}`);
  await remove(`/users/${USER}`);
  await remove('/global-parameters/events-global');
  await remove(`/vhosts/${VHOST}`);
  await ask(place, 'PUT', `/users/${LAST_USER}`, { password: 'x', tags: '' });
  await remove(`/users/${LAST_USER}`);
}

export async function ask({ http }: Place, method: string, path: string, body?: unknown): Promise<void> {
  const answer = await fetch(http + path, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from('guest:guest').toString('base64')}`,
      'content-type': 'application/json',
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path} was answered by ${answer.status}: ${await answer.text()}`);
}
