/** Scenarios made by hand: for blocks, segments, inboxes, locks, memory, the log, and queues that go. */
import { RUN_MAX, SETTLE_DONE, SETTLE_REQUEUE, SLOTS } from '../../../src/numbers/core.js';
import type { Client } from '../../engine/support/bench.js';
import { properties, publish } from '../../engine/support/frames.js';
import { Fault } from '../search/fault.js';
import type { Program } from '../search/run.js';
import { LOOKED_AT } from './looked-at.js';
import { OPERATIONS } from './operations.js';
import type { Scenario } from './scenario.js';
import type { Stage } from './stage.js';

const SINGLE: readonly Scenario[] = [
  {
    name: 'two publish to one queue at the end of a block',
    meets: ['publish', 'publish'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const [a, b] = [stage.publisher(0, 'q'), stage.publisher(1, 'q')];
      stage.moveTo('q', SLOTS - 2);
      return [
        { participant: 0, play: () => stage.publish(a, 0, 'q', 'a1', 'a2') },
        { participant: 1, play: () => stage.publish(b, 1, 'q', 'b1', 'b2') },
      ];
    },
  },
  {
    name: 'one publishes while another gets',
    meets: ['publish', 'claim'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      const a = stage.publisher(0, 'q');
      const channel = stage.client(1).open(1);
      stage.fill('q', 'a1');
      return [
        { participant: 0, play: () => stage.publish(a, 0, 'q', 'a2', 'a3') },
        {
          participant: 1,
          *play() {
            yield* stage.get(channel, queue);
            yield* stage.get(channel, queue);
          },
        },
      ];
    },
  },
  {
    name: 'two get from one queue at the end of a block',
    meets: ['claim', 'claim', 'settle', 'settle', 'block hand-over'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      stage.moveTo('q', SLOTS - 2);
      stage.fill('q', 'a1', 'a2', 'a3', 'a4');
      stage.unordered = true;
      return [0, 1].map((participant) => {
        const channel = stage.client(participant).open(1);
        return {
          participant,
          *play() {
            yield* stage.get(channel, queue);
            yield* stage.get(channel, queue);
          },
        };
      });
    },
  },
  {
    name: 'a consumer registers and sleeps while one publishes',
    meets: ['publish', 'waiter registration', 'grant', 'doorbell and sleep'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const a = stage.publisher(0, 'q');
      const consumer = stage.client(1);
      consumer.consume(1, 'q', { noAck: true });
      return [
        { participant: 0, play: () => stage.publish(a, 0, 'q', 'a1') },
        { participant: 1, play: () => stage.sleepAndServe(1, 2) },
      ];
    },
  },
  {
    name: 'the last of a block is taken while its front is paged out',
    meets: ['claim', 'settle', 'page out from the front', 'block reclamation', 'epoch advance'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      stage.moveTo('q', SLOTS - 1);
      stage.fill('q', 'a1');
      const channel = stage.client(0).open(1);
      const [out] = OPERATIONS.filter(({ name }) => name === 'page out from the front');
      if (out === undefined) throw new Error('nobody pages out');
      return [
        { participant: 0, play: () => stage.get(channel, queue) },
        { participant: 2, play: out.prepare(stage, 2, 'b') },
      ];
    },
  },
  {
    name: 'two longest runs at the end of a block',
    meets: ['publish', 'publish', 'promised pages'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const clients = [0, 1].map((worker) => stage.publisher(worker, 'q'));
      stage.moveTo('q', SLOTS - 1);
      stage.withoutPages();
      return clients.map((client, participant) => {
        const bodies = Array.from({ length: RUN_MAX }, (_, i) => `${'ab'[participant]}${i}`);
        return { participant, play: () => stage.publish(client, participant, 'q', ...bodies) };
      });
    },
  },
  {
    name: 'five longest runs at the end of a block',
    meets: ['publish', 'publish', 'publish', 'promised pages'],
    workers: 5,
    set: (stage) => {
      stage.queue('q');
      // All but the first learn the way, and what it asks for, when they publish.
      const clients = [0, 1, 2, 3, 4].map((worker) => stage.client(worker));
      for (const client of clients) client.open(1);
      stage.moveTo('q', SLOTS - 1);
      stage.withoutPages();
      return clients.map((client, participant) => {
        const bodies = Array.from({ length: RUN_MAX }, (_, i) => `${'abcde'[participant]}${i}`);
        return { participant, play: () => stage.publish(client, participant, 'q', ...bodies) };
      });
    },
  },
  {
    name: 'a consumer is cancelled while it is granted a turn that is counted',
    meets: ['publish', 'grant', 'cancel'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const client = stage.publisher(0, 'q');
      stage.bench.setFeatures('q', { maxLength: 100 });
      const consumer = stage.client(1).consume(1, 'q', { noAck: true });
      stage.bench.serve(1);
      return [
        { participant: 0, play: () => stage.publish(client, 0, 'q', 'a1') },
        { participant: 1, play: () => stage.calls(['cancelConsumer', consumer], ['serve']) },
      ];
    },
  },
  {
    name: 'messages of older blocks are settled while their queue goes for good',
    meets: ['settle', 'delete', 'free', 'block reclamation'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      stage.unordered = true;
      stage.moveTo('q', SLOTS - 1);
      stage.fill('q', 'a1', 'a2');
      const holders = [0, 1].map((worker) => {
        const client = stage.client(worker);
        const channel = client.open(1);
        stage.acknowledging.add(client);
        client.engine.get(channel, queue, false);
        return channel;
      });
      stage.bench.coordinator.retireQueue(queue);
      return [
        ...holders.map((channel, participant) => ({
          participant,
          play: () => stage.settle(channel, `a${participant + 1}`),
        })),
        { participant: 2, play: () => stage.free('q') },
      ];
    },
  },
  {
    name: 'segments are taken and given by two',
    meets: ['segment free', 'segment reuse'],
    workers: 2,
    set: (stage) => {
      const { coordinator } = stage.bench;
      const segments = Array.from({ length: 3 }, () => coordinator.takeStaging());
      for (const segment of segments) coordinator.giveStaging(segment);
      return [
        { participant: 0, play: () => stage.takeSegments(1) },
        { participant: 1, play: () => stage.takeSegments(2) },
      ];
    },
  },
  {
    name: 'a message of two queues is let go by two',
    meets: ['claim', 'settle', 'release'],
    workers: 2,
    set: (stage) => {
      stage.bench.routes.set('both', ['q', 'r']);
      const queues = [stage.queue('q'), stage.queue('r')];
      stage.fillBoth('both', 'a1');
      return queues.map((queue, participant) => {
        const channel = stage.client(participant).open(1);
        return { participant, play: () => stage.get(channel, queue) };
      });
    },
  },
  {
    name: 'two grant turns to one worker',
    meets: ['publish', 'publish', 'grant', 'inbox', 'doorbell and sleep'],
    workers: 3,
    set: (stage) => {
      stage.queue('q');
      stage.queue('r');
      const clients = [stage.publisher(0, 'q'), stage.publisher(1, 'r')];
      const consumer = stage.client(2);
      consumer.consume(1, 'q', { noAck: true });
      consumer.consume(2, 'r', { noAck: true });
      stage.bench.serve(2);
      stage.unordered = true;
      return [
        { participant: 0, play: () => stage.publish(clients[0] as Client, 0, 'q', 'a1') },
        { participant: 1, play: () => stage.publish(clients[1] as Client, 1, 'r', 'b1') },
        { participant: 2, play: () => stage.sleepAndServe(2, 2) },
      ];
    },
  },
  {
    name: 'two requeue while a third claims',
    meets: ['requeue', 'requeue', 'claim'],
    workers: 3,
    set: (stage) => {
      const queue = stage.queue('q');
      stage.unordered = true;
      stage.moveTo('q', SLOTS - 1);
      stage.fill('q', 'a1', 'a2');
      const channels = [0, 1].map((worker) => {
        const client = stage.client(worker);
        const channel = client.open(1);
        stage.acknowledging.add(client);
        client.engine.get(channel, queue, false);
        return channel;
      });
      const taker = stage.client(2).open(1);
      return [
        ...channels.map((channel, participant) => ({
          participant,
          play: () => stage.calls(['settleDelivery', channel, 1, 0, SETTLE_REQUEUE]),
        })),
        { participant: 2, play: () => stage.get(taker, queue) },
      ];
    },
  },
  {
    name: 'one requeues and then publishes while another gets',
    meets: ['requeue', 'publish', 'claim'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      const publisher = stage.publisher(0, 'q');
      const { channel } = holding(stage, 0, queue, 'a1');
      const taker = stage.client(1).open(1);
      return [
        {
          participant: 0,
          *play() {
            yield ['settleDelivery', channel, 1, 0, SETTLE_REQUEUE];
            yield* stage.publish(publisher, 0, 'q', 'a2');
          },
        },
        {
          participant: 1,
          *play() {
            yield* stage.get(taker, queue);
            yield* stage.get(taker, queue);
          },
        },
      ];
    },
  },
];

