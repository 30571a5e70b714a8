/**
 * What the firehose tells of a story, as RabbitMQ 3.10 has told it: keys, headers with their types, bodies.
 * `LEVERET_AMQP_REFEREE` and `LEVERET_HTTP_REFEREE` have a live RabbitMQ tell it anew.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { TRACE_EXCHANGE } from '../../src/broker/requests/names.js';
import { Broker } from '../support/broker.js';
import { startEmbedded } from '../support/embedded.js';
import { deferred } from '../support/waiting.js';
import { type Heard, Listener } from './listener.js';
import { ask, type Place } from './story.js';
import { LAST_KEY, playTraceStory, TRACED_VHOST } from './trace-story.js';

const { LEVERET_AMQP_REFEREE: amqp, LEVERET_HTTP_REFEREE: http } = process.env;
const file = new URL('recorded/firehose.json', import.meta.url);

it('copies what passes through a vhost as the firehose of RabbitMQ does', async () => {
  if (amqp !== undefined && http !== undefined) {
    const told = await copiesOf(new Broker(amqp, null, deferred<never>().promise), { amqp, http });
    await writeFile(file, `${JSON.stringify(told, null, 1)}\n`);
    return;
  }
  const { embedded, broker } = await startEmbedded(undefined, { management: { host: '127.0.0.1', port: 0 } });
  try {
    const place = { amqp: broker.url, http: `http://127.0.0.1:${embedded.management?.port}/api` };
    expect(await copiesOf(broker, place)).toEqual(JSON.parse(await readFile(file, 'utf8')));
  } finally {
    await embedded.stop();
  }
});

async function copiesOf(broker: Broker, place: Place): Promise<unknown> {
  let listener: Listener | undefined;
  await playTraceStory(place, async () => {
    listener = await Listener.open(broker, TRACE_EXCHANGE, TRACED_VHOST);
  });
  const heard = await listener?.until('the copy of the last message', (all) =>
    all.some(({ headers }) => JSON.stringify(headers.routing_keys).includes(`"${LAST_KEY}"`)),
  );
  const told = (heard ?? []).map((copy) => neutral(copy));
  await listener?.close();
  await ask(place, 'DELETE', `/vhosts/${TRACED_VHOST}`);
  return told.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

/** Without what is each run's own. */
function neutral({ key, properties, headers, body }: Heard): unknown {
  const { headers: _, ...others } = properties;
  const names = Object.keys(headers).sort();
  const fields = names.map((name) => {
    const isOwn = name === 'node' || name === 'connection';
    return [name, isOwn ? { type: headers[name]?.type } : sorted(headers[name])];
  });
  const digest = createHash('sha256').update(body).digest('hex');
  return { key, others, headers: Object.fromEntries(fields), body: `${body.length} octets, ${digest}` };
}

/** Fields of tables, and queues of a route, in an order of their own. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const values = value.map(sorted);
    return values.sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(fields.map(([name, one]) => [name, sorted(one)]));
}
