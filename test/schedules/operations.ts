/**
 * The operations that can meet at a queue, each as what must be there before and what is then done. Two or three of
 * them make a scenario (scenarios.ts): first each prepares, in their order, then there are two more messages, and then
 * all are done at a time.
 */

import type { QueueFeatures } from '../../src/engine/queue-features.js';
import { SETTLE_DONE, SETTLE_REJECT, SETTLE_REQUEUE } from '../../src/numbers/core.js';
import type { Client } from '../engine/support/bench.js';
import type { Program } from './run.js';
import { NOW, type Stage } from './scenario.js';

export interface Operation {
  readonly name: string;
  readonly by: 'worker' | 'coordinator';
  /** What the queue must do for it. */
  readonly features?: Partial<QueueFeatures>;
  /** It prepares when the messages that are there for all have come, and needs them. */
  readonly last?: boolean;
  /** Its consumer has taken them. */
  readonly takes?: boolean;
  /** `letter` tells its messages from those of others. */
  readonly prepare: (stage: Stage, participant: number, letter: string) => () => Program;
}

/** At once, whatever it is worth. */
const LEAST = 0;
const MOST = 1e6;
const AT_HEAD = -1;
const LATER = -1;
const ALL = 1000;
const SEGMENT = 1 << 20;

/** A client that holds two messages, and its channel. */
function holder(stage: Stage, worker: number, letter: string): { client: Client; channel: number; bodies: string[] } {
  const bodies = [`${letter}1`, `${letter}2`];
  const channel = stage.client(worker);
  const number = channel.open(1);
  stage.acknowledging.add(channel);
  stage.fill('q', ...bodies);
  for (let i = 0; i < bodies.length; i++) channel.engine.get(number, stage.queueAt('q'), false);
  stage.bench.serve(worker);
  return { client: channel, channel: number, bodies };
}

function settling(how: number, settles: boolean): Operation['prepare'] {
  return (stage, worker, letter) => {
    const { channel, bodies } = holder(stage, worker, letter);
    return function* () {
      for (const [i, body] of bodies.entries()) {
        yield ['settleDelivery', channel, i + 1, 0, how];
        if (settles) stage.account.settled.push(body);
      }
    };
  };
}

/** A client whose consumer waits. */
function waiting(stage: Stage, worker: number): { client: Client; consumer: number } {
  const client = stage.client(worker);
  const consumer = client.consume(1, 'q', { noAck: true });
  stage.bench.serve(worker);
  return { client, consumer };
}

/** Messages of the queue leave: from right behind the first one, or a block behind it. */
function* pageOut(stage: Stage, queue: number, margin: number, staging: number): Program {
  let octets = yield ['pageOut', queue, margin, LEAST, MOST];
  for (let i = 0; octets === LATER && i < 2; i++) octets = yield ['pageOut', queue, margin, LEAST, MOST];
  if (octets === 0) return;
  const image: Buffer[] = [];
  for (;;) {
    const length = yield ['pageOutFill', staging, SEGMENT];
    if (length === 0) break;
    image.push(Buffer.from(stage.machine.bytes.slice(staging, staging + length)));
  }
  if ((yield ['pageOutEnd', octets === LATER ? 0 : 1]) !== 0) stage.images.push(Buffer.concat(image));
}

