/** The scenarios: pairs and triples of operations that can meet. */
import { RUN_MAX, SETTLE_REQUEUE, SLOTS } from '../../../src/numbers/core.js';
import type { Client } from '../../engine/support/bench.js';
import { hold, OPERATIONS, type Operation } from './operations.js';
import type { Scenario } from './scenario.js';

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
];

/** What each finds ready, and how many messages a holder holds. */
const READY = 3;
const HELD = 2;

/** Two or three operations at one queue whose head and tail stand at the end of a block. */
function meeting(...operations: readonly Operation[]): Scenario {
  const workers = 2;
  const holders = operations.filter(({ holds }) => holds).length;
  return {
    name: operations.map(({ name }) => name).join(' | '),
    meets: operations.map(({ name }) => name),
    workers,
    apart: whyApart(operations),
    set: (stage) => {
      stage.queue('q');
      stage.unordered = true;
      for (let one = 0; one < workers; one++) stage.publisher(one, 'q');
      // With what is held a block is full: who settles the last of it retires it.
      const left = roomOf(operations);
      stage.moveTo('q', SLOTS - HELD * holders - left);
      const features = Object.assign({}, ...operations.map((operation) => operation.features ?? {}));
      if (Object.keys(features).length > 0) stage.bench.setFeatures('q', features);
      const parts = castOf(operations, workers);
      for (const { operation, participant, letter } of parts) if (operation.holds) hold(stage, participant, letter);
      const prepare = ({ operation, participant, letter }: (typeof parts)[number]) => ({
        participant,
        play: operation.prepare(stage, participant, letter),
      });
      const first = parts.filter(({ operation }) => !operation.last).map(prepare);
      stage.fill('q', 'z1', 'z2', 'z3');
      // Who waits for what another one brings has taken what was there.
      if (operations.some(({ waits }) => waits) && operations.some(({ brings }) => brings))
        for (let one = 0; one < workers; one++) stage.bench.serve(one);
      for (const [i, { operation, participant }] of parts.entries()) {
        const others = operations.filter((_, other) => other !== i);
        // Who brings more may be the one that drops some.
        const isLate = operation.needs === true && others.some(({ drains, brings }) => drains || brings);
        if (operation.putOff && others.some(({ turns }) => turns)) continue;
        stage.work.working.set(participant, { yields: operation.givesWay === true || isLate });
      }
      return [...first, ...parts.filter(({ operation }) => operation.last).map(prepare)];
    },
  };
}

/** Slots of the block behind what is held. */
function roomOf(operations: readonly Operation[]): number {
  if (operations.some(({ behind }) => behind)) return 1;
  if (operations.some(({ holds }) => holds)) return 0;
  // What is published then stands in one block with what is away.
  return operations.some(({ last }) => last) ? READY + 1 : READY;
}

interface Role {
  readonly operation: Operation;
  readonly participant: number;
  readonly letter: string;
}

/** Who does what: a queue is swept by the first worker. */
function castOf(operations: readonly Operation[], workers: number): Role[] {
  let worker = operations.some(({ by }) => by === 'sweeper') ? 1 : 0;
  return operations.map((operation, i) => {
    const participant = operation.by === 'coordinator' ? workers : operation.by === 'sweeper' ? 0 : worker++;
    return { operation, participant, letter: 'abc'[i] ?? '?' };
  });
}

/** Why two cannot be made to meet at all; null: they can. */
export function whyNever(one: Operation, other: Operation): string | null {
  if (one.by === 'coordinator' && other.by === 'coordinator') return 'the coordinator does one thing at a time';
  if (one.by === 'sweeper' && other.by === 'sweeper') return 'one worker sweeps a queue';
  return null;
}

const LIST = 'what is requeued goes to the list of the queue, and counts in no block';
const BEHIND = 'the one touches list and waiters, the other blocks behind the head';
const FRONT = 'the one touches list and waiters, the other slots and their block';
const TAIL = 'the one fills slots behind the tail, the other counts those of a full block as done';
const HELD_ONLY = 'who settles what it holds looks at its block alone';
const WAITERS = 'with no other waiter, who gives a turn back looks at waiters alone';
const FILLED = 'messages that come back fill slots of their own, and nobody else writes to those';

/** Pairs that share no word: the search fails if they do. */
const APART: Readonly<Record<string, string>> = {
  'settle | requeue': LIST,
  'requeue | dead-letter': LIST,
  'settle | close a channel': LIST,
  'dead-letter | close a channel': LIST,
  'requeue | page out behind a margin': BEHIND,
  'close a channel | page out behind a margin': BEHIND,
  'cancel a waiter | page out behind a margin': BEHIND,
  'cancel a waiter | look at what is ready': WAITERS,
  'cancel a waiter | page in': WAITERS,
  'claim | cancel a waiter': WAITERS,
  'cancel a waiter | purge': WAITERS,
  'requeue | page out from the front': FRONT,
  'cancel a waiter | page out from the front': FRONT,
  'close a channel | page out from the front': FRONT,
  'publish | settle': TAIL,
  'publish | dead-letter': TAIL,
  'settle | cancel a waiter': HELD_ONLY,
  'settle | page in': HELD_ONLY,
  'settle | pause and go on': HELD_ONLY,
  'dead-letter | cancel a waiter': HELD_ONLY,
  'dead-letter | page in': HELD_ONLY,
  'publish | page in': FILLED,
  'drop by length | page in': FILLED,
  'requeue | page in': FILLED,
  'close a channel | page in': FILLED,
};

function whyApart(operations: readonly Operation[]): string | undefined {
  return APART[operations.map(({ name }) => name).join(' | ')];
}

function pairs(): Scenario[] {
  return OPERATIONS.flatMap((one, i) =>
    OPERATIONS.slice(i).flatMap((other) => (whyNever(one, other) === null ? [meeting(one, other)] : [])),
  );
}

export const SCENARIOS: readonly Scenario[] = [...SINGLE, ...pairs()];
