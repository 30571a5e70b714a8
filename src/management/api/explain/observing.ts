/**
 * How a scene is seen: from the topology, the core, the statistics and the clients, as of now. What must hold: whatever
 * is read of the core is read in the turn of the event loop in which its queue is found in the view.
 */
import { setImmediate } from 'node:timers/promises';
import { effectiveArguments } from '../../../broker/arguments/effective-arguments.js';
import { queueTypeOf } from '../../../broker/arguments/queue-arguments.js';
import type { PolicyKind } from '../../../broker/policies/policies.js';
import type { QueueEntry } from '../../../broker/topology/topology-entries.js';
import { Counter, type QueueFeatures } from '../../../engine/engine.js';
import type { Client, ClientChannel } from '../../clients/client.js';
import type { ManagedBroker } from '../base/managed-broker.js';
import type { ConsumerScene, DeadLetterScene, KeptScene, Scene } from './scene.js';
import { trendOf } from './trend.js';

/** Queues that are looked at in one turn. */
const PORTION = 200;

/** Undefined: there is no such queue. Rejects with `NoAnswer`. */
export async function observe(broker: ManagedBroker, vhost: string, name: string): Promise<Scene | undefined> {
  const asked = broker.view.queue(vhost, name);
  if (asked === undefined) return undefined;
  const features = await featuresOf(broker, asked);
  const clients = (await broker.clients.all('consumers')).filter((client) => client.vhost === vhost);
  const others = await othersOf(broker, vhost, name, clients);
  const queue = broker.view.queue(vhost, name);
  if (queue === undefined) return undefined;
  return { ...seen(broker, queue), ...ofClients(queue, clients), features, others };
}

async function featuresOf({ administration }: ManagedBroker, queue: QueueEntry): Promise<QueueFeatures> {
  const { vhost, name, arguments: args } = queue;
  const subject = { kind: 'queue', vhost, name, type: queueTypeOf(args) } as const;
  const kinds: readonly PolicyKind[] = ['policy', 'operator policy'];
  const policies = await Promise.all(kinds.map((kind) => administration.policyOf(kind, subject)));
  const definitions = policies.flatMap((policy) => (policy === null ? [] : [policy.definition]));
  return effectiveArguments(args, definitions).features;
}

/** What is read where it lies. */
function seen(broker: ManagedBroker, queue: QueueEntry): Omit<Scene, 'features' | 'others' | keyof OfClients> {
  const { engine, statistics, alarms } = broker;
  const { ref } = queue;
  const counted = (counter: Parameters<typeof engine.countedAt>[1]): number => engine.countedAt(ref, counter);
  const { messages_ready: ready, messages_unacknowledged: unacknowledged } = statistics.lengths(queue);
  const enqueued = counted(Counter.ENQUEUED);
  const averageOctets = counted(Counter.OCTETS_ENQUEUED) / Math.max(1, enqueued);
  return {
    now: broker.clock.now(),
    name: queue.name,
    vhost: queue.vhost,
    isPaused: queue.isPaused,
    ready,
    unacknowledged,
    readyOctets: engine.readyBytes(ref) || Math.round(ready * averageOctets),
    averageOctets,
    front: engine.frontOf(ref, true),
    totals: {
      enqueued,
      acknowledged: counted(Counter.ACKNOWLEDGED),
      redelivered: counted(Counter.REDELIVERED),
      delivered: counted(Counter.DELIVERED),
    },
    died: {
      rejected: counted(Counter.DIED_REJECTED),
      expired: counted(Counter.DIED_EXPIRED),
      maxlen: counted(Counter.DIED_MAXLEN),
      limit: counted(Counter.DIED_DELIVERY_LIMIT),
    },
    past: statistics.past(queue),
    isLowOnDisk: alarms.isLowOnDisk,
    isShortOfMemory: alarms.isShortOfMemory,
    disk: alarms.disk,
    deadLetters: deadLettersOf(broker, queue),
  };
}