function leaving(margin: number): Operation['prepare'] {
  return (stage) => {
    const queue = stage.queueAt('q');
    const staging = stage.bench.coordinator.takeStaging();
    return () => pageOut(stage, queue, margin, staging);
  };
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'publish',
    by: 'worker',
    prepare: (stage, worker, letter) => {
      const client = stage.publisher(worker, 'q');
      return () => stage.publish(client, worker, 'q', `${letter}8`, `${letter}9`);
    },
  },
  {
    name: 'claim',
    by: 'worker',
    prepare: (stage, worker) => {
      const channel = stage.client(worker).open(1);
      const queue = stage.queueAt('q');
      return function* () {
        for (let i = 0; i < 2; i++) yield ['getMessage', channel, queue, 1];
      };
    },
  },
  { name: 'settle', by: 'worker', prepare: settling(SETTLE_DONE, true) },
  { name: 'requeue', by: 'worker', prepare: settling(SETTLE_REQUEUE, false) },
  { name: 'dead-letter', by: 'worker', features: { deadLetters: true }, prepare: settling(SETTLE_REJECT, false) },
  {
    name: 'expire',
    by: 'worker',
    features: { ttl: 1000, deadLetters: true },
    prepare: () =>
      function* () {
        yield ['setTime', NOW + 10_000, 0];
        yield ['sweep'];
      },
  },
  {
    name: 'drop by length',
    by: 'worker',
    features: { maxLength: 2, deadLetters: true },
    prepare: (stage, worker, letter) => {
      const client = stage.publisher(worker, 'q');
      return function* () {
        yield* stage.publish(client, worker, 'q', `${letter}8`);
        yield ['serve'];
      };
    },
  },
  {
    name: 'register a waiter',
    by: 'worker',
    prepare: (stage, worker) => {
      const client = stage.client(worker);
      const channel = client.open(1);
      const queue = stage.queueAt('q');
      return function* () {
        yield ['addConsumer', channel, queue, 0, 1, 0, 0];
        yield* stage.sleepAndServe(worker, 1);
      };
    },
  },
  {
    name: 'pull a grant',
    by: 'worker',
    takes: true,
    prepare: (stage, worker) => {
      waiting(stage, worker);
      return () => stage.sleepAndServe(worker, 2);
    },
  },
  {
    name: 'cancel a waiter',
    by: 'worker',
    takes: true,
    prepare: (stage, worker) => {
      const { consumer } = waiting(stage, worker);
      return function* () {
        yield ['cancelConsumer', consumer];
        yield ['serve'];
      };
    },
  },
  {
    name: 'close a channel',
    by: 'worker',
    prepare: (stage, worker, letter) => {
      const { channel, client } = holder(stage, worker, letter);
      client.consume(1, 'q', { noAck: false, prefetch: 1 });
      stage.bench.serve(worker);
      return function* () {
        yield ['closeChannel', channel];
      };
    },
  },
  {
    name: 'serve with a prefetch of 1',
    by: 'worker',
    prepare: (stage, worker) => {
      const client = stage.client(worker);
      stage.acknowledging.add(client);
      client.consume(1, 'q', { prefetch: 1 });
      return () => stage.serve();
    },
  },
  {
    name: 'purge',
    by: 'coordinator',
    prepare: (stage) => {
      const queue = stage.queueAt('q');
      return function* () {
        stage.account.dropped += yield ['purge', queue, ALL];
      };
    },
  },
  {
    name: 'delete',
    by: 'coordinator',
    prepare: (stage) => {
      const queue = stage.queueAt('q');
      return function* () {
        stage.account.lossy = true;
        yield ['retireQueue', queue];
      };
    },
  },
  { name: 'page out behind a margin', by: 'coordinator', prepare: leaving(0) },
  { name: 'page out from the front', by: 'coordinator', prepare: leaving(AT_HEAD) },
  {
    name: 'page in',
    by: 'coordinator',
    last: true,
    prepare: (stage) => {
      const queue = stage.queueAt('q');
      const staging = stage.bench.coordinator.takeStaging();
      const image = stage.pageOutNow(queue, staging);
      return function* () {
        stage.images.push(image);
        if ((yield ['pageIn', queue]) <= 0) return;
        stage.machine.write(staging, image);
        yield ['pageInTake', staging, image.length];
        if ((yield ['pageInEnd', 1]) !== 0) stage.images.shift();
      };
    },
  },
  {
    name: 'pause and go on',
    by: 'coordinator',
    prepare: (stage) => {
      const queue = stage.queueAt('q');
      return function* () {
        yield ['setPaused', queue, 1];
        yield ['setPaused', queue, 0];
      };
    },
  },
  {
    name: 'look at what is ready',
    by: 'coordinator',
    prepare: (stage) => {
      const queue = stage.queueAt('q');
      const staging = stage.bench.coordinator.takeStaging();
      return function* () {
        yield ['browse', queue, 0, 1, ALL, ALL, staging, SEGMENT];
        yield ['oldestArrival', queue, 0];
        yield ['readyCount', queue];
      };
    },
  },
];