/** A client that holds a message, which comes back when it is gone. */
function holding(stage: Stage, worker: number, queue: number, body: string): { client: Client; channel: number } {
  const client = stage.client(worker);
  const channel = client.open(1);
  stage.acknowledging.add(client);
  stage.fill('q', body);
  client.engine.get(channel, queue, false);
  stage.bench.serve(worker);
  return { client, channel };
}

/** Octets of a message of which a segment holds some. */
const LARGE = 60_000;
const SEGMENT = 1 << 20;
/** More segments than have to be free for a message. */
const PLENTY = 10;

/** A worker writes a batch of the log, whose octets must be there until it is done. */
function* writeBatch(stage: Stage, worker: number): Program {
  const batch = (yield ['takeBatch']) >>> 0;
  if (batch === 0) throw new Fault('there is no batch');
  yield ['stampBatch', batch, 1, 2];
  yield ['beginParts', batch, 1];
  for (let from = (yield ['partOffset']) >>> 0; from !== 0; from = (yield ['partOffset']) >>> 0) {
    const octets = yield ['partOctets'];
    if (stage.machine.isFree(from) || stage.machine.isFree(from + octets - 1))
      throw new Fault('a batch names free memory');
  }
  yield ['batchDone', batch];
  stage.did(worker);
}