function deadLettersOf({ view }: ManagedBroker, queue: QueueEntry): DeadLetterScene | null {
  const { vhost, deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = queue;
  if (exchange === null) return null;
  const target = { exchange, routingKey };
  if (exchange === '') {
    const isMissing = routingKey !== null && view.queue(vhost, routingKey) === undefined;
    return { ...target, fault: isMissing ? 'no queue' : null };
  }
  const entry = view.exchange(vhost, exchange);
  if (entry === undefined) return { ...target, fault: 'no exchange' };
  return { ...target, fault: entry.outgoing.size === 0 && entry.alternate === null ? 'no binding' : null };
}

type OfClients = Pick<Scene, 'consumers' | 'kept' | 'blocked' | 'inFlow'>;

function ofClients(queue: QueueEntry, clients: readonly Client[]): OfClients {
  const consumers: ConsumerScene[] = [];
  const kept: KeptScene[] = [];
  for (const client of clients) {
    for (const channel of client.channelList) {
      consumers.push(...consumersOf(queue, client, channel));
      for (const { tag, queue: ref, count, since } of channel.held)
        if (tag === null && ref === queue.ref)
          kept.push({ connection: client.name, channel: channel.number, count, since });
    }
  }
  const inState = (...states: readonly Client['state'][]): string[] =>
    clients.filter(({ state }) => states.includes(state)).map(({ name }) => name);
  return { consumers, kept, blocked: inState('blocking', 'blocked'), inFlow: inState('flow') };
}

function consumersOf(queue: QueueEntry, client: Client, channel: ClientChannel): ConsumerScene[] {
  return channel.consumerList
    .filter((consumer) => consumer.queue === queue.name)
    .map((consumer) => {
      const held = channel.held.find(({ tag, queue: ref }) => tag === consumer.tag && ref === queue.ref);
      const { tag, noAck, prefetch, priority, ability, consumingSince, lastDelivery, lastAcknowledgement } = consumer;
      return {
        ...{ tag, noAck, prefetch, priority, ability, consumingSince, lastDelivery, lastAcknowledgement },
        connection: client.name,
        channel: channel.number,
        user: client.user,
        globalPrefetch: channel.globalPrefetch,
        unacknowledged: held?.count ?? 0,
        oldestDelivery: held?.since ?? null,
        unsent: client.unsent,
      };
    });
}

/** The other queues of a vhost, in portions. */
async function othersOf(
  { view, statistics, clock }: ManagedBroker,
  vhost: string,
  name: string,
  clients: readonly Client[],
): Promise<Scene['others']> {
  const consumed = new Set(
    clients.flatMap(({ channelList }) =>
      channelList.flatMap(({ consumerList }) => consumerList.map(({ queue }) => queue)),
    ),
  );
  const others = { paused: [] as string[], unconsumed: [] as string[], growing: [] as string[] };
  let looked = 0;
  for (const queue of view.queuesIn(vhost)) {
    looked += 1;
    if (looked % PORTION === 0) {
      await setImmediate();
      // It may have gone meanwhile.
      if (view.queue(vhost, queue.name) !== queue) continue;
    }
    if (queue.name === name) continue;
    const { messages_ready: ready, messages_unacknowledged: unacknowledged } = statistics.lengths(queue);
    if (queue.isPaused) others.paused.push(queue.name);
    if (ready > 0 && !consumed.has(queue.name)) others.unconsumed.push(queue.name);
    if (ready > 0 && grows({ statistics, clock }, queue, ready, unacknowledged)) others.growing.push(queue.name);
  }
  return others;
}

function grows(
  { statistics, clock }: Pick<ManagedBroker, 'statistics' | 'clock'>,
  queue: QueueEntry,
  ready: number,
  unacknowledged: number,
): boolean {
  const past = statistics.past(queue);
  const totals = { enqueued: past[0]?.enqueued ?? 0 };
  return trendOf({ now: clock.now(), ready, unacknowledged, past, totals })?.direction === 'growing';
}
