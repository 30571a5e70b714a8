/**
 * A thread of the load: opens its share of the connections, and does what the run's thread says. What must hold: what goes
 * wrong is told once and ends the run; the thread ends when it has left the broker.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { table } from '../amqp/table.js';
import { CHANNEL, Connection } from '../client/connection.js';
import type { Endpoint } from '../client/endpoint.js';
import { BrokerError } from '../client/errors.js';
import { ThreadMemory } from '../client/memory.js';
import { Acks } from './load/acks.js';
import { CLOCKS } from './load/clock.js';
import { Consumer } from './load/consumer.js';
import { Load } from './load/load.js';
import { MessageBatch, type Route } from './load/message-batch.js';
import { Pacer } from './load/pacer.js';
import { Producer } from './load/producer.js';
import { type Plan, PRODUCT, type Queue } from './plan.js';
import { propertiesOf } from './properties.js';
import type { FromLoad, LoadAssignment, ToLoad } from './thread-messages.js';

/** Memory of one batch, and of all together, if one message is not longer. */
const BATCH_OCTETS = 65_536;
const BATCHES_OCTETS = 64 * 1024 ** 2;
/** Connections that are opened at once. */
const OPENING = 32;
const FRAME_MIN = 4096;

const { plan, boards, index, producers, consumers } = workerData as LoadAssignment;
const port = parentPort;
if (port === null) throw new Error('a thread of the load has a parent');

const batchOctets = Math.max(largestMessage(plan), Math.min(BATCH_OCTETS, Math.floor(BATCHES_OCTETS / plan.producers)));
const memory = new ThreadMemory(Acks.OCTETS + producers.length * batchOctets);
const load = new Load(
  {
    boards,
    threads: plan.threads,
    index,
    clock: CLOCKS[plan.clock],
    acks: new Acks(memory.part(Acks.OCTETS), plan.ackEvery > 1),
    inFlightMax: plan.inFlightMax,
  },
  { onProducersDone: () => tell({ kind: 'producers-done' }), onConsumersDone: () => tell({ kind: 'consumers-done' }) },
);
const consuming: Consumer[] = [];

port.on('message', (message: ToLoad) => {
  handle(message).catch((error: unknown) => {
    if (!(error instanceof BrokerError)) throw error;
    fail(error);
  });
});
open().then(() => tell({ kind: 'ready' }), fail);

async function handle(message: ToLoad): Promise<void> {
  switch (message.kind) {
    case 'consume':
      load.begin(consuming.length);
      await Promise.all(consuming.map((consumer) => consumer.start()));
      return tell({ kind: 'consuming' });
    case 'publish':
      return load.publish();
    case 'stop-publishing':
      return load.stop();
    case 'stop':
      load.stop();
      await Promise.all([...load.producers, ...consuming].map((client) => client.end()));
      tell({ kind: 'ended' });
      port?.close();
  }
}

function tell(message: FromLoad): void {
  port?.postMessage(message);
}

function fail(error: unknown): void {
  if (!(error instanceof BrokerError)) throw error;
  tell({ kind: 'failed', reason: error.message });
}

async function open(): Promise<void> {
  const openings = [
    ...consumers.map((number) => () => openConsumer(number)),
    ...producers.map((number) => () => openProducer(number)),
  ];
  const next = async (): Promise<void> => {
    for (let opening = openings.shift(); opening !== undefined; opening = openings.shift()) await opening();
  };
  await Promise.all(Array.from({ length: OPENING }, next));
}

async function openConsumer(number: number): Promise<void> {
  const { name } = queueOf(number);
  const connection = await connect(plan.producers + number, `${plan.name} consumer ${number + 1}`);
  if (plan.prefetch > 0) {
    const qos = { name: 'basic.qos', prefetchSize: 0, prefetchCount: plan.prefetch, global: false } as const;
    await connection.call(qos, 'basic.qos-ok', CHANNEL);
  }
  const settings = {
    queue: name,
    isAutoAck: plan.isAutoAck,
    ackEvery: plan.ackEvery,
    arguments: table(plan.consumerArguments),
    pacer: plan.consumerRate === null ? null : new Pacer(plan.consumerRate),
    messages: plan.consumerMessages,
  };
  consuming.push(new Consumer(connection, load, settings));
}

async function openProducer(number: number): Promise<void> {
  const connection = await connect(number, `${plan.name} producer ${number + 1}`);
  if (plan.confirms !== null) await connection.call({ name: 'confirm.select', nowait: false }, 'confirm.select-ok');
  const settings = {
    route: routeOf(queueOf(number)),
    properties: propertiesOf(plan.messages),
    sizes: plan.messages.sizes,
    pacer: plan.producerRates === null ? null : new Pacer(plan.producerRates),
    messages: plan.producerMessages,
    window: plan.confirms,
  };
  load.producers.push(new Producer(connection, load, settings, memory.part(batchOctets)));
}

async function connect(number: number, name: string): Promise<Connection> {
  const { endpoints, tls, heartbeat } = plan;
  // There is one at least.
  const endpoint = endpoints[number % endpoints.length] as Endpoint;
  const connection = await Connection.open(endpoint, { tls, heartbeat, product: PRODUCT }, memory, name);
  connection.onFailed = fail;
  return connection;
}

function queueOf(number: number): Queue {
  // There is one at least.
  return plan.queues[number % plan.queues.length] as Queue;
}

function routeOf({ name }: Queue): Route {
  const { exchange, routingKey, messages } = plan;
  return { exchange: exchange.name, routingKey: routingKey ?? name, isMandatory: messages.isMandatory };
}

/** With its frames, in the smallest ones that a broker may want. */
function largestMessage({ messages, queues }: Plan): number {
  const size = Math.max(...messages.sizes.map(({ value }) => value));
  const longest = queues.reduce((one, other) => (octetsOf(other) > octetsOf(one) ? other : one));
  return MessageBatch.octetsOf(routeOf(longest), propertiesOf(messages), size, FRAME_MIN);
}

function octetsOf({ name }: Queue): number {
  return Buffer.byteLength(name);
}