const MORE: readonly Scenario[] = [
  {
    name: 'a cancelled consumer gives its turn back while another one waits',
    meets: ['publish', 'grant', 'cancel', 'pass on'],
    workers: 3,
    set: (stage) => {
      stage.queue('q');
      const publisher = stage.publisher(0, 'q');
      const consumers = [1, 2].map((worker) => {
        const consumer = stage.client(worker).consume(1, 'q', { noAck: true });
        stage.bench.serve(worker);
        return consumer;
      });
      return [
        { participant: 0, play: () => stage.publish(publisher, 0, 'q', 'a1') },
        { participant: 1, play: () => stage.calls(['cancelConsumer', consumers[0] as number], ['serve']) },
        { participant: 2, play: () => stage.sleepAndServe(2, 1) },
      ];
    },
  },
  {
    name: 'a turn is passed on while two consumers are cancelled',
    meets: ['grant', 'cancel', 'cancel', 'pass on'],
    workers: 3,
    set: (stage) => {
      stage.queue('q');
      const consumers = [0, 1, 2].map((worker) => {
        const consumer = stage.client(worker).consume(1, 'q', { noAck: true });
        stage.bench.serve(worker);
        return consumer;
      });
      // The first of them has been granted a turn.
      stage.fill('q', 'z1');
      return [
        { participant: 0, play: () => stage.calls(['cancelConsumer', consumers[0] as number], ['serve']) },
        { participant: 1, play: () => stage.calls(['cancelConsumer', consumers[1] as number], ['serve']) },
        { participant: 2, play: () => stage.sleepAndServe(2, 1) },
      ];
    },
  },
  {
    name: 'a publisher that found no memory sleeps while another one frees some',
    meets: ['memory starvation', 'segment free', 'doorbell and sleep'],
    workers: 2,
    set: (stage) => {
      stage.queue('q');
      const publisher = stage.publisher(0, 'q');
      const body = `${'a'.repeat(LARGE)}1`;
      // The next message needs a segment.
      for (let i = 0; i < Math.floor(SEGMENT / LARGE); i++) publisher.feed(publish(1, 'q', Buffer.from(body)));
      stage.bench.coordinator.purge(stage.queueAt('q'));
      const { coordinator } = stage.bench;
      const segments: number[] = [];
      for (let one = coordinator.takeStaging(); one !== 0; one = coordinator.takeStaging()) segments.push(one);
      stage.starving.add(0);
      stage.work.working.set(0, { yields: false });
      const freed = segments.slice(0, PLENTY);
      return [
        {
          participant: 0,
          *play() {
            yield* stage.publish(publisher, 0, 'q', body);
            stage.did(0);
          },
        },
        { participant: 1, play: () => stage.calls(...freed.slice(0, 5).map((one) => ['giveStaging', one] as const)) },
        { participant: 2, play: () => stage.calls(...freed.slice(5).map((one) => ['giveStaging', one] as const)) },
      ];
    },
  },
  {
    name: 'a queue is freed when the workers know that it is gone',
    meets: ['publish', 'route installation', 'topology change', 'delete', 'free'],
    workers: 2,
    set: (stage) => {
      const queue = stage.queue('q');
      const known = stage.publisher(0, 'q');
      const fresh = stage.client(1);
      fresh.open(1);
      const workers = [0, 1];
      const publishing = (client: Client, worker: number, body: string) => ({
        participant: worker,
        *play(): Program {
          yield* stage.publish(client, worker, 'q', body);
          // The host is told of each topology.
          yield { until: () => stage.gone.has('q') };
          yield* stage.applyTopology(worker);
        },
      });
      return [
        publishing(known, 0, 'a1'),
        publishing(fresh, 1, 'b1'),
        {
          participant: 2,
          *play() {
            stage.account.lossy = true;
            yield ['retireQueue', queue];
            stage.gone.add('q');
            const epoch = yield ['raiseTopology'];
            yield { until: () => workers.every((worker) => (stage.applied.get(worker) ?? 0) >= epoch) };
            yield* stage.free('q');
          },
        },
      ];
    },
  },
  {
    name: 'a batch of the log is written while what it names is settled',
    meets: ['publish', 'settle', 'batch of the log', 'segment free'],
    workers: 2,
    set: (stage) => {
      stage.bench.startLog();
      const queue = stage.queue('q');
      stage.bench.coordinator.setLogId(queue, 1, 0);
      const publisher = stage.publisher(0, 'q');
      // A segment full of messages, of which the other worker holds the last two.
      const bodies = Array.from({ length: Math.floor(SEGMENT / LARGE) + 1 }, (_, i) => `${'a'.repeat(LARGE)}${i}`);
      const persistent = { properties: properties({ persistent: true }) };
      for (const body of bodies) publisher.feed(publish(1, 'q', Buffer.from(body), persistent));
      const client = stage.client(1);
      stage.acknowledging.add(client);
      const channel = client.open(1);
      for (let i = 0; i < bodies.length; i++) {
        client.engine.get(channel, queue, false);
        stage.bench.serve(1);
        for (let id = client.engine.nextOutput(); id >= 0; id = client.engine.nextOutput()) client.take();
      }
      const left = 2;
      client.engine.settle(channel, bodies.length - left, true, null);
      client.stream();
      stage.before.push(...bodies.slice(-left));
      return [
        { participant: 0, play: () => writeBatch(stage, 0) },
        {
          participant: 1,
          *play() {
            for (let i = left - 1; i >= 0; i--) {
              yield ['settleDelivery', channel, bodies.length - i, 0, SETTLE_DONE];
              stage.account.settled.push(bodies[bodies.length - 1 - i] as string);
            }
          },
        },
      ];
    },
  },
];

export const BY_HAND: readonly Scenario[] = [...SINGLE, ...MORE, ...LOOKED_AT];
