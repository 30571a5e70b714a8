/**
 * The story's events, as RabbitMQ 3.10 has told them: names, headers with their types, and values as far as they are
 * not each run's own. `LEVERET_AMQP_REFEREE` (`amqp://guest:guest@127.0.0.1:5672`) and `LEVERET_HTTP_REFEREE`
 * (`http://127.0.0.1:15672/api`) have a live RabbitMQ tell them anew.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { EVENT_EXCHANGE } from '../../src/broker/requests/names.js';
import { Broker } from '../support/broker.js';
import { startEmbedded } from '../support/embedded.js';
import { deferred } from '../support/waiting.js';
import { type Heard, Listener, said, type Typed } from './listener.js';
import { LAST_USER, type Place, playStory, USER, VHOST } from './story.js';

const { LEVERET_AMQP_REFEREE: amqp, LEVERET_HTTP_REFEREE: http } = process.env;
const file = new URL('recorded/events.json', import.meta.url);

/** What is told of how RabbitMQ works inside. */
const INNER = new Set(['vhost.down']);
/** Where RabbitMQ tells less: that a parameter is set, though it is cleared; not, of which exchange a right was. */
function isToldOtherwise(heard: Heard): boolean {
  const isCleared = said(heard, 'component') === 'global' && said(heard, 'value') === undefined;
  return isCleared || heard.key === 'topic.permission.deleted';
}

/** Headers whose values are each run's own. */
const OWN = new Set([
  ...['timestamp_in_ms', 'connected_at', 'peer_port', 'port', 'node', 'cluster_state', 'client_properties'],
  ...['pid', 'channel', 'connection', 'owner_pid', 'connection_name', 'policy'],
]);

it('tells of a story in the events that RabbitMQ tells it in', async () => {
  if (amqp !== undefined && http !== undefined) {
    const told = await eventsOf(new Broker(amqp, null, deferred<never>().promise), { amqp, http });
    await writeFile(file, `${JSON.stringify(told, null, 1)}\n`);
    return;
  }
  const { embedded, broker } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } });
  try {
    const place = { amqp: broker.url, http: `http://127.0.0.1:${embedded.management?.port}/api` };
    expect(await eventsOf(broker, place)).toEqual(JSON.parse(await readFile(file, 'utf8')));
  } finally {
    await embedded.stop();
  }
});

/** All that is told of the story, each kind of event in an order of its own. */
async function eventsOf(broker: Broker, place: Place): Promise<unknown> {
  const listener = await Listener.open(broker, EVENT_EXCHANGE);
  await playStory(place);
  const heard = await listener.until('the end of the story', (all) =>
    all.some((one) => one.key === 'user.deleted' && said(one, 'name') === LAST_USER),
  );
  const told = heard.filter((one) => isOfStory(one)).map((one) => neutral(one));
  await listener.close();
  return told.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

function isOfStory(heard: Heard): boolean {
  const { key } = heard;
  // RabbitMQ keeps in a parameter that an exchange is being deleted.
  if (INNER.has(key) || said(heard, 'component') === 'exchange-delete-in-progress') return false;
  if (isToldOtherwise(heard)) return false;
  if (key === 'channel.closed' || key === 'connection.closed') return key === 'connection.closed' && isNamed(heard);
  const name = said(heard, 'name');
  const isLimit = name === 'limits' && said(heard, 'max-queues') === 50;
  const isOfUser = [name, said(heard, 'user'), said(heard, 'username')].includes(USER);
  return said(heard, 'vhost') === VHOST || name === VHOST || isOfUser || isLimit || name === 'events-global';
}

function isNamed(heard: Heard): boolean {
  return said(heard, 'user_provided_name') === 'by name';
}

function neutral({ key, properties, headers, body }: Heard): unknown {
  const { headers: _, timestamp, ...others } = properties;
  const names = Object.keys(headers).sort();
  const fields = names.map((name) => [name, shown(key, name, headers[name])]);
  return { key, headers: Object.fromEntries(fields), ...others, timestamp: typeof timestamp, body: body.length };
}

function shown(key: string, name: string, field: Typed | undefined): unknown {
  const isOwn = OWN.has(name) || (name === 'name' && /^(channel|connection)\./.test(key));
  return isOwn && field?.value !== '' ? { type: field?.type } : field;
}
